"""The rules match what they should and nothing else, and hand on what Accept reads."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.rules import AHEAD, RULES, WARMED, substitute
from localcloud.events import matches, transform

NAMES = {"Bucket": "videos", "StateMachine": "arn:aws:states:us-east-1:123456789012:stateMachine:redaction"}
DROPPED, ENDED = RULES


def created(key: str, bucket: str = "videos") -> dict[str, Any]:
    described = {"key": key, "size": 5, "etag": "d41d8", "version-id": "v1", "sequencer": "00A"}
    detail = {"version": "0", "bucket": {"name": bucket}, "object": described, "reason": "PutObject"}
    return {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}


def starts(event: dict[str, Any]) -> bool:
    return matches(substitute(DROPPED.pattern, NAMES), event)


@pytest.mark.parametrize(
    "key",
    [
        "input/foo.mp4",
        "input/a/b/preset.json",
        "input/",
        'input/fo"o\n\u00fc.mp4',
        "output/foo.mp4/foo_IDList.txt",
        "output/a/b/foo.mp4/foo_idlist.txt",
        "output/foo.mp4/idlist.txt",
        "output/foo.mp4/FOO_IDLIST.TXT",
    ],
)
def test_a_drop_starts_the_flow(key: str) -> None:
    assert starts(created(key))


@pytest.mark.parametrize(
    "key",
    [
        "output/foo.mp4/foo_redacted.mp4",
        "output/foo.mp4/foo_annotations.json",
        "output/foo.mp4/foo_thumb000001.jpg",
        "output/foo_redacted.mp4/foo_redacted_redacted.mp4",
        "output/foo.mp4/foo_error.json",
        "work/x/idlist.txt",
        "work/job/input/foo.mp4",
        "foo.mp4",
        "output/foo.mp4/foolist.txt",
    ],
)
def test_nothing_that_a_job_writes_starts_the_flow(key: str) -> None:
    assert not starts(created(key))


def test_another_bucket_or_event_does_not_start_the_flow() -> None:
    assert not starts(created("input/foo.mp4", bucket="others"))
    assert not starts(created("input/foo.mp4") | {"detail-type": "Object Deleted"})


@given(st.text())
def test_the_state_machine_is_handed_the_key_as_it_is(key: str) -> None:
    assert DROPPED.transformer
    handed = transform(DROPPED.transformer.paths, DROPPED.transformer.template, created(key))
    expected = {"bucket": "videos", "key": key, "version": "v1", "etag": "d41d8", "size": 5, "sequencer": "00A"}
    assert json.loads(handed) == expected


@pytest.mark.parametrize(
    ("status", "reported"),
    [("FAILED", True), ("TIMED_OUT", True), ("ABORTED", True), ("SUCCEEDED", False), ("RUNNING", False)],
)
def test_what_did_not_succeed_is_reported(status: str, reported: bool) -> None:
    event = {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": {"stateMachineArn": NAMES["StateMachine"], "status": status},
    }
    assert matches(substitute(ENDED.pattern, NAMES), event) is reported
    child = event | {"detail": {"stateMachineArn": f"{NAMES['StateMachine']}/Map:1", "status": status}}
    assert not matches(substitute(ENDED.pattern, NAMES), child)


@pytest.mark.parametrize(
    ("key", "ahead"),
    [
        ("work/0a1b/plan.json", True),
        ("work/0a1b/frames.json", True),
        ("work/0a1b/places.json", False),
        ("work/0a1b/errors/plan-00000.json", False),
        ("input-work/0a1b/plan.json", False),
        ("output/a/plan.json", False),
    ],
)
def test_machines_start_for_plans_last_file_and_merges_first(key: str, ahead: bool) -> None:
    assert AHEAD.pattern
    assert WARMED.pattern
    assert matches(substitute(AHEAD.pattern, NAMES), created(key)) is ahead
    assert not matches(substitute(AHEAD.pattern, NAMES), created(key, bucket="others"))
    assert matches(substitute(WARMED.pattern, NAMES), created(key)) is key.startswith("input/")


def test_a_name_that_is_not_given_is_an_error() -> None:
    with pytest.raises(KeyError, match="Bucket"):
        substitute(DROPPED.pattern, {})
