"""Warm: the machines of Redact and Prove are started while other steps work.

Nothing waits for it and nothing depends on it: what it does not start, starts when the flow comes to it.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import chain, repeat

from redactor import work as names
from redactor.bucket import WORK
from redactor.costs import Footage, stretches
from redactor.job import Job
from redactor.many import each
from redactor.places import Item, Place, Stack, concurrency
from redactor.preset import Mode
from redactor.store import Store
from redactor.work import Work

# Seconds: longer than between two calls of many, or a machine that is free would answer several of them.
HELD = 0.5
# What each machine is called with.
ASKED: Mapping[str, object] = {"warm": True, "held": HELD}
# Machines that are started beside as many of Detect: together half of the thousand that an account begins with.
BESIDE = 250


def warm(key: str, store: Store, stack: Stack, call: Callable[[str], object]) -> dict[str, int]:
    """key: of the file that a step wrote last. call: asks for one machine of the step that it is given.

    Returns how many machines of each step were asked for.
    """
    job_id, _, written = key.removeprefix(WORK).rpartition("/")
    work = Work(store, job_id)
    job, items = work.load(Job, names.JOB), work.load(list[Item], names.PLACES)
    wanted = machines(job, items, stack)
    if written != f"{after(job.mode, len(items), concurrency(items, stack)['redact'])}.json":
        return dict.fromkeys(wanted, 0)
    each(call, chain.from_iterable(repeat(step, number) for step, number in wanted.items()))
    return wanted


def machines(job: Job, items: Iterable[Item], stack: Stack) -> dict[str, int]:
    """How many functions of each step the Maps will have at work at a time; none of a step that runs elsewhere."""
    items = list(items)
    if job.mode is Mode.ANALYZE:
        return {"redact": 0, "prove": 0}
    at_once = concurrency(items, stack)["redact"]
    segments = sum(item.redact in (Place.LAMBDA, Place.EITHER) for item in items)
    # Copied groups of pictures are looked at by Verify alone.
    read = 0 if job.preset.experimental.copy_untouched else stretches(Footage.of(0, 0, len(items), job.source.size))
    return {"redact": min(segments, at_once), "prove": min(read, at_once)}


def after(mode: Mode, segments: int, at_once: int) -> str:
    """The step at whose end the machines are started.

    After Plan where no Detect comes, or a short one by few: each segment has a machine of its own. Else Detect has most
    of the account's machines, or outlasts the time that a machine stays without work: then after MergeTracks.
    """
    return "plan" if mode is Mode.REDACT or segments <= min(at_once, BESIDE) else "merge"
