"""What a job costs: laws of the sum, and that nothing is told which nobody measured."""

import dataclasses
import itertools
import math
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redactor import measured, prices
from redactor.costs import (
    CALLS,
    COMPUTE,
    FANNED_OUT,
    FUNCTIONS,
    NO_WAITS,
    STEPS,
    TASK,
    WARM,
    Call,
    Footage,
    count,
    estimate,
    handing_on,
    kept,
    other,
    seconds,
    start,
    stretches,
)
from redactor.machines import VCPU, Machine
from redactor.many import COPIES
from redactor.media import fronted
from redactor.preset import Mode

HOUR = Footage(pixels=1920 * 1080, frames=108_000, segments=360, source=3_600_000_000, output=3_600_000_000)
footages = st.builds(
    Footage,
    pixels=st.integers(10_000, 40_000_000),
    frames=st.integers(1, 1_000_000),
    segments=st.integers(1, 10_000),
    source=st.integers(1_000, 10**12),
    output=st.integers(1_000, 10**12),
)


@settings(deadline=None)
@given(footages, st.sampled_from(Mode), st.integers(1, 1000))
def test_the_whole_is_the_sum_of_its_parts(footage: Footage, mode: Mode, at_once: int) -> None:
    told = estimate(footage, mode, "lambda", at_once)
    assert tuple(told.steps) == STEPS[mode]
    parts = [step.dollars for step in told.steps.values() if step] + list(told.other.values())
    # A small result is looked at by Verify alone.
    unasked = told.steps.get("prove") is not None and not count("prove", footage)
    assert sum(part == 0 for part in parts) == unasked
    assert all(part >= 0 for part in parts)
    assert told.dollars == pytest.approx(sum(parts))


@settings(deadline=None)
@given(footages, st.sampled_from(FANNED_OUT))
def test_more_frames_take_no_less_and_more_pixels_hardly_less(footage: Footage, step: str) -> None:
    def taken(one: Footage) -> float:
        return seconds(step, CALLS[step](one), one, FUNCTIONS[step])

    assert taken(dataclasses.replace(footage, frames=2 * footage.frames)) >= taken(footage)
    # From 720 to 1080 lines the detector looks at pictures of one size, and measured times have noise.
    assert taken(dataclasses.replace(footage, pixels=2 * footage.pixels)) >= 0.9 * taken(footage)


@settings(deadline=None)
@given(footages)
def test_more_at_once_takes_no_longer_by_the_clock_and_the_frames_cost_the_same(footage: Footage) -> None:
    one, many = (estimate(footage, Mode.COMBINED, "lambda", at_once) for at_once in (1, 100))
    assert many.elapsed is not None
    assert one.elapsed is not None
    assert many.elapsed <= one.elapsed
    for step in FANNED_OUT:
        few, all_cold = one.steps[step], many.steps[step]
        assert few is not None
        assert all_cold is not None
        assert few.dollars <= all_cold.dollars <= few.dollars * 100


def test_machines_are_asked_for_where_they_work_and_that_costs_little() -> None:
    def ahead(mode: Mode, compute: str, at_once: int) -> float:
        return estimate(HOUR, mode, compute, at_once).other["starts ahead"]

    few, many = (ahead(Mode.COMBINED, "lambda", n) for n in (10, 100))
    assert many - few == pytest.approx((90 + len(stretches(HOUR)) - 10) * (0.0022 * WARM.per_second + 0.2e-6), rel=0.01)
    assert many < 0.001
    # Without Redact in functions, Prove's.
    assert ahead(Mode.ANALYZE, "lambda", 100) < ahead(Mode.COMBINED, "fargate", 100) < many


def test_only_detect_waits_for_a_machine() -> None:
    for step, cost in estimate(HOUR, Mode.COMBINED, "lambda", 1000).steps.items():
        assert cost
        one = seconds(step, CALLS[step](HOUR), HOUR, FUNCTIONS[step])
        turns = handing_on(HOUR, 1000)[0] if step == "prove" else 0.0
        waited = cost.elapsed - one - turns - measured.assumed("transition")
        assert waited == pytest.approx(start(step, FUNCTIONS[step])[0] if step == "detect" else 0.0), step


def test_a_gpu_is_not_measured_and_neither_is_a_sum_with_it() -> None:
    told = estimate(HOUR, Mode.COMBINED, "gpu", 100)
    assert told.steps["detect"] is None
    assert told.steps["redact"] is not None
    assert (told.dollars, told.seconds, told.elapsed) == (None, None, None)
    # Where nothing is detected no GPU is asked.
    assert estimate(HOUR, Mode.REDACT, "gpu", 100).dollars is not None


def test_a_call_that_takes_longer_than_it_may_is_told() -> None:
    day = dataclasses.replace(HOUR, frames=24 * HOUR.frames, source=24 * HOUR.source, output=24 * HOUR.output)
    for filmed, late in ((HOUR, set()), (day, {"join"})):
        told = estimate(filmed, Mode.COMBINED, "lambda", 100)
        assert {step for step, cost in told.steps.items() if cost and cost.outlasts} == late


def test_tasks_run_fewer_at_a_time_than_functions() -> None:
    ten, hundred = (estimate(HOUR, Mode.COMBINED, "fargate", n).steps["detect"] for n in (10, 100))
    assert ten == hundred


def test_a_function_is_paid_by_memory_disk_and_request() -> None:
    plain, roomy = Machine.function(1024), Machine.function(1024, 10240)
    assert plain.dollars(100) == pytest.approx(100 * 0.0000166667 + 0.2e-6)
    assert roomy.dollars(100) - plain.dollars(100) == pytest.approx(9.5 * 100 * 3.09e-8)


def test_a_task_is_paid_for_a_minute_at_least() -> None:
    assert TASK.dollars(1) == TASK.dollars(60)
    assert TASK.dollars(3600) == pytest.approx(4 * 0.04048 + 8 * 0.004445 + 80 * 0.000111)


def test_a_step_that_uses_two_cores_gains_nothing_from_four() -> None:
    two, four = Machine.function(2 * 1769), Machine.function(4 * 1769)
    call = CALLS["redact"](HOUR)
    assert seconds("redact", call, HOUR, two) == seconds("redact", call, HOUR, four)


def test_what_comes_ahead_comes_while_others_are_worked_on() -> None:
    one = Machine.function(1769)
    ahead = {n: seconds("verify", Call(frames=HOUR.frames, reads=0, ahead=n * 1e9), HOUR, one) for n in (1, 2)}
    first = dataclasses.replace(Call(frames=HOUR.frames, reads=0), down=1e9)
    assert ahead[2] == pytest.approx(2 * ahead[1] - measured.assumed("write"))
    assert ahead[1] < seconds("verify", first, HOUR, one)


def test_what_goes_out_meanwhile_costs_no_time_and_its_requests() -> None:
    call, join = CALLS["join"](HOUR), FUNCTIONS["join"]
    silent = dataclasses.replace(call, behind=0)
    assert seconds("join", call, HOUR, join) == seconds("join", silent, HOUR, join)
    parts = HOUR.output / fronted.PIECE
    made = {step: CALLS[step](HOUR) for step in STEPS[Mode.COMBINED]}
    with_parts, without = (other(HOUR, Mode.COMBINED, made | {"join": one})["S3 requests"] for one in (call, silent))
    assert with_parts - without == pytest.approx(prices.dollars("s3 put", parts))


def test_many_requests_at_a_time_are_quicker_but_never_than_the_client_itself() -> None:
    one, half = Machine.function(1769), Machine.function(1769 // 2)
    after, together = (Call(reads=1000), Call(reads=0, many_reads=1000))
    assert after.gets == together.gets == 1000
    slow, quick = (seconds("accept", call, HOUR, one) for call in (after, together))
    assert 1000 * measured.REQUEST < quick < slow / 5
    more, least = (
        seconds("accept", call, HOUR, half, NO_WAITS) - seconds("accept", call, HOUR, one, NO_WAITS)
        for call in (together, Call())
    )
    assert more - least == pytest.approx(1000 * measured.REQUEST, rel=0.01)


def test_a_copy_in_one_request_takes_as_many_times_as_long_as_requests_go_at_once() -> None:
    one = Machine.function(VCPU)
    plain = seconds("publish", Call(), HOUR, one)
    taken = [seconds("publish", Call(copied=4e9, copies=n), HOUR, one) - plain for n in (1, COPIES, 3 * COPIES)]
    assert taken[0] == pytest.approx(COPIES * taken[1], rel=0.3)
    assert taken[1] < taken[2] < 2 * taken[1]


@pytest.mark.parametrize("step", measured.FRAME)
def test_between_two_measured_sizes_the_cost_lies_between_theirs(step: str) -> None:
    rows = measured.FRAME[step]
    sizes = sorted(rows)
    for size in sizes:
        assert measured.per_frame(step, size) == pytest.approx([ms / 1000 for ms in rows[size]])
    assert measured.per_frame(step, 1) == measured.per_frame(step, sizes[0])
    for low, high in itertools.pairwise(sizes):
        cpu, _ = measured.per_frame(step, (low + high) / 2)
        assert cpu == pytest.approx((rows[low][0] + rows[high][0]) / 2000)


def test_analyze_costs_less_than_combined_and_segments_cost_transitions() -> None:
    combined, analyze = (estimate(HOUR, mode, "lambda", 100).dollars for mode in (Mode.COMBINED, Mode.ANALYZE))
    assert combined is not None
    assert analyze is not None
    assert analyze < combined
    once, twice = (other(dataclasses.replace(HOUR, segments=n), Mode.COMBINED) for n in (360, 720))
    added = twice["state transitions"] - once["state transitions"]
    assert added == pytest.approx(360 * 2 * 2 * 0.025e-3)


def test_what_is_kept_is_paid_by_the_month() -> None:
    assert kept(HOUR)["source and result, a month"] == pytest.approx(7.2 * 0.023)


def test_every_price_has_a_page_and_says_where_it_was_read() -> None:
    assert date.fromisoformat(prices.DATE) <= date(2100, 1, 1)
    for name, price in prices.PRICES.items():
        assert price.page.endswith("pricing"), name
        assert price.dollars > 0, name
        assert math.isfinite(price.dollars), name
    assert all(one.why for one in measured.ASSUMED.values())


def test_every_way_to_compute_has_a_machine_for_every_step_or_says_that_it_is_not_measured() -> None:
    for machines in COMPUTE.values():
        assert machines.keys() == FUNCTIONS.keys()
