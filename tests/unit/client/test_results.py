"""What comes down is the job's own, whole and the very bytes that its report tells of."""

import hashlib
import json
from pathlib import Path

import pytest

from redactor.bucket import Results
from redactor.client.results import Replaced, download, failure, report
from redactor.errors import OutputMismatch
from redactor.store import Store

VIDEO = b"redacted"


@pytest.fixture
def results(bucket: Store, folder: str) -> Results:
    """A job's results, beside a thumbnail of another job and a list of ids."""
    found = Results(f"input/{folder}foo.mp4")
    told = {"job": "mine", "output": {"sha256": hashlib.sha256(VIDEO).hexdigest()}}
    for key, data, job in (
        (found.redacted, VIDEO, "mine"),
        (found.annotations, b"{}", "mine"),
        (found.thumb(1), b"jpeg", "mine"),
        (found.thumb(2), b"jpeg", "theirs"),
        (f"{found.prefix}foo_IDList.txt", b"1", None),
        (found.report, json.dumps(told).encode(), "mine"),
    ):
        bucket.write(key, data, metadata={"redactor-job": job} if job else None)
    return found


def test_all_that_the_job_published_comes_and_nothing_else(bucket: Store, results: Results, tmp_path: Path) -> None:
    files, told = download(bucket, results, "mine", tmp_path / "out")
    names = ["foo_annotations.json", "foo_redacted.mp4", "foo_report.json", "foo_thumb000001.jpg"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    assert files[-1].name == "foo_report.json"
    assert told["job"] == "mine"
    assert (tmp_path / "out" / "foo_report.json").read_bytes() == bucket.read(results.report)


def test_a_video_with_another_hash_than_its_report_does_not_come(
    bucket: Store, results: Results, tmp_path: Path
) -> None:
    bucket.write(results.redacted, b"tampered", metadata={"redactor-job": "mine"})
    with pytest.raises(OutputMismatch, match="SHA-256"):
        download(bucket, results, "mine", tmp_path / "out")
    assert not [path for path in (tmp_path / "out").iterdir() if path.suffix != ".json"]
    assert not (tmp_path / "out" / "foo_report.json").exists()


def test_results_of_another_job_are_not_taken_for_this_ones(bucket: Store, results: Results, tmp_path: Path) -> None:
    with pytest.raises(Replaced, match="mine"):
        report(bucket, results, "earlier")
    bucket.write(results.redacted, VIDEO, metadata={"redactor-job": "theirs"})
    with pytest.raises(Replaced, match="redacted"):
        download(bucket, results, "mine", tmp_path)
    bucket.delete(results.report)
    with pytest.raises(Replaced, match="gone"):
        report(bucket, results, "mine")


def test_a_failure_is_told_of_its_own_execution_only(bucket: Store, results: Results) -> None:
    assert failure(bucket, results, "arn:1") is None
    bucket.write(results.error, b'{"execution": "arn:1", "code": "UnreadableVideo"}')
    assert failure(bucket, results, "arn:1")["code"] == "UnreadableVideo"
    assert failure(bucket, results, "arn:2") is None
