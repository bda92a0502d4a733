"""The pool of worker processes that stands in for Lambda: real handlers, real time-outs, real crashes.

Errors carry the names that Lambda gives them, for they are what Retry and Catch match: the exception's class name,
`Sandbox.Timedout`, `Runtime.ExitError`, `Runtime.ImportModuleError`, `Runtime.HandlerNotFound`,
`Runtime.MarshalError`, `Function.ResponseSizeTooLarge`.
"""

import json
import queue
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from localcloud.process import Process

# Lambda's limit on a synchronous request and on its response, in bytes.
MAX_REQUEST = 6 * 1024 * 1024
MAX_RESPONSE = 6_291_556
# How soon the end of an invocation that nobody waits for any more is noticed.
_LOOK = 0.25


class Function(Protocol):
    """What the pool needs of a step. handler: dotted path; timeout: seconds; memory: MB (told, not enforced)."""

    @property
    def handler(self) -> str: ...
    @property
    def timeout(self) -> float: ...
    @property
    def memory(self) -> int: ...


@dataclass(frozen=True)
class Reply:
    """payload: the handler's result, or Lambda's error object {errorType, errorMessage, stackTrace}."""

    payload: Any
    seconds: float = 0.0
    failed: bool = False

    @property
    def error(self) -> str | None:
        return self.payload["errorType"] if self.failed else None


def failure(name: str, message: str, seconds: float = 0.0) -> Reply:
    return Reply({"errorType": name, "errorMessage": message}, seconds, failed=True)


class Pool:
    """`workers` processes, each serving any function, one invocation at a time.

    functions: name -> step. environment: what every handler finds in os.environ. folder: where the private folders
    of the workers are made; log: the file that gets everything the handlers print. ahead: functions whose libraries a
    worker loads while it is idle; those of the others come with their first call, as each takes memory in every worker.
    """

    def __init__(
        self,
        workers: int,
        functions: Mapping[str, Function],
        environment: Mapping[str, str],
        folder: Path,
        log: Path,
        *,
        ahead: Iterable[str] = (),
    ) -> None:
        self._functions = functions
        self._closed = threading.Event()
        handlers = [functions[name].handler for name in ahead]
        self._processes = [Process(folder / f"worker-{n}", environment, handlers, log) for n in range(workers)]
        # Last in, first out: the first steps share one warm worker while the others load their libraries.
        self._idle: queue.LifoQueue[Process] = queue.LifoQueue()
        for process in self._processes:
            process.start()
            self._idle.put(process)

    def invoke(self, function: str, payload: bytes, wanted: Callable[[], bool] = lambda: True) -> Reply:
        """Runs the function on the JSON payload in a free worker and waits for its reply.

        A worker whose invocation is no longer wanted, or over the function's time, is killed and replaced.
        """
        if function not in self._functions:
            return failure("Lambda.ResourceNotFoundException", f"Function not found: {function}")
        if len(payload) > MAX_REQUEST:
            return failure("Lambda.RequestTooLargeException", f"{len(payload)} bytes of payload exceed {MAX_REQUEST}")
        process = self._idle.get()
        try:
            return self._run(process, function, payload, lambda: wanted() and not self._closed.is_set())
        finally:
            self._idle.put(process)

    @property
    def pids(self) -> tuple[int, ...]:
        """The worker processes that are alive."""
        return tuple(process.pid for process in self._processes if process.pid is not None)

    def close(self) -> None:
        """Kills the workers, whatever they are doing; invocations in flight end as failed."""
        self._closed.set()
        for process in self._processes:
            process.retire()

    def _run(self, process: Process, name: str, payload: bytes, wanted: Callable[[], bool]) -> Reply:
        function, request_id = self._functions[name], str(uuid.uuid4())
        began = time.monotonic()
        request = {
            "handler": function.handler,
            "function": name,
            "request_id": request_id,
            "timeout": function.timeout,
            "memory": function.memory,
            "payload": payload.decode(),
        }
        answer = self._answer(process, request, began + function.timeout, wanted)
        seconds = time.monotonic() - began
        if isinstance(answer, bytes):
            return _reply(answer, seconds)
        process.stop()
        process.start()
        return failure(*_why(answer, request_id, function.timeout), seconds)

    def _answer(
        self, process: Process, request: Mapping[str, Any], deadline: float, wanted: Callable[[], bool]
    ) -> bytes | str:
        """The worker's answer, or why there is none: "died", "late" or "unwanted"."""
        try:
            # One that died between two invocations is replaced before it is used.
            process.start()
            process.send(json.dumps(request).encode())
            while wanted():
                left = deadline - time.monotonic()
                if process.poll(max(0.0, min(_LOOK, left))):
                    return process.receive()
                if left <= 0:
                    return "late"
            return "unwanted"
        except (EOFError, OSError):
            return "died"


def _why(reason: str, request_id: str, timeout: float) -> tuple[str, str]:
    """Lambda's name and text for an invocation that has no answer."""
    texts = {
        "late": ("Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {timeout:.2f} seconds"),
        "died": ("Runtime.ExitError", f"RequestId: {request_id} Error: Runtime exited without providing a reason"),
        "unwanted": ("Runtime.ExitError", f"RequestId: {request_id} Error: nobody waits for the result any more"),
    }
    return texts[reason]


def _reply(answer: bytes, seconds: float) -> Reply:
    if len(answer) > MAX_RESPONSE:
        text = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE} bytes)."
        return failure("Function.ResponseSizeTooLarge", text, seconds)
    parsed = json.loads(answer)
    return Reply(parsed["payload"], seconds, failed=parsed["failed"])
