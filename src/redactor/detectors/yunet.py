"""YuNet (Wu et al., 2023) at two scales: a small picture for dark, blurred close-ups, a large one for small faces."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from redactor.detectors.blob import Blobs
from redactor.detectors.bysize import Network
from redactor.detectors.faces import Faces, Floats, Picture, nothing, side_by_side, united
from redactor.detectors.session import open_session

# Measured on street, dark and interview clips: no single input size finds both kinds of faces; below .3 the false boxes
# grow faster than the faces. At 1056 no more faces are visible than at 1280, for a third less time (docs/decisions.md).
LONG_SIDES = (320, 1056)
THRESHOLD = 0.3
OVERLAP = 0.4
_STRIDES = (8, 16, 32)


@dataclass(frozen=True)
class YuNet:
    """Detector over an ONNX session of yunet_[ns]_dynamic: BGR 0-255, any size that is a multiple of 32."""

    session: Network
    long_sides: tuple[int, ...] = LONG_SIDES
    threshold: float = THRESHOLD
    blobs: Blobs = field(default_factory=Blobs)

    def detect(self, pictures: Sequence[Picture]) -> Faces:
        """As Detector.detect."""
        return self.detect_all([pictures])[0]

    def detect_all(self, frames: Sequence[Sequence[Picture]]) -> list[Faces]:
        """As Detector.detect_all."""
        by_size = [self._look(pictures) for pictures in side_by_side(frames)]
        return [united(parts, OVERLAP) for parts in zip(*by_size, strict=True)]

    def _look(self, pictures: Sequence[Picture]) -> list[Faces]:
        high, wide = pictures[0].shape[:2]
        planes = self.blobs.blob(*pictures)
        names = [output.name for output in self.session.get_outputs()]
        answers = dict(zip(names, self.session.run(names, {"input": planes}), strict=True))
        columns = planes.shape[3]
        found = []
        for n in range(len(pictures)):
            raw = {name: np.asarray(answer)[n] for name, answer in answers.items()}
            parts = [_decoded(raw, stride, columns // stride, self.threshold) for stride in _STRIDES]
            boxes, scores, landmarks = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
            faces = Faces(boxes / np.tile([wide, high], 2), scores, landmarks / np.tile([wide, high], 5))
            found.append(faces if scores.size else nothing())
        return found


def _decoded(raw: Mapping[str, Floats], stride: int, columns: int, threshold: float) -> tuple[Floats, Floats, Floats]:
    """Boxes, scores and landmarks of one stride, in pixels: each cell predicts from its upper left corner."""
    square = raw[f"cls_{stride}"][:, 0] * raw[f"obj_{stride}"][:, 0]
    cells = np.flatnonzero(square >= threshold**2)
    scores = np.sqrt(square[cells].astype(np.float64))
    corner = np.stack([cells % columns, cells // columns], axis=1).astype(np.float64)
    shape = raw[f"bbox_{stride}"][cells].astype(np.float64)
    centre, half = (corner + shape[:, :2]) * stride, np.exp(shape[:, 2:]) * stride / 2
    landmarks = (np.tile(corner, 5) + raw[f"kps_{stride}"][cells]) * stride
    return np.concatenate([centre - half, centre + half], axis=1), scores, landmarks


def load(path: Path) -> YuNet:
    return YuNet(open_session(path.read_bytes()))
