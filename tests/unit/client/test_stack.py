"""Where a stack is: by its outputs, which the embedded cloud answers for as CloudFormation does."""

import boto3
import pytest
from botocore.exceptions import ClientError

from localcloud.cloud import Cloud
from redactor.client.stack import OUTPUTS, STACK, Deployed
from redactor.errors import InvalidKey, TryAgain
from redactor.flow import stack_outputs
from redactor.store import Missing


@pytest.fixture(autouse=True)
def at_the_cloud(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)


def test_the_embedded_cloud_tells_what_the_deployed_stack_tells(cloud: Cloud) -> None:
    found = Deployed.of(STACK, stack_outputs)
    assert found == Deployed(STACK, cloud.bucket, cloud.state_machine, "{}")


def test_a_stack_that_is_not_there_is_named() -> None:
    with pytest.raises(Missing, match="there is no stack Nothing"):
        stack_outputs("Nothing")


def test_anything_else_that_cloudformation_can_do_is_refused() -> None:
    with pytest.raises(ClientError, match="answers DescribeStacks only, not DeleteStack"):
        boto3.client("cloudformation").delete_stack(StackName=STACK)


def test_a_stack_of_another_kind_is_named() -> None:
    with pytest.raises(InvalidKey, match="Other has no output StateMachineArn, DefaultPreset"):
        Deployed.of("Other", lambda name: {"BucketName": "b"})


def test_without_credentials_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with pytest.raises(TryAgain, match="credentials"):
        stack_outputs(STACK)


def test_the_outputs_asked_for_are_those_of_the_stack() -> None:
    from tests.conftest import ROOT  # noqa: PLC0415

    text = (ROOT / "infrastructure" / "stack.py").read_text()
    assert [name for name in OUTPUTS.values() if f'"{name}"' not in text] == []
