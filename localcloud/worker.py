"""The worker process: reads requests from a pipe, runs the real handler, answers.

`python -m localcloud.worker FD PARENT HANDLER…`: FD is the inherited pipe, PARENT the process to die with; the handlers
are loaded while there is nothing to do.
"""

import contextlib
import importlib
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from localcloud.folders import empty
from redactor.memory import give_back
from redactor.spent import EMBEDDED

Handler = Callable[[Any, Any], Any]


class Context:
    """What Lambda gives a handler as its second argument."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.function_name: str = request["function"]
        self.function_version = "$LATEST"
        self.invoked_function_arn = f"arn:aws:lambda:us-east-1:123456789012:function:{self.function_name}"
        self.memory_limit_in_mb = str(request["memory"])
        self.aws_request_id: str = request["request_id"]
        self.log_group_name = f"/aws/lambda/{self.function_name}"
        self.log_stream_name = str(os.getpid())
        self.identity = self.client_context = None
        self._deadline: float = time.monotonic() + request["timeout"]

    def get_remaining_time_in_millis(self) -> int:
        return max(0, round((self._deadline - time.monotonic()) * 1000))


class _Named(Exception):
    """A failure that Lambda names itself."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


def main(arguments: Sequence[str]) -> None:
    pipe = Connection(int(arguments[0]))
    _die_with(int(arguments[1]))
    _load_while_idle(pipe, arguments[2:])
    while True:
        try:
            request = json.loads(pipe.recv_bytes())
        except EOFError:
            return
        answer = _answer(request)
        empty(Path(os.environ["TMPDIR"]))
        give_back()
        pipe.send_bytes(answer)


def _answer(request: dict[str, Any]) -> bytes:
    os.environ["AWS_EXECUTION_ENV"] = EMBEDDED
    os.environ["AWS_LAMBDA_FUNCTION_NAME"] = request["function"]
    os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = str(request["memory"])
    os.chdir(os.environ["TMPDIR"])
    try:
        result = _find(request["handler"])(json.loads(request["payload"]), Context(request))
        return json.dumps({"failed": False, "payload": _marshalled(result)}).encode()
    except Exception as error:  # noqa: BLE001  told to the caller, as Lambda does
        traceback.print_exc()
        return json.dumps({"failed": True, "payload": _described(error)}).encode()
    finally:
        sys.stdout.flush()


def _marshalled(result: Any) -> Any:
    try:
        json.dumps(result)
    except (TypeError, ValueError) as error:
        raise _Named("Runtime.MarshalError", f"Unable to marshal response: {error}") from error
    return result


def _find(path: str) -> Handler:
    module, _, name = path.rpartition(".")
    try:
        found: Handler = getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise _Named("Runtime.ImportModuleError", f"Unable to import module '{module}': {error}") from error
    except AttributeError as error:
        raise _Named("Runtime.HandlerNotFound", f"Handler '{name}' missing on module '{module}'") from error
    return found


def _described(error: Exception) -> dict[str, Any]:
    """Lambda's error object."""
    return {
        "errorType": error.name if isinstance(error, _Named) else type(error).__name__,
        "errorMessage": str(error),
        "requestId": "",
        "stackTrace": traceback.format_tb(error.__traceback__),
    }


def _load_while_idle(pipe: Connection, handlers: Sequence[str]) -> None:
    """Imports the handlers' libraries as long as no request waits, so that the first one finds them loaded."""
    for handler in handlers:
        if pipe.poll(0):
            return
        # The invocation meets the same failure and reports it by its name.
        with contextlib.suppress(Exception):
            _find(handler)


def _die_with(parent: int) -> None:
    """A parent that was killed cannot kill its workers; they notice by themselves, also in the middle of a handler."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1:])
