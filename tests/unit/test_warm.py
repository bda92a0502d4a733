"""Machines are asked for in the number that the Maps will use, at the right time, and for nothing."""

import threading
from collections import Counter
from typing import Any

import pytest

from redactor.costs import STRETCH, Footage, stretches
from redactor.job import Job, Pinned
from redactor.measured import FIXED
from redactor.places import Item, Place, Stack
from redactor.preset import Compute, Experimental, Mode, Preset
from redactor.store import Store
from redactor.warm import BESIDE, after, held, warm
from redactor.work import JOB, PLACES, Work

SEGMENTS, SIZE = 12, 3 * STRETCH
STACK = Stack(Compute.LAMBDA, {"detect": 8, "redact": 8, "tasks": 2})
WIDE = Stack(Compute.LAMBDA, {"detect": 1000, "redact": 1000, "tasks": 2})


def asked(
    store: Store,
    written: str,
    mode: Mode = Mode.COMBINED,
    *,
    stack: Stack = STACK,
    places: tuple[Place, ...] = (Place.LAMBDA,) * SEGMENTS,
    size: int = SIZE,
    copying: bool = False,
) -> Counter[str]:
    """The calls for a job of these segments, once a step has written its last file."""
    work = Work(store, "job-1")
    source = Pinned("input/foo.mp4", "v1", "e", size)
    preset = Preset(mode=mode, experimental=Experimental(copy_untouched=copying))
    work.save(JOB, Job("job-1", "tested", source, source, preset, "default", None, None, "run-1"))
    work.save(PLACES, [Item(n, place, place) for n, place in enumerate(places)])
    called, waits, lock = Counter[str](), set[Any](), threading.Lock()

    def call(step: str, event: Any) -> None:
        with lock:
            called[step] += 1
            waits.add((event["warm"], event["held"]))

    told = warm(work.key(written), store, stack, call)
    assert +Counter(told) == called
    assert waits <= {(True, held(called.total()))}
    return called


def test_redact_gets_as_many_as_it_works_on_at_a_time_and_prove_one_a_stretch(store: Store) -> None:
    apart = len(stretches(Footage.of(0, 0, SEGMENTS, SIZE)))
    assert asked(store, "frames.json") == {"redact": 8, "prove": min(8, apart)}
    assert asked(store, "plan.json", stack=WIDE) == {"redact": SEGMENTS, "prove": apart}
    assert asked(store, "frames.json", size=100 * STRETCH, places=(Place.LAMBDA,) * 200) == {"redact": 8, "prove": 8}


@pytest.mark.parametrize("written", ["plan.json", "frames.json"])
def test_they_are_asked_for_once(store: Store, written: str) -> None:
    early = written == "plan.json"
    assert bool(asked(store, written, stack=WIDE)) == early
    assert bool(asked(store, written, stack=STACK)) != early


@pytest.mark.parametrize(
    ("mode", "segments", "at_once", "file"),
    [
        (Mode.COMBINED, 10, 10, "plan.json"),
        (Mode.COMBINED, 11, 10, "frames.json"),
        (Mode.COMBINED, BESIDE, 1000, "plan.json"),
        (Mode.COMBINED, BESIDE + 1, 1000, "frames.json"),
        (Mode.REDACT, 900, 1000, "plan.json"),
        (Mode.REDACT, 900, 10, "plan.json"),
    ],
)
def test_detect_is_done_first_where_it_needs_the_machines_or_is_long(
    mode: Mode, segments: int, at_once: int, file: str
) -> None:
    assert after(mode, segments, at_once) == file


@pytest.mark.parametrize("written", ["plan.json", "frames.json"])
def test_analyze_redacts_nothing(store: Store, written: str) -> None:
    assert asked(store, written, Mode.ANALYZE, stack=WIDE) == {}


def test_what_runs_in_a_task_needs_no_function(store: Store) -> None:
    mixed = (Place.FARGATE, Place.LAMBDA, Place.EITHER, Place.FARGATE)
    assert asked(store, "plan.json", places=mixed, size=1) == {"redact": 2}
    assert asked(store, "plan.json", Mode.REDACT, places=(Place.FARGATE,) * 8)["prove"] == 2


def test_a_small_result_and_one_of_copied_pictures_are_not_read_in_stretches(store: Store) -> None:
    assert asked(store, "frames.json", size=STRETCH) == {"redact": 8}
    assert asked(store, "frames.json", copying=True) == {"redact": 8}


def test_a_machine_that_is_there_holds_its_call_until_all_are_made() -> None:
    assert held(1) == held(100) == 0.5
    assert held(1000) >= 1000 * FIXED["warm"][1] > 1
