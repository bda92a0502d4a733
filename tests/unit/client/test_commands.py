"""What the commands refuse, and what they say then."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from localcloud.cloud import Cloud
from redactor import flow
from redactor.cli.app import app
from redactor.store import objects


@pytest.fixture(autouse=True)
def at_the_cloud(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    Path("foo.mp4").write_bytes(b"x")
    for module in (flow, objects):
        module._client.cache_clear()


WRONG = {
    "no such stack": (["submit", "foo.mp4", "--stack", "Nothing"], 2, "there is no stack Nothing"),
    "no first pass": (["submit", "foo.mp4", "--ids", "1"], 2, "--mode analyze first"),
    "two lists": (["submit", "foo.mp4", "--ids", "1", "--id-list", "ids.txt"], 2, "exclude each other"),
    "two of one name": (["submit", "foo.mp4", "a/foo.mp4"], 2, "two videos have the same file name: foo.mp4"),
    "no such video": (["submit", "missing.mp4"], 2, "missing.mp4 is not a file"),
    "no such job": (["status", "missing.mp4"], 1, "no job of input/missing.mp4 is known to FaceRedaction"),
    "nothing to stop": (["cancel", "missing.mp4"], 1, "no job is at work on input/missing.mp4"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_usage_is_named(case: str) -> None:
    words, status, sentence = WRONG[case]
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, done.stdout) == (status, "")
    assert sentence in done.stderr


def test_a_stack_that_cannot_be_reached_is_no_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    done = CliRunner().invoke(app, ["jobs"])
    assert done.exit_code == 1
    assert "redactor: TryAgain: the stack FaceRedaction: " in done.stderr
