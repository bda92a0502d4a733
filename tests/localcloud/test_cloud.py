"""The whole of it: uploads start executions, steps fail and are retried, failures are reported, nothing is left."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from localcloud.cloud import Cloud
from localcloud.journal import ExecutionEnded, ExecutionStarted, Finished, Started
from tests.localcloud.conftest import Run
from tests.localcloud.toys import PASS, STEPS, distributed, machine, retry, task


@pytest.mark.parametrize("key", ["input/foo.mp4", 'input/a "b"/c+d%20&e=f\n\u00fc\U0001f600.mp4', "input//x/../y .mp4"])
def test_an_upload_starts_an_execution_with_its_key_as_it_is(cloud: Cloud, key: str) -> None:
    put = cloud.s3().put_object(Bucket=cloud.bucket, Key=key, Body=b"video")
    execution = cloud.started(key, put["VersionId"])
    handed = json.loads(cloud.wait(execution, 10)["output"])
    assert handed.pop("sequencer")
    etag = put["ETag"].strip('"')
    assert handed == {"bucket": cloud.bucket, "key": key, "version": put["VersionId"], "etag": etag, "size": 5}


def test_a_multipart_upload_starts_one_execution(cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "foo.mp4").write_bytes(b"x" * 12_000_000)
    parts = TransferConfig(multipart_threshold=5_242_880, multipart_chunksize=5_242_880)
    cloud.s3().upload_file(str(tmp_path / "foo.mp4"), cloud.bucket, "input/multi.mp4", Config=parts)
    assert cloud.wait(cloud.started("input/multi.mp4"), 10)["status"] == "SUCCEEDED"
    head = cloud.s3().head_object(Bucket=cloud.bucket, Key="input/multi.mp4")
    starts = [one for one in cloud.journal.happenings if isinstance(one, ExecutionStarted) and "multi" in one.key]
    assert [(one.key, one.version) for one in starts] == [("input/multi.mp4", head["VersionId"])]


def test_a_copy_into_the_input_starts_an_execution(cloud: Cloud) -> None:
    cloud.s3().put_object(Bucket=cloud.bucket, Key="elsewhere", Body=b"video")
    source = {"Bucket": cloud.bucket, "Key": "elsewhere"}
    cloud.s3().copy_object(Bucket=cloud.bucket, Key="input/copy.mp4", CopySource=source)
    assert cloud.started("input/copy.mp4")


def test_outputs_start_nothing_but_id_lists_do(cloud: Cloud) -> None:
    for key in ("output/foo.mp4/foo_redacted.mp4", "output/foo.mp4/foo_report.json", "work/job/x"):
        cloud.s3().put_object(Bucket=cloud.bucket, Key=key, Body=b"")
    cloud.s3().put_object(Bucket=cloud.bucket, Key="output/foo.mp4/foo_IDList.txt", Body=b"")
    assert cloud.started("output/foo.mp4/foo_IDList.txt")
    keys = {one.key for one in cloud.journal.happenings if isinstance(one, ExecutionStarted)}
    assert not keys & {"output/foo.mp4/foo_redacted.mp4", "output/foo.mp4/foo_report.json", "work/job/x"}


def test_metadata_is_there_when_the_execution_starts(cloud: Cloud) -> None:
    for n in range(5):
        key = f"input/tagged-{n}.mp4"
        cloud.s3().put_object(Bucket=cloud.bucket, Key=key, Body=b"", Metadata={"n": str(n)}, Tagging=f"n={n}")
        cloud.started(key)
        assert cloud.s3().head_object(Bucket=cloud.bucket, Key=key)["Metadata"] == {"n": str(n)}


def test_a_killed_worker_is_a_named_error_that_retry_catches(cloud: Cloud, run: Run) -> None:
    asl = machine(Die=task("dying", Retry=retry("Runtime.ExitError")))
    assert run(asl, {"name": "killed"})["output"] == {"calls": 2}
    ended = [one.error for one in cloud.journal.invocations("dying") if one.payload["name"] == "killed"]
    assert ended == ["Runtime.ExitError", None]


def test_a_worker_killed_from_outside_is_retried_too(cloud: Cloud, start: Callable[..., str]) -> None:
    asl = machine(Sleep=task("sleeping", Retry=retry("Runtime.ExitError")))
    execution = start(asl, {"seconds": 1.5})
    cloud.journal.await_happening(lambda one: isinstance(one, Started) and one.execution == execution, 5)
    for pid in cloud.worker_pids:
        os.kill(pid, signal.SIGKILL)
    assert cloud.wait(execution, 20)["status"] == "SUCCEEDED"
    ended = [one for one in cloud.journal.invocations("sleeping") if one.execution == execution]
    assert [one.error for one in ended] == ["Runtime.ExitError", None]


def test_a_step_over_its_time_is_a_named_error(run: Run) -> None:
    failed = run(machine(Slow=task("hasty")), {"seconds": 60})
    assert (failed["status"], failed["error"]) == ("FAILED", "Sandbox.Timedout")
    assert "Task timed out after 0.50 seconds" in json.loads(failed["cause"])["errorMessage"]


def test_a_task_over_its_time_is_states_timeout(run: Run) -> None:
    failed = run(machine(Slow=task("sleeping", TimeoutSeconds=1)), {"seconds": 20})
    assert (failed["status"], failed["error"]) == ("FAILED", "States.Timeout")


def test_an_error_is_retried_and_caught_by_its_class_name(run: Run) -> None:
    asl = machine(Stumble=task("stumbling", Retry=retry("TryAgain", attempts=5)))
    assert run(asl, {"name": "named", "succeeds_at": 4})["output"] == {"calls": 4}
    failed = run(machine(Fail=task("failing", Retry=retry("TryAgain"))), {})
    assert (failed["status"], failed["error"]) == ("FAILED", "Refused")
    catch = [{"ErrorEquals": ["Refused"], "Next": "Caught"}]
    assert run(machine(Fail=task("failing", Catch=catch), Caught=PASS), {})["output"]["Error"] == "Refused"


def test_a_step_can_ask_for_the_execution_it_runs_in(run: Run) -> None:
    ask = task(
        "status", Parameters={"FunctionName": "${StatusFunction}", "Payload": {"execution.$": "$$.Execution.Id"}}
    )
    assert run(machine(Ask=ask))["output"] == {"status": "RUNNING"}


def test_a_retried_child_lets_its_map_succeed(cloud: Cloud, run: Run) -> None:
    child = task("dying", Retry=retry("Runtime.ExitError"))
    asl = machine(Map=distributed(child, ItemSelector={"name.$": "States.Format('map-{}', $$.Map.Item.Value)"}))
    cloud.s3().put_object(Bucket=cloud.bucket, Key="work/three.json", Body=b"[1, 2, 3]")
    assert run(asl, {"segments": "work/three.json"})["status"] == "SUCCEEDED"
    ended = [one.error for one in cloud.journal.invocations("dying") if one.payload["name"].startswith("map-")]
    assert sorted(map(str, ended)) == ["None"] * 3 + ["Runtime.ExitError"] * 3


def test_waiting_for_what_does_not_exist_is_an_error(cloud: Cloud) -> None:
    arn = cloud.state_machine.replace(":stateMachine:", ":execution:") + ":nobody"
    with pytest.raises(ClientError, match="ExecutionDoesNotExist"):
        cloud.wait(arn, 1)


def test_waiting_too_short_is_an_error(cloud: Cloud, start: Callable[..., str]) -> None:
    execution = start(machine(Sleep=task("sleeping")), {"seconds": 1})
    with pytest.raises(TimeoutError, match="still RUNNING"):
        cloud.wait(execution, 0.1)
    assert cloud.wait(execution, 10)["status"] == "SUCCEEDED"


@pytest.fixture(scope="module")
def failing() -> Iterator[Cloud]:
    """A cloud of its own whose state machine fails, or outlasts its time, as it is told."""
    choices = [{"Variable": "$.end", "StringEquals": "fail", "Next": "Fail"}]
    asl = machine(
        timeout=4,
        Which={"Type": "Choice", "Choices": choices, "Default": "Sleep"},
        Fail=task("failing"),
        Sleep=task("sleeping"),
    )
    with Cloud(1, definition=json.dumps(asl), steps=STEPS, bucket="failing", retry_wait_factor=0.01) as running:
        yield running


@pytest.mark.parametrize(
    ("end", "status", "error"),
    [("fail", "FAILED", "Refused"), ("sleep", "TIMED_OUT", None), ("stop", "ABORTED", "Enough")],
)
def test_what_did_not_succeed_is_reported_before_waiting_ends(
    failing: Cloud, end: str, status: str, error: str | None
) -> None:
    given = {"end": end, "seconds": 30, "key": 'a"b\n'}
    started = failing.sfn().start_execution(
        stateMachineArn=failing.state_machine, name=f"job-{end}", input=json.dumps(given)
    )
    if end == "stop":
        time.sleep(0.3)
        failing.sfn().stop_execution(executionArn=started["executionArn"], error="Enough", cause="no reason")
    assert failing.wait(started["executionArn"], 20)["status"] == status
    event = json.loads(failing.s3().get_object(Bucket="failing", Key=f"reports/job-{end}.json")["Body"].read())
    assert event["detail-type"] == "Step Functions Execution Status Change"
    assert (event["source"], event["resources"]) == ("aws.states", [started["executionArn"]])
    detail = event["detail"]
    assert json.loads(detail["input"]) == given
    assert (detail["executionArn"], detail["stateMachineArn"]) == (started["executionArn"], failing.state_machine)
    assert (detail["name"], detail["status"], detail["output"]) == (f"job-{end}", status, None)
    assert detail["error"] == error
    assert detail["stopDate"] >= detail["startDate"] > 1_700_000_000_000


def test_two_clouds_keep_to_themselves(cloud: Cloud, failing: Cloud) -> None:
    cloud.s3().put_object(Bucket=cloud.bucket, Key="input/mine.mp4", Body=b"")
    cloud.started("input/mine.mp4")
    assert not [one for one in failing.journal.happenings if isinstance(one, ExecutionStarted)]
    assert [bucket["Name"] for bucket in failing.s3().list_buckets()["Buckets"]] == ["failing"]
    assert cloud.state_machine != failing.state_machine


def test_the_observer_sees_everything_in_order() -> None:
    seen: list[Any] = []
    with Cloud(
        1, definition=json.dumps(machine(Echo=task("echo"))), steps=STEPS, bucket="seen", observer=seen.append
    ) as one:
        one.s3().put_object(Bucket="seen", Key="input/a", Body=b"")
        one.wait(one.started("input/a"), 10)
    kinds = [type(happening) for happening in seen]
    assert sorted(kinds, key=str) == sorted([ExecutionStarted, Started, Finished, ExecutionEnded], key=str)
    assert kinds.index(Started) < kinds.index(Finished) < kinds.index(ExecutionEnded)


def test_leaving_stops_what_runs_and_leaves_nothing() -> None:
    threads = set(threading.enumerate())
    with Cloud(2, definition=json.dumps(machine(Sleep=task("sleeping"))), steps=STEPS, bucket="left") as left:
        execution = left.sfn().start_execution(stateMachineArn=left.state_machine, input='{"seconds": 60}')
        left.journal.await_happening(lambda one: isinstance(one, Started), 10)
        pids, port = left.worker_pids, int(left.endpoint.rpartition(":")[2])
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert execution["executionArn"]
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    deadline = time.monotonic() + 5
    while set(threading.enumerate()) - threads and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not set(threading.enumerate()) - threads


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with (
        pytest.raises(OSError, match="in use"),
        Cloud(1, int(cloud.endpoint.rpartition(":")[2]), steps=STEPS, bucket="unused"),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_definition_that_moto_refuses_is_an_error_and_leaves_nothing() -> None:
    with (
        pytest.raises(ClientError, match="ASLParserException"),
        Cloud(1, definition='{"StartAt": 3}', steps=STEPS, bucket="unused"),
    ):
        pass
    with (
        pytest.raises(KeyError, match="NobodyFunction"),
        Cloud(1, definition='{"A": "${NobodyFunction}"}', bucket="unused"),
    ):
        pass


def test_the_projects_own_state_machine_is_accepted() -> None:
    with Cloud(1, bucket="own") as own:
        described = own.sfn().describe_state_machine(stateMachineArn=own.state_machine)
    assert "${" not in described["definition"]


PROGRAM = """
import signal
# A shell that runs the tests in the background has made its children deaf to Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
import json, os, time
from localcloud.cloud import Cloud
from tests.localcloud.toys import STEPS, machine, task
with Cloud(1, definition=json.dumps(machine(Sleep=task("sleeping"))), steps=STEPS, bucket="ctrl-c") as cloud:
    cloud.sfn().start_execution(stateMachineArn=cloud.state_machine, input='{"seconds": 60}')
    print(*cloud.worker_pids, flush=True)
    # A signal that comes just before a sleep does not cut it short.
    for _ in range(600):
        time.sleep(0.1)
"""


def test_control_c_ends_it_cleanly(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout
        assert running.stderr
        worker = int(running.stdout.readline())
        began = time.monotonic()
        running.send_signal(signal.SIGINT)
        errors = running.stderr.read()
        running.wait(20)
    assert time.monotonic() - began < 10
    assert errors.strip().endswith("KeyboardInterrupt")
    assert errors.count("Traceback") == 1
    assert not Path(f"/proc/{worker}").exists()
    assert list(tmp_path.iterdir()) == []
