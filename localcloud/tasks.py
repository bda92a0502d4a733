"""Container tasks: each is a process with the command line and the environment that ECS gives a container."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from infrastructure.kinds import CONTAINER, ENTRY_POINT
from localcloud.journal import Finished, Journal, Started
from localcloud.process import surroundings

# How soon the end of a task is noticed, and that nobody waits for it any more.
_LOOK = 0.05
# ECS has this one name for every end of a task but a good one.
FAILED = "States.TaskFailed"


class Kind(Protocol):
    """What is needed of a kind of task. environment: what it is told beside what all entry points are."""

    @property
    def environment(self) -> Mapping[str, str]: ...
    @property
    def gpus(self) -> int: ...


class TaskFailed(Exception):
    """A task ended otherwise than with 0, or could not be started. Its text is the cause that ECS gives: JSON."""


class Tasks:
    """kinds: by the name of the task definition. environment, log: as the pool's. folder: of private ones."""

    def __init__(
        self, kinds: Mapping[str, Kind], environment: Mapping[str, str], folder: Path, log: Path, journal: Journal
    ) -> None:
        self._kinds, self._environment = kinds, environment
        self._folder, self._log, self._journal = folder, log, journal
        self._closed = threading.Event()
        self._running: set[int] = set()

    @property
    def pids(self) -> tuple[int, ...]:
        """The tasks' processes that are alive."""
        return tuple(self._running)

    def run(self, execution: str, parameters: Mapping[str, Any], wanted: Callable[[], bool]) -> dict[str, Any]:
        """Runs the task of a call of RunTask to its end and describes it as ECS does; raises TaskFailed.

        It is killed with all that it started once it is not wanted any more.
        """
        kind = parameters["TaskDefinition"]
        (override,) = parameters["Overrides"]["ContainerOverrides"]
        command = override["Command"]
        if kind not in self._kinds or override["Name"] != CONTAINER:
            raise TaskFailed(f"no task definition {kind} has a container {override['Name']}")
        # python -m MODULE STEP …
        step, told, began = command[2], {"place": kind, "command": command}, time.monotonic()
        self._journal.write(Started(execution, step, told))
        code = self._run(kind, command, lambda: wanted() and not self._closed.is_set())
        task = _described(kind, command, code)
        failed = {} if code == 0 else {"error": FAILED, "message": f"exit code {code}"}
        self._journal.write(Finished(execution, step, told, time.monotonic() - began, **failed))
        if failed:
            raise TaskFailed(json.dumps(task))
        return task

    def close(self) -> None:
        """Kills what runs."""
        self._closed.set()

    def _run(self, kind: str, command: Sequence[str], wanted: Callable[[], bool]) -> int:
        """The exit code, negative for a signal."""
        with tempfile.TemporaryDirectory(dir=self._folder, prefix="task-", ignore_cleanup_errors=True) as private:
            by_ecs = {} if self._kinds[kind].gpus else {"AWS_EXECUTION_ENV": "AWS_ECS_FARGATE"}
            told = {**self._environment, **by_ecs, **self._kinds[kind].environment, "TMPDIR": private}
            with self._log.open("ab") as log:
                process = subprocess.Popen(
                    [*_entry(), *command],
                    cwd=private,
                    env=surroundings(told),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            self._running.add(process.pid)
            try:
                while process.poll() is None and wanted():
                    time.sleep(_LOOK)
            finally:
                self._running.discard(process.pid)
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
            return process.wait()


def _entry() -> list[str]:
    """The container's entry point: its Python is this one."""
    return [sys.executable if word == "python" else word for word in ENTRY_POINT]


def _described(kind: str, command: Sequence[str], code: int) -> dict[str, Any]:
    """As Amazon ECS describes a stopped task, as far as anybody reads it."""
    overrides = {"ContainerOverrides": [{"Name": CONTAINER, "Command": [*command]}]}
    return {
        "Containers": [{"Name": CONTAINER, "ExitCode": code if code >= 0 else 128 - code, "LastStatus": "STOPPED"}],
        "LastStatus": "STOPPED",
        "Overrides": overrides,
        "StopCode": "EssentialContainerExited",
        "StoppedReason": "Essential container in task exited",
        "TaskDefinitionArn": kind,
    }
