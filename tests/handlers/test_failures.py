"""How each handler fails: recorded, raised, nothing half done, and mended by a retry."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

from infrastructure.steps import MAPPED
from redactor.errors import (
    InvalidAnnotations,
    InvalidIdList,
    InvalidKey,
    LostClaim,
    MissingResult,
    OutputMismatch,
    RedactorError,
    SourceChanged,
    TruncatedVideo,
)
from redactor.failures import execution_key
from redactor.work import claim_key
from tests.handlers.conftest import EXECUTION, ORDER, VIDEO, Functions

# Step -> the working file that it cannot do without.
NEEDS = {
    "plan": "job.json",
    "detect": "plan.json",
    "merge": "detections/00001.json",
    "select": "annotations.json",
    "redact": "boxes/00000.json",
    "join": "parts/00001.mp4",
    "prove": "stretches.json",
    "verify": "parts/00001.json",
    "publish": "verify.json",
}


def record(functions: Functions, job: str, step: str) -> Any:
    return json.loads(functions.store.read(functions.work(job).key(f"errors/{step}-00000.json")))


def n_for(step: str) -> dict[str, int]:
    return {"n": 0} if step in MAPPED else {}


@pytest.mark.parametrize("step", ORDER)
def test_what_is_missing_fails_by_name_and_a_retry_that_succeeds_clears_the_record(
    functions: Functions, job: str, step: str
) -> None:
    functions.before(job, step)
    key = functions.work(job).key(NEEDS[step])
    data = functions.store.read(key)
    functions.store.delete(key)
    with pytest.raises(MissingResult):
        functions.step(step, job, **n_for(step))
    told = record(functions, job, step)
    assert (told["code"], told["step"], told["segment"]) == ("MissingResult", step, n_for(step).get("n"))
    functions.store.write(key, data)
    functions.step(step, job, **n_for(step))
    assert functions.work(job).names("errors/") == []


@pytest.mark.parametrize("step", ORDER)
def test_a_lost_claim_stops_every_step_and_nothing_is_written(functions: Functions, job: str, step: str) -> None:
    functions.store.write(claim_key(job), b'{"execution": "another"}')
    there = set(functions.store.keys(""))
    with pytest.raises(LostClaim):
        functions.step(step, job, **n_for(step))
    assert set(functions.store.keys("")) == there


@pytest.mark.parametrize("step", ["plan", "detect", "merge", "redact", "join"])
def test_a_video_that_is_gone_fails_every_step_that_reads_it(functions: Functions, job: str, step: str) -> None:
    functions.before(job, step)
    stands = functions.store.head(VIDEO)
    assert stands is not None
    functions.store._s3.delete_object(Bucket=functions.store.bucket, Key=VIDEO, VersionId=stands.version)
    with pytest.raises(SourceChanged):
        functions.step(step, job, **n_for(step))
    assert record(functions, job, step)["code"] == "SourceChanged"


def test_a_newer_version_of_the_video_changes_nothing_for_the_job(functions: Functions, job: str) -> None:
    functions.store.write(VIDEO, b"newer")
    functions.through(job, *ORDER[:-1])
    assert functions.step("publish", job)["outcome"] == "superseded"
    assert functions.results() == {}


def test_a_cut_file_ends_the_job_at_plan(functions: Functions, video: bytes) -> None:
    functions.store.write(VIDEO, video[: len(video) // 2])
    job = functions.accept()["job"]
    with pytest.raises(TruncatedVideo):
        functions.step("plan", job)
    assert record(functions, job, "plan")["retryable"] is False


@pytest.mark.parametrize(
    ("ids", "annotations", "error"),
    [(b"9", None, InvalidIdList), (b"x", None, InvalidIdList), (b"", b'{"version": 1}', InvalidAnnotations)],
)
def test_sidecars_that_do_not_fit_end_the_job_at_select(
    functions: Functions, job: str, ids: bytes, annotations: bytes | None, error: type[RedactorError]
) -> None:
    functions.through(job, "plan", "detect", "merge")
    mine = functions.store.read(functions.work(job).key("annotations.json"))
    functions.store.write("input/a/foo_annotations.json", annotations or mine)
    functions.store.write("input/a/foo_IDList.txt", ids)
    second = functions.accept("input/a/foo_IDList.txt")["job"]
    functions.step("plan", second)
    with pytest.raises(error):
        functions.step("select", second)
    assert record(functions, second, "select")["code"] == error.__name__
    assert functions.work(second).names("boxes/") == []


def test_a_part_that_was_exchanged_is_never_published(functions: Functions, job: str) -> None:
    """A part of the right shape that Redact has never looked at: here, the very frames without anybody hidden."""
    functions.before(job, "join")
    work = functions.work(job)
    boxes = json.loads(functions.store.read(work.key("boxes/00001.json")))
    for event in boxes["timeline"]["events"]:
        event[2] = []
    verdict = functions.store.read(work.key("parts/00001.json"))
    functions.store.write(work.key("boxes/00001.json"), json.dumps(boxes).encode())
    functions.step("redact", job, n=1)
    functions.store.write(work.key("parts/00001.json"), verdict)
    functions.through(job, "join", "prove")
    with pytest.raises(OutputMismatch, match="the packets of the segments"):
        functions.step("verify", job)
    assert record(functions, job, "verify")["code"] == "OutputMismatch"
    with pytest.raises(MissingResult):
        functions.step("publish", job)
    assert functions.results() == {}


def test_what_was_written_after_the_verification_is_never_published(functions: Functions, job: str) -> None:
    functions.before(job, "publish")
    key = functions.work(job).key("redacted.mp4")
    verified = functions.store.read(key)
    functions.store.write(key, b"by a worker that had been given up for dead")
    functions.step("publish", job)
    assert functions.results()["foo_redacted.mp4"] == verified


@pytest.mark.parametrize("step", ["redact", "join"])
def test_nothing_is_left_on_the_local_disk(
    functions: Functions, job: str, step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions.before(job, step)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    functions.step(step, job, **n_for(step))
    assert list(tmp_path.iterdir()) == []
    functions.store.delete(functions.work(job).key(NEEDS[step]))
    with pytest.raises(MissingResult):
        functions.step(step, job, **n_for(step))
    assert list(tmp_path.iterdir()) == []


def test_accept_records_its_failure_before_there_is_a_job(functions: Functions) -> None:
    with pytest.raises(InvalidKey):
        functions.accept("elsewhere/foo.mp4")
    told = json.loads(functions.store.read(execution_key(EXECUTION, "accept.json")))
    assert (told["code"], told["step"], told["field"]) == ("InvalidKey", "accept", "key")


def test_the_same_drop_in_another_execution_is_a_duplicate_while_the_first_runs(
    functions: Functions, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("redactor.flow.Flow.holds", lambda self, execution: execution == EXECUTION)
    assert functions.accept(execution="other") == {"outcome": "duplicate", "job": job, "holder": EXECUTION}


def test_report_says_nothing_of_a_job_that_another_execution_took_over(functions: Functions, job: str) -> None:
    functions.store.write(claim_key(job), b'{"execution": "another"}')
    detail = {"executionArn": EXECUTION, "status": "ABORTED", "input": json.dumps({"key": VIDEO})}
    assert functions.call("report", {"detail": detail}) == {}
    assert functions.results() == {}


def test_report_tells_people_where_there_is_a_topic(
    functions: Functions, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str, Any]] = []
    monkeypatch.setattr("functions.report.handler.notify", lambda *words: told.append(words))
    monkeypatch.setenv("REDACTOR_TOPIC", "a-topic")
    detail = {"executionArn": EXECUTION, "status": "TIMED_OUT", "input": json.dumps({"key": VIDEO})}
    answer = functions.call("report", {"detail": detail})
    assert told == [("a-topic", "Redaction failed: TimedOut", answer)]
