"""Detect: every face in every frame of one segment.

What is found in a frame depends on that frame and its time alone, never on where the segment begins.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from redactor.ahead import ahead
from redactor.crops import Crop, Keeper
from redactor.detectors import load
from redactor.detectors.detection import FrameRecord
from redactor.detectors.faces import Detector, Faces, Picture, detections
from redactor.detectors.scale import long_sides, smallest_face
from redactor.detectors.session import pixels_at_once
from redactor.identity.sampling import Sampler, Template
from redactor.identity.weights import open_embedder
from redactor.looks import is_looked_at
from redactor.media.decode import Decoded, decode
from redactor.media.source import Source
from redactor.media.streams import FrameTime, Segment, VideoStream
from redactor.media.upright import upright_bgr
from redactor.plan import Plan
from redactor.preset import Preset
from redactor.scenes import signature

# Pixels of the longest side of the picture that signatures are made of.
_MARKED = 320


@dataclass(frozen=True)
class SegmentDetections:
    """detections/<n>: all frames of the segment in presentation order, and the portraits that may become thumbnails.

    smallest_face: height in upright pixels of the source below which faces were not seen.
    """

    n: int
    frames: tuple[FrameRecord, ...]
    crops: tuple[Crop, ...]
    smallest_face: float


@dataclass(frozen=True)
class Found:
    """templates: face embeddings, kept apart from the rest so that they can be erased; None where none were made."""

    detections: SegmentDetections
    templates: tuple[Template, ...] | None


@dataclass(frozen=True)
class _Eyes:
    """All that looks at a frame. sampler: None where no faces are embedded."""

    video: VideoStream
    preset: Preset
    detector: Detector
    sides: tuple[int, ...]
    keeper: Keeper
    sampler: Sampler | None


@dataclass(frozen=True)
class _Frame:
    """A frame as far as it can be prepared ahead. pictures: one for each side, none where nobody looks."""

    time: FrameTime
    mark: str
    pictures: tuple[Picture, ...]


def detect(source: Source, plan: Plan, segment: Segment, preset: Preset, at_once: int | None = None) -> Found:
    """Looks at the frames that looks.py names, and notes the time of all.

    at_once: pixels that the networks are given at a time, at least; None: as it suits what runs them. Raises
    DamagedVideo; ModelMissing where the plan's weights are not to be had here; GpuMissing where a GPU was asked for and
    there is none.
    """
    video, detector = plan.streams.video, load(tuple(plan.models))
    sampler = Sampler(video, open_embedder().embed) if plan.identity else None
    eyes = _Eyes(video, preset, detector, long_sides(detector, video, preset), Keeper(video), sampler)
    pixels = pixels_at_once() if at_once is None else at_once
    frames = (_frame(decoded, eyes) for decoded in decode(source, video, segment))
    if pixels > 1:
        # While a batch is looked at, the next one is decoded.
        with ahead(batches(frames, pixels), 2) as prepared:
            records = tuple(record for batch in prepared for record in _records(batch, eyes))
    else:
        records = tuple(record for batch in batches(frames, pixels) for record in _records(batch, eyes))
    found = SegmentDetections(segment.n, records, eyes.keeper.crops(), smallest_face(eyes.sides, video))
    return Found(found, sampler.templates if sampler else None)


def batches(frames: Iterable[_Frame], pixels: int) -> Iterator[list[_Frame]]:
    """Runs of frames in order, each with so many pixels to look at, the last with what is left."""
    batch, seen = list[_Frame](), 0
    for frame in frames:
        batch.append(frame)
        seen += sum(picture.shape[0] * picture.shape[1] for picture in frame.pictures[-1:])
        if seen >= pixels:
            yield batch
            batch, seen = [], 0
    if batch:
        yield batch


def _frame(decoded: Decoded, eyes: _Eyes) -> _Frame:
    frame, time = decoded.frame, decoded.time
    mark = signature(upright_bgr(frame, eyes.video, [_MARKED])[0])
    looks = is_looked_at(time, mark, eyes.video, eyes.preset)
    return _Frame(time, mark, tuple(upright_bgr(frame, eyes.video, eyes.sides)) if looks else ())


def _records(batch: Sequence[_Frame], eyes: _Eyes) -> Iterator[FrameRecord]:
    faces = iter(eyes.detector.detect_all([frame.pictures for frame in batch if frame.pictures]))
    for frame in batch:
        yield _record(frame, next(faces) if frame.pictures else None, eyes)


def _record(frame: _Frame, faces: Faces | None, eyes: _Eyes) -> FrameRecord:
    time = frame.time
    if faces is None:
        return FrameRecord(time.pts, time.duration, frame.mark, None)
    found, picture = detections(faces, eyes.video), frame.pictures[-1]
    record = FrameRecord(time.pts, time.duration, frame.mark, eyes.keeper.add(time.pts, found, picture))
    if eyes.sampler:
        eyes.sampler.add(record, found, picture)
    return record
