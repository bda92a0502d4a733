"""`redactor submit`, `status`, `jobs` and `cancel` against a real `redactor serve`, as against a deployed stack."""

import hashlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import boto3
import pytest

from redactor import models
from tests.conftest import ROOT
from tests.e2e.test_command_line import REDACTOR
from tests.media_factory import FaceClip

Client = Callable[..., subprocess.CompletedProcess[str]]
# Operation -> the action that it takes; by AWS's Service Authorization Reference.
ACTIONS = {
    "DescribeStacks": "cloudformation:DescribeStacks",
    "ListExecutions": "states:ListExecutions",
    "DescribeExecution": "states:DescribeExecution",
    "GetExecutionHistory": "states:GetExecutionHistory",
    "StopExecution": "states:StopExecution",
    "ListObjectsV2": "s3:ListBucket",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "HeadObject": "s3:GetObject",
    "GetObject": "s3:GetObject",
    "ListParts": "s3:ListMultipartUploadParts",
    **dict.fromkeys(("PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"), "s3:PutObject"),
}
# The command line, with a record of every call to AWS.
RECORDED = """
import json, os
from botocore.client import BaseClient
made = BaseClient._make_api_call
def recorded(self, operation, given):
    with open(os.environ["RECORD"], "a") as record:
        record.write(json.dumps([operation, given.get("Key"), "VersionId" in given]) + "\\n")
    return made(self, operation, given)
BaseClient._make_api_call = recorded
from redactor.cli import main
main()
"""
STATES = re.compile(r"^foo\.mp4: ([A-Z]\w+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def server(model_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The pid of a running `redactor serve`, and the environment that it tells its clients to have."""
    environment = {**os.environ, models.PATH_VARIABLE: model_path, "PYTHONUNBUFFERED": "1"}
    command = [*REDACTOR, "serve", "--workers", "2"]
    where = tmp_path_factory.mktemp("serve")
    process = subprocess.Popen(command, cwd=where, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = next(line for line in process.stdout if line.lstrip().startswith("export "))
    yield process.pid, {**os.environ, **dict(word.split("=", 1) for word in shlex.split(said)[1:])}
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)


@pytest.fixture(scope="module")
def served(server: tuple[int, Mapping[str, str]]) -> Mapping[str, str]:
    return server[1]


@contextmanager
def stopped(process: int) -> Iterator[None]:
    """The workers of a cloud stand still meanwhile: no job of it ends by itself."""
    found = Path(f"/proc/{process}/task").glob("*/children")
    workers = [int(pid) for children in found for pid in children.read_text().split()]
    assert workers
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in workers:
            # Whose execution is stopped is killed.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@pytest.fixture
def client(served: Mapping[str, str], tmp_path: Path) -> Client:
    """client("submit", …) -> the finished process, run in an empty folder; it did what the stack's policy allows."""
    record = tmp_path / "record"

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        command, environment = [sys.executable, "-c", RECORDED, *map(str, words)], {**served, "RECORD": str(record)}
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        calls = [json.loads(line) for line in record.read_text().splitlines()]
        assert [call for call in calls if not allowed(*call)] == []
        return done

    return run


def allowed(operation: str, key: str | None, versioned: bool) -> bool:
    """Whether the policy that clients get, as it was synthesized, allows the call."""
    action = ACTIONS[operation] + ("Version" if versioned else "")
    lines = (ROOT / "tests" / "infrastructure" / "permissions.txt").read_text().splitlines()
    on = [line.partition(" on ")[2] for line in lines if line.startswith(f"Allow ClientsPolicy: {action} on ")]
    return any(key is None or fnmatchcase(f"StorageBucket: {key}", pattern) for pattern in on)


@pytest.fixture
def aws(served: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Somebody else's clients of the same cloud."""
    for name, value in served.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    return lambda service: boto3.session.Session().client(service)


def test_a_first_and_a_second_pass_of_one_video_beside_one_that_fails(
    client: Client, faces: Callable[..., FaceClip], tmp_path: Path
) -> None:
    video, out = faces(frames=30).path, tmp_path / "out" / "foo.mp4"
    (tmp_path / "bad.mp4").write_text("no video")
    first = client("submit", video, "bad.mp4", "--folder", "a b", "--mode", "analyze", "--download", "out")
    assert first.returncode == 1
    assert STATES.findall(first.stderr) == ["Accept", "Plan", "DetectSegments", "MergeTracks", "Publish"]
    assert {path.name for path in out.iterdir()} == {"foo_annotations.json", "foo_thumb000001.jpg", "foo_report.json"}
    assert "faces found: 1" in first.stdout
    assert "bad.mp4: UnreadableVideo: " in first.stderr
    assert [path.name for path in (tmp_path / "out" / "bad.mp4").iterdir()] == ["bad_error.json"]
    listed = client("jobs").stdout
    assert re.search(r"published +input/a b/foo\.mp4 *\n", listed)
    assert re.search(r"failed \(\w+\) +input/a b/bad\.mp4 *\n", listed)

    words = ("--folder", "a b", "--ids", "1", "--blur-type", "black", "--download", out)
    second = client("submit", video, *words)
    assert second.returncode == 0, second.stderr
    # The video stands in the bucket: the list of ids alone starts the second pass.
    assert re.findall(r"uploaded: (.+) version", second.stderr) == [
        "s3://redactor/output/a b/foo.mp4/foo.mp4_IDList.txt"
    ]
    report = json.loads((out / "foo_report.json").read_text())
    assert (report["preset"]["mode"], report["blur"]["type"], report["ids"]["hidden"]) == ("redact", "Black", [1])
    assert hashlib.sha256((out / "foo_redacted.mp4").read_bytes()).hexdigest() == report["output"]["sha256"]

    edited = client("submit", video, "--folder", "edited", "--annotations", out / "foo_annotations.json", "--wait")
    assert edited.returncode == 0, edited.stderr
    assert "s3://redactor/output/edited/foo.mp4/" in edited.stdout
    assert "ids hidden: 1" in edited.stdout


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What is started here hears SIGINT, also where these tests run in the background and do not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_client_leaves_its_job_running_and_says_how_to_follow_and_stop_it(
    server: tuple[int, Mapping[str, str]], client: Client, faces: Callable[..., FaceClip], tmp_path: Path
) -> None:
    cloud, served = server
    command = [*REDACTOR, "submit", str(faces(frames=60).path), "--folder", "left alone", "--wait"]
    with subprocess.Popen(command, cwd=tmp_path, env=served, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert any("Plan" in line for line in process.stderr)
        with stopped(cloud):
            process.send_signal(signal.SIGINT)
            said = process.stderr.read()
            assert process.wait(20) == 130
            assert "foo.mp4: the job goes on" in said
            follow, stop = (re.findall(rf"{words} it: redactor (.*)", said)[0] for words in ("follow", "stop"))
            done = client(*shlex.split(stop))
            assert (done.returncode, done.stdout.startswith("stopped: arn:")) == (0, True)
    ended = client(*shlex.split(follow))
    assert ended.returncode == 1
    assert "foo.mp4: Aborted: " in ended.stderr
    assert client(*shlex.split(stop)).returncode == 1


def test_an_upload_goes_on_after_its_process_was_killed(
    served: Mapping[str, str], client: Client, aws: Callable[[str], Any], tmp_path: Path
) -> None:
    with (tmp_path / "large.mp4").open("wb") as file:
        file.truncate(96 << 20)
    at, s3 = {"Bucket": "redactor", "Key": "input/large.mp4"}, aws("s3")
    process = subprocess.Popen([*REDACTOR, "submit", "large.mp4"], cwd=tmp_path, env=served, stderr=subprocess.PIPE)
    while not (begun := s3.list_multipart_uploads(Bucket="redactor", Prefix=at["Key"]).get("Uploads")):
        assert process.poll() is None
    while not s3.list_parts(**at, UploadId=begun[0]["UploadId"]).get("Parts"):
        assert process.poll() is None
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    again = client("submit", "large.mp4")
    assert re.search(r"large\.mp4: uploading, \d+ MiB were there, MiB 96 of 96", again.stderr)
    assert s3.head_object(**at)["ContentLength"] == 96 << 20
    assert not s3.list_multipart_uploads(Bucket="redactor", Prefix=at["Key"]).get("Uploads")


def test_a_drop_that_came_to_no_job_is_told_with_its_reason(client: Client, aws: Callable[[str], Any]) -> None:
    s3 = aws("s3")
    s3.put_object(Bucket="redactor", Key="input/alone/foo_preset.json", Body=b'{"mode": "redact"}')
    s3.put_object(Bucket="redactor", Key="input/alone/foo.mp4", Body=b"video")
    told = client("status", "alone/foo.mp4", "--wait")
    assert told.returncode == 1
    assert "foo.mp4: waiting: the annotations are not there yet" in told.stderr
