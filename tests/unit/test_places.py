"""Where segments are worked on: never what a function could not do, never what the deployment has not."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.steps import STEPS
from redactor.errors import InvalidPreset
from redactor.media.streams import Key, Segment, VideoStream
from redactor.places import BYTES, SECONDS, TASKS, Estimate, Item, Place, Stack, concurrency, estimated, placed
from redactor.preset import Compute
from tests.unit.annotated import STANDARD

AT_ONCE = {"detect": 40, "redact": 30, "tasks": 3}
# A tenth of a second and a hundredth of one a frame, at 25 frames a second of one tick each.
EACH = Estimate(detect=0.1, redact=0.01, bytes=1000, end=1_000_000)


def stack(compute: Compute) -> Stack:
    return Stack(compute, AT_ONCE)


VIDEO = replace(STANDARD, time_base=Fraction(1, 25), rate=Fraction(25), start=0, expected_frames=None)


@pytest.fixture
def video() -> VideoStream:
    return VIDEO


def segments(*lengths: int) -> list[Segment]:
    """Of so many frames each; the last has no end of its own."""
    starts = [sum(lengths[:n]) for n in range(len(lengths))]
    ends = [*starts[1:], None]
    return [
        Segment(n, start or None, end, Key(start, start) if start else None)
        for n, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]


def places(
    video: VideoStream, lengths: list[int], compute: Compute, wanted: Compute | None = None, each: Estimate = EACH
) -> list[Item]:
    each = replace(each, end=sum(lengths)) if each.end is not None else each
    return placed(segments(*lengths), video, each, stack=stack(compute), wanted=wanted)


def test_usual_segments_stay_in_functions(video: VideoStream) -> None:
    assert places(video, [250, 250], Compute.LAMBDA) == [Item(n, Place.LAMBDA, Place.LAMBDA) for n in range(2)]
    assert places(video, [250, 250], Compute.AUTO) == [Item(n, Place.EITHER, Place.EITHER) for n in range(2)]


def test_a_segment_that_could_outlast_a_function_goes_to_fargate_and_only_that_one(video: VideoStream) -> None:
    long = int(SECONDS / EACH.detect) + 1
    first, second = places(video, [250, long], Compute.AUTO)
    assert (first.detect, second.detect) == (Place.EITHER, Place.FARGATE)
    assert (first.redact, second.redact) == (Place.EITHER, Place.EITHER)


def test_a_part_that_could_fill_the_disk_goes_to_fargate(video: VideoStream) -> None:
    each = replace(EACH, bytes=BYTES // 250 + 1)
    (item,) = places(video, [250], Compute.AUTO, each=each)
    assert (item.detect, item.redact) == (Place.EITHER, Place.FARGATE)


def test_a_video_of_unknown_length_is_a_long_one(video: VideoStream) -> None:
    (item,) = places(video, [250], Compute.AUTO, each=replace(EACH, end=None))
    assert (item.detect, item.redact) == (Place.FARGATE, Place.FARGATE)
    counted = replace(video, expected_frames=250)
    (item,) = places(counted, [250], Compute.AUTO, each=replace(EACH, end=None))
    assert item.detect is Place.EITHER


def test_without_fargate_a_function_tries(video: VideoStream) -> None:
    (item,) = places(video, [10_000_000], Compute.LAMBDA, Compute.AUTO)
    assert item == Item(0, Place.LAMBDA, Place.LAMBDA)


@pytest.mark.parametrize("compute", [Compute.LAMBDA, Compute.FARGATE])
def test_who_asks_for_one_place_gets_it(video: VideoStream, compute: Compute) -> None:
    (item,) = places(video, [10_000_000], Compute.AUTO, compute)
    assert item == Item(0, Place(compute.value), Place(compute.value))


def test_a_gpu_detects_and_redact_goes_where_it_fits(video: VideoStream) -> None:
    short, long = places(video, [250, int(SECONDS / EACH.redact) + 1], Compute.GPU)
    assert (short.detect, long.detect) == (Place.GPU, Place.GPU)
    assert (short.redact, long.redact) == (Place.EITHER, Place.FARGATE)


@pytest.mark.parametrize(
    ("has", "asks"),
    [(Compute.LAMBDA, Compute.FARGATE), (Compute.LAMBDA, Compute.GPU), (Compute.FARGATE, Compute.GPU)],
)
def test_what_the_deployment_has_not_is_refused_by_name(video: VideoStream, has: Compute, asks: Compute) -> None:
    with pytest.raises(InvalidPreset, match=f"compute {asks}") as refused:
        places(video, [250], has, asks)
    assert refused.value.field == "experimentalOptions.compute"
    assert asks not in refused.value.allowed
    assert {Compute.LAMBDA, Compute.AUTO} <= set(refused.value.allowed)


@given(
    lengths=st.lists(st.integers(1, 2_000_000), min_size=1, max_size=8),
    has=st.sampled_from(Compute),
    wanted=st.none() | st.sampled_from(Compute),
)
def test_only_places_that_are_there_are_given(lengths: list[int], has: Compute, wanted: Compute | None) -> None:
    try:
        items = places(VIDEO, lengths, has, wanted)
    except InvalidPreset:
        return
    given_places = {place for item in items for place in (item.detect, item.redact)}
    assert [item.n for item in items] == list(range(len(lengths)))
    assert given_places - {Place.LAMBDA, Place.EITHER} <= set(TASKS[has])
    assert Place.EITHER not in given_places or Place.FARGATE in TASKS[has]
    assert Place.GPU not in {item.redact for item in items}


def test_tasks_hold_a_map_back_only_where_more_of_them_wait_than_may_run() -> None:
    few = [Item(n, Place.FARGATE if n < 3 else Place.EITHER, Place.EITHER) for n in range(100)]
    many = [Item(n, Place.FARGATE if n < 4 else Place.EITHER, Place.EITHER) for n in range(100)]
    gpu = [Item(n, Place.GPU, Place.EITHER) for n in range(100)]
    assert concurrency(few, stack(Compute.AUTO)) == {"detect": 40, "redact": 30}
    assert concurrency(many, stack(Compute.AUTO)) == {"detect": 3, "redact": 30}
    assert concurrency(gpu, stack(Compute.GPU)) == {"detect": 3, "redact": 30}


def test_the_estimate_leaves_a_function_half_of_what_it_has() -> None:
    assert min(STEPS[step].timeout for step in ("detect", "redact")) >= 2 * SECONDS
    assert STEPS["redact"].disk * 1_000_000 >= 1.9 * BYTES


def test_the_estimate_grows_with_pixels_and_networks(video: VideoStream) -> None:
    small = estimated(replace(video, width=1280, height=720), 250, networks=1, embeds=False)
    large = estimated(replace(video, width=3840, height=2160), 250, networks=1, embeds=False)
    both = estimated(replace(video, width=1280, height=720), 250, networks=2, embeds=True)
    assert large.detect == pytest.approx(9 * small.detect, rel=0.01)
    assert large.redact == pytest.approx(9 * small.redact, rel=0.01)
    assert both.detect > 1.5 * small.detect
    assert small.end == 250
