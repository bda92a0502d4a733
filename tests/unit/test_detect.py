"""What Detect finds in a segment, and that the split into segments changes nothing of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import redactor.detect
from redactor.crops import Crop, survivors
from redactor.detect import SegmentDetections
from redactor.detectors.detection import FrameRecord
from redactor.detectors.faces import Faces, Picture, nothing
from redactor.jsonable import decode, encode
from redactor.preset import Preset, Resolution
from redactor.sightings import Sightings
from tests.media_factory import FaceClip, face_pictures, make_clip
from tests.unit.pipeline import HALF_A_SECOND, WHOLE, Pipeline
from tests.unit.sightings import stored


def records(pipeline: Pipeline) -> list[FrameRecord]:
    return [record for timed in pipeline.found for record in stored(timed.value.frames)]


def crops(pipeline: Pipeline) -> tuple[Crop, ...]:
    found = [crop for timed in pipeline.found for crop in timed.value.crops]
    return survivors(found, Sightings.of(records(pipeline)), pipeline.plan.streams.video.time_base)


@pytest.fixture
def in_one(pipeline: Pipeline, tmp_path: Path) -> Iterator[Pipeline]:
    with pipeline.again(tmp_path, preset=WHOLE) as made:
        yield made


def test_every_frame_of_the_video_is_there_once_in_order(pipeline: Pipeline, two_faces: FaceClip) -> None:
    assert [record.pts for record in records(pipeline)] == list(two_faces.clip.pts)


def test_each_segment_says_which_it_is_and_has_only_its_own_frames(pipeline: Pipeline) -> None:
    for segment, timed in zip(pipeline.segments, pipeline.found, strict=True):
        assert timed.value.n == segment.n
        assert all(segment.start is None or record.pts >= segment.start for record in stored(timed.value.frames))
        assert all(segment.end is None or record.pts < segment.end for record in stored(timed.value.frames))


def test_the_face_is_found_in_every_frame_that_is_looked_at(pipeline: Pipeline, two_faces: FaceClip) -> None:
    found = records(pipeline)
    assert sum(record.detections is not None for record in found) >= len(found) / 2
    for record, box in zip(found, two_faces.boxes, strict=True):
        if box is None:
            assert not record.detections
        elif record.detections is not None:
            x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            assert any(one.box[0] < x < one.box[2] and one.box[1] < y < one.box[3] for one in record.detections)


def test_any_split_finds_the_same(pipeline: Pipeline, in_one: Pipeline) -> None:
    assert len(in_one.segments) == 1
    assert records(in_one) == records(pipeline)
    assert crops(in_one) == crops(pipeline)


def test_every_segment_with_a_face_has_a_portrait_of_it(pipeline: Pipeline) -> None:
    for timed in pipeline.found:
        shown = {(crop.pts, crop.position) for crop in timed.value.crops}
        assert shown
        assert all(crop.jpeg.startswith(b"\xff\xd8") for crop in timed.value.crops)


@pytest.mark.parametrize("preset", [HALF_A_SECOND, WHOLE], ids=["split", "whole"])
def test_a_lower_rate_looks_at_frames_of_an_absolute_grid(pipeline: Pipeline, tmp_path: Path, preset: Preset) -> None:
    with (
        pipeline.again(tmp_path / "slow", preset=replace(preset, detection_rate=Fraction(8))) as slow,
        pipeline.again(tmp_path / "fast", preset=replace(preset, detection_rate=Fraction(24))) as fast,
    ):
        looked = [n for n, record in enumerate(records(slow)) if record.detections is not None]
        assert looked == list(range(0, 36, 3))
        full = records(fast)
        assert all(record.detections is not None for record in full)
        assert [records(slow)[n] for n in looked] == [full[n] for n in looked]


@dataclass
class Blind:
    """A detector that sees nothing and notes how large the pictures were."""

    sizes: list[list[int]] = field(default_factory=list)
    long_sides: tuple[int, ...] = (1280, 640)

    def detect(self, pictures: Sequence[Picture]) -> Faces:
        return self.detect_all([pictures])[0]

    def detect_all(self, frames: Sequence[Sequence[Picture]]) -> list[Faces]:
        self.sizes += [[max(picture.shape) for picture in pictures] for pictures in frames]
        return [nothing() for _ in frames]


@pytest.mark.parametrize(("resolution", "sides"), [(Resolution.SOURCE, [1280, 640]), (Resolution.STANDARD, [640, 640])])
def test_standard_definition_lowers_what_the_detector_sees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resolution: Resolution, sides: list[int]
) -> None:
    blind = Blind()
    monkeypatch.setattr(redactor.detect, "load", lambda _: blind)
    clip = make_clip(tmp_path / "wide.mp4", frames=1, width=1300, height=64)
    with Pipeline(clip.path, tmp_path, preset=Preset(resolution=resolution)) as wide:
        assert [record.detections for record in records(wide)] == [()]
    assert blind.sizes == [sides]


def test_detections_travel_as_json(pipeline: Pipeline) -> None:
    one = pipeline.found[0].value
    read = decode(SegmentDetections, encode(one))
    assert (read.n, read.crops, read.smallest_face, read.gaps) == (one.n, one.crops, one.smallest_face, one.gaps)
    for column in fields(Sightings):
        assert np.array_equal(getattr(read.frames, column.name), getattr(one.frames, column.name))


@pytest.mark.parametrize("at_once", [2, 10**9])
def test_looking_at_several_frames_at_once_finds_the_same(pipeline: Pipeline, at_once: int) -> None:
    for segment, alone in zip(pipeline.segments, pipeline.detected, strict=True):
        together = redactor.detect.detect(pipeline.source, pipeline.plan, segment, pipeline.preset, at_once=at_once)
        assert encode(together.detections) == encode(alone.detections)
        assert together.templates == alone.templates


@pytest.mark.parametrize("gop", [36, 12], ids=["one group", "groups"])
@pytest.mark.parametrize("at", [9, 12, 13, 14])
def test_a_face_that_is_there_for_one_frame_only_is_seen(tmp_path: Path, gop: int, at: int) -> None:
    """Between two points of the grid too, at the edge of a segment and inside: the picture changes as at a cut."""
    shown, _ = face_pictures(width=320, height=240, face_height=80)
    plain = np.full((240, 320, 3), (90, 120, 150), np.uint8)

    def picture(n: int) -> np.ndarray:
        return shown(n) if n == at else plain

    clip = make_clip(tmp_path / "flash.mp4", frames=36, width=320, height=240, gop=gop, picture=picture)
    with Pipeline(clip.path, tmp_path, preset=HALF_A_SECOND) as flash:
        found = [n for n, record in enumerate(records(flash)) if record.detections]
        looked = [n for n, record in enumerate(records(flash)) if record.detections is not None]
    assert found == [at]
    assert looked == sorted({*range(0, 36, 2), *range(0, 36, gop), at, at + 1})
