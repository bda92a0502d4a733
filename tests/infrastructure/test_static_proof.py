"""What others check for us: AWS's rules over the template, and the template against its own specification."""

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.infrastructure.conftest import SHAPES, Assembly


def test_cfn_lint_finds_nothing(synthesized: Callable[[str], Assembly]) -> None:
    """W3005: a dependency named twice, which CDK does everywhere and nothing minds."""
    templates = [str(synthesized(shape).template) for shape in SHAPES]
    command = [sys.executable, "-c", "from cfnlint import runner; runner.main()"]
    words = ["--ignore-checks", "W3005", "--regions", "eu-central-1", "--", *templates]
    done = subprocess.run([*command, *words], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_cdk_nag_has_nothing_that_is_not_acknowledged(shaped: Assembly) -> None:
    found = [
        (v["ruleName"], [c["constructPath"] for c in v["violatingConstructs"]]) for v in shaped.findings["violations"]
    ]
    assert found == []


def test_every_acknowledgement_has_a_reason_and_something_to_acknowledge(shaped: Assembly) -> None:
    from infrastructure import acknowledgements  # noqa: PLC0415  after JSII_NODE is set

    used = shaped.findings["suppressedViolations"]
    assert used
    assert [v["ruleName"] for v in used if len(v["reason"]) < 20] == []
    rules = {v["acknowledgedId"].partition("AwsSolutions::AwsSolutions-")[2] for v in used}
    tasks = "AWS::ECS::Cluster" in {resource["Type"] for resource in shaped.resources.values()}
    wanted = acknowledgements._EVERYWHERE | (acknowledgements._TASKS | acknowledgements._GPU if tasks else {})
    assert wanted.keys() <= rules
    assert len([rule for rule in rules - wanted.keys() if rule.startswith("IAM5[")]) == len(rules - wanted.keys())


def test_the_template_is_small_enough_to_deploy(shaped: Assembly) -> None:
    """CloudFormation takes 1 MB and 500 resources."""
    assert shaped.template.stat().st_size < 1_000_000
    assert len(shaped.resources) < 500


def test_the_template_names_no_account_no_region_and_no_path(shaped: Assembly) -> None:
    text = shaped.template.read_text()
    assert str(shaped.folder.parent) not in text
    (environment,) = [
        artifact["environment"]
        for artifact in json.loads((shaped.folder / "manifest.json").read_text())["artifacts"].values()
        if artifact["type"] == "aws:cloudformation:stack"
    ]
    assert environment == "aws://unknown-account/unknown-region"


@pytest.mark.parametrize("kind", ["AWS::Serverless::Function", "AWS::CloudFormation::Stack", "AWS::EC2::NatGateway"])
def test_there_is_nothing_of_a_kind_that_nobody_asked_for(shaped: Assembly, kind: str) -> None:
    assert shaped.of(kind) == {}
