"""From the decoded frame to the picture a person sees, and back: rotation and pixel aspect, for boxes and points.

Decoded: pixels of the frame as the codec gives it. Upright: turned as a player turns it, with square pixels (a decoded
pixel is sample_aspect wide and 1 high). Both have the origin in the upper left corner, y down.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from redactor.media.streams import VideoStream

Points = npt.NDArray[np.float64]

# (x, y, width, height of the picture before the turn) -> (x, y) after it.
_TURNS: dict[int, Callable[[Points, Points, float, float], tuple[Points, Points]]] = {
    0: lambda x, y, w, h: (x, y),
    90: lambda x, y, w, h: (h - y, x),
    180: lambda x, y, w, h: (w - x, h - y),
    270: lambda x, y, w, h: (y, w - x),
}


def size(video: VideoStream) -> tuple[float, float]:
    """Width and height of the upright picture."""
    wide, high = video.width * float(video.sample_aspect), float(video.height)
    return (high, wide) if video.rotation in (90, 270) else (wide, high)


def upright_points(points: Points, video: VideoStream) -> Points:
    """Decoded -> upright. points: (n, 2k) float64, x and y in turn."""
    aspect = float(video.sample_aspect)
    return _turned(
        points * np.tile([aspect, 1.0], points.shape[1] // 2), video.rotation, video.width * aspect, video.height
    )


def decoded_points(points: Points, video: VideoStream) -> Points:
    """Upright -> decoded: the inverse of upright_points."""
    wide, high = size(video)
    back = _turned(points, -video.rotation % 360, wide, high)
    return np.asarray(back / np.tile([float(video.sample_aspect), 1.0], points.shape[1] // 2))


def upright_boxes(boxes: Points, video: VideoStream) -> Points:
    """Decoded -> upright. boxes: (n, 4) float64, x1, y1, x2, y2 with x1 <= x2 and y1 <= y2 on both sides."""
    return _ordered(upright_points(boxes, video))


def decoded_boxes(boxes: Points, video: VideoStream) -> Points:
    """Upright -> decoded: the inverse of upright_boxes."""
    return _ordered(decoded_points(boxes, video))


def _turned(points: Points, degrees: int, wide: float, high: float) -> Points:
    x, y = _TURNS[degrees](points[:, 0::2], points[:, 1::2], wide, high)
    out = np.empty_like(points)
    out[:, 0::2], out[:, 1::2] = x, y
    return out


def _ordered(boxes: Points) -> Points:
    a, b = boxes[:, :2], boxes[:, 2:]
    return np.concatenate([np.minimum(a, b), np.maximum(a, b)], axis=1)
