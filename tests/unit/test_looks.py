"""Which frames a detector looks at."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor.looks import is_looked_at, on_grid
from redactor.media.streams import FrameTime
from redactor.preset import Detector, Experimental, Preset
from redactor.scenes import signature
from tests.unit.annotated import STANDARD

TICKS = int(1 / STANDARD.time_base)  # a second


def mark(lightness: int) -> bytes:
    return signature(np.full((36, 64, 3), lightness, np.uint8))


def looked(preset: Preset, lightness: int, rate: int, *, fresh: bool = False) -> list[int]:
    """Indices of the frames of one second that are looked at."""
    video = replace(STANDARD, rate=Fraction(rate))
    frames = [FrameTime(n * TICKS // rate, (n + 1) * TICKS // rate - n * TICKS // rate) for n in range(rate)]
    return [
        n for n, time in enumerate(frames) if is_looked_at(time, mark(lightness), video, preset, fresh=lambda: fresh)
    ]


@given(
    st.lists(st.integers(1, 4000), min_size=1, max_size=40),
    st.integers(-50_000, 50_000),
    st.fractions(Fraction(1, 10), 60, max_denominator=1001),
)
def test_each_point_of_the_grid_is_looked_at_in_exactly_one_frame(
    steps: Sequence[int], start: int, rate: Fraction
) -> None:
    edges = list(accumulate(steps, initial=start))
    frames = [FrameTime(pts, after - pts) for pts, after in pairwise(edges)]
    looked = [frame for frame in frames if on_grid(frame, STANDARD, rate)]
    first, after = (edge * STANDARD.time_base * rate for edge in (edges[0], edges[-1]))
    grid = range(-(-first // 1), -(-after // 1))
    holders = {max(pts for pts in edges[:-1] if pts * STANDARD.time_base * rate <= point) for point in grid}
    assert {frame.pts for frame in looked} == holders


@pytest.mark.parametrize(("rate", "every"), [(10, 1), (15, 1), (24, 2), (25, 2), (30, 2), (60, 4)])
def test_fifteen_frames_a_second_are_enough_in_the_light(rate: int, every: int) -> None:
    assert looked(Preset(), 120, rate) == list(range(0, rate, every))


@pytest.mark.parametrize("rate", range(16, 121))
def test_in_the_light_looks_are_two_frames_or_a_tenth_of_a_second_apart_at_most(rate: int) -> None:
    at = looked(Preset(), 120, rate)
    assert max(after - before for before, after in pairwise(at)) <= max(2, rate / 10)


def test_in_the_dark_every_frame_counts() -> None:
    assert looked(Preset(), 20, 30) == list(range(30))


def test_a_rate_that_is_asked_for_is_kept_to_in_the_dark_too() -> None:
    for lightness in (20, 120):
        assert looked(Preset(detection_rate=Fraction(5)), lightness, 30) == [0, 6, 12, 18, 24]
        assert looked(Preset(detection_rate=Fraction(30)), lightness, 30) == list(range(30))


def test_a_fresh_picture_is_looked_at_wherever_it_is() -> None:
    """It may be the only one of its shot."""
    assert looked(Preset(), 120, 30, fresh=True) == list(range(30))
    assert looked(Preset(detection_rate=Fraction(5)), 120, 30, fresh=True) == [0, 6, 12, 18, 24]


def test_strict_looks_at_every_frame() -> None:
    assert looked(Preset(experimental=Experimental(detector=Detector.STRICT)), 120, 30) == list(range(30))
