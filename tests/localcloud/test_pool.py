"""The worker processes behave, and fail, as Lambda does."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.process import surroundings
from localcloud.workers import Pool, Reply
from tests.localcloud.toys import STEPS

ENVIRONMENT = {"REDACTOR_BUCKET": "toys", "COLOUR": "green"}


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    folder = tmp_path_factory.mktemp("pool")
    made = Pool(1, STEPS, ENVIRONMENT, folder, folder / "handlers.log")
    yield made
    made.close()


def call(pool: Pool, function: str, event: Any = None) -> Reply:
    return pool.invoke(function, json.dumps(event).encode())


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_a_handler_gets_its_event_and_its_result_comes_back(pool: Pool) -> None:
    event = {"key": 'input/fo"o\n\u00fc\U0001f600.mp4', "n": [1, None, 2.5]}
    assert call(pool, "echo", event).payload == event


def test_a_handler_sees_its_context_and_environment(pool: Pool) -> None:
    seen = call(pool, "describe").payload
    assert seen["function"] == "describe"
    assert 0 < seen["remaining"] <= 30_000
    assert seen["memory"] == "128"
    assert (seen["bucket"], seen["colour"]) == ("toys", "green")
    assert seen["heavy"] == []


def test_nothing_leads_a_handler_to_a_real_account_or_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AWS_PROFILE": "real", "AWS_SESSION_TOKEN": "real", "NO_PROXY": "intranet"}.items():
        monkeypatch.setenv(name, value)
    seen = surroundings({"AWS_ACCESS_KEY_ID": "local"})
    assert {name for name in seen if name.startswith("AWS_")} == {
        "AWS_ACCESS_KEY_ID",
        "AWS_CONFIG_FILE",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_SHARED_CREDENTIALS_FILE",
    }
    assert seen["NO_PROXY"] == seen["no_proxy"] == "intranet,127.0.0.1"


def test_each_invocation_works_in_an_empty_folder_of_its_own(pool: Pool) -> None:
    first, second = call(pool, "describe").payload, call(pool, "describe").payload
    assert first["made"].startswith(first["cwd"])
    assert second["found"] == [Path(second["made"]).name]
    assert not Path(first["made"]).exists()
    assert first["request"] != second["request"]


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="Linux only")
def test_what_a_step_has_freed_is_not_carried_through_the_next(pool: Pool) -> None:
    first, second = (call(pool, "swelling").payload["before"] for _ in range(2))
    assert second - first < 20e6


def test_threads_of_a_worker_share_one_heap_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    assert surroundings({})["MALLOC_ARENA_MAX"] == "1"
    monkeypatch.setenv("MALLOC_ARENA_MAX", "4")
    assert surroundings({})["MALLOC_ARENA_MAX"] == "4"


def test_an_exception_comes_back_under_its_class_name(pool: Pool) -> None:
    reply = call(pool, "failing", 1)
    assert (reply.error, reply.payload["errorMessage"]) == ("Refused", "no: 1")
    assert "in fail" in "".join(reply.payload["stackTrace"])


@pytest.mark.parametrize(
    ("function", "event", "error"),
    [
        ("leaving", None, "Runtime.ExitError"),
        ("hasty", {"seconds": 60}, "Sandbox.Timedout"),
        ("unmarshallable", None, "Runtime.MarshalError"),
        ("missing", None, "Runtime.HandlerNotFound"),
        ("large", {"bytes": 6_291_557}, "Function.ResponseSizeTooLarge"),
        ("nobody", None, "Lambda.ResourceNotFoundException"),
    ],
)
def test_what_goes_wrong_has_the_name_it_has_on_lambda(pool: Pool, function: str, event: Any, error: str) -> None:
    assert call(pool, function, event).error == error
    assert call(pool, "echo", 1).payload == 1


def test_a_request_over_six_megabytes_is_refused(pool: Pool) -> None:
    assert call(pool, "echo", "x" * 6 * 1024 * 1024).error == "Lambda.RequestTooLargeException"


def test_a_module_that_cannot_be_imported_is_named(tmp_path: Path) -> None:
    class Absent:
        handler, timeout, memory = "no.such.module.handler", 5.0, 128

    pool = Pool(1, {"absent": Absent()}, {}, tmp_path, tmp_path / "handlers.log")
    try:
        assert call(pool, "absent").error == "Runtime.ImportModuleError"
    finally:
        pool.close()


def test_what_a_handler_started_dies_with_it(pool: Pool, tmp_path: Path) -> None:
    reply = call(pool, "parental", {"file": str(tmp_path / "pid")})
    assert reply.error == "Sandbox.Timedout"
    assert not alive(int((tmp_path / "pid").read_text()))


def test_a_worker_killed_while_idle_is_replaced(pool: Pool) -> None:
    (before,) = pool.pids
    os.kill(before, signal.SIGKILL)
    while before in pool.pids:
        time.sleep(0.01)
    assert call(pool, "echo", 2).payload == 2
    assert pool.pids != (before,)


def test_an_invocation_that_nobody_waits_for_is_ended(pool: Pool) -> None:
    began = time.monotonic()
    reply = pool.invoke("sleeping", b'{"seconds": 60}', wanted=lambda: time.monotonic() - began < 0.3)
    assert reply.failed
    assert time.monotonic() - began < 5
    assert call(pool, "echo", 3).payload == 3


def test_closing_leaves_no_process_behind(tmp_path: Path) -> None:
    pool = Pool(2, STEPS, ENVIRONMENT, tmp_path, tmp_path / "handlers.log")
    pids = pool.pids
    pool.close()
    assert len(pids) == 2
    assert not any(alive(pid) for pid in pids)
    assert call(pool, "echo").failed
    assert pool.pids == ()


def test_workers_notice_that_their_parent_is_gone(tmp_path: Path) -> None:
    program = """
import sys, time
from pathlib import Path
from localcloud.workers import Pool
from tests.localcloud.toys import STEPS
folder = Path(sys.argv[1])
pool = Pool(1, STEPS, {}, folder, folder / "handlers.log")
print(*pool.pids, flush=True)
pool.invoke("sleeping", b'{"seconds": 60}')
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert alive(worker)
        parent.kill()
    deadline = time.monotonic() + 10
    while alive(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(worker)
