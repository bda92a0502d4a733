"""Progress bars from what happens in the embedded cloud: one a step and video, by segment where there are segments."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from localcloud.journal import FanOut, Finished, Happening, Started

# Steps that are done before a person would read their name, and what runs after a failure.
_SILENT = {"accept", "report"}
_FANNED = {"DetectSegments": "detect", "RedactSegments": "redact", "ProveStretches": "prove"}


class Progress:
    """Context manager over the bars. observe is called from whatever thread something happens in."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bars = Bars(*columns, console=console, transient=True)
        self._tasks: dict[tuple[str, str], TaskID] = {}
        self._names: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def name(self, execution: str, video: str) -> None:
        """What to call an execution."""
        self._names[execution] = video
        for (owner, step), task in self._tasks.items():
            if owner == execution:
                self._bars.update(task, description=self._words(owner, step))

    def observe(self, happening: Happening) -> None:
        match happening:
            case FanOut(execution, state, items) if state in _FANNED:
                self._bars.update(self._task(execution, _FANNED[state]), total=items)
            case Started(execution, step) if step not in _SILENT:
                self._task(execution, step)
            case Finished(execution, step, error=None) if step not in _SILENT:
                self._bars.advance(self._task(execution, step))

    def _task(self, execution: str, step: str) -> TaskID:
        if (execution, step) not in self._tasks:
            self._tasks[execution, step] = self._bars.add_task(self._words(execution, step), total=1)
        return self._tasks[execution, step]

    def _words(self, execution: str, step: str) -> str:
        return " ".join(word for word in (self._names.get(execution, ""), step) if word)
