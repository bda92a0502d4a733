"""One worker process as its owner sees it: a pipe, a private folder and a process group that can be killed whole."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection, Pipe
from pathlib import Path

from localcloud.folders import empty

# Everything that could send a handler to a real account.
_FOREIGN = "AWS_"


class Process:
    """folder: private, emptied after each invocation and whenever the worker dies."""

    def __init__(self, folder: Path, environment: Mapping[str, str], handlers: Sequence[str], log: Path) -> None:
        self._folder, self._log = folder, log
        self._environment = surroundings(environment) | {"TMPDIR": str(folder)}
        self._handlers = handlers
        self._popen: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._lock = threading.Lock()
        self._retired = False
        folder.mkdir(parents=True)

    @property
    def pid(self) -> int | None:
        return self._popen.pid if self._popen and self._popen.poll() is None else None

    def start(self) -> None:
        """Starts the worker unless it is alive or retired."""
        with self._lock:
            if self._retired or self.pid is not None:
                return
            self._kill()
            ours, theirs = Pipe()
            numbers = [str(theirs.fileno()), str(os.getpid())]
            command = [sys.executable, "-m", "localcloud.worker", *numbers, *self._handlers]
            with theirs, self._log.open("ab") as log:
                # A session of its own: Ctrl-C in the terminal reaches only the parent, and what a handler starts
                # dies with it.
                self._popen = subprocess.Popen(
                    command,
                    cwd=self._folder,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                )
            self._pipe = ours

    def stop(self) -> None:
        """Kills the worker and everything it started."""
        with self._lock:
            self._kill()

    def retire(self) -> None:
        """Stops the worker for good."""
        with self._lock:
            self._retired = True
            self._kill()

    def send(self, message: bytes) -> None:
        self._connection().send_bytes(message)

    def poll(self, seconds: float) -> bool:
        return self._connection().poll(seconds)

    def receive(self) -> bytes:
        """Raises EOFError where the worker died."""
        return self._connection().recv_bytes()

    def _connection(self) -> Connection:
        if self._pipe is None:
            raise EOFError("the worker was stopped")
        return self._pipe

    def _kill(self) -> None:
        if self._popen is None:
            return
        # It may be gone already, and all it started.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()
        if self._pipe:
            self._pipe.close()
        self._popen = self._pipe = None
        empty(self._folder)


def surroundings(environment: Mapping[str, str]) -> dict[str, str]:
    """The parent's environment without its AWS settings, with its import path, and with the function's variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    path = os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path)
    no_proxy = ",".join(filter(None, [os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "127.0.0.1"]))
    ours = {
        "PYTHONPATH": path,
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        # One heap for all threads of a worker: what an encoder's thread has freed, a decoder's can use.
        "MALLOC_ARENA_MAX": os.environ.get("MALLOC_ARENA_MAX", "1"),
    }
    return kept | ours | dict(environment)
