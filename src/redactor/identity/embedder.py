"""Face embeddings: dlib's ResNet on aligned faces: by its five-point predictor, or, in profile, where that one is lost,
by the detector's own landmarks.

dlib comes with the extra `identity`. 128 dimensions, compared by Euclidean distance; 8 ms of CPU a face.
"""

import base64
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from redactor.detectors.detection import Box
from redactor.detectors.faces import Floats, Picture
from redactor.identity import resnet
from redactor.memory import give_back

# What the network was trained on: faces with a quarter of their size around them.
_CHIP, _PADDING = resnet.SIDE, 0.25
# Where the detector's landmarks lie in faces that the predictor aligned (medians of 146 frontal ones), pixels.
_LANDMARKS = np.array([[46.9, 41.1], [105.7, 44.4], [75.0, 75.4], [49.5, 100.9], [99.0, 104.0]])


class Embedder:
    """Turns portraits into embeddings. Opening it takes a tenth of a second; one serves all frames of a segment."""

    def __init__(self, landmarks: Path, network: Path) -> None:
        """Verified files of models.MODELS. Raises ImportError where dlib is not installed."""
        import dlib  # noqa: PLC0415  optional, and large

        from redactor.detectors.session import open_session  # noqa: PLC0415  who only reads embeddings runs no network

        self._dlib: Any = dlib
        self._landmarks = dlib.shape_predictor(str(landmarks))
        graph, weights = resnet.graph(network.read_bytes())
        self._network = open_session(graph, weights=weights)
        # Three copies of 22 MB were made on the way, and would lie about in pieces while the detector works.
        del weights
        give_back()

    def embed(self, portrait: Picture, face: Box, landmarks: Floats | None = None) -> str:
        """The embedding of one face, as text. portrait: (h, w, 3) uint8 BGR, upright; face: tight, in its pixels;
        landmarks: of one in profile, (5, 2), in its pixels."""
        picture: Picture = np.ascontiguousarray(portrait[:, :, ::-1])
        chip = self._aligned(picture, face) if landmarks is None else _placed(picture, landmarks)
        planes = chip.transpose(2, 0, 1)[None].astype(np.float32)
        (embeddings,) = self._network.run([resnet.OUTPUT], {resnet.INPUT: planes})
        return _text(np.asarray(embeddings)[0])

    def _aligned(self, picture: Picture, face: Box) -> Picture:
        place = self._dlib.rectangle(*(math.floor(value + 0.5) for value in face))
        chip: Picture = self._dlib.get_face_chip(picture, self._landmarks(picture, place), _CHIP, _PADDING)
        return chip


def _placed(picture: Picture, landmarks: Floats) -> Picture:
    """Turned, scaled and moved so that the landmarks come nearest to where they belong (least squares)."""
    middle, target = landmarks.mean(axis=0), _LANDMARKS.mean(axis=0)
    have = (landmarks - middle) @ np.array([1, 1j])
    want = (_LANDMARKS - target) @ np.array([1, 1j])
    turn = np.vdot(have, want) / max(np.vdot(have, have).real, 1e-6)
    matrix = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    move = np.concatenate([matrix, (target - matrix @ middle)[:, None]], axis=1)
    return np.asarray(cv2.warpAffine(picture, move, (_CHIP, _CHIP)), np.uint8)


def vector(text: str) -> Floats:
    """What Embedder.embed wrote: (resnet.SIZE,) float64."""
    return np.frombuffer(base64.b64decode(text), "<f4").astype(np.float64)


def _text(embedding: Floats) -> str:
    return base64.b64encode(embedding.astype("<f4").tobytes()).decode()
