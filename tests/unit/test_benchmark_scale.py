"""The laws of the simulation of scale: nothing is lost, nothing is made up, and the same seed tells the same."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.scale import __main__ as tables
from benchmarks.scale.account import NO_LUCK, Account, Luck, Used
from benchmarks.scale.design import AS_BUILT, COPY, SMALLEST_PART
from benchmarks.scale.engine import Simulation
from benchmarks.scale.flow import World, simulate
from redactor.costs import (
    AHEAD,
    CALLS,
    FUNCTIONS,
    KEPT,
    MAPPED,
    STEPS,
    WARMED,
    Footage,
    count,
    estimate,
    seconds,
    start,
)
from redactor.measured import assumed
from redactor.preset import Mode

HOUR = tables.footage(10)
footages = st.builds(
    Footage,
    pixels=st.sampled_from([640 * 360, 1920 * 1080]),
    frames=st.integers(100, 200_000),
    segments=st.integers(1, 300),
    source=st.integers(10**6, 10**10),
    output=st.integers(10**6, 10**10),
)


def whole(footage: Footage) -> float:
    """The seconds of all calls."""
    calls = {step: count(step, footage) for step in STEPS[Mode.COMBINED]}
    return sum(n * seconds(step, CALLS[step](footage), footage, FUNCTIONS[step]) for step, n in calls.items())


@settings(max_examples=30, deadline=None)
@given(footages, st.integers(1, 1000), st.integers(0, 5))
def test_work_is_conserved(footage: Footage, at_once: int, seed: int) -> None:
    (one,), most = simulate([footage], World(at_once, luck=NO_LUCK), seed)
    if one.failed:  # a call outlasts a function
        return
    assert one.used.work == pytest.approx(whole(footage))
    ahead = sum(min(at_once, count(step, footage)) for step in AHEAD)
    # Those of Warm are two, and each machine that is asked for is called for nothing.
    assert one.used.calls == 7 + len(WARMED) + 2 * footage.segments + count("prove", footage) + 2 + ahead
    together = max(1, min(at_once, max(footage.segments, count("prove", footage))))
    assert most <= together + len(WARMED) + 1 + ahead
    assert one.took >= whole(footage) / together


@settings(max_examples=25, deadline=None)
@given(footages, st.lists(st.integers(1, 1000), min_size=2, max_size=4), st.booleans())
def test_without_stragglers_more_at_once_is_never_slower(footage: Footage, at_once: list[int], cold: bool) -> None:
    outcomes = [simulate([footage], World(n, luck=NO_LUCK, cold=cold))[0][0] for n in sorted(at_once)]
    if any(one.failed for one in outcomes):
        return
    # Waiting for a warm machine may be quicker than starting one: by a start in each Map, at most.
    spared = sum(start(step, FUNCTIONS[step])[0] for step in MAPPED) if cold else 0.0
    for fewer, more in itertools.pairwise(outcomes):
        assert more.took <= fewer.took + spared + 1e-6


def test_the_same_seed_tells_the_same_and_another_another(capsys: pytest.CaptureFixture[str]) -> None:
    printed = []
    for seed in (1, 1, 2):
        tables._lengths(seed)
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1] != printed[2]


def test_one_at_once_is_what_the_estimate_says() -> None:
    (one,), _ = simulate([HOUR], World(1, luck=NO_LUCK))
    told = estimate(HOUR, Mode.COMBINED, "lambda", 1)
    # Between the segments of a Map a state passes each time.
    assert one.took == pytest.approx(told.elapsed, rel=0.05)
    assert one.dollars == pytest.approx(told.dollars, rel=0.01)


def test_stragglers_slow_a_map_down_and_cost_little() -> None:
    calm, slow = (simulate([HOUR], World(360, luck=luck), 3)[0][0] for luck in (NO_LUCK, Luck(0, 0.02, 3.0)))
    assert slow.elapsed["detect"] > 1.5 * calm.elapsed["detect"]
    assert calm.dollars < slow.dollars < 1.2 * calm.dollars


def test_the_account_runs_no_more_than_its_limit_and_jobs_beyond_it_fail_or_wait() -> None:
    outcomes, most = simulate([tables.footage(10, 60)] * 100, World(5, concurrency=50), 0)
    assert most == 50
    assert sum(one.used.throttled for one in outcomes) > 0
    alone = simulate([tables.footage(10, 60)], World(5, concurrency=50), 0)[0][0]
    assert max(one.took for one in outcomes) > alone.took


def test_a_call_that_outlasts_a_function_fails_the_job() -> None:
    (one,), _ = simulate([tables.footage(3600)], World(10, luck=NO_LUCK))
    assert "detect outlasts" in one.failed


def test_a_what_if_changes_the_steps_that_it_names_and_no_others() -> None:
    calls, built = COPY.calls(HOUR), AS_BUILT.calls(HOUR)
    # Parts of ten seconds are large enough to be copied as they are.
    assert {step for step in calls if calls[step] != built[step]} == COPY.changes.keys() - {"redact"}
    copied, streamed = (simulate([HOUR], World(100, design=one, luck=NO_LUCK))[0][0] for one in (COPY, AS_BUILT))
    assert copied.elapsed["join"] < streamed.elapsed["join"] / 2
    assert "what-if" in COPY.name


def test_a_machine_is_cold_once() -> None:
    (one,), _ = simulate([HOUR], World(10, luck=NO_LUCK))
    # Detect takes longer than a machine stays that was warmed up before it.
    assert one.elapsed["detect"] > assumed("kept")
    # Redact does too, so that Prove's go as well; and Warm's between Plan and MergeTracks.
    assert one.elapsed["redact"] > assumed("kept")
    assert one.used.cold == 7 - len(KEPT) + len(WARMED) + 4 * 10 + 2


def test_a_step_that_was_warmed_up_starts_at_once() -> None:
    cold, warm = (simulate([HOUR], World(1000, luck=NO_LUCK, cold=cold))[0][0] for cold in (True, False))
    assert cold.used.cold == 7 - len(KEPT) + 2 * HOUR.segments + count("prove", HOUR) + 1
    for step in (*WARMED, *AHEAD):
        assert cold.elapsed[step] == pytest.approx(warm.elapsed[step]), step
        assert cold.used.dollars[step] > warm.used.dollars[step]
    for step in KEPT:
        assert cold.elapsed[step] == warm.elapsed[step]
        assert cold.used.dollars[step] == warm.used.dollars[step]
    assert cold.elapsed["detect"] > warm.elapsed["detect"] + 3


def test_of_many_jobs_that_are_dropped_at_once_one_finds_the_machine_that_is_kept() -> None:
    outcomes, _ = simulate([tables.footage(10, 60)] * 3, World(10, luck=NO_LUCK))
    took = sorted(one.elapsed["accept"] for one in outcomes)
    assert took[0] + start("accept", FUNCTIONS["accept"])[0] == pytest.approx(took[1]) == pytest.approx(took[2])


def test_machines_that_the_account_refuses_are_lost_and_the_job_goes_on() -> None:
    (one,), most = simulate([HOUR], World(100, concurrency=102, luck=NO_LUCK))
    assert (one.failed, most) == ("", 102)
    ample = simulate([HOUR], World(100, luck=NO_LUCK))[0][0]
    assert one.used.calls < ample.used.calls
    assert one.took >= ample.took


def test_a_machine_that_is_there_holds_a_call_for_nothing_and_one_that_starts_does_not() -> None:
    simulation, used = Simulation(), Used()
    account = Account(simulation, 0, luck=NO_LUCK)
    wait, paid = start("redact", FUNCTIONS["redact"])
    simulation.start(account.warm("redact", used, 0.5))
    assert simulation.run() == pytest.approx(wait)
    simulation.start(account.warm("redact", used, 0.5))
    assert simulation.run() == pytest.approx(wait + 0.5)
    assert used.seconds["redact"] == pytest.approx(paid + 0.5)
    assert (used.calls, used.cold, used.work) == (2, 1, 0)


def test_processes_that_end_together_go_on_once() -> None:
    simulation, ended = Simulation(), []

    def child(seconds: float):
        yield seconds
        ended.append(simulation.now)

    def parent():
        yield [child(1.0), child(3.0), child(2.0)]
        ended.append(simulation.now)
        yield []
        ended.append(simulation.now)

    simulation.start(parent())
    assert simulation.run() == 3.0
    assert ended == [1.0, 2.0, 3.0, 3.0, 3.0]


def test_parts_too_small_for_s3_to_copy_are_put_together_by_their_workers() -> None:
    filmed = tables.footage(2)
    calls, built = COPY.calls(filmed), AS_BUILT.calls(filmed)
    part = filmed.output / filmed.segments
    assert calls["redact"].up - built["redact"].up == pytest.approx(2 * part)
    assert calls["join"].copies == filmed.segments / 3
    assert filmed.output / calls["join"].copies > SMALLEST_PART


def test_slower_computing_makes_no_wait_longer() -> None:
    usual, slow, slower = (simulate([HOUR], World(100, slower=n, luck=NO_LUCK))[0][0] for n in (1, 1.5, 2))
    assert slower.took - slow.took == pytest.approx(slow.took - usual.took, rel=0.1)
    # What hardly waits takes nearly as much longer as it is slower; what waits for S3 all the while does not.
    assert slower.elapsed["merge"] > 1.6 * usual.elapsed["merge"]
    assert slower.elapsed["join"] < 1.2 * usual.elapsed["join"]
