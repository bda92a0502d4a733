"""Pictures for detection: upright, square pixels, small. coordinates.py knows the way back to the decoded frame."""

from collections.abc import Sequence

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from redactor.media.streams import VideoStream

Image = NDArray[np.uint8]

_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


def upright_bgr(frame: VideoFrame, video: VideoStream, long_sides: Sequence[int]) -> list[Image]:
    """The frame upright and with square pixels, once for each wanted long side (pixels), never enlarged.

    Each is height x width x 3, uint8, BGR, contiguous, own memory.
    Converted and shrunk to the largest in one go, which is cheap; each smaller one is made of the next larger. All by
    averaging areas.
    """
    wanted = sorted(set(long_sides), reverse=True)
    image = _converted(frame, _size(video, wanted[0]))
    images: dict[int, Image] = {}
    for side in wanted:
        image = _shrunk(image, _size(video, side))
        images[side] = image
    return [_turned(images[side], video) for side in long_sides]


def _size(video: VideoStream, long_side: int) -> tuple[int, int]:
    """Width and height before rotation, square pixels, the longer one at most long_side; neither grows."""
    width, height = float(video.width), float(video.height)
    aspect = float(video.sample_aspect)
    width, height = (width, height / aspect) if aspect > 1 else (width * aspect, height)
    scale = min(1.0, long_side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _converted(frame: VideoFrame, size: tuple[int, int]) -> Image:
    bgr = frame.reformat(width=size[0], height=size[1], format="bgr24", interpolation="AREA", threads=1)
    return np.asarray(bgr.to_ndarray(), np.uint8)


def _shrunk(image: Image, size: tuple[int, int]) -> Image:
    if (image.shape[1], image.shape[0]) == size:
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _turned(image: Image, video: VideoStream) -> Image:
    turn = _TURNS.get(video.rotation)
    return np.ascontiguousarray(image if turn is None else np.asarray(cv2.rotate(image, turn), np.uint8))
