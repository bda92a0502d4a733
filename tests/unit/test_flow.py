"""A job is claimed by one execution at a time."""

import json
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from redactor.errors import LostClaim, TryAgain
from redactor.failures import execution_key
from redactor.flow import Functions, check_claim, claim, successor
from redactor.store import Store
from redactor.work import claim_key
from tests.aws import FakeFlow


def test_the_first_execution_gets_the_claim_and_keeps_it(store: Store, flow: FakeFlow) -> None:
    flow.statuses = {"one": "RUNNING", "two": "RUNNING"}
    assert claim(store, flow, "job", "one") == "one"
    assert claim(store, flow, "job", "two") == "one"
    assert claim(store, flow, "job", "one") == "one"


def test_a_succeeded_execution_keeps_its_claim(store: Store, flow: FakeFlow) -> None:
    flow.statuses = {"one": "SUCCEEDED"}
    claim(store, flow, "job", "one")
    assert claim(store, flow, "job", "two") == "one"


def test_the_claim_of_a_failed_execution_goes_to_exactly_one_other(store: Store, flow: FakeFlow) -> None:
    claim(store, flow, "job", "one")
    flow.statuses = {"one": "FAILED", "two": "RUNNING", "three": "RUNNING"}
    assert claim(store, flow, "job", "two") == "two"
    assert claim(store, flow, "job", "three") == "two"


def test_a_claim_taken_between_the_look_and_the_write_is_respected(
    store: Store, flow: FakeFlow, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim(store, flow, "job", "one")
    flow.statuses = {"one": "FAILED", "rival": "RUNNING"}
    holds = flow.holds

    def rival_is_quicker(execution: str) -> bool:
        answer = holds(execution)
        if execution == "one":
            store.write(claim_key("job"), json.dumps({"execution": "rival"}).encode())
        return answer

    monkeypatch.setattr(flow, "holds", rival_is_quicker)
    assert claim(store, flow, "job", "two") == "rival"


def test_who_took_a_failed_job_over_is_its_successor(store: Store, flow: FakeFlow) -> None:
    assert successor(store, "one") is None
    for execution in ("one", "two"):
        store.write(execution_key(execution, "job.json"), b'{"job": "job"}')
    claim(store, flow, "job", "one")
    assert successor(store, "one") is None
    flow.statuses = {"one": "FAILED", "two": "RUNNING"}
    claim(store, flow, "job", "two")
    assert successor(store, "one") == "two"
    assert successor(store, "two") is None


def test_a_step_of_an_execution_that_lost_the_job_stops(store: Store, flow: FakeFlow) -> None:
    claim(store, flow, "job", "one")
    check_claim(store, "job", "one")
    with pytest.raises(LostClaim):
        check_claim(store, "job", "two")
    with pytest.raises(LostClaim):
        check_claim(store, "unclaimed", "two")


def test_a_call_is_left_with_lambda_and_nobody_waits_for_its_answer() -> None:
    client: Any = boto3.client("lambda", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as lambda_:
        asked = {"FunctionName": "arn:redact", "InvocationType": "Event", "Payload": '{"warm": true}'}
        lambda_.add_response("invoke", {"StatusCode": 202}, asked)
        Functions({"redact": "arn:redact"}, client).call("redact", {"warm": True})
        lambda_.assert_no_pending_responses()
        lambda_.add_client_error("invoke", "ServiceException")
        with pytest.raises(TryAgain, match="redact"):
            Functions({"redact": "arn:redact"}, client).call("redact", {})
