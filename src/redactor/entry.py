"""What every entry point shares: from a Lambda event to a job's working files, and a record when it fails."""

import os
import tempfile
import time
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from redactor.failures import is_permanent, recorded
from redactor.flow import check_claim
from redactor.store import Store
from redactor.telemetry import observed
from redactor.work import Work, error_name

Event = Mapping[str, Any]
Handler = Callable[[Event, object], dict[str, Any]]

# Counts the calls that this process answers; it starts for the first.
_calls = count()


def store() -> Store:
    """The bucket that this function was deployed for."""
    return Store(os.environ["REDACTOR_BUCKET"])


def warmed(event: Event) -> bool:
    """Whether the event asks for nothing but a machine: {"warm": true}.

    held: seconds that a process which has answered before stays with such a call: whoever makes many of them wants as
    many machines, and one that is free would answer the next. One that has just started held the call by its start.
    """
    used = next(_calls) > 0
    if not event.get("warm"):
        return False
    if used:
        time.sleep(event.get("held", 0.0))
    return True


def failed_for_good(step: str, job: str, n: int) -> bool:
    """Whether an earlier attempt of this segment left a record that says: not worth a retry."""
    work = Work(store(), job)
    return is_permanent(work.store, work.key(error_name(step, n)))


def step(name: str) -> Callable[[Callable[[Work, int, Path], dict[str, Any]]], Handler]:
    """Makes a handler of a step's run(work, n, scratch).

    n: the segment, 0 for a step without one. scratch: an empty local folder that is gone afterwards.
    The event: {"job": id, "execution": ARN, "n": segment, if there is one}; or one that asks for a machine (`warmed`),
    which then has libraries and client.
    """

    def wrap(run: Callable[[Work, int, Path], dict[str, Any]]) -> Handler:
        def handler(event: Event, context: object) -> dict[str, Any]:
            bucket = store()
            if warmed(event):
                return {}
            work, segment = Work(bucket, event["job"]), event.get("n")
            n = segment or 0
            record = work.key(error_name(name, n))
            with observed(name, work.job, segment) as answer, recorded(work.store, record, name, segment):
                check_claim(work.store, work.job, event["execution"])
                with tempfile.TemporaryDirectory(prefix=f"{name}-") as scratch:
                    answer.update(run(work, n, Path(scratch)))
            return answer

        return handler

    return wrap
