"""Discrete events: processes that wait, in one queue by time. The same processes in the same order run the same."""

import heapq
from collections.abc import Callable, Generator, Sequence
from itertools import count
from typing import Any

# A process yields seconds to wait, or processes to run to their ends; it returns whatever it likes.
Process = Generator["float | Sequence[Process]", None, Any]


class Simulation:
    """now: seconds since the start."""

    def __init__(self) -> None:
        self.now = 0.0
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._turn = count()

    def start(self, process: Process, ended: Callable[[], None] = lambda: None) -> None:
        """Runs a process from now on; `ended` is called at its end."""
        self._at(self.now, lambda: self._step(process, ended))

    def run(self) -> float:
        """Until nothing is left to do; returns the time."""
        while self._queue:
            self.now, _, act = heapq.heappop(self._queue)
            act()
        return self.now

    def _at(self, time: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (time, next(self._turn), act))

    def _step(self, process: Process, ended: Callable[[], None]) -> None:
        try:
            wanted = next(process)
        except StopIteration:
            ended()
            return
        if isinstance(wanted, float):
            self._at(self.now + wanted, lambda: self._step(process, ended))
        else:
            self._together(wanted, lambda: self._step(process, ended))

    def _together(self, processes: "Sequence[Process]", ended: Callable[[], None]) -> None:
        left = len(processes)
        if not left:
            self._at(self.now, ended)
            return

        def one_ended() -> None:
            nonlocal left
            left -= 1
            if not left:
                self._at(self.now, ended)

        for process in processes:
            self.start(process, one_ended)
