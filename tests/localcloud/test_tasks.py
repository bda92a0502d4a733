"""Container tasks run as ECS runs them: their own command, environment and folder, ends told by the exit code."""

import json
import time
from pathlib import Path
from typing import Any

from localcloud.cloud import Cloud
from tests.localcloud.conftest import Run
from tests.localcloud.test_pool import alive
from tests.localcloud.toys import container, machine, retry


def noted(cloud: Cloud, key: str) -> dict[str, Any]:
    seen: dict[str, Any] = json.loads(cloud.s3().get_object(Bucket=cloud.bucket, Key=key)["Body"].read())
    return seen


def test_a_task_runs_its_command_in_its_own_folder_and_environment(cloud: Cloud, run: Run) -> None:
    asl = machine(Note=container("note", "work/noted", "$.word", "States.Format('{}', $.n)"))
    described = run(asl, {"word": 'a "b" c', "n": 3})
    assert described["status"] == "SUCCEEDED", described
    seen = noted(cloud, "work/noted")
    assert (seen["words"], seen["device"]) == (['a "b" c', "3"], None)
    assert seen["cwd"] == seen["scratch"]
    assert not Path(seen["scratch"]).exists()
    assert seen["pid"] not in cloud.worker_pids
    (told,) = described["output"]["Containers"]
    assert told["ExitCode"] == 0


def test_a_task_on_a_gpu_is_told_so(cloud: Cloud, run: Run) -> None:
    assert run(machine(Note=container("note", "work/gpu", kind="gpu")))["status"] == "SUCCEEDED"
    assert noted(cloud, "work/gpu")["device"] == "gpu"


def test_a_bad_end_has_one_name_and_its_cause_the_exit_code(cloud: Cloud, run: Run) -> None:
    failed = run(machine(Leave=container("leave", "7")))
    assert (failed["status"], failed["error"]) == ("FAILED", "States.TaskFailed")
    assert json.loads(failed["cause"])["Containers"][0]["ExitCode"] == 7
    told = [one for one in cloud.journal.invocations("leave") if "7" in one.payload["command"]]
    assert [one.error for one in told] == ["States.TaskFailed"]


def test_a_task_that_was_killed_is_tried_again_and_told_how_often(cloud: Cloud, run: Run) -> None:
    again = container("die_at_first", "States.Format('{}', $$.State.RetryCount)", Retry=retry("States.TaskFailed"))
    assert run(machine(Die=again))["status"] == "SUCCEEDED"
    commands = [one.payload["command"][-1] for one in cloud.journal.invocations("die_at_first")]
    assert commands == ["0", "1"]


def test_a_task_over_its_time_dies_with_all_that_it_started(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "pid"
    late = run(machine(Linger=container("linger", str(file), TimeoutSeconds=5)))
    assert (late["status"], late["error"]) == ("FAILED", "States.Timeout")
    child, deadline = int(file.read_text()), time.monotonic() + 5
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(child)


def test_a_task_that_is_not_defined_fails(run: Run) -> None:
    failed = run(machine(Note=container("note", "work/never", kind="nothing")))
    assert failed["error"] == "States.TaskFailed"
    assert "no task definition nothing" in failed["cause"]


def test_leaving_the_cloud_kills_its_tasks(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    asl = machine(Linger=container("linger", str(file)))
    with Cloud(1, definition=json.dumps(asl), steps={}, bucket="left-tasks") as left:
        left.sfn().start_execution(stateMachineArn=left.state_machine, input="{}")
        deadline = time.monotonic() + 10
        while not (file.exists() and file.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        child = int(file.read_text())
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(child)
