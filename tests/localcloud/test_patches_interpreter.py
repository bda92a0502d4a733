"""One contract test for each patch of the interpreter: what holds with it, and that moto alone still needs it."""

import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import SimpleNamespace
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    distributed_item_processor_worker as processor,
)
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from localcloud.cloud import Cloud
from localcloud.journal import Started
from localcloud.patches import without
from tests.localcloud.conftest import Run
from tests.localcloud.toys import PASS, container, distributed, inline, machine, retry, task


@pytest.fixture
def segments(cloud: Cloud) -> Callable[..., dict[str, Any]]:
    """The input of a distributed Map over n items, in the bucket."""

    def put(job: str, n: int, **more: Any) -> dict[str, Any]:
        key = f"work/{job}/segments.json"
        cloud.s3().put_object(Bucket=cloud.bucket, Key=key, Body=json.dumps(list(range(n))).encode())
        return {"job": job, "segments": key, "fails": [], "seconds": 0} | more

    return put


def test_a_task_runs_the_real_handler(cloud: Cloud, run: Run) -> None:
    asl = machine(Describe=task("describe"))
    described = run(asl)
    assert described["output"]["function"] == "describe"
    assert described["output"]["pid"] in cloud.worker_pids
    before = len(cloud.journal.invocations("describe"))
    with without("lambda invoke runs the real handler"):
        assert run(asl)["status"] != "SUCCEEDED"
    assert len(cloud.journal.invocations("describe")) == before


def test_waiting_for_a_worker_is_no_part_of_the_time_out(run: Run) -> None:
    branch = {"StartAt": "Sleep", "States": {"Sleep": task("sleeping", TimeoutSeconds=4)}}
    asl = machine(All={"Type": "Parallel", "Branches": [branch] * 6, "End": True})
    assert run(asl, {"seconds": 1.4})["status"] == "SUCCEEDED"
    with without("a task's clock starts when a worker is free"):
        assert run(asl, {"seconds": 1.4})["status"] == "FAILED"


def test_a_container_task_runs_its_command(cloud: Cloud, run: Run) -> None:
    asl = machine(Leave=container("leave", "0"))
    assert run(asl)["status"] == "SUCCEEDED"
    with without("runTask runs the real command"):
        assert run(asl)["status"] != "SUCCEEDED"
    with without("a task that was run has ended"):
        assert run(asl)["status"] != "SUCCEEDED"


def test_waiting_for_a_turn_is_no_part_of_a_container_tasks_time(run: Run) -> None:
    branch = {"StartAt": "Rest", "States": {"Rest": container("rest", "2.2", TimeoutSeconds=6)}}
    asl = machine(All={"Type": "Parallel", "Branches": [branch] * 6, "End": True})
    assert run(asl)["status"] == "SUCCEEDED"


def test_a_container_task_takes_the_place_of_a_worker(cloud: Cloud, run: Run) -> None:
    def at_once(seconds: str) -> int:
        asl = machine(All=inline(container("rest", seconds)))
        assert run(asl, [1, 2, 3, 4])["status"] == "SUCCEEDED"
        mine = [h for h in cloud.journal.happenings if seconds in getattr(h, "payload", {}).get("command", [])]
        busy = [sum(1 if isinstance(h, Started) else -1 for h in mine[: n + 1]) for n in range(len(mine))]
        return max(busy)

    assert at_once("0.41") == 2
    with without("a container task waits its turn"):
        assert at_once("0.42") == 4


def test_a_failed_child_fails_the_map_and_no_more_children_start(cloud: Cloud, run: Run, segments: Any) -> None:
    asl = machine(Segments=distributed(task("segment")))
    failed = run(asl, segments("one-fails", 60, fails=[3]))
    assert (failed["status"], failed["error"]) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    seen = [one for one in cloud.journal.invocations("segment") if one.payload["job"] == "one-fails"]
    assert len(seen) < 20
    errors = [one.error for one in seen if one.error]
    assert errors[0] == "Refused"
    # A sibling that was under way when it failed is killed with its worker.
    assert set(errors[1:]) <= {"Runtime.ExitError"}
    with without("a failed child fails the distributed Map"):
        assert run(asl, segments("one-fails-unseen", 5, fails=[3]))["status"] == "SUCCEEDED"


def test_children_that_still_run_are_stopped(cloud: Cloud, run: Run, segments: Any) -> None:
    child = task("segment", Retry=retry("States.ALL"))
    child |= {"Next": "Sleep"}
    del child["End"]
    asl = machine(Segments=distributed(child))
    asl["States"]["Segments"]["ItemProcessor"]["States"]["Sleep"] = {"Type": "Wait", "Seconds": 3, "Next": "Late"}
    asl["States"]["Segments"]["ItemProcessor"]["States"]["Late"] = task("echo")
    child["Retry"] = retry("Nothing")
    before = len(cloud.journal.invocations("echo"))
    assert run(asl, segments("stops", 4, fails=[3]))["status"] == "FAILED"
    time.sleep(3.2)
    assert len(cloud.journal.invocations("echo")) == before


def test_a_failed_map_can_be_retried_and_caught_by_its_name(run: Run, segments: Any) -> None:
    caught = [{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "Next": "Caught"}]
    asl = machine(Segments=distributed(task("segment"), Catch=caught), Caught=PASS)
    assert run(asl, segments("caught", 3, fails=[1]))["status"] == "SUCCEEDED"


def test_a_map_goes_through_any_number_of_items() -> None:
    def closed_jobs(items: int) -> int:
        closed: list[int] = []
        jobs = iter([SimpleNamespace(job_output=n) for n in range(items)])
        frame = SimpleNamespace(open_inner_frame=lambda: frame, delete_frame=lambda frame: None)
        worker = object.__new__(processor.DistributedItemProcessorWorker)
        worker._env, worker._stop_signal_received = frame, False
        worker._job_pool = SimpleNamespace(next_job=lambda: next(jobs, None), close_job=closed.append)
        worker._eval_job = lambda env, job: None
        worker._eval_pool(next(jobs), frame)
        return len(closed)

    assert closed_jobs(3000) == 3000
    with without("a distributed Map may have thousands of items"), pytest.raises(RecursionError):
        closed_jobs(3000)


def test_a_map_starts_no_more_children_than_the_workers_can_serve(
    cloud: Cloud, start: Callable[..., str], segments: Any
) -> None:
    def concurrency(job: str) -> int:
        execution = start(machine(Segments=distributed(PASS)), segments(job, 9))
        assert cloud.wait(execution, 10)["status"] == "SUCCEEDED"
        run = cloud.sfn().list_map_runs(executionArn=execution)["mapRuns"][0]["mapRunArn"]
        return cloud.sfn().describe_map_run(mapRunArn=run)["maxConcurrency"]

    assert concurrency("bounded") == 4
    assert cloud.journal.happenings[-2].items == 9
    with without("a Map runs as many children as there are workers"):
        assert concurrency("unbounded") == 0


def test_a_map_reads_its_items_from_the_bucket(cloud: Cloud, run: Run, segments: Any) -> None:
    asl = machine(Segments=distributed(task("segment")))
    assert run(asl, segments("read", 3))["status"] == "SUCCEEDED"
    done = [one.payload["n"] for one in cloud.journal.invocations("segment") if one.payload["job"] == "read"]
    assert sorted(done) == [0, 1, 2]
    with without("ItemReader reads from the store"):
        assert run(asl, segments("read", 3))["status"] == "FAILED"


@pytest.mark.parametrize("body", [None, b"{", b'{"a": 1}'])
def test_items_that_cannot_be_read_fail_by_name(cloud: Cloud, run: Run, body: bytes | None) -> None:
    if body is not None:
        cloud.s3().put_object(Bucket=cloud.bucket, Key="work/unreadable", Body=body)
    given = {"job": "x", "segments": "work/unreadable" if body else "work/absent", "fails": [], "seconds": 0}
    asl = machine(Segments=distributed(PASS))
    assert run(asl, given)["error"] == "States.ItemReaderFailed"
    if body != b'{"a": 1}':
        with without("ItemReader failures have their name"):
            assert run(asl, given)["error"] == "States.Runtime"


@pytest.mark.parametrize(
    ("state", "unmended"),
    [("Map", without("States.* errors cross a Map")), ("Parallel", without("States.* errors cross a Parallel"))],
)
def test_reserved_errors_keep_their_names(run: Run, state: str, unmended: AbstractContextManager[None]) -> None:
    large = task("large")
    around = {
        "Map": inline(
            large, Catch=[{"ErrorEquals": ["States.DataLimitExceeded"], "Next": "Caught"}], ItemsPath="$.all"
        ),
        "Parallel": {
            "Type": "Parallel",
            "Branches": [{"StartAt": "Child", "States": {"Child": large | {"InputPath": "$.all[0]"}}}],
            "Catch": [{"ErrorEquals": ["States.DataLimitExceeded"], "Next": "Caught"}],
            "End": True,
        },
    }
    asl, given = machine(Around=around[state], Caught=PASS), {"all": [{"bytes": 300_000}]}
    assert run(asl, given)["output"]["Error"] == "States.DataLimitExceeded"
    with unmended:
        assert run(asl, given)["status"] == "FAILED"


def test_a_retry_does_not_wait_as_long_as_on_aws(run: Run) -> None:
    full = retry("TryAgain", interval=3)[0] | {"MaxDelaySeconds": 3}
    asl = machine(Stumble=task("stumbling", Retry=[full]))
    began = time.monotonic()
    assert run(asl, {"name": "fast", "succeeds_at": 3})["output"] == {"calls": 3}
    assert time.monotonic() - began < 3
    with without("Retry waits are shortened"):
        began = time.monotonic()
        run(asl, {"name": "slow", "succeeds_at": 2})
        assert time.monotonic() - began >= 3


def test_jitter_does_not_outlast_the_wait(run: Run) -> None:
    full = retry("TryAgain", interval=20)[0] | {"JitterStrategy": "FULL", "MaxDelaySeconds": 60}
    began = time.monotonic()
    assert run(machine(Stumble=task("stumbling", Retry=[full])), {"name": "jitter", "succeeds_at": 2})
    assert time.monotonic() - began < 10


def test_a_state_machine_runs(cloud: Cloud, start: Callable[..., str]) -> None:
    def states() -> set[str]:
        execution = start(machine(Own=PASS))
        history = cloud.sfn().get_execution_history(executionArn=execution)["events"]
        return {event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event}

    assert states() <= {"Own"}
    with without("state machines are interpreted"):
        assert states() == {"A State"}


def test_executions_without_a_name_are_told_apart(cloud: Cloud, start: Callable[..., str]) -> None:
    assert start(machine(Own=PASS)) != start(machine(Own=PASS))
    with without("executions without a name get one"):
        assert start(machine(Own=PASS)).endswith(":None")


def test_a_definition_is_not_parsed_again() -> None:
    text = json.dumps(machine(Own=PASS))
    assert AmazonStateLanguageParser.parse(text) is AmazonStateLanguageParser.parse(text)
    with without("a definition is parsed once"):
        assert AmazonStateLanguageParser.parse(text) is not AmazonStateLanguageParser.parse(text)


def test_an_execution_that_was_stopped_is_aborted(cloud: Cloud, start: Callable[..., str]) -> None:
    def stopped() -> dict[str, Any]:
        execution = start(machine(Sleep=task("sleeping")), {"seconds": 20})
        cloud.journal.await_happening(lambda one: getattr(one, "execution", "") == execution, 5)
        cloud.sfn().stop_execution(executionArn=execution, error="Enough", cause="no reason")
        return dict(cloud.wait(execution, 5))

    aborted = stopped()
    assert (aborted["status"], aborted["error"], aborted["cause"]) == ("ABORTED", "Enough", "no reason")
    with without("the first ending stands"):
        assert stopped()["status"] == "FAILED"
    with without("StopExecution gives its reason"):
        assert not stopped().get("error")


def test_the_end_of_every_execution_is_told(cloud: Cloud, run: Run) -> None:
    execution = run(machine(Own=PASS))["executionArn"]
    assert cloud.journal.happenings[-1].execution == execution
    with without("every ending is told"), pytest.raises(TimeoutError):
        run(machine(Own=PASS), timeout=1)
