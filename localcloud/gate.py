"""Whose turn it is: as many tasks at a time as there are workers, taken in turn from every execution that waits.

Without it a long video would hold up every other job, and waiting would count against a task's TimeoutSeconds.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# How soon a waiting task notices that its execution was stopped.
_LOOK = 0.5


class Gate:
    def __init__(self, places: int) -> None:
        self._changed = threading.Condition()
        self._free = places
        self._waiting: OrderedDict[str, deque[object]] = OrderedDict()

    @contextmanager
    def turn(self, group: str, wanted: Callable[[], bool]) -> Iterator[bool]:
        """Waits for a place; yields True with one held, False if it is no longer wanted.

        Groups take turns; within a group the first come goes first.
        """
        granted = self._wait(group, wanted)
        try:
            yield granted
        finally:
            if granted:
                self._leave()

    def _wait(self, group: str, wanted: Callable[[], bool]) -> bool:
        ticket = object()
        with self._changed:
            self._waiting.setdefault(group, deque()).append(ticket)
            while wanted():
                if self._free and self._next() is ticket:
                    self._free -= 1
                    self._remove(group, ticket)
                    self._waiting_again(group)
                    self._changed.notify_all()
                    return True
                self._changed.wait(_LOOK)
            self._remove(group, ticket)
            self._changed.notify_all()
            return False

    def _next(self) -> object:
        return next(iter(self._waiting.values()))[0]

    def _remove(self, group: str, ticket: object) -> None:
        self._waiting[group].remove(ticket)
        if not self._waiting[group]:
            del self._waiting[group]

    def _waiting_again(self, group: str) -> None:
        """A group that was just served goes behind the others."""
        if group in self._waiting:
            self._waiting.move_to_end(group)

    def _leave(self) -> None:
        with self._changed:
            self._free += 1
            self._changed.notify_all()
