"""From the detections of all segments to people: annotations, thumbnails, the frame table, and what is refused."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from redactor.annotations import read_annotations, timeline
from redactor.crops import Crop
from redactor.detect import SegmentDetections
from redactor.detectors.detection import Box, FrameRecord
from redactor.errors import DamagedVideo, MissingResult
from redactor.media.gaps import seen_by
from redactor.merge import Merged, _owners
from redactor.plan import Plan
from redactor.sightings import Sightings
from redactor.tracks import Track
from redactor.work import Timed
from tests.media_factory import FaceClip
from tests.unit.pipeline import WHOLE, Pipeline
from tests.unit.sightings import stored

Found = list[Timed[SegmentDetections]]


def merged(pipeline: Pipeline, found: Found, plan: Plan | None = None) -> Merged:
    return pipeline.merge(found, plan or pipeline.plan)


def without_crops(found: Found) -> Found:
    return [replace(timed, value=replace(timed.value, crops=())) for timed in found]


def reframed(found: Found, change: Callable[[tuple[FrameRecord, ...]], tuple[FrameRecord, ...]]) -> Found:
    """The middle segment with other frames."""
    first, middle, last = found
    frames = Sightings.of(change(tuple(stored(middle.value.frames))))
    return [first, replace(middle, value=replace(middle.value, frames=frames)), last]


def seen_once(person: int, pts: int, box: Box, position: int) -> Track:
    at, times = np.zeros(1, np.int64), np.array([pts])
    return Track(person, at, times, np.array([box]), np.array([position]), np.array([0.9]), np.array([False]))


def unknown_length(plan: Plan) -> Plan:
    return replace(plan, streams=replace(plan.streams, video=replace(plan.streams.video, expected_frames=None)))


def picture(jpeg: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def test_the_frame_table_is_every_frame_of_the_video(pipeline: Pipeline, two_faces: FaceClip) -> None:
    assert [frame.pts for frame in pipeline.frames] == list(two_faces.clip.pts)
    assert {frame.duration for frame in pipeline.frames} == {512}


def test_each_person_is_covered_in_every_frame_they_are_in(pipeline: Pipeline, two_faces: FaceClip) -> None:
    video = pipeline.plan.streams.video
    given = read_annotations(pipeline.merged.annotations)
    line = timeline(given, video, [frame.pts for frame in pipeline.frames])
    assert given.ids == {1, 2}
    for frame, box in zip(pipeline.frames, two_faces.boxes, strict=True):
        if box is None:
            continue
        person = next(face for face in line.at(frame.pts) if face.id == 1)
        assert person.x * video.width < box[0]
        assert person.y * video.height < box[1]
        assert (person.x + person.width) * video.width > box[2]
        assert (person.y + person.height) * video.height > box[3]


def test_the_annotations_name_the_video_they_are_of(pipeline: Pipeline) -> None:
    given = read_annotations(pipeline.merged.annotations)
    assert (given.fingerprint, given.frames) == (pipeline.plan.fingerprint, 36)


def test_every_id_has_a_thumbnail_that_is_a_picture(pipeline: Pipeline) -> None:
    thumbs = pipeline.merged.thumbs
    assert thumbs.keys() == {1, 2}
    assert all(picture(jpeg).std() > 20 for jpeg in thumbs.values())


def test_a_thumbnail_shows_the_person_whose_id_it_has(pipeline: Pipeline) -> None:
    """The second person is the first one mirrored."""
    left, right = (cv2.resize(picture(pipeline.merged.thumbs[face_id]), (64, 64)) for face_id in (1, 2))
    assert np.abs(left - right[:, ::-1].astype(float)).mean() < np.abs(left - right.astype(float)).mean()


def test_a_portrait_belongs_to_whose_detection_it_shows_else_to_the_only_one_around_it() -> None:
    """A double of a detection may have kept its portrait in place of the one that a track is made of."""
    boxes = ((0.0, 0.0, 60.0, 60.0), (30.0, 0.0, 90.0, 60.0))
    people = [seen_once(n + 1, 7, box, position=n) for n, box in enumerate(boxes)]

    def crop(position: int, left: float, pts: int = 7) -> Crop:
        return Crop(pts, position, (left, 20.0, left + 10, 40.0), 0.5)

    shared, alone, between, later = crop(1, 40), crop(2, 70), crop(3, 40), crop(0, 40, pts=8)
    assert list(_owners(people, [shared, alone, between, later])) == [(shared, 2), (alone, 2)]


def test_an_id_without_a_portrait_gets_one_out_of_the_video(pipeline: Pipeline) -> None:
    bare = merged(pipeline, without_crops(pipeline.found))
    assert bare.annotations == pipeline.merged.annotations
    for face_id, read in bare.thumbs.items():
        kept = picture(pipeline.merged.thumbs[face_id])
        face = kept[len(kept) // 4 : len(kept) * 3 // 4, kept.shape[1] // 4 : kept.shape[1] * 3 // 4]
        assert cv2.matchTemplate(picture(read), face, cv2.TM_CCOEFF_NORMED).max() > 0.9


def test_for_all_of_them_each_segment_is_decoded_once(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[int] = []

    def counted(look, source, video, segment, *, allowed):
        decoded.append(segment.n)
        return seen_by(look, source, video, segment, allowed=allowed)

    monkeypatch.setattr("redactor.merge.seen_by", counted)
    assert merged(pipeline, without_crops(pipeline.found)).thumbs.keys() == {1, 2}
    assert len(decoded) == len(set(decoded)) <= len(pipeline.segments)


def test_any_split_gives_the_same_bytes(pipeline: Pipeline, tmp_path: Path) -> None:
    with pipeline.again(tmp_path, preset=WHOLE) as whole:
        assert whole.merged.annotations == pipeline.merged.annotations
        assert whole.merged.thumbs == pipeline.merged.thumbs
        assert whole.merged.frames == pipeline.merged.frames
        told, other = (
            replace(merged.told, detect_seconds=0.0, detect_on={}) for merged in (whole.merged, pipeline.merged)
        )
        assert told == other


def test_the_report_is_told_of_every_id(pipeline: Pipeline) -> None:
    told = pipeline.merged.told
    assert (told.frames, told.faces, told.detect_seconds, told.detect_on) == (36, 2, 1.5, {"": 1.5})
    assert [row["id"] for row in told.coverage] == [1, 2]
    for row in told.coverage:
        assert row["first"] == 0
        assert row["detected"] >= 16
        assert 0 < row["lowestScore"] <= row["medianScore"] <= 1


def test_every_pruned_candidate_can_be_added_back_from_the_report(pipeline: Pipeline) -> None:
    """One glimpse of something in a single frame is no person, but it is told where and when it was."""

    def glimpse(frames: tuple[FrameRecord, ...]) -> tuple[FrameRecord, ...]:
        assert frames[0].detections
        ghost = replace(frames[0].detections[0], box=(150.0, 100.0, 166.0, 120.0), score=0.35)
        return (replace(frames[0], detections=(*frames[0].detections, ghost)), *frames[1:])

    told = merged(pipeline, reframed(pipeline.found, glimpse)).told
    (row,) = told.pruned
    assert told.faces == 2
    assert row["time"] == row["first"] == row["last"] == 0.5
    assert row["box"] == {"x": 0.46875, "y": 0.625, "width": 0.05, "height": 0.125}
    assert (row["score"], row["frames"]) == (0.35, 1)
    assert row["reason"]


@pytest.mark.parametrize(
    "chosen", [[], [0], [0, 1], [0, 2, 1], [1, 1, 2], [0, 1, 2, 2]], ids=lambda chosen: "-".join(map(str, chosen))
)
def test_detections_that_are_not_those_of_all_segments_are_refused(pipeline: Pipeline, chosen: list[int]) -> None:
    with pytest.raises(MissingResult):
        merged(pipeline, [pipeline.found[n] for n in chosen])


def test_frames_that_go_back_in_time_are_damage(pipeline: Pipeline) -> None:
    with pytest.raises(DamagedVideo, match="follows"):
        merged(pipeline, reframed(pipeline.found, lambda frames: frames[::-1]))
    with pytest.raises(DamagedVideo, match="follows"):
        merged(pipeline, reframed(pipeline.found, lambda frames: (frames[0], *frames)))


def test_a_frame_less_than_the_index_states_is_damage(pipeline: Pipeline) -> None:
    lacking = reframed(pipeline.found, lambda frames: frames[:-1])
    with pytest.raises(DamagedVideo, match="35 frames were decoded; the container's index states 36"):
        merged(pipeline, lacking)


def test_without_an_index_what_was_decoded_is_the_truth(pipeline: Pipeline) -> None:
    lacking = reframed(pipeline.found, lambda frames: frames[:-1])
    assert len(merged(pipeline, lacking, unknown_length(pipeline.plan)).frames) == 35


def test_a_video_without_frames_is_damage(pipeline: Pipeline) -> None:
    empty = [replace(timed, value=replace(timed.value, frames=Sightings.of(()), crops=())) for timed in pipeline.found]
    with pytest.raises(DamagedVideo):
        merged(pipeline, empty, unknown_length(pipeline.plan))


def test_a_frame_that_is_gone_when_its_portrait_is_needed_is_damage(pipeline: Pipeline) -> None:
    moved = [
        replace(
            timed,
            value=replace(timed.value, frames=replace(timed.value.frames, pts=timed.value.frames.pts + 1), crops=()),
        )
        for timed in pipeline.found
    ]
    with pytest.raises(DamagedVideo, match="no longer there"):
        merged(pipeline, moved)
