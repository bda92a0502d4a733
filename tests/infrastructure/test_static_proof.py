"""What others check for us: AWS's rules over the template, and the template against its own specification."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infrastructure.settings import Settings
from tests.infrastructure.conftest import SHAPES, STACK, Assembly


def cfn_lint(*templates: Path) -> dict[str, list[str]]:
    """File -> the rules that it breaks. W3005, a dependency named twice, is CDK's way and does no harm."""
    command = [sys.executable, "-c", "from cfnlint import runner; runner.main()"]
    words = ["--ignore-checks", "W3005", "--regions", "eu-central-1", "--format", "json", "--", *map(str, templates)]
    done = subprocess.run([*command, *words], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    found: dict[str, list[str]] = {}
    for told in json.loads(done.stdout or "[]"):
        found.setdefault(Path(told["Filename"]).name, []).append(told["Rule"]["Id"])
    assert bool(done.returncode) == bool(found)
    return found


def test_cfn_lint_finds_nothing(synthesized: Callable[[str], Assembly]) -> None:
    assert cfn_lint(*(synthesized(shape).template for shape in SHAPES)) == {}


# What only somebody who knows every resource sees: the rule that must speak, and a resource that breaks it.
BROKEN = {
    "E3002": {"Type": "AWS::SQS::Queue", "Properties": {"RetentionPeriod": 60}},
    "E3012": {"Type": "AWS::SQS::Queue", "Properties": {"MessageRetentionPeriod": "long"}},
    "E1010": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::GetAtt": ["Nobody", "Arn"]}}},
    "E3034": {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Role": "arn:aws:iam::1:role/x",
            "Code": {"ImageUri": "x"},
            "PackageType": "Image",
            "MemorySize": 64,
        },
    },
    "E1029": {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": "arn:aws:iam::123456789012:role/x",
            "DefinitionString": '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "${No}", "End": true}}}',
        },
    },
}


def test_cfn_lint_sees_what_is_wrong(tmp_path: Path) -> None:
    for rule, resource in BROKEN.items():
        (tmp_path / rule).write_text(json.dumps({"Resources": {"Seeded": resource}}))
    found = cfn_lint(*sorted(tmp_path.iterdir()))
    assert [(rule, found.get(rule)) for rule in BROKEN if rule not in found.get(rule, [])] == []


def test_cdk_nag_sees_what_is_wrong_and_its_report_says_so(tmp_path: Path) -> None:
    """Synth ends well with findings: they stand in the report, which the tests below read for the whole stack."""
    from aws_cdk import App, Stack, Validations, aws_s3, aws_sqs  # noqa: PLC0415  after JSII_NODE is set
    from cdk_nag import AwsSolutionsChecks  # noqa: PLC0415

    app = App(analytics_reporting=False, outdir=str(tmp_path))
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    stack = Stack(app, STACK)
    aws_s3.Bucket(stack, "Open")
    aws_sqs.Queue(stack, "Clear")
    with contextlib.suppress(RuntimeError):
        app.synth()
    told = Assembly(Settings(), tmp_path, {}, {}).findings
    assert {one["ruleName"].rpartition("-")[2] for one in told["violations"]} >= {"S1", "S10", "SQS4"}


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
