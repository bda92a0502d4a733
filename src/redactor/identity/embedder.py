"""Face embeddings: dlib's ResNet (King, 2017) on faces that its five-point predictor aligned.

dlib comes with the extra `identity`. 128 dimensions, compared by Euclidean distance; 75 ms of CPU a face.
"""

import base64
import math
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from redactor.detectors.detection import Box
from redactor.detectors.faces import Floats, Picture

SIZE = 128
# What the network was trained on: faces of 150 x 150 px with a quarter of their size around them.
_CHIP, _PADDING = 150, 0.25


def installed() -> bool:
    """Whether dlib is there; it is not imported."""
    return find_spec("dlib") is not None


class Embedder:
    """Turns portraits into embeddings. Opening it takes a tenth of a second; one serves all frames of a segment."""

    def __init__(self, landmarks: Path, network: Path) -> None:
        """Verified files of models.MODELS. Raises ImportError where dlib is not installed."""
        import dlib  # noqa: PLC0415  optional, and large

        self._dlib: Any = dlib
        self._landmarks = dlib.shape_predictor(str(landmarks))
        self._network = dlib.face_recognition_model_v1(str(network))

    def embed(self, portrait: Picture, face: Box) -> str:
        """The embedding of one face, as text. portrait: (h, w, 3) uint8 BGR, upright; face: tight, in its pixels."""
        picture = np.ascontiguousarray(cv2.cvtColor(portrait, cv2.COLOR_BGR2RGB))
        place = self._dlib.rectangle(*(math.floor(value + 0.5) for value in face))
        chip = self._dlib.get_face_chip(picture, self._landmarks(picture, place), _CHIP, _PADDING)
        return _text(np.array(self._network.compute_face_descriptor(chip)))


def vector(text: str) -> Floats:
    """What Embedder.embed wrote: (SIZE,) float64."""
    return np.frombuffer(base64.b64decode(text), "<f4").astype(np.float64)


def _text(embedding: Floats) -> str:
    return base64.b64encode(embedding.astype("<f4").tobytes()).decode()
