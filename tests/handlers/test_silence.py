"""Deployed, the handlers say nothing that names or shows anybody: no log line, no metric and no error that leaves."""

import json
import logging
import traceback
from collections.abc import Callable

import pytest

from redactor import telemetry
from tests.handlers.conftest import Functions
from tests.handlers.test_chain import ANALYSIS, REDACTION

NAME = "jane_doe"
KEY = f"input/{NAME}/{NAME}.mp4"
# What logging itself writes, the place in the code, and what a step tells of itself.
ITS_OWN = vars(logging.makeLogRecord({})).keys() | {"message", "asctime"}
TOLD = {"step", "job", "segment", "error", *telemetry._WORDS, *telemetry._NUMBERS}

Said = Callable[[], str]


@pytest.fixture
def said(
    functions: Functions,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> Said:
    """All that was written until it is asked, by libraries too, with the variables that the stack sets."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "FaceRedaction")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "stack")

    def everything() -> str:
        out, err = capfd.readouterr()
        fields = {name for record in caplog.records if record.name == "redactor" for name in vars(record)}
        assert fields <= ITS_OWN | TOLD
        return out + err + "\n".join(str(vars(record)) for record in caplog.records)

    return everything


def metrics(text: str) -> set[str]:
    blobs = [json.loads(line) for line in text.splitlines() if line.startswith('{"_aws"')]
    return {metric["Name"] for blob in blobs for metric in blob["_aws"]["CloudWatchMetrics"][0]["Metrics"]}


def test_a_job_that_succeeds(functions: Functions, video: bytes, said: Said) -> None:
    functions.store.write(KEY, video)
    job = functions.accept(KEY)["job"]
    functions.through(job, *ANALYSIS, *REDACTION, "publish")
    assert len(functions.results(KEY)) == 3
    text = said()
    assert NAME not in text
    assert metrics(text) == {
        "Seconds",
        "Accepted",
        "Published",
        "Segments",
        "Frames",
        "Faces",
        "Hidden",
        "Visible",
        "Bytes",
    }


@pytest.mark.parametrize("steps", [("plan",), ("select",)])
def test_a_step_that_fails(functions: Functions, said: Said, steps: tuple[str, ...]) -> None:
    """By its video, whose name the message holds."""
    functions.store.write(KEY, NAME.encode())
    job = functions.accept(KEY)["job"]
    with pytest.raises(Exception, match="record") as raised:
        functions.through(job, *steps)
    left = "".join(traceback.format_exception(raised.value))
    text = said()
    assert metrics(text) >= {"Failed"}
    assert NAME not in text + left


def test_a_set_that_cannot_be_a_job(functions: Functions, said: Said) -> None:
    """By its preset, before there is a job."""
    functions.store.write(KEY, b"")
    functions.store.write(f"input/{NAME}/{NAME}_preset.json", f'{{"mode": "{NAME}"}}'.encode())
    with pytest.raises(Exception, match="record") as raised:
        functions.accept(KEY)
    assert type(raised.value).__name__ == "InvalidPreset"
    assert NAME not in said() + "".join(traceback.format_exception(raised.value))
