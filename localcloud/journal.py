"""What happened in the cloud, in order: for progress bars, summaries and tests."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# A server that stays up for weeks forgets what is older than this many happenings.
_KEPT = 200_000


@dataclass(frozen=True)
class ExecutionStarted:
    """An upload started an execution. key, version: the object."""

    execution: str
    key: str
    version: str


@dataclass(frozen=True)
class FanOut:
    """A Map state begins; state: its name; items: how many children it will run."""

    execution: str
    state: str
    items: int


@dataclass(frozen=True)
class Started:
    """A worker process takes an invocation. A retry is an invocation of its own."""

    execution: str
    function: str
    payload: Any


@dataclass(frozen=True)
class Finished:
    """An invocation ended. error: None, or the name that Retry and Catch match; seconds: in the worker."""

    execution: str
    function: str
    payload: Any
    seconds: float
    error: str | None = None
    message: str = ""


@dataclass(frozen=True)
class ExecutionEnded:
    """status: SUCCEEDED, FAILED, TIMED_OUT or ABORTED."""

    execution: str
    status: str
    error: str | None
    cause: str | None


@dataclass(frozen=True)
class Undelivered:
    """A rule's target could not be reached; on AWS this would be a dead letter."""

    rule: str
    reason: str


Happening = ExecutionStarted | FanOut | Started | Finished | ExecutionEnded | Undelivered
Observer = Callable[[Happening], None]


class Journal:
    """Thread-safe. The observer hears of each happening in order, on the thread it happens in; it must not raise."""

    def __init__(self, observer: Observer | None = None) -> None:
        self._changed = threading.Condition(threading.RLock())
        self._happenings: deque[Happening] = deque(maxlen=_KEPT)
        self._observer = observer

    def write(self, happening: Happening) -> None:
        with self._changed:
            self._happenings.append(happening)
            if self._observer:
                self._observer(happening)
            self._changed.notify_all()

    @property
    def happenings(self) -> tuple[Happening, ...]:
        with self._changed:
            return tuple(self._happenings)

    def invocations(self, function: str | None = None) -> tuple[Finished, ...]:
        """Invocations that ended, of one function or of all."""
        return tuple(one for one in self.happenings if isinstance(one, Finished) and function in (None, one.function))

    def await_happening(self, wanted: Callable[[Happening], bool], timeout: float) -> Happening:
        """The first happening that `wanted` accepts, past or to come; raises TimeoutError after `timeout` seconds."""

        def found() -> Happening | None:
            return next((one for one in self._happenings if wanted(one)), None)

        with self._changed:
            happening = self._changed.wait_for(found, timeout)
        if happening is None:
            raise TimeoutError(f"nothing of the kind happened within {timeout} s")
        return happening
