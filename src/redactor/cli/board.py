"""What people see while something goes on: bars on a terminal, a line for each step everywhere."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn


class Board:
    """Context manager. Where the console is no terminal, counts are lines too."""

    def __init__(self, console: Console) -> None:
        self._console = console
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
        self._bars = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._tasks: dict[str, TaskID] = {}
        self._told: dict[str, tuple[str, int]] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def say(self, who: str, words: str) -> None:
        self._console.print(f"{who}: {words}", markup=False, highlight=False)

    def count(self, who: str, what: str, done: int, total: int) -> None:
        """done of total; nothing is printed twice."""
        if self._told.get(who) == (what, done):
            return
        self._told[who] = (what, done)
        if not self._console.is_terminal:
            self.say(who, f"{what} {done} of {total}")
            return
        if who not in self._tasks:
            self._tasks[who] = self._bars.add_task("")
        self._bars.update(self._tasks[who], description=f"{who}: {what}", completed=done, total=total, visible=True)

    def clear(self, who: str) -> None:
        """Takes the bar away."""
        if who in self._tasks:
            self._bars.update(self._tasks[who], visible=False)
