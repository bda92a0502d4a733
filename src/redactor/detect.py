"""Detect: every face in every frame of one segment.

What is found in a frame depends on that frame and its time alone, never on where the segment begins.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from redactor.crops import Crop, Keeper
from redactor.detectors import lighting, load
from redactor.detectors.detection import FrameRecord
from redactor.detectors.faces import Detector, detections
from redactor.detectors.scale import long_sides, smallest_face
from redactor.identity.sampling import Sampler, Template
from redactor.identity.weights import open_embedder
from redactor.looks import is_looked_at
from redactor.media.decode import Decoded
from redactor.media.gaps import seen_by
from redactor.media.source import Source
from redactor.media.streams import Gap, Segment, VideoStream
from redactor.media.upright import upright_bgr
from redactor.plan import Plan
from redactor.preset import Preset
from redactor.scenes import lightness, signature

# Pixels of the longest side of the picture that signatures are made of.
_MARKED = 320
# The signature of a black frame.
_BLACK = signature(np.zeros((_MARKED, _MARKED, 3), np.uint8))


@dataclass(frozen=True)
class SegmentDetections:
    """detections/<n>: all frames of the segment in presentation order, and the portraits that may become thumbnails.

    smallest_face: height in upright pixels of the source below which faces were not seen. gaps: frames that nobody
    could look at.
    """

    n: int
    frames: tuple[FrameRecord, ...]
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


def detect(source: Source, plan: Plan, segment: Segment, preset: Preset) -> Found:
    """Looks at the frames that looks.py names, and notes the time of all.

    Raises DamagedVideo; ModelMissing where the plan's weights are not to be had here.
    """
    video, detector = plan.streams.video, load(tuple(plan.models))
    embed = open_embedder().embed if plan.identity else None

    def look(frames: Iterable[Decoded]) -> Found:
        sampler = Sampler(video, embed) if embed else None
        eyes = _Eyes(video, preset, detector, long_sides(detector, video, preset), Keeper(video), sampler)
        records = tuple(_record(decoded, eyes) for decoded in frames)
        found = SegmentDetections(segment.n, records, eyes.keeper.crops(), smallest_face(eyes.sides, video))
        return Found(found, sampler.templates if sampler else None)

    found, gaps = seen_by(look, source, video, segment, allowed=preset.experimental.allow_gaps)
    return replace(found, detections=replace(found.detections, gaps=gaps))


def _record(decoded: Decoded, eyes: _Eyes) -> FrameRecord:
    frame, time = decoded.frame, decoded.time
    if decoded.black:
        return FrameRecord(time.pts, time.duration, _BLACK, None)
    mark = signature(upright_bgr(frame, eyes.video, [_MARKED])[0])
    if not is_looked_at(time, mark, eyes.video, eyes.preset):
        return FrameRecord(time.pts, time.duration, mark, None)
    pictures = upright_bgr(frame, eyes.video, eyes.sides)
    found = detections(lighting.detect(eyes.detector, pictures, lightness(mark)), eyes.video)
    record = FrameRecord(time.pts, time.duration, mark, eyes.keeper.add(time.pts, found, pictures[-1]))
    if eyes.sampler:
        eyes.sampler.add(record, found, pictures[-1])
    return record
