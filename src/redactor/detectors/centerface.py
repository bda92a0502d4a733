"""CenterFace (Xu et al., 2019): slower than YuNet, found in a Python package, the second opinion of `strict`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnxruntime

from redactor.detectors.blob import Blobs
from redactor.detectors.faces import Faces, Picture, united
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

    session: onnxruntime.InferenceSession
    long_sides: tuple[int, ...] = LONG_SIDES
    threshold: float = THRESHOLD
    blobs: Blobs = field(default_factory=Blobs)

    def detect(self, pictures: Sequence[Picture]) -> Faces:
        """As Detector.detect. Pictures of equal size (a small source) are looked at once."""
        sizes = {picture.shape: picture for picture in pictures}
        return united([self._detect_one(picture) for picture in sizes.values()], OVERLAP)

    def _detect_one(self, picture: Picture) -> Faces:
        high, wide = picture.shape[:2]
        answers = self.session.run(list(_CHANNELS), {_INPUT: self.blobs.blob(picture)})
        heat, scale, offset, points = (np.asarray(answer)[0].astype(np.float64) for answer in answers)
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
    inputs: dict[str, Sequence[str | int]] = {_INPUT: (1, 3, "height", "width")}
    outputs: dict[str, Sequence[str | int]] = {name: (1, n, "rows", "columns") for name, n in _CHANNELS.items()}
    return CenterFace(open_session(with_open_sizes(path.read_bytes(), inputs, outputs)))
