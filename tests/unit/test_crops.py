"""Which detections keep a crop: the same ones however the video is split."""

from fractions import Fraction
from itertools import pairwise

import cv2
import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st

from redactor.crops import Crop, Keeper, survivors
from redactor.detectors.detection import Detection, FrameRecord
from redactor.portraits import encoded, head, quality
from redactor.sightings import Sightings
from tests.unit.sightings import FRAME, STILL, face, stream

VIDEO = stream(512, 512)
SECOND = 30 * FRAME
# The portrait, the tight face in it and its landmarks: right eye, left eye, nose, mouth corners.
PORTRAIT = np.ascontiguousarray(skimage.data.astronaut()[:, :, ::-1])
FACE = (180.0, 62.0, 269.0, 174.0)
LANDMARKS = (203.0, 101.0, 245.0, 101.0, 223.0, 124.0, 204.0, 144.0, 240.0, 142.0)


def portrait_quality(picture: np.ndarray = PORTRAIT, **changes: object) -> float:
    values = {"box": FACE, "score": 0.9, "landmarks": LANDMARKS} | changes
    return quality(Detection(**values), picture, VIDEO)


def decoded(crop: Crop) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(crop.jpeg, np.uint8), cv2.IMREAD_COLOR)


def test_sharp_frontal_large_certain_and_whole_is_better():
    best = portrait_quality()
    profile = tuple(value + (20 if n == 4 else 0) for n, value in enumerate(LANDMARKS))
    half_outside = (-45.0, 62.0, 44.0, 174.0)
    assert portrait_quality(cv2.GaussianBlur(PORTRAIT, (0, 0), 4)) < best
    assert portrait_quality(landmarks=profile) < best
    assert portrait_quality(box=(200.0, 90.0, 245.0, 146.0)) < best
    assert portrait_quality(score=0.5) < best
    assert portrait_quality(box=half_outside, landmarks=None) < portrait_quality(landmarks=None)
    assert 0 < best <= 1


def test_a_face_outside_the_picture_has_no_quality_and_still_a_jpeg():
    outside = (600.0, 600.0, 660.0, 680.0)
    assert portrait_quality(box=outside) == 0
    assert cv2.imdecode(np.frombuffer(encoded(head(PORTRAIT, outside, VIDEO)), np.uint8), 1).shape == (1, 1, 3)


def test_quality_does_not_depend_on_the_size_of_the_picture_by_much():
    smaller = cv2.resize(PORTRAIT, (400, 400), interpolation=cv2.INTER_AREA)
    assert portrait_quality(smaller) == pytest.approx(portrait_quality(), rel=0.25)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_crop_shows_the_head_upright(rotation):
    video, keeper = stream(512, 512, rotation), Keeper(stream(512, 512, rotation))
    back = {0: FACE, 90: (62, 512 - 269, 174, 512 - 180), 180: (512 - 269, 512 - 174, 512 - 180, 512 - 62)}
    box = back.get(rotation, (512 - 174, 180, 512 - 62, 269))
    keeper.add(0, [Detection(box, 0.9)], PORTRAIT)
    expected = head(PORTRAIT, FACE, VIDEO)
    assert np.array_equal(head(PORTRAIT, box, video), expected)
    assert decoded(keeper.crops()[0]).shape[1] == round(expected.shape[1] * min(1, 256 / expected.shape[0]))


def test_a_crop_is_at_most_256_px_high():
    keeper = Keeper(VIDEO)
    keeper.add(0, [Detection((50.0, 20.0, 450.0, 500.0), 0.9)], PORTRAIT)
    assert decoded(keeper.crops()[0]).shape[0] == 256


def test_what_is_stored_is_judged_and_without_landmarks():
    (one,) = Keeper(VIDEO).add(0, [Detection(FACE, 0.9, landmarks=LANDMARKS)], PORTRAIT)
    assert one.landmarks is None
    assert one.quality == portrait_quality()


def kept(*frames: tuple[int, Detection]) -> list[int]:
    keeper = Keeper(VIDEO)
    for pts, one in frames:
        keeper.add(pts, [one], PORTRAIT)
    return [crop.pts for crop in keeper.crops()]


def test_of_two_within_a_second_the_better_stays_whichever_comes_first():
    good, bad = Detection(FACE, 0.9), Detection(FACE, 0.5)
    assert kept((0, good), (SECOND, bad)) == [0]
    assert kept((0, bad), (SECOND, good)) == [SECOND]
    assert kept((0, bad), (SECOND + 1, good)) == [0, SECOND + 1]


def test_of_equals_the_earlier_stays():
    assert kept((0, Detection(FACE, 0.9)), (FRAME, Detection(FACE, 0.9))) == [0]


def test_faces_that_do_not_overlap_do_not_compete():
    assert kept((0, face(100, 100, 60)), (FRAME, face(300, 300, 60, 0.5))) == [0, FRAME]


def test_a_detection_that_lost_still_beats_others():
    # The first loses to the second, the second to the third, which does not overlap the first.
    first, second, third = face(100, 100, 60, 0.4), face(125, 100, 60, 0.6), face(150, 100, 60, 0.9)
    flat = np.full((512, 512, 3), 128, np.uint8)
    keeper = Keeper(VIDEO)
    for n, one in enumerate((first, second, third)):
        keeper.add(n * FRAME, [one], flat)
    assert [crop.pts for crop in keeper.crops()] == [2 * FRAME]


def test_no_picture_is_held_for_longer_than_a_second():
    keeper = Keeper(VIDEO)
    for n in range(200):
        keeper.add(n * FRAME, [Detection(FACE, round(0.9 - n / 1000, 4))], PORTRAIT)
        assert len(keeper._open) <= 2


places = st.sampled_from([(100.0, 100.0), (120.0, 105.0), (140.0, 110.0), (300.0, 300.0)])
frames = st.lists(
    st.tuples(
        st.integers(1, 3 * SECOND // 4),
        st.lists(st.tuples(places, st.sampled_from([0.3, 0.5, 0.7, 0.9])), max_size=3),
    ),
    min_size=1,
    max_size=12,
)


@settings(deadline=None, max_examples=60)
@given(frames, st.sets(st.integers(0, 12)))
def test_any_split_keeps_the_same_crops_as_none(steps, cuts):
    pts, found = 0, []
    for step, seen in steps:
        pts += step
        found.append((pts, [face(*place, 60, score) for place, score in seen]))
    whole, _ = run(found)
    bounds = sorted({0, len(found), *(cut for cut in cuts if cut < len(found))})
    crops, records = [], []
    for start, end in pairwise(bounds):
        part, part_records = run(found[start:end])
        crops, records = [*part, *crops], records + part_records
    assert survivors(crops, Sightings.of(records), VIDEO.time_base) == whole


def run(found: list[tuple[int, list[Detection]]]) -> tuple[tuple[Crop, ...], list[FrameRecord]]:
    keeper = Keeper(VIDEO)
    records = [FrameRecord(pts, FRAME, STILL, keeper.add(pts, seen, PORTRAIT)) for pts, seen in found]
    return keeper.crops(), records


def test_survivors_of_nothing_are_none():
    assert survivors((), Sightings.of(()), Fraction(1, 30)) == ()
