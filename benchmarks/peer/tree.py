"""What a process and all its children cost: CPU seconds, wall seconds, peak memory. Linux only."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import median

_EVERY = 0.05  # seconds between two looks


@dataclass(frozen=True)
class Cost:
    """cpu: of the whole tree. wall: seconds. peak: the most proportional memory of all its processes at once, MB;
    largest: of one of them."""

    cpu: float
    wall: float
    peak: float
    largest: float

    @classmethod
    def median(cls, costs: Sequence["Cost"]) -> "Cost":
        """Of each figure."""
        return cls(*(median(getattr(cost, each.name) for cost in costs) for each in fields(cls)))


def measured(command: Sequence[str], environment: dict[str, str] | None = None) -> Cost:
    """Runs a command to its end. Raises CalledProcessError."""
    start, peak, largest = time.monotonic(), 0.0, 0.0
    before = os.times()
    process = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while process.poll() is None:
            memory = [_memory(pid) for pid in _tree(process.pid)]
            peak, largest = max(peak, sum(memory)), max(largest, *memory, 0.0)
            time.sleep(_EVERY)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(cpu, time.monotonic() - start, peak, largest)


def _tree(root: int) -> list[int]:
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += _children(pid)
    return found


def _children(pid: int) -> list[int]:
    try:
        lists = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:  # it has just ended
        return []
    return [int(word) for text in lists for word in text.split()]


def _memory(pid: int) -> float:
    """MB, shared pages divided among those who share them."""
    try:
        rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has just ended
        return 0.0
    return next((int(row.split()[1]) / 1000 for row in rows if row.startswith("Pss:")), 0.0)
