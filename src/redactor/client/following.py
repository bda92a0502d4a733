"""How far an execution is: the states it entered, and how many segments a Map has done.

What a Map's children do is not in its execution's history; but each leaves its result under work/<job>/, which is
counted there. That holds on AWS as in the embedded cloud, and costs one listing.
"""

import json
from dataclasses import dataclass
from posixpath import dirname

from redactor.client.jobs import Execution
from redactor.failures import execution_key
from redactor.flow import Flow
from redactor.store import Missing, Store
from redactor.work import SEGMENTS, Work, detections_name, verdict_name

# Map -> what each of its children leaves behind when it is done.
_LEAVE = {"DetectSegments": detections_name, "RedactSegments": verdict_name}
# States in which nothing is done.
_CHOICES = ("Outcome", "NeedsDetection", "NeedsRedaction", "Published", "Done")


@dataclass(frozen=True)
class Progress:
    """state: the last one entered, "" before the first. done, total: its segments; total 0: it has none."""

    states: tuple[str, ...]
    done: int = 0
    total: int = 0

    @property
    def state(self) -> str:
        return self.states[-1] if self.states else ""


class Following:
    """Asks how executions are; keeps nothing but the number of segments of each job."""

    def __init__(self, store: Store, flow: Flow) -> None:
        self._store, self._flow = store, flow
        self._totals: dict[str, int] = {}

    def progress(self, execution: Execution, job: str | None) -> Progress:
        states = tuple(state for state in self._flow.states(execution.arn) if state not in _CHOICES)
        leave = _LEAVE.get(states[-1]) if states else None
        if job is None or leave is None:
            return Progress(states)
        return Progress(states, self._done(job, leave(0)), self._total(job))

    def job(self, execution: Execution) -> str | None:
        """The job's id, once Accept has claimed it."""
        if "job" in execution.answer:
            return str(execution.answer["job"])
        try:
            return str(json.loads(self._store.read(execution_key(execution.arn, "job.json")))["job"])
        except Missing:
            return None

    def _done(self, job: str, name: str) -> int:
        suffix = name[name.rindex(".") :]
        prefix = Work(self._store, job).key(f"{dirname(name)}/")
        return sum(key.endswith(suffix) for key in self._store.keys(prefix))

    def _total(self, job: str) -> int:
        if job not in self._totals:
            self._totals[job] = len(json.loads(self._store.read(Work(self._store, job).key(SEGMENTS))))
        return self._totals[job]
