"""What a detector makes of a picture, compared with the truth."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from redactor.detectors.faces import Detector
from redactor.media.upright import Image
from tests.media_factory import Box


@dataclass(frozen=True)
class Look:
    """The best face that overlaps the true one: its score and intersection over union; both 0 where there is none."""

    score: float
    overlap: float


def looks(detector: Detector, image: Image, face: Box) -> Look:
    """image: BGR, as large as the largest that the detector gets."""
    return looks_at(detector, image, [face])[0]


def looks_at(detector: Detector, image: Image, faces: Iterable[Box]) -> list[Look]:
    height, width = image.shape[:2]
    found = detector.detect([_shrunk(image, side) for side in detector.long_sides])
    boxes = found.boxes * np.tile([width, height], 2)
    return [_best(boxes, found.scores, np.array(face)) for face in faces]


def people(shared_media: Path) -> tuple[list[Image], list[list[Box]]]:
    """Every 40th picture of synth_dev.mp4 at 640x360, and the faces in it that can be seen whole."""
    truth = json.loads((shared_media / "synth_dev.truth.json").read_text())["frames"]
    with av.open(str(shared_media / "synth_dev.mp4")) as clip:
        frames = {n: frame for n, frame in enumerate(clip.decode(video=0)) if n % 40 == 0}
    pictures = [
        np.asarray(frame.to_ndarray(width=640, height=360, format="bgr24", interpolation="AREA"), np.uint8)
        for frame in frames.values()
    ]
    whole = [[one["box"] for one in truth[n] if one["visible"] == 1] for n in frames]
    return pictures, [[tuple(side / 2 for side in box) for box in boxes] for boxes in whole]


def plain(frame: av.VideoFrame) -> Image:
    """The picture as swscale converts it, whatever it is."""
    return np.asarray(frame.reformat(format="bgr24", interpolation="AREA", threads=1).to_ndarray(), np.uint8)


def _best(boxes: np.ndarray, scores: np.ndarray, face: np.ndarray) -> Look:
    shared = np.clip(np.minimum(boxes[:, 2:], face[2:]) - np.maximum(boxes[:, :2], face[:2]), 0, None).prod(axis=1)
    overlap = shared / ((boxes[:, 2:] - boxes[:, :2]).prod(axis=1) + (face[2:] - face[:2]).prod() - shared)
    there = [(score, part) for score, part in zip(scores.tolist(), overlap.tolist(), strict=True) if part > 0.4]
    return Look(*max(there, default=(0.0, 0.0)))


def _shrunk(image: Image, side: int) -> Image:
    scale = min(1.0, side / max(image.shape[:2]))
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
