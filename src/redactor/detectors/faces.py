"""What every detector computes with: faces as arrays, suppression of doubles, and the way to Detections."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from redactor import coordinates
from redactor.detectors.detection import Box, Detection
from redactor.media.streams import VideoStream

Floats = npt.NDArray[np.float64]
Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Faces:
    """Faces in one picture, best first. boxes: (n, 4) x1, y1, x2, y2 and landmarks: (n, 10) x, y in turn (right eye,
    left eye, nose, right and left mouth corner), both as fractions of the picture's width and height; scores: (n,),
    0..1."""

    boxes: Floats
    scores: Floats
    landmarks: Floats


class Detector(Protocol):
    """long_sides: the longest sides of the pictures it wants (none is enlarged)."""

    @property
    def long_sides(self) -> tuple[int, ...]: ...

    def detect(self, pictures: Sequence[Picture]) -> Faces:
        """pictures: (h, w, 3) uint8 BGR, upright, square pixels, one for each of long_sides."""
        ...

    def detect_all(self, frames: Sequence[Sequence[Picture]]) -> list[Faces]:
        """The same for several frames of one video at once; none for none."""
        ...


def side_by_side(frames: Sequence[Sequence[Picture]]) -> list[list[Picture]]:
    """Frames' pictures by size, each time one of every frame; those of equal size (a small source) come once."""
    sizes = {picture.shape: n for n, picture in enumerate(frames[0])} if frames else {}
    return [[pictures[n] for pictures in frames] for n in sizes.values()]


def nothing() -> Faces:
    return Faces(np.empty((0, 4)), np.empty(0), np.empty((0, 10)))


def united(parts: Iterable[Faces], overlap: float) -> Faces:
    """All faces of the parts but those that a better one overlaps by more than `overlap` (intersection over union)."""
    parts = list(parts) or [nothing()]
    boxes = np.concatenate([p.boxes for p in parts])
    scores = np.concatenate([p.scores for p in parts])
    landmarks = np.concatenate([p.landmarks for p in parts])
    keep = suppressed(boxes, scores, overlap)
    return Faces(boxes[keep], scores[keep], landmarks[keep])


def suppressed(boxes: Floats, scores: Floats, overlap: float) -> npt.NDArray[np.intp]:
    """Indices that survive greedy non-maximum suppression, best first; ties go to the upper, then the left one."""
    order = np.lexsort((boxes[:, 0], boxes[:, 1], -scores))
    kept: list[int] = []
    while order.size:
        best, rest = int(order[0]), order[1:]
        kept.append(best)
        order = rest[_iou(boxes[best], boxes[rest]) <= overlap]
    return np.array(kept, dtype=np.intp)


def detections(faces: Faces, video: VideoStream) -> tuple[Detection, ...]:
    """Faces as fractions of the upright picture -> Detections in pixels of the decoded frame, on their exact grids."""
    wide, high = coordinates.size(video)
    boxes = _grid(coordinates.decoded_boxes(faces.boxes * np.tile([wide, high], 2), video))
    landmarks = _grid(coordinates.decoded_points(faces.landmarks * np.tile([wide, high], 5), video))
    rows = zip(boxes.tolist(), np.round(faces.scores, 4).tolist(), landmarks.tolist(), strict=True)
    return tuple(Detection(_box(box), score, landmarks=tuple(points)) for box, score, points in rows)


def _box(row: list[float]) -> Box:
    x1, y1, x2, y2 = row
    return x1, y1, x2, y2


def _grid(pixels: Floats) -> Floats:
    # 1/64 pixel is exact in binary and in JSON, so what merge reads is what detect found.
    return np.round(pixels * 64) / 64


def _iou(box: Floats, others: Floats) -> Floats:
    corner1, corner2 = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    shared = np.prod(np.clip(corner2 - corner1, 0, None), axis=1)
    areas = np.prod(others[:, 2:] - others[:, :2], axis=1)
    return np.asarray(shared / (np.prod(box[2:] - box[:2]) + areas - shared + 1e-12))
