"""The tracker as a whole: who is followed, under which id, what is covered, and what is left out."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redactor.detectors.detection import Detection, FrameRecord
from redactor.tracking.support import sure
from redactor.tracks import Origin, Tracking
from tests.unit.sightings import FRAME, STILL, Person, contains, face, records, scenery, stream, track, walks

VIDEO = stream()


def frames_of(tracking: Tracking, number: int) -> list[int]:
    return [box.frame for box in tracking.tracks[number - 1].boxes]


def test_nothing_seen_is_nothing_annotated():
    assert track(records(10), VIDEO).tracks == ()
    assert track([], VIDEO).tracks == ()


def test_one_person_in_view_is_one_id_in_every_frame():
    tracking = track(records(60, walks((200, 300), (5, 1))), VIDEO)
    assert [one.id for one in tracking.tracks] == [1]
    assert frames_of(tracking, 1) == list(range(60))
    assert {box.origin for box in tracking.tracks[0].boxes} == {Origin.DETECTED}


def test_ids_count_in_order_of_appearance_then_by_position():
    late, right, left = walks((600, 600), seen=range(20, 60)), walks((900, 300)), walks((200, 300))
    tracking = track(records(60, late, right, left), VIDEO)
    assert [round(one.boxes[0].box[0], -2) for one in tracking.tracks] == [200, 900, 600]


def test_a_short_gap_is_interpolated_along_the_way():
    tracking = track(records(60, walks((200, 300), (6, 0), seen={*range(25), *range(35, 60)})), VIDEO)
    boxes = tracking.tracks[0].boxes
    assert [box.origin for box in boxes[25:35]] == [Origin.INTERPOLATED] * 10
    assert contains(boxes[30].box, face(200 + 30 * 6, 300).box)
    assert boxes[30].position is None
    assert boxes[30].score is None


def test_who_is_hidden_for_long_keeps_the_id_without_being_painted_meanwhile():
    tracking = track(records(150, walks((200, 300), seen={*range(40), *range(100, 150)})), VIDEO)
    assert len(tracking.tracks) == 1
    assert 70 not in frames_of(tracking, 1)


def test_ends_are_extended_a_little_in_both_directions():
    tracking = track(records(60, walks((200, 300), (5, 0), seen=range(20, 40))), VIDEO)
    boxes = {box.frame: box for box in tracking.tracks[0].boxes}
    assert boxes[17].origin is boxes[42].origin is Origin.EXTENDED
    assert contains(boxes[42].box, face(200 + 42 * 5, 300).box)
    assert 5 not in boxes
    assert 55 not in boxes


@pytest.mark.parametrize(
    ("scores", "frames"),
    [([0.9] * 60, 7), ([0.5] * 60, 30), ([0.725] * 60, 18), ([0.9] * 54 + [0.3] * 6, 13), ([0.5] * 30 + [0.9] * 30, 7)],
)
def test_the_worse_a_face_was_seen_in_its_last_second_the_longer_it_is_covered_after_it(scores, frames):
    """The same before its first second. Between a quarter of a second and a second, gradually."""

    def at(n: int, scores: list[float]) -> Detection | None:
        return face(300, 300, score=scores[n - 60]) if 60 <= n < 120 else None

    after = track(records(180, lambda n: at(n, scores)), VIDEO)
    assert frames_of(after, 1)[-1] == 119 + frames
    before = track(records(180, lambda n: at(n, scores[::-1])), VIDEO)
    assert frames_of(before, 1)[0] == 60 - frames


@pytest.mark.parametrize("before", [0, 8, 16])
@pytest.mark.parametrize("seen", [range(20, 40), (20, 22)])
def test_who_came_faster_or_stood_before_the_first_look_is_covered(seen, before):
    """Nobody is detected in the blur of a run; the speed after it tells the direction."""

    def at(n: int) -> float:
        return 600 - 8 * (n - 20) if n >= 20 else 600 + before * (20 - n)

    frames = records(60, lambda n: face(at(n), 300) if n in seen else None)
    boxes = {box.frame: box.box for box in track(frames, VIDEO).tracks[0].boxes}
    assert all(contains(boxes[n], face(at(n), 300).box) for n in range(16, 20))


def test_a_track_ends_at_a_cut():
    signatures = [scenery(1)] * 30 + [scenery(2)] * 30
    tracking = track(records(60, walks((200, 300), seen=range(30)), signatures=signatures), VIDEO)
    assert tracking.cuts == (30 * FRAME,)
    assert frames_of(tracking, 1) == list(range(30))


def test_two_people_at_one_place_on_both_sides_of_a_cut_are_two():
    signatures = [scenery(1)] * 30 + [scenery(2)] * 30
    tracking = track(records(60, walks((200, 300)), signatures=signatures), VIDEO)
    assert [frames_of(tracking, 1), frames_of(tracking, 2)] == [list(range(30)), list(range(30, 60))]


def test_two_people_who_cross_keep_their_ids():
    right, left = walks((200, 300), (8, 0)), walks((1000, 310), (-8, 0))
    tracking = track(records(100, right, left), VIDEO)
    first, second = (one.boxes for one in tracking.tracks)
    assert [(first[n].box[0] + first[n].box[2]) / 2 for n in (0, 99)] == pytest.approx([200, 992], abs=10)
    assert [(second[n].box[0] + second[n].box[2]) / 2 for n in (0, 99)] == pytest.approx([1000, 208], abs=10)


def test_a_crowd_under_a_panning_camera_is_followed_one_by_one():
    people = [walks((100 + 60 * (n % 12), 100 + 70 * (n // 12)), (7, 0), size=22, score=0.5) for n in range(72)]
    tracking = track(records(50, *people), VIDEO)
    assert len(tracking.tracks) == 72
    assert all(len(one.boxes) >= 50 for one in tracking.tracks)


def test_a_bystander_with_low_scores_in_every_frame_is_a_face():
    assert len(track(records(60, walks((1270, 300), score=0.35)), VIDEO).tracks) == 1


def test_a_low_score_in_one_frame_is_pruned_and_told():
    tracking = track(records(60, walks((500, 300), seen=[30], score=0.72)), VIDEO)
    assert tracking.tracks == ()
    (pruned,) = tracking.pruned
    assert (pruned.pts, pruned.score, pruned.frames, pruned.box) == (30 * FRAME, 0.72, 1, face(500, 300).box)
    assert pruned.reason


@pytest.mark.parametrize(("frames", "enough"), [(1, 0.43), (5, 0.53), (10, 0.66), (15, 0.78), (40, 0.78)])
def test_the_shorter_a_shot_the_less_it_takes_to_be_a_face(frames, enough):
    """Who is seen in a shot of a few frames cannot be seen for long."""
    marks = [scenery(0)] * 60 + [scenery(1)] * frames + [scenery(2)] * 60
    for score, kept in ((enough - 0.01, False), (enough + 0.01, True)):
        found = track(records(120 + frames, walks((300, 300), seen=[60], score=score), signatures=marks), VIDEO)
        assert len(found.tracks) == kept
        assert len(found.pruned) == (not kept)


@pytest.mark.parametrize(("size", "enough"), [(30, 0.78), (89, 0.78), (134, 0.83), (180, 0.88), (400, 0.88)])
def test_seen_once_a_large_face_must_be_surer_than_a_small_one(size, enough):
    """What is none and scores high is large."""
    for score, kept in ((enough - 0.01, False), (enough + 0.01, True)):
        found = track(records(60, walks((500, 300), seen=[30], size=size, score=score)), VIDEO)
        assert len(found.tracks) == kept


def test_two_large_faces_one_partly_before_the_other_are_both_covered():
    """Neither is sure by itself at its size."""
    frames = records(10, walks((500, 300), size=250, score=0.86), walks((570, 310), size=250, score=0.82))
    tracking = track(frames, VIDEO)
    assert all(covered(one, tracking, n) for n, record in enumerate(frames) for one in record.detections)


def test_weak_boxes_that_jump_about_are_pruned():
    jumping = [face(500 + 40 * (n % 3), 300 + 30 * (n % 2), 60 + 20 * (n % 4), 0.6) for n in range(20)]
    tracking = track(records(60, lambda n: jumping[n] if n < 20 else None), VIDEO)
    assert tracking.tracks == ()


def test_a_face_seen_once_with_confidence_is_kept():
    tracking = track(records(60, walks((500, 300), seen=[30], score=0.9)), VIDEO)
    assert 30 in frames_of(tracking, 1)
    assert len(tracking.tracks[0].boxes) < 10


def test_two_boxes_on_one_head_are_one_id_and_both_are_covered():
    head, ear = walks((500, 300)), walks((530, 310), size=55, score=0.8)
    tracking = track(records(40, head, ear), VIDEO)
    assert len(tracking.tracks) == 1
    assert all(contains(box.box, face(530, 310, 55).box) for box in tracking.tracks[0].boxes)


def test_a_weak_box_on_a_confident_face_does_not_take_its_place():
    tracking = track(records(2, walks((0, 0), size=22, score=0.5), walks((0, 40), seen=[1], size=76, score=1.0)), VIDEO)
    assert contains(tracking.tracks[0].boxes[-1].box, face(0, 40, 76).box)


def test_coverage_tells_what_supports_an_id():
    walk = walks((200, 300), seen={*range(10, 20), *range(25, 40)}, size=40)
    (row,) = track(records(60, walk), VIDEO).coverage
    assert (row.detected, row.interpolated) == (25, 5)
    assert row.extended > 0
    assert row.first == (10 - row.extended // 2) * FRAME
    assert (row.lowest_score, row.median_score, row.smallest_height) == (0.9, 0.9, 50.0)


@pytest.mark.parametrize("gap", [37, 45, 59])
def test_where_a_faint_face_is_extended_from_both_sides_of_a_gap_each_frame_has_one_box(gap):
    """Each side is extended by a second, the gap is longer than what is painted through and shorter than both."""
    faint = walks((300, 300), seen=[*range(150), *range(150 + gap, 300 + gap)], score=0.5)
    tracking = track(records(300 + gap, faint), VIDEO)
    assert len(tracking.tracks) == 1
    assert frames_of(tracking, 1) == list(range(300 + gap))


def looked_at(every: int, count: int, *people: Person) -> list[FrameRecord]:
    """The frames, of which the detector looked at one in `every` only."""
    return [
        one if n % every == 0 else FrameRecord(one.pts, FRAME, STILL, None)
        for n, one in enumerate(records(count, *people))
    ]


@pytest.mark.parametrize("every", [6, 30, 100])
def test_frames_the_detector_skipped_are_covered_up_to_the_last(every):
    tracking = track(looked_at(every, 250, walks((200, 300), (0.5, 0))), VIDEO)
    assert len(tracking.tracks) == 1
    assert frames_of(tracking, 1) == list(range(250))


def test_a_face_seen_in_one_look_is_covered_until_the_looks_that_do_not_see_it():
    tracking = track(looked_at(30, 120, walks((200, 300), seen=[60])), VIDEO)
    assert frames_of(tracking, 1) == list(range(31, 90))


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_there_is_more_room_above_the_face_as_people_see_it(rotation):
    box = track(records(10, walks((600, 300))), stream(rotation=rotation)).tracks[0].boxes[5].box
    left, top, right, bottom = (abs(a - b) for a, b in zip(box, face(600, 300).box, strict=True))
    above, below = {0: (top, bottom), 90: (left, right), 180: (bottom, top), 270: (right, left)}[rotation]
    assert above > 1.5 * below > 0


def test_boxes_are_about_the_size_of_a_head():
    box = track(records(40, walks((600, 300))), VIDEO).tracks[0].boxes[20].box
    area = (box[2] - box[0]) * (box[3] - box[1]) / (60 * 75)
    assert 1.6 < area < 2.2


def test_wide_pixels_do_not_change_the_shape_of_a_head():
    square = track(records(10, walks((600, 300))), VIDEO).tracks[0].boxes[5].box
    wide = track(records(10, walks((600, 300))), stream(aspect=Fraction(4, 3))).tracks[0].boxes[5].box
    assert wide == pytest.approx(square, abs=0.1)


coordinates = st.floats(-50, 1300, allow_nan=False)
detections = st.builds(
    face, coordinates, coordinates, st.floats(4, 400), st.floats(0.3, 1).map(lambda score: round(score, 4))
)
jitter = st.lists(
    st.tuples(st.floats(-30, 30), st.floats(-30, 30), st.floats(20, 120), st.floats(0.3, 1), st.booleans()),
    min_size=1,
    max_size=40,
)


def covered(one: Detection, tracking: Tracking, frame: int) -> bool:
    boxes = [box.box for person in tracking.tracks for box in person.boxes if box.frame == frame]
    return any(contains(box, one.box) for box in boxes)


def assert_box_law(frames: list[FrameRecord], tracking: Tracking) -> None:
    for n, record in enumerate(frames):
        for one in record.detections or ():
            side = math.sqrt((one.box[2] - one.box[0]) * (one.box[3] - one.box[1]))
            assert one.score < sure(np.array([side])) or covered(one, tracking, n)
    for person in tracking.tracks:
        assert [box.frame for box in person.boxes] == sorted({box.frame for box in person.boxes})
        for box in person.boxes:
            if box.position is not None:
                assert contains(box.box, frames[box.frame].detections[box.position].box)


@settings(deadline=None, max_examples=60)
@given(jitter, st.sampled_from([0, 90, 180, 270]))
def test_every_detection_of_a_shaking_face_lies_inside_its_box(shakes, rotation):
    found = [
        (face(400 + dx + 3 * n, 300 + dy, size, round(score, 4)),) if seen else ()
        for n, (dx, dy, size, score, seen) in enumerate(shakes)
    ]
    frames = [FrameRecord(n * FRAME, FRAME, STILL, one) for n, one in enumerate(found)]
    assert_box_law(frames, track(frames, stream(rotation=rotation)))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(detections, max_size=6), min_size=1, max_size=12))
def test_every_confident_detection_lies_inside_a_box_whatever_else_is_there(found):
    frames = [FrameRecord(n * FRAME, FRAME, STILL, tuple(one)) for n, one in enumerate(found)]
    assert_box_law(frames, track(frames, VIDEO))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(detections, max_size=6), min_size=1, max_size=12))
def test_every_detection_is_in_a_track_or_pruned(found):
    frames = [FrameRecord(n * FRAME, FRAME, STILL, tuple(one)) for n, one in enumerate(found)]
    tracking = track(frames, VIDEO)
    in_tracks = sum(box.position is not None for person in tracking.tracks for box in person.boxes)
    assert in_tracks + sum(one.frames for one in tracking.pruned) == sum(map(len, found))
