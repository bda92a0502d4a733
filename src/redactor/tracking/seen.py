"""All detections of the video as arrays, in the coordinates in which tracking is easy: upright, and still when the
camera pans."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from redactor import coordinates, scenes
from redactor.detectors.detection import FrameRecord
from redactor.media.streams import VideoStream

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Seen:
    """One row a detection, ordered by frame, then by position in its frame; F frames, N rows.

    frame, position, score: (N,); boxes: (N, 4) upright pixels; still: (N, 4) the same where they would be had the
    camera not moved since the shot began; first: (F + 1,), rows first[f]:first[f + 1] are frame f's. seconds: (F,),
    since the first frame; looked: (L,), frames that the detector looked at, ascending; interval: seconds between them;
    shot: (F,); camera: (F, 2) upright pixels that still things have moved since their shot began. size: (width, height)
    of the upright picture.
    """

    frame: Ints
    position: Ints
    score: Floats
    boxes: Floats
    still: Floats
    first: Ints
    seconds: Floats
    looked: Ints
    interval: float
    shot: Ints
    camera: Floats
    size: tuple[float, float]


def gather(records: Sequence[FrameRecord], video: VideoStream) -> Seen:
    """The arrays of all records, in presentation order."""
    counts = np.array([len(record.detections or ()) for record in records], dtype=np.int64)
    found = [detection for record in records for detection in record.detections or ()]
    boxes = np.array([detection.box for detection in found], dtype=np.float64).reshape(-1, 4)
    boxes = coordinates.upright_boxes(boxes, video)
    first = np.concatenate([[0], np.cumsum(counts)])
    frame = np.repeat(np.arange(len(records)), counts)
    pts = np.array([record.pts for record in records], dtype=np.int64)
    seconds = np.asarray((pts - pts[:1]) * float(video.time_base), dtype=np.float64)
    looked = [n for n, record in enumerate(records) if record.detections is not None]
    scene = scenes.read(record.signature for record in records)
    size = coordinates.size(video)
    camera = scene.camera * size
    return Seen(
        frame=frame,
        position=np.arange(len(found)) - first[frame],
        score=np.array([detection.score for detection in found], dtype=np.float64),
        boxes=boxes,
        still=boxes - np.tile(camera[frame], 2),
        first=first,
        seconds=seconds,
        looked=np.array(looked, dtype=np.int64),
        interval=float(np.median(np.diff(seconds[looked]))) if len(looked) > 1 else 0.0,
        shot=scene.shot,
        camera=camera,
        size=size,
    )


def points(seen: Seen) -> list[tuple[float, float, float]]:
    """Of each row: centre x, centre y (still pixels) and size (root of the area), as plain numbers for plain loops."""
    centres, sides = (seen.still[:, :2] + seen.still[:, 2:]) / 2, seen.still[:, 2:] - seen.still[:, :2]
    sizes = np.sqrt(sides.prod(axis=1).clip(1e-6))
    return [(x, y, size) for (x, y), size in zip(centres.tolist(), sizes.tolist(), strict=True)]
