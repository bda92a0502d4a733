"""Detect: every face in every frame of one segment.

What is found in a frame depends on that frame and its time alone, never on where the segment begins.
"""

from dataclasses import dataclass
from fractions import Fraction

from redactor.crops import Crop, Keeper
from redactor.detectors import load
from redactor.detectors.detection import FrameRecord
from redactor.detectors.faces import Detector, detections
from redactor.media.decode import Decoded, decode
from redactor.media.source import Source
from redactor.media.streams import FrameTime, Segment, VideoStream
from redactor.media.upright import upright_bgr
from redactor.plan import Plan
from redactor.preset import Preset, Resolution
from redactor.scenes import signature

# StandardDefinition analyses 1920x1080 at 640x360.
_STANDARD = 640


@dataclass(frozen=True)
class SegmentDetections:
    """detections/<n>: all frames of the segment in presentation order, and the portraits that may become thumbnails."""

    n: int
    frames: tuple[FrameRecord, ...]
    crops: tuple[Crop, ...]


def detect(source: Source, plan: Plan, segment: Segment, preset: Preset) -> SegmentDetections:
    """Looks at every frame, or at those on the grid of the preset's detection rate.

    Raises DamagedVideo; ModelMissing where the plan's weights are not to be had here.
    """
    video, detector = plan.streams.video, load(tuple(plan.models))
    sides, keeper = _long_sides(detector, preset), Keeper(video)
    records = tuple(
        _record(decoded, video, detector, sides, keeper, look=is_looked_at(decoded.time, video, preset.detection_rate))
        for decoded in decode(source, video, segment)
    )
    return SegmentDetections(segment.n, records, keeper.crops())


def is_looked_at(time: FrameTime, video: VideoStream, rate: Fraction | None) -> bool:
    """Whether a point of the absolute grid of multiples of 1/rate seconds lies in [pts, pts + duration)."""
    if rate is None:
        return True
    first, after = time.pts * video.time_base * rate, (time.pts + time.duration) * video.time_base * rate
    return -(-first // 1) < after


def _long_sides(detector: Detector, preset: Preset) -> tuple[int, ...]:
    most = _STANDARD if preset.resolution is Resolution.STANDARD else max(detector.long_sides)
    return tuple(min(side, most) for side in detector.long_sides)


def _record(
    decoded: Decoded, video: VideoStream, detector: Detector, sides: tuple[int, ...], keeper: Keeper, *, look: bool
) -> FrameRecord:
    pictures = upright_bgr(decoded.frame, video, sides)
    mark = signature(pictures[0])
    if not look:
        return FrameRecord(decoded.time.pts, decoded.time.duration, mark, None)
    found = detections(detector.detect(pictures), video)
    judged = keeper.add(decoded.time.pts, found, pictures[-1])
    return FrameRecord(decoded.time.pts, decoded.time.duration, mark, judged)
