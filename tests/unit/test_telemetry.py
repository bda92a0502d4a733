"""What a step says of itself: enough to see how it went, and nothing that names or shows a person."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.models.trace_header import TraceHeader

from redactor import telemetry
from redactor.errors import InvalidKey
from redactor.telemetry import observed

SECRET = "input/jane_doe.mp4"


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "FaceRedaction")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "stack")


@pytest.fixture
def traces(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What would go to Lambda's daemon."""
    header = "Root=1-5e1b4151-5ac6c58f3f4b2d3a4b5c6d7e;Parent=53995c3f42cd8ad8;Sampled=1"
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", header)
    monkeypatch.setenv("LAMBDA_TASK_ROOT", str(Path.cwd()))
    assert TraceHeader.from_header_str(header).sampled
    sent: list[dict[str, Any]] = []

    class Emitter:
        def send_entity(self, entity: Any) -> None:
            sent.append(json.loads(entity.serialize()))

        def set_daemon_address(self, address: object) -> None:
            pass

    from aws_xray_sdk import global_sdk_config  # noqa: PLC0415
    from aws_xray_sdk.core.lambda_launcher import LambdaContext  # noqa: PLC0415

    before = (xray_recorder.emitter, xray_recorder.context, global_sdk_config.sdk_enabled())
    global_sdk_config.set_sdk_enabled(True)
    telemetry._tracer.cache_clear()
    xray_recorder.configure(emitter=Emitter(), context=LambdaContext())
    yield sent
    telemetry._tracer.cache_clear()
    global_sdk_config.set_sdk_enabled(before[2])
    xray_recorder.configure(emitter=before[0], context=before[1])


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def metrics(told: list[dict[str, Any]]) -> dict[str, Any]:
    """All that was counted, from CloudWatch's embedded format."""
    blobs = [line for line in told if "_aws" in line]
    names = [m["Name"] for b in blobs for m in b["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
    return {name: value for blob in blobs for name, value in blob.items() if name in names}


def test_seconds_counts_and_outcome_are_counted_by_step_and_stack(
    deployed: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with observed("plan", "job-1") as answer:
        answer.update(segments=12, outcome="accepted")
    told = lines(capsys)
    (blob,) = [line for line in told if "_aws" in line]
    counted = metrics(told)
    assert (blob["service"], blob["step"]) == ("stack", "plan")
    assert blob["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "FaceRedaction"
    assert [sorted(dimensions) for dimensions in blob["_aws"]["CloudWatchMetrics"][0]["Dimensions"]] == [
        ["service", "step"]
    ]
    assert counted.keys() == {"Seconds", "Segments", "Accepted"}
    assert (counted["Segments"], counted["Accepted"]) == ([12.0], [1.0])


def test_a_failure_is_counted_and_told_by_its_name(
    deployed: None, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Exception, match="record"), observed("accept"):
        raise InvalidKey(SECRET)
    assert metrics(lines(capsys)) == {"Failed": [1.0]}
    assert [vars(line)["error"] for line in caplog.records] == ["InvalidKey"]


def test_no_name_of_a_file_is_told_whatever_the_answer_holds(
    deployed: None, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with observed("publish", "job-1", 3) as answer:
        answer.update(outcome="published", prefix=SECRET, frames=9, boxes=[[0.1, 0.2]], segments=SECRET)
    (line,) = caplog.records
    text = capsys.readouterr().out + str(vars(line))
    assert (vars(line)["outcome"], vars(line)["segment"]) == ("published", 3)
    assert "jane" not in text
    assert "boxes" not in text


def test_where_it_is_deployed_an_error_keeps_its_name_and_its_trace_and_loses_its_text(deployed: None) -> None:
    with pytest.raises(Exception, match="record") as raised, observed("accept"):
        raise InvalidKey(SECRET, field=SECRET)
    assert type(raised.value).__name__ == "InvalidKey"
    assert "jane" not in "".join(map(str, [raised.value, raised.value.__cause__, vars(raised.value)]))
    assert raised.value.__suppress_context__
    assert raised.traceback[-1].name == raised.traceback[0].name


def test_on_one_machine_nothing_is_counted_and_an_error_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InvalidKey, match="jane"), observed("accept"):
        raise InvalidKey(SECRET)
    with observed("plan") as answer:
        answer.update(segments=1)
    assert metrics(lines(capsys)) == {}


def test_a_trace_names_step_job_and_segment(deployed: None, traces: list[dict[str, Any]]) -> None:
    with observed("detect", "job-1", 3):
        pass
    (segment,) = traces
    assert segment["name"] == "## detect"
    assert segment["annotations"] == {"step": "detect", "job": "job-1", "segment": 3}


def test_a_trace_of_a_failure_holds_no_text(deployed: None, traces: list[dict[str, Any]]) -> None:
    with pytest.raises(Exception, match="record"), observed("accept"):
        raise InvalidKey(SECRET)
    (segment,) = traces
    assert segment["cause"]["exceptions"][0]["type"] == "InvalidKey"
    assert "jane" not in json.dumps(segment)


def test_boto3_is_not_traced_as_its_segments_name_keys(deployed: None, traces: list[dict[str, Any]]) -> None:
    assert telemetry._tracer().auto_patch is False
