"""`redactor run` and `redactor serve`, as a person at a terminal uses them."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from redactor import models
from tests.media_factory import FaceClip

REDACTOR = [str(Path(sys.executable).with_name("redactor"))]


@pytest.fixture
def command(model_path: str, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """command("run", …) -> the finished process, run in an empty folder."""

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, models.PATH_VARIABLE: model_path}
        return subprocess.run(
            [*REDACTOR, *map(str, words)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )

    return run


def test_two_passes_into_one_folder(
    command: Callable[..., subprocess.CompletedProcess[str]], faces: Callable[..., FaceClip], tmp_path: Path
) -> None:
    video, out = faces(frames=30).path, tmp_path / "out"
    first = command("run", video, "--out", out, "--mode", "analyze")
    assert first.returncode == 0, first.stderr
    assert {path.name for path in out.iterdir()} == {"foo_annotations.json", "foo_thumb000001.jpg", "foo_report.json"}
    assert re.search(r"foo_annotations\.json.*do not share", first.stdout)
    assert re.search(r"foo_thumb000001\.jpg.*do not share", first.stdout)
    assert "faces found: 1" in first.stdout
    second = command("run", video, "--out", out, "--ids", "1", "--blur-type", "black")
    assert second.returncode == 0, second.stderr
    report = json.loads((out / "foo_report.json").read_text())
    assert (report["preset"]["mode"], report["blur"]["type"], report["ids"]["hidden"]) == ("redact", "Black", [1])
    assert (out / "foo_redacted.mp4").stat().st_size > 1000
    assert re.search(r"foo_redacted\.mp4 +[0-9.]+ KiB\n", second.stdout)


def test_several_videos_have_a_folder_each(
    command: Callable[..., subprocess.CompletedProcess[str]], faces: Callable[..., FaceClip], tmp_path: Path
) -> None:
    one, two = faces(frames=30).path, faces(name="bar.mkv", frames=30).path
    done = command("run", one, two, "--out", "out", "--mode", "analyze")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "foo.mp4" / "foo_annotations.json").is_file()
    assert (tmp_path / "out" / "bar.mkv" / "bar_annotations.json").is_file()


def test_a_failed_job_exits_1_with_its_code_and_leaves_the_error(
    command: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "foo.mp4").write_text("no video")
    done = command("run", "foo.mp4", "--out", "out")
    assert done.returncode == 1
    assert "foo.mp4: UnreadableVideo: " in done.stderr
    # Its own words at the end, and none of the embedded cloud's libraries.
    assert "UnreadableVideo" in done.stderr.strip().splitlines()[-2]
    assert "moto" not in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["foo_error.json"]


WRONG = {
    "no such video": (["missing.mp4"], "not a file"),
    "no such mode": (["foo.mp4", "--mode", "remove"], "combined"),
    "no annotations yet": (["foo.mp4", "--ids", "1"], "foo_annotations.json"),
    "two lists": (["foo.mp4", "--ids", "1", "--id-list", "ids.txt"], "exclude"),
    "ids that are none": (["foo.mp4", "--ids", "one", "--annotations", "foo.mp4"], "line 1"),
    "a mode that ids forbid": (["foo.mp4", "--ids", "1", "--mode", "analyze"], "redact"),
    "no such preset": (["foo.mp4", "--preset", "missing.json"], "missing.json"),
    "no video by name": (["ids.txt"], ".mp4"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_usage_exits_2_and_says_what_is_wrong(
    command: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, case: str
) -> None:
    (tmp_path / "foo.mp4").write_bytes(b"x")
    (tmp_path / "ids.txt").write_bytes(b"1")
    words, sentence = WRONG[case]
    done = command("run", *words)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert not (tmp_path / "redacted").exists()


@pytest.fixture
def server(model_path: str, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A running `redactor serve`, and what it printed as name -> value."""
    environment = {**os.environ, models.PATH_VARIABLE: model_path, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen([*REDACTOR, "serve"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = dict(process.stdout.readline().strip().split(": ", 1) for _ in range(3))
    yield process, said
    if process.poll() is None:
        process.kill()
    process.communicate()


def test_any_s3_client_drops_a_video_in_and_finds_the_results(
    server: tuple[subprocess.Popen[str], dict[str, str]], faces: Callable[..., FaceClip]
) -> None:
    process, said = server
    s3 = boto3.client(
        "s3",
        endpoint_url=said["endpoint"],
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(s3={"addressing_style": "path"}),
    )
    s3.upload_file(str(faces(frames=30).path), said["bucket"], "input/a b/foo.mp4")
    name, deadline = "output/a b/foo.mp4/foo_report.json", time.monotonic() + 120
    while not s3.list_objects_v2(Bucket=said["bucket"], Prefix=name).get("Contents") and time.monotonic() < deadline:
        time.sleep(0.2)
    assert json.loads(s3.get_object(Bucket=said["bucket"], Key=name)["Body"].read())["frames"] == {"in": 30, "out": 30}
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert children
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
