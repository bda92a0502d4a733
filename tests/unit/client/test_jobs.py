"""Which execution works on an upload, whatever it came to; and how far it is."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from redactor.bucket import job_index
from redactor.client.following import Following, Progress
from redactor.client.jobs import Execution, Jobs, concerns
from redactor.client.stack import Deployed
from redactor.failures import execution_key
from redactor.flow import Flow
from redactor.store import Store


@dataclass
class Executions(Flow):
    """Step Functions with these executions, the newest last; each is what DescribeExecution says."""

    told: dict[str, dict[str, Any]] = field(default_factory=dict)
    entered: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def add(self, name: str, status: str, given: object, answer: object = None, **more: str) -> str:
        at = datetime(2026, 1, 1, 0, len(self.told), tzinfo=UTC)
        output = {} if answer is None else {"output": json.dumps(answer)}
        text = given if isinstance(given, str) else json.dumps(given)
        self.told[name] = {"executionArn": name, "status": status, "startDate": at, "input": text, **output, **more}
        return name

    def describe(self, execution: str) -> Any:
        self.asked.append(execution)
        return self.told[execution]

    def executions(self, state_machine: str, limit: int, status: str | None = None) -> Any:
        newest = [name for name in reversed(self.told) if status in (None, self.told[name]["status"])]
        return iter(newest[:limit])

    def states(self, execution: str) -> list[str]:
        return self.entered


@pytest.fixture
def flow() -> Executions:
    return Executions()


@pytest.fixture
def jobs(bucket: Store, flow: Executions) -> Jobs:
    return Jobs(Deployed("S", bucket.bucket, "machine", "{}"), bucket, flow)


def given(key: str, version: str = "1") -> dict[str, str]:
    return {"key": key, "version": version}


def test_a_job_is_found_where_accept_wrote_it_down(jobs: Jobs, flow: Executions, bucket: Store, folder: str) -> None:
    key = f"input/{folder}foo.mp4"
    flow.add("other", "RUNNING", given(key))
    flow.add("holder", "RUNNING", given(key))
    bucket.write(f"{job_index(key, '1')}job.json", b'{"job": "job", "execution": "holder", "mode": "combined"}')
    found = jobs.of_version(key, "1")
    assert found is not None
    assert found.arn == "holder"
    assert flow.asked == ["holder"]


@pytest.mark.parametrize(
    ("status", "answer", "outcome"),
    [
        ("RUNNING", None, "running"),
        ("SUCCEEDED", {"outcome": "waiting", "reason": "why"}, "waiting"),
        ("SUCCEEDED", {"outcome": "ignored", "reason": "why"}, "ignored"),
        ("SUCCEEDED", {"outcome": "superseded", "reason": "why"}, "superseded"),
        ("SUCCEEDED", {"outcome": "accepted", "publish": {"outcome": "published"}}, "published"),
        ("SUCCEEDED", {"outcome": "accepted", "publish": {"outcome": "superseded"}}, "superseded"),
        ("FAILED", None, "failed"),
        ("TIMED_OUT", None, "timed out"),
        ("ABORTED", None, "aborted"),
    ],
)
def test_what_accept_wrote_nothing_of_is_found_by_what_it_was_given(
    jobs: Jobs, flow: Executions, status: str, answer: object, outcome: str
) -> None:
    flow.add("mine", status, given("input/foo.mp4", "2"), answer)
    flow.add("newer", "RUNNING", given("input/foo.mp4", "3"))
    flow.add("by hand", "FAILED", "no JSON at all")
    found = jobs.of_version("input/foo.mp4", "2")
    assert found is not None
    assert (found.arn, found.outcome) == ("mine", outcome)
    assert bool(found.reason) == (outcome in {"waiting", "ignored", "superseded"})


def test_a_duplicate_leads_to_the_execution_that_holds_the_job(jobs: Jobs, flow: Executions) -> None:
    flow.add("holder", "RUNNING", given("input/foo.mp4_IDList.txt"))
    flow.add("second", "SUCCEEDED", given("input/foo.mp4"), {"outcome": "duplicate", "holder": "holder"})
    found = jobs.of_version("input/foo.mp4", "1")
    assert found is not None
    assert found.arn == "holder"


def test_what_is_over_is_asked_for_once(jobs: Jobs, flow: Executions) -> None:
    flow.add("over", "FAILED", given("input/bar.mp4"))
    for _ in range(3):
        assert jobs.of_version("input/foo.mp4", "1") is None
    assert flow.asked == ["over"]


def test_a_running_execution_is_asked_for_again(jobs: Jobs, flow: Executions) -> None:
    flow.add("mine", "RUNNING", given("input/foo.mp4"))
    assert jobs.execution("mine").running
    flow.add("mine", "FAILED", given("input/foo.mp4"))
    assert jobs.execution("mine").outcome == "failed"


CONCERN = {
    "input/a/foo.mp4": True,
    "input/a/foo.mp4_IDList.txt": True,
    "input/a/foo_annotations.json": True,
    "input/a/idlist.txt": True,
    "output/a/foo.mp4/foo_IDList.txt": True,
    "input/a/foo.mov": False,
    "input/a/bar_IDList.txt": False,
    "input/foo.mp4_IDList.txt": False,
    "output/foo.mp4/foo_IDList.txt": False,
    "": False,
}


@pytest.mark.parametrize("key", CONCERN)
def test_which_objects_concern_a_video(key: str) -> None:
    assert concerns(key, "input/a/foo.mp4") == CONCERN[key]


def test_only_what_runs_for_a_video_can_be_stopped(jobs: Jobs, flow: Executions) -> None:
    flow.add("done", "SUCCEEDED", given("input/foo.mp4"), {"outcome": "accepted"})
    flow.add("video", "RUNNING", given("input/foo.mp4"))
    flow.add("other", "RUNNING", given("input/bar.mp4"))
    flow.add("list", "RUNNING", given("output/foo.mp4/foo_IDList.txt"))
    assert [one.arn for one in jobs.running("input/foo.mp4")] == ["list", "video"]


def test_segments_are_counted_by_what_they_leave(bucket: Store, flow: Executions, folder: str) -> None:
    job = f"job-{folder.strip('/')}"
    execution = Execution.of(flow.told[flow.add(job, "RUNNING", given("input/foo.mp4"))])
    following = Following(bucket, flow)
    assert following.job(execution) is None
    assert following.progress(execution, None) == Progress(())
    bucket.write(execution_key(job, "job.json"), json.dumps({"job": job}).encode())
    assert following.job(execution) == job

    flow.entered = ["Accept", "Outcome", "Plan", "NeedsDetection", "DetectSegments"]
    bucket.write(f"work/{job}/segments.json", b"[{}, {}, {}]")
    for name in ("detections/00000.json", "detections/00002.json", "boxes/00000.json"):
        bucket.write(f"work/{job}/{name}", b"")
    assert following.progress(execution, job) == Progress(("Accept", "Plan", "DetectSegments"), 2, 3)
    flow.entered = ["RedactSegments"]
    # A part without its verdict is not done.
    for name in ("parts/00000.mp4", "parts/00000.json", "parts/00001.mp4"):
        bucket.write(f"work/{job}/{name}", b"")
    assert following.progress(execution, job) == Progress(("RedactSegments",), 1, 3)
