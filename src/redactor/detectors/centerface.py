"""CenterFace (Xu et al., 2019): slower than YuNet, found in a Python package, the second opinion of `strict`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from redactor.detectors.blob import Blobs
from redactor.detectors.bysize import Network
from redactor.detectors.faces import Faces, Floats, Picture, side_by_side, united
from redactor.detectors.graph import with_open_sizes
from redactor.detectors.session import open_session

LONG_SIDES = (320, 960)
THRESHOLD = 0.35
OVERLAP = 0.4
_STRIDE = 4

_INPUT = "input.1"
_HEATMAP, _SCALE, _OFFSET, _LANDMARKS = "537", "538", "539", "540"
_CHANNELS = {_HEATMAP: 1, _SCALE: 2, _OFFSET: 2, _LANDMARKS: 10}


@dataclass(frozen=True)
class CenterFace:
    """Detector over an ONNX session of centerface.onnx with open sizes: 0-255, any size that is a multiple of 32."""

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
        answers = self.session.run(list(_CHANNELS), {_INPUT: self.blobs.blob(*pictures)})
        planes = zip(*(np.asarray(answer).astype(np.float64) for answer in answers), strict=True)
        return [self._faces(high, wide, each) for each in planes]

    def _faces(self, high: int, wide: int, planes: tuple[Floats, ...]) -> Faces:
        heat, scale, offset, points = planes
        rows, columns = np.nonzero(heat[0] >= self.threshold)
        size = np.exp(scale[:, rows, columns].T) * _STRIDE  # height, width
        centre = (np.stack([rows, columns], axis=1) + offset[:, rows, columns].T + 0.5) * _STRIDE  # y, x
        corner = centre - size / 2
        boxes = np.concatenate([corner[:, ::-1], (corner + size)[:, ::-1]], axis=1)
        # Landmarks come as y, x in units of the box, from its upper left corner.
        landmarks = points[:, rows, columns].T.reshape(-1, 5, 2) * size[:, None] + corner[:, None]
        flat = landmarks[:, :, ::-1].reshape(-1, 10)
        return Faces(boxes / np.tile([wide, high], 2), heat[0, rows, columns], flat / np.tile([wide, high], 5))


def load(path: Path) -> CenterFace:
    inputs: dict[str, Sequence[str | int]] = {_INPUT: ("frames", 3, "height", "width")}
    outputs: dict[str, Sequence[str | int]] = {name: ("frames", n, "rows", "columns") for name, n in _CHANNELS.items()}
    return CenterFace(open_session(with_open_sizes(path.read_bytes(), inputs, outputs)))
