import json
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor.annotations import Event, Timeline, check_source, cut_boxes, read_annotations, timeline
from redactor.errors import DamagedVideo, InvalidAnnotations
from redactor.jsonable import decode, encode
from redactor.media.streams import FrameTime, Segment
from tests.unit.annotated import STANDARD, box, hand_made, numbered, tables, ticking, time_bases, write_annotations

MILLISECONDS = replace(STANDARD, time_base=Fraction(1, 1000))
NINETY = replace(STANDARD, time_base=Fraction(1, 90_000))


def laid(video, table, boxes=None, frames=True):
    """Annotations written for this table and laid on its video again."""
    data = write_annotations(video, table, numbered(len(table)) if boxes is None else boxes, "print")
    return timeline(read_annotations(data), video, [frame.pts for frame in table] if frames else None)


def by_hand(starts, interval, video=MILLISECONDS, frames=None, **root):
    return timeline(read_annotations(hand_made(starts, interval, **root)), video, frames)


def shown(line, pts):
    """Which events of numbered() or hand_made() a frame takes."""
    return [round(face.x * 100_000) for face in line.at(pts)]


@given(tables, time_bases, st.booleans())
def test_every_frame_takes_its_own_event_whatever_the_clock(table, time_base, known):
    line = laid(replace(STANDARD, time_base=time_base, start=table[0].pts), table, frames=known)
    assert [shown(line, frame.pts) for frame in table] == [[n] for n in range(len(table))]
    line.check([frame.pts for frame in table])
    assert line.warnings == ()


@given(tables, time_bases, st.data())
def test_a_frame_more_or_less_is_noticed(table, time_base, data):
    line = laid(replace(STANDARD, time_base=time_base, start=table[0].pts), table)
    frames = [frame.pts for frame in table]
    lost = data.draw(st.integers(0, len(frames) - 1))
    with pytest.raises(DamagedVideo):
        line.check(frames[:lost] + frames[lost + 1 :])
    extra = data.draw(
        st.integers(frames[0] - 5, table[-1].pts + table[-1].duration + 5).filter(lambda n: n not in frames)
    )
    with pytest.raises(DamagedVideo):
        line.check(sorted([*frames, extra]))


@given(st.lists(st.integers(20, 200), min_size=2, max_size=40), st.sampled_from([24000, 30000, 90000, 10**7]))
def test_a_video_in_milliseconds_fits_annotations_of_a_finer_clock(gaps, timescale):
    """Each frame takes at least its own event, and beside it at most a neighbour."""
    exact = [Fraction(sum(gaps[:n]), 1) * Fraction(999, 1000) for n in range(len(gaps))]
    starts = [int(at * timescale / 1000) for at in exact]
    rounded = [round(Fraction(start * 1000, timescale)) for start in starts]
    line = by_hand(starts, 1, timescale=timescale, fragments=fragments(starts), frames=rounded)
    for n, pts in enumerate(rounded):
        assert n in shown(line, pts)
        assert set(shown(line, pts)) <= {n - 1, n, n + 1}


def fragments(starts):
    ends = [*starts[1:], starts[-1] + 1]
    return [
        {"start": a, "duration": b - a, "interval": b - a, "events": [[dict(box(1, x=n / 100_000)._asdict())]]}
        for n, (a, b) in enumerate(zip(starts, ends, strict=True))
    ]


def test_a_frame_takes_the_event_that_holds_it_half_open():
    line = by_hand([0, 40, 80], 40)
    assert [shown(line, pts) for pts in (0, 1, 39, 40, 79, 80, 119)] == [[0], [0], [0], [1], [1], [2], [2]]


@pytest.mark.parametrize(
    ("pts", "events"), [(89_955, [0, 1]), (89_954, [0]), (90_000, [1]), (90_044, [0, 1]), (90_045, [1])]
)
def test_within_half_a_tick_of_the_coarser_clock_a_frame_takes_both_neighbours(pts, events):
    assert shown(by_hand([0, 1000], 1000, NINETY), pts) == events


def test_a_frame_half_a_tick_before_the_first_event_belongs_to_it():
    line = by_hand([10], 40, NINETY)
    assert shown(line, 855) == [0]
    with pytest.raises(InvalidAnnotations):
        line.at(854)


def test_where_two_events_start_within_the_tolerance_a_frame_is_of_the_nearer():
    """Frames at 10, 10.4 and 10.8 ms, told in whole ms: 10, 10 and 11."""
    line = by_hand([900, 936, 972], 36, timescale=90_000, fragments=fragments([900, 936, 972]))
    assert [line.owner(pts) for pts in (10, 11)] == [0, 2]
    assert shown(line, 11) == [1, 2]


def test_two_frames_near_one_start_are_one_too_many_where_each_had_its_own():
    line = by_hand([0, 40, 80], 40, NINETY, frames=[0, 3_600, 7_200])
    with pytest.raises(DamagedVideo, match="shares the event"):
        line.check([0, 3_600, 3_620, 7_200])


def test_two_equal_boxes_are_one():
    events = [{"start": 0, "duration": 2000, "interval": 1000, "events": [[box(1)._asdict()], [box(1)._asdict()]]}]
    assert by_hand((), 0, NINETY, fragments=events).at(89_990) == (box(1),)


def test_a_frame_without_an_event_is_named():
    line = by_hand([0, 100], 40)
    with pytest.raises(InvalidAnnotations, match="frame at pts 60 has no event") as caught:
        line.at(60)
    assert caught.value.field == "$.fragments"


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([0, 40], "event at pts 80 has no frame"),
        ([0, 80], "event at pts 40 has no frame"),
        ([0, 40, 80, 120], "frame at pts 120 has no event"),
        ([-40, 0, 40, 80], "frame at pts -40 has no event"),
        ([], "event at pts 0 has no frame"),
    ],
)
def test_with_the_frames_known_both_directions_are_checked_at_once(frames, message):
    with pytest.raises(InvalidAnnotations, match=message):
        by_hand([0, 40, 80], 40, frames=frames)


def test_the_wrong_timescale_does_not_fit():
    with pytest.raises(InvalidAnnotations, match="no event"):
        by_hand([0, 40, 80], 40, timescale=10_000, frames=[0, 40, 80])


@pytest.mark.parametrize("gone", [0, 1, 2])
@pytest.mark.parametrize("known", [True, False])
def test_a_fragment_that_was_taken_out_is_missed(gone, known):
    table = ticking([1001, 1001, 500, 500, 1001, 1001])
    doc = json.loads(write_annotations(STANDARD, table, numbered(6), "print"))
    del doc["fragments"][gone]
    frames = [frame.pts for frame in table]
    with pytest.raises(InvalidAnnotations):
        timeline(read_annotations(json.dumps(doc).encode()), STANDARD, frames if known else None).check(frames)


def test_several_frames_may_share_an_event_made_by_hand():
    line = by_hand([0, 100], 100, frames=[0, 33, 67, 100, 133])
    assert [shown(line, pts) for pts in (0, 33, 67, 100, 133)] == [[0], [0], [0], [1], [1]]


def test_the_rest_of_a_fragment_may_hold_any_number_of_frames_and_has_no_faces():
    rest = [
        {"start": 0, "duration": 120, "interval": 40, "events": [[box()._asdict()]]},
        {"start": 120, "duration": 40},
    ]
    for frames in ([0], [0, 40, 80], [0, 45, 50, 130]):
        line = by_hand((), 0, fragments=rest, frames=frames)
        assert [len(line.at(pts)) for pts in frames] == [1] + [0] * (len(frames) - 1)


# The video starts late, the annotations count from 0.


@pytest.mark.parametrize("first", [20_280, 1, -512])
@pytest.mark.parametrize("known", [True, False])
def test_annotations_that_count_from_0_are_shifted_to_the_first_frame_and_say_so(first, known):
    frames = [frame.pts for frame in ticking([1001, 1001, 500, 1001], start=first)]
    video = replace(STANDARD, start=first, expected_frames=4)
    data = write_annotations(STANDARD, ticking([1001, 1001, 500, 1001]), numbered(4), "print")
    line = timeline(read_annotations(data), video, frames if known else None)
    assert [shown(line, pts) for pts in frames] == [[0], [1], [2], [3]]
    assert len(line.warnings) == 1
    assert f"shifted by {first} ticks" in line.warnings[0]


def test_a_shift_survives_the_rounding_of_two_clocks():
    finer = [n * 1001 for n in range(100)]
    pts = [845 + round(Fraction(start + 11, 24)) for start in finer]
    data = write_annotations(STANDARD, [FrameTime(start, 1001) for start in finer], numbered(100), "print")
    line = timeline(read_annotations(data), replace(MILLISECONDS, start=pts[0]), pts)
    assert all(n in shown(line, at) for n, at in enumerate(pts))


@pytest.mark.parametrize(
    "frames",
    [
        [500, 540, 580],
        [500, 540, 580, 620, 660],
        [500, 540, 590, 620],
        [500, 541, 582, 623],
    ],
)
def test_without_the_same_count_and_steps_nothing_is_shifted(frames):
    with pytest.raises(InvalidAnnotations):
        by_hand([0, 40, 80, 120], 40, frames=frames)


def test_a_shift_taken_from_the_header_is_checked_by_those_who_decode():
    line = by_hand([0, 40, 80], 40, replace(MILLISECONDS, start=500))
    line.check([500, 540, 580])
    for frames in ([500, 540], [500, 540, 580, 620], [500, 560, 580], [500, 541, 580, 585]):
        with pytest.raises(InvalidAnnotations):
            line.check(frames)


@pytest.mark.parametrize(("start", "count"), [(0, 3), (None, 3), (500, 4), (10, None)])
def test_the_header_alone_does_not_shift_what_may_fit_as_it_is(start, count):
    line = by_hand([0, 40, 80], 40, replace(MILLISECONDS, start=start, expected_frames=count))
    assert line.warnings == ()
    assert shown(line, 45) == [1]


# Made for this video?


def test_annotations_must_be_for_the_same_picture_size_and_source():
    ours = read_annotations(write_annotations(STANDARD, ticking([1] * 5), [[]] * 5, "print"))
    check_source(ours, STANDARD, "print", 5)
    check_source(ours, STANDARD, "print")
    for video, fingerprint, frames, field in (
        (replace(STANDARD, width=640), "print", 5, "$.width"),
        (replace(STANDARD, height=721), "print", 5, "$.width"),
        (STANDARD, "other", 5, "$.source.fingerprint"),
        (STANDARD, "print", 6, "$.source.frames"),
    ):
        with pytest.raises(InvalidAnnotations) as caught:
            check_source(ours, video, fingerprint, frames)
        assert caught.value.field == field


def test_annotations_made_by_hand_name_no_source():
    check_source(read_annotations(hand_made([0], 40)), STANDARD, "print", 1)


@st.composite
def matched(draw):
    """Frames and a timeline that fits them, or nearly: an event moved, gone, beside another or not stated; a frame
    more, less or moved."""
    starts = sorted(draw(st.sets(st.integers(-4, 30), min_size=1, max_size=8)))
    unit, fine = draw(st.sampled_from([1, 2, 3])), draw(st.sampled_from([0, 0, 0, 1, -1]))
    ends = [*starts[1:], starts[-1] + 2]
    events = [Event(a * unit, b * unit, (), draw(st.booleans())) for a, b in zip(starts, ends, strict=True)]
    n = draw(st.integers(0, len(events) - 1))
    events[n] = events[n]._replace(start=min(events[n].start + fine, events[n].end - 1))
    events = sorted(draw(st.sampled_from([events, events[:n] + events[n + 1 :]])))
    frames = sorted(draw(st.sampled_from([starts, starts[1:], [*starts, draw(st.integers(-5, 33))]])))
    owned = draw(st.none() | st.builds(range, st.integers(0, len(events)), st.integers(0, len(events))))
    return Timeline(unit, draw(st.integers(unit, 4)), tuple(events), draw(st.booleans())), frames, owned


@given(matched())
def test_a_quick_look_at_all_frames_finds_the_faults_of_the_closer_one(match):
    line, frames, owned = match
    assert line.fault(frames, owned) == line._sought(frames, owned)
    mine = line.events if owned is None else line.events[owned.start : owned.stop]
    at_starts = [event.start // line.unit for event in mine]
    assert line.fault(at_starts, owned) == line._sought(at_starts, owned)


def test_two_events_at_one_time_are_a_fault_by_either_look():
    line = Timeline(1, 1, (Event(0, 0, ()), Event(0, 5, ())))
    assert line.fault([0, 0]) == line._sought([0, 0], None) == "the event at pts 0 has no frame"


def test_frames_at_the_starts_of_their_events_want_no_closer_look(monkeypatch):
    monkeypatch.delattr(Timeline, "_sought")
    line = laid(NINETY, ticking([10, 20, 10], start=-5))
    assert line.verified
    line.check([5], range(1, 2))
    for frames in ([5, 5], [5, 25], [6]):
        with pytest.raises(AttributeError):
            line.check(frames, range(1, 2))


# Cut by segment.


@st.composite
def cut(draw):
    table = draw(tables)
    edges = sorted(draw(st.sets(st.sampled_from(table[1:] or table), max_size=6)), key=lambda frame: frame.pts)
    bounds = [None, *(edge.pts for edge in edges if edge.pts > table[0].pts), None]
    return table, [Segment(n, a, b, None) for n, (a, b) in enumerate(pairwise(bounds))]


def frames_of(segment, frames):
    low = min(frames) if segment.start is None else segment.start
    high = max(frames) + 1 if segment.end is None else segment.end
    return [pts for pts in frames if low <= pts < high]


@given(cut(), time_bases, st.booleans())
def test_any_cuts_give_every_frame_its_own_boxes(cuts, time_base, known):
    table, segments = cuts
    frames = [frame.pts for frame in table]
    line = laid(replace(STANDARD, time_base=time_base, start=frames[0]), table, frames=known)
    parts = cut_boxes(line, segments)
    found = []
    for part, segment in zip(parts, segments, strict=True):
        mine = frames_of(segment, frames)
        part.check(mine)
        found += [part.at(pts) for pts in mine]
    assert found == [line.at(pts) for pts in frames]
    assert sum(last - first for first, last in (part.owned for part in parts)) == len(frames)


@given(cut(), st.data())
def test_a_worker_notices_a_frame_lost_in_its_own_segment(cuts, data):
    table, segments = cuts
    frames = [frame.pts for frame in table]
    parts = cut_boxes(laid(replace(STANDARD, start=frames[0]), table), segments)
    n = data.draw(st.sampled_from([n for n, segment in enumerate(segments) if frames_of(segment, frames)]))
    mine = frames_of(segments[n], frames)
    mine.remove(data.draw(st.sampled_from(mine)))
    with pytest.raises(DamagedVideo):
        parts[n].check(mine)


def test_an_event_across_an_edge_is_asked_of_the_later_segment_and_seen_by_both():
    line = by_hand([0, 90, 200], 90)
    line = replace(line, events=tuple(line.events))
    first, second = cut_boxes(line, [Segment(0, None, 100, None), Segment(1, 100, None, None)])
    first.check([0, 50])
    assert shown(first, 95) == [1]
    second.check([100, 200])
    with pytest.raises(InvalidAnnotations, match="pts 200 has no frame"):
        second.check([100])


def test_a_segment_gets_the_event_before_it_where_the_tolerance_reaches_back():
    line = by_hand([0, 1000], 1000, NINETY)
    _, part = cut_boxes(line, [Segment(0, None, 90_000, None), Segment(1, 90_000, None, None)])
    assert [shown(part, pts) for pts in (90_000, 90_030, 90_050)] == [[1], [0, 1], [1]]


def test_a_segment_that_starts_where_no_event_is_is_refused():
    with pytest.raises(InvalidAnnotations, match="frame at pts 60 has no event"):
        cut_boxes(by_hand([0, 100], 40), [Segment(0, None, 60, None), Segment(1, 60, None, None)])


def test_of_ids_left_visible_no_box_gets_through_but_their_events_are_still_checked():
    line = laid(STANDARD, ticking([10] * 3), [[box(1), box(2)], [box(2)], [box(3)]])
    (part,) = cut_boxes(line, [Segment(0, None, None, None)], hidden={1, 3})
    assert [part.at(pts) for pts in (0, 10, 20)] == [(box(1),), (), (box(3),)]
    with pytest.raises(DamagedVideo):
        part.check([0, 20])
    (nobody,) = cut_boxes(line, [Segment(0, None, None, None)], hidden=())
    assert [nobody.at(pts) for pts in (0, 10, 20)] == [(), (), ()]


def test_what_a_worker_gets_survives_json():
    line = laid(STANDARD, ticking([10, 20, 10], start=-5), [[box(1, x=-0.1)], [], [box(2), box(7)]])
    for part in cut_boxes(line, [Segment(0, None, 25, None), Segment(1, 25, None, None)]):
        assert decode(type(part), encode(part)) == part
