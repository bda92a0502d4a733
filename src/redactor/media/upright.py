"""Pictures for detection: upright, square pixels, small; and the way back to the decoded frame's pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from redactor.media.streams import VideoStream

Image = NDArray[np.uint8]
Coordinates = NDArray[np.float64]

_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


@dataclass(frozen=True)
class Mapping:
    """From an upright image back to the decoded frame. Coordinates are continuous: pixel n spans [n, n+1).

    width, height: of the upright image. rotation: degrees clockwise that made it upright. decoded_width,
    decoded_height: of the decoded frame, before rotation and pixel aspect.
    """

    width: int
    height: int
    rotation: int
    decoded_width: int
    decoded_height: int

    def points(self, points: NDArray[np.floating]) -> Coordinates:
        """... x 2 (x, y) in the image -> ... x 2 (x, y) in the decoded frame, float64, not clipped."""
        share = np.asarray(points, np.float64) / (self.width, self.height)
        u, v = share[..., 0], share[..., 1]
        x, y = {0: (u, v), 90: (v, 1 - u), 180: (1 - u, 1 - v), 270: (1 - v, u)}[self.rotation]
        return np.stack([x * self.decoded_width, y * self.decoded_height], axis=-1)

    def boxes(self, boxes: NDArray[np.floating]) -> Coordinates:
        """... x 4 [x1, y1, x2, y2) in the image -> the same in the decoded frame, float64, not clipped."""
        boxes = np.asarray(boxes, np.float64)
        corners = self.points(boxes.reshape(*boxes.shape[:-1], 2, 2))
        return np.concatenate([corners.min(axis=-2), corners.max(axis=-2)], axis=-1)


@dataclass(frozen=True)
class Upright:
    """image: height x width x 3, uint8, BGR, contiguous, own memory. mapping: back to the decoded frame."""

    image: Image
    mapping: Mapping


def upright_bgr(frame: VideoFrame, video: VideoStream, long_sides: Sequence[int]) -> list[Upright]:
    """The frame upright and with square pixels, once for each wanted long side (pixels), never enlarged.

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


def _turned(image: Image, video: VideoStream) -> Upright:
    turn = _TURNS.get(video.rotation)
    turned = image if turn is None else np.asarray(cv2.rotate(image, turn), np.uint8)
    mapping = Mapping(turned.shape[1], turned.shape[0], video.rotation, video.width, video.height)
    return Upright(np.ascontiguousarray(turned), mapping)
