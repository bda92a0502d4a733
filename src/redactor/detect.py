"""Detect: every face in every frame of one segment.

What is found in a frame depends on that frame and its time alone, never on where the segment begins.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace

import numpy as np

from redactor.ahead import ahead
from redactor.crops import Crop, Keeper
from redactor.detectors import lighting, load
from redactor.detectors.detection import FrameRecord
from redactor.detectors.faces import Detector, Faces, Picture, detections
from redactor.detectors.scale import long_sides, smallest_face
from redactor.detectors.session import pictures_at_once
from redactor.identity.sampling import Sampler, Template
from redactor.identity.weights import open_embedder
from redactor.looks import is_looked_at
from redactor.media.decode import Decoded
from redactor.media.gaps import seen_by
from redactor.media.source import Source
from redactor.media.streams import FrameTime, Gap, Segment, VideoStream
from redactor.media.upright import upright_bgr
from redactor.plan import Plan
from redactor.preset import Preset
from redactor.scenes import is_cut, lightness, signature
from redactor.sightings import Sightings

# Pixels of the longest side of the picture that signatures are made of.
_MARKED = 320
# The signature of a black frame.
_BLACK = signature(np.zeros((_MARKED, _MARKED, 3), np.uint8))


@dataclass(frozen=True, eq=False)
class SegmentDetections:
    """detections/<n>: all frames of the segment in presentation order, and the portraits that may become thumbnails.

    smallest_face: height in upright pixels of the source below which faces were not seen. gaps: frames that nobody
    could look at.
    """

    n: int
    frames: Sightings
    crops: tuple[Crop, ...]
    smallest_face: float
    gaps: tuple[Gap, ...] = ()


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
    """A frame as far as it can be prepared ahead. lights: its pictures, one for each side, in each light in which they
    should be looked at, none where nobody looks. picture: the largest, as it is."""

    time: FrameTime
    mark: bytes
    lights: tuple[Sequence[Picture], ...] = ()
    picture: Picture | None = None


def detect(source: Source, plan: Plan, segment: Segment, preset: Preset, at_once: int | None = None) -> Found:
    """Looks at the frames that looks.py names, and notes the time of all.

    at_once: pictures that the networks are given at a time, at least; None: as it suits what runs them. Raises
    DamagedVideo; ModelMissing where the plan's weights are not to be had here; GpuMissing where a GPU was asked for and
    there is none.
    """
    video, detector = plan.streams.video, load(tuple(plan.models))
    embed = open_embedder().embed if plan.identity else None
    pictures = pictures_at_once() if at_once is None else at_once

    def look(frames: Iterable[Decoded]) -> Found:
        sampler = Sampler(video, embed) if embed else None
        eyes = _Eyes(video, preset, detector, long_sides(detector, video, preset), Keeper(video), sampler)
        batches = _batches(_frames(frames, eyes), pictures)
        # While one batch is looked at, the next is decoded; with one frame at a time that gains nothing.
        with ahead(batches, 2) if pictures > 1 else nullcontext(batches) as prepared:
            seen = Sightings.of(record for batch in prepared for record in _records(batch, eyes))
        found = SegmentDetections(segment.n, seen, eyes.keeper.crops(), smallest_face(eyes.sides, video))
        return Found(found, sampler.templates if sampler else None)

    found, gaps = seen_by(look, source, video, segment, allowed=preset.experimental.allow_gaps)
    return replace(found, detections=replace(found.detections, gaps=gaps))


def _batches(frames: Iterable[_Frame], pictures: int) -> Iterator[list[_Frame]]:
    """Runs of frames in order, each with so many pictures of a size to look at, the last with what is left."""
    batch, seen = list[_Frame](), 0
    for frame in frames:
        batch.append(frame)
        seen += len(frame.lights)
        if seen >= pictures:
            yield batch
            batch, seen = [], 0
    if batch:
        yield batch


def _frames(found: Iterable[Decoded], eyes: _Eyes) -> Iterator[_Frame]:
    before: bytes | None = None
    for decoded in found:
        frame = _frame(decoded, eyes, before)
        yield frame
        before = frame.mark


def _frame(decoded: Decoded, eyes: _Eyes, before: bytes | None) -> _Frame:
    """before: the signature of the frame before it, None where that is another segment's: then this is a key frame,
    and these are looked at in any segment."""
    frame, time = decoded.frame, decoded.time
    if decoded.black:
        return _Frame(time, _BLACK)
    (small,) = upright_bgr(frame, eyes.video, [_MARKED])
    mark = signature(small)

    def fresh() -> bool:
        return frame.key_frame or (before is not None and is_cut(before, mark))

    if not is_looked_at(time, mark, eyes.video, eyes.preset, fresh):
        return _Frame(time, mark)
    others = [side for side in eyes.sides if side != _MARKED]
    by_side = {_MARKED: small, **dict(zip(others, upright_bgr(frame, eyes.video, others), strict=True))}
    pictures = [by_side[side] for side in eyes.sides]
    return _Frame(time, mark, tuple(lighting.lights(pictures, lightness(mark))), pictures[-1])


def _records(batch: Sequence[_Frame], eyes: _Eyes) -> Iterator[FrameRecord]:
    seen = iter(eyes.detector.detect_all([pictures for frame in batch for pictures in frame.lights]))
    for frame in batch:
        yield _record(frame, [next(seen) for _ in frame.lights], eyes)


def _record(frame: _Frame, seen: Sequence[Faces], eyes: _Eyes) -> FrameRecord:
    """seen: what was found in each light of the frame, none where nobody looked."""
    time = frame.time
    if frame.picture is None:
        return FrameRecord(time.pts, time.duration, frame.mark, None)
    found = detections(lighting.together(seen), eyes.video)
    record = FrameRecord(time.pts, time.duration, frame.mark, eyes.keeper.add(time.pts, found, frame.picture))
    if eyes.sampler:
        eyes.sampler.add(record, found, frame.picture)
    return record
