"""What every entry point does around its step: claim, scratch, and the record of a failure."""

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import redactor.entry
from infrastructure.rules import KEPT, WARMED
from redactor.entry import Handler, failed_for_good, step
from redactor.errors import DamagedVideo, LostClaim, TryAgain
from redactor.store import Store
from redactor.work import Work, claim_key, error_name

# What Warm asks with.
ASKED, HELD = {"warm": True, "held": 0.5}, 0.5
EVENT = {"job": "job-1", "execution": "run-1"}
Run = Callable[[Work, int, Path], dict[str, Any]]


@pytest.fixture(autouse=True)
def claimed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redactor.entry, "store", lambda: store)
    store.write(claim_key("job-1"), b'{"execution": "run-1"}')


def raising(error: Exception) -> Handler:
    def run(work: Work, n: int, scratch: Path) -> dict[str, Any]:
        raise error

    return step("detect")(run)


def record(store: Store, name: str) -> Any:
    return json.loads(store.read(Work(store, "job-1").key(name)))


def errors(store: Store) -> list[str]:
    return Work(store, "job-1").names("errors/")


def test_the_step_gets_its_job_and_segment_and_gives_its_answer() -> None:
    seen: list[tuple[str, int]] = []

    @step("detect")
    def handler(work: Work, n: int, scratch: Path) -> dict[str, Any]:
        seen.append((work.job, n))
        return {"frames": n}

    assert handler({**EVENT, "n": 3}, None) == {"frames": 3}
    assert handler(EVENT, None) == {"frames": 0}
    assert seen == [("job-1", 3), ("job-1", 0)]


def test_a_failure_is_recorded_by_step_and_segment_and_raised_again(store: Store) -> None:
    with pytest.raises(DamagedVideo):
        raising(DamagedVideo("a frame is corrupt", field="f"))({**EVENT, "n": 3}, None)
    assert errors(store) == ["errors/detect-00003.json"]
    told = record(store, error_name("detect", 3))
    assert (told["code"], told["message"], told["field"]) == ("DamagedVideo", "a frame is corrupt", "f")
    assert (told["step"], told["segment"], told["retryable"]) == ("detect", 3, False)
    assert told["advice"] == DamagedVideo.advice


def test_a_step_without_segments_has_a_record_without_one(store: Store) -> None:
    with pytest.raises(TryAgain):
        raising(TryAgain("throttled"))(EVENT, None)
    told = record(store, error_name("detect", 0))
    assert (told["segment"], told["retryable"]) == (None, True)


def test_the_first_segment_is_told_apart_from_no_segment(store: Store) -> None:
    with pytest.raises(TryAgain):
        raising(TryAgain("throttled"))({**EVENT, "n": 0}, None)
    assert record(store, error_name("detect", 0))["segment"] == 0


def test_an_unexpected_error_is_named_by_its_class_only(store: Store) -> None:
    with pytest.raises(FileNotFoundError):
        raising(FileNotFoundError("/some/local/path"))(EVENT, None)
    text = store.read(Work(store, "job-1").key(error_name("detect", 0)))
    assert b"FileNotFoundError" in text
    assert b"local/path" not in text


def test_success_clears_the_record_of_an_earlier_attempt_and_no_other(store: Store) -> None:
    for n in (3, 4):
        with pytest.raises(TryAgain):
            raising(TryAgain("throttled"))({**EVENT, "n": n}, None)
    step("detect")(lambda work, n, scratch: {})({**EVENT, "n": 3}, None)
    assert errors(store) == ["errors/detect-00004.json"]


@pytest.mark.parametrize("claim", [b'{"execution": "run-2"}', None], ids=["another's", "none"])
def test_a_lost_claim_stops_it_before_anything_is_done_and_leaves_no_record(store: Store, claim: bytes | None) -> None:
    store.delete(claim_key("job-1"))
    if claim:
        store.write(claim_key("job-1"), claim)
    done: list[int] = []
    with pytest.raises(LostClaim):
        step("detect")(lambda work, n, scratch: {"done": done.append(n)})({**EVENT, "n": 3}, None)
    assert done == []
    assert errors(store) == []


@pytest.mark.parametrize("error", [None, DamagedVideo("x")], ids=["success", "failure"])
def test_scratch_is_empty_at_first_and_gone_afterwards(error: Exception | None) -> None:
    places: list[Path] = []

    @step("join")
    def handler(work: Work, n: int, scratch: Path) -> dict[str, Any]:
        assert list(scratch.iterdir()) == []
        (scratch / "part.mp4").write_bytes(b"x")
        places.append(scratch)
        if error:
            raise error
        return {}

    for _ in range(2):
        if error:
            with pytest.raises(DamagedVideo):
                handler(EVENT, None)
        else:
            handler(EVENT, None)
    assert len(set(places)) == 2
    assert not any(place.exists() for place in places)


def test_an_event_without_a_job_is_no_event() -> None:
    with pytest.raises(KeyError):
        raising(DamagedVideo("x"))({}, None)


def test_what_no_retry_mends_is_told_from_what_one_may(store: Store) -> None:
    assert not failed_for_good("detect", "job-1", 2)
    with pytest.raises(TryAgain):
        raising(TryAgain("later"))({**EVENT, "n": 2}, None)
    assert not failed_for_good("detect", "job-1", 2)
    with pytest.raises(DamagedVideo):
        raising(DamagedVideo("a frame is lost"))({**EVENT, "n": 2}, None)
    assert failed_for_good("detect", "job-1", 2)
    assert not failed_for_good("detect", "job-1", 1)
    assert not failed_for_good("redact", "job-1", 2)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds of every wait of an entry point, in a process that has just started."""
    waits: list[float] = []
    monkeypatch.setattr(redactor.entry, "_calls", count())
    monkeypatch.setattr(redactor.entry.time, "sleep", waits.append)
    return waits


@pytest.mark.parametrize("asked", [WARMED.input, KEPT.input, json.dumps(ASKED)])
def test_who_is_only_warmed_up_asks_nothing_and_writes_nothing(store: Store, slept: list[float], asked: str) -> None:
    there = list(store.keys(""))
    for _ in range(2):
        assert raising(DamagedVideo("it ran"))(json.loads(asked), None) == {}
    assert list(store.keys("")) == there


def test_a_process_that_has_just_started_is_free_at_once_and_one_that_has_answered_holds(slept: list[float]) -> None:
    handler = step("redact")(lambda work, n, scratch: {})
    assert handler(ASKED, None) == {}
    assert slept == []
    handler(ASKED, None)
    assert slept == [HELD]


def test_a_process_that_has_worked_holds_too_and_work_waits_for_nothing(slept: list[float]) -> None:
    handler = step("redact")(lambda work, n, scratch: {"frames": n})
    for _ in range(2):
        assert handler({**EVENT, "n": 3}, None) == {"frames": 3}
    assert slept == []
    handler(ASKED, None)
    assert slept == [HELD]


def test_a_call_that_keeps_one_machine_holds_none(slept: list[float]) -> None:
    handler = step("plan")(lambda work, n, scratch: {})
    for _ in range(3):
        handler(json.loads(KEPT.input or ""), None)
    assert sum(slept) == 0
