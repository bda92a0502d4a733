"""Warm: the machines of Redact and Prove are started while other steps work.

Nothing waits for it and nothing depends on it: what it does not start, starts when the flow comes to it.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import chain, repeat
from typing import Any

from redactor import work as names
from redactor.bucket import WORK
from redactor.costs import Footage, stretches
from redactor.job import Job
from redactor.many import each
from redactor.measured import FIXED
from redactor.places import Item, Place, Stack, concurrency
from redactor.preset import Mode
from redactor.store import Store
from redactor.work import Work

# Seconds that a machine which is there stays with a call for nothing, at least.
_HELD = 0.5
Call = Callable[[str, Mapping[str, Any]], object]
# Machines that are started beside as many of Detect: together half of the thousand that an account begins with.
BESIDE = 250


def warm(key: str, store: Store, stack: Stack, call: Call) -> dict[str, int]:
    """key: of a file that a step has written. call: hands a step an event, and waits for no answer.

    Returns how many machines of each step were asked for.
    """
    job_id, _, written = key.removeprefix(WORK).rpartition("/")
    work = Work(store, job_id)
    job, items = work.load(Job, names.JOB), work.load(list[Item], names.PLACES)
    wanted = machines(job, items, stack)
    if written != after(job.mode, len(items), concurrency(items, stack)["redact"]):
        return dict.fromkeys(wanted, 0)
    event = {"warm": True, "held": held(sum(wanted.values()))}
    each(lambda step: call(step, event), chain.from_iterable(repeat(*one) for one in wanted.items()))
    return wanted


def held(calls: int) -> float:
    """For how long a machine that is there stays with one of so many calls: until all are made, or it would answer
    several, each of which should start another."""
    return max(_HELD, calls * FIXED["warm"][1])


def machines(job: Job, items: Iterable[Item], stack: Stack) -> dict[str, int]:
    """How many functions of each step the Maps will have at work at a time; none of a step that runs elsewhere."""
    items = list(items)
    if job.mode is Mode.ANALYZE:
        return {"redact": 0, "prove": 0}
    at_once = concurrency(items, stack)["redact"]
    segments = sum(item.redact in (Place.LAMBDA, Place.EITHER) for item in items)
    # Copied groups of pictures are looked at by Verify alone.
    apart = () if job.preset.experimental.copy_untouched else stretches(Footage.of(0, 0, len(items), job.source.size))
    return {"redact": min(segments, at_once), "prove": min(len(apart), at_once)}


def after(mode: Mode, segments: int, at_once: int) -> str:
    """The file after which the machines are started.

    Plan's last where no Detect comes, or a short one by few: each segment has a machine of its own. Else Detect has
    most of the account's machines, or outlasts the time that one stays without work: then MergeTracks's first.
    """
    return names.PLAN if mode is Mode.REDACT or segments <= min(at_once, BESIDE) else names.FRAMES
