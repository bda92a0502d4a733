"""Is a decoded picture the one that was handed to the encoder? Compared by the means of small cells.

A cell's mean hardly changes in encoding, while a face that was left clear, a frame out of place or a torn picture
changes many cells by far more. So a few bytes a rectangle are enough, and a whole segment's fit in memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from redactor.covering import Rect
from redactor.errors import OutputMismatch
from redactor.media.planes import Picture

# Pixels along a cell's side, at least; and cells along a side, at most: of a rectangle and of the whole picture.
_CELL = 8
_MOST = 32
# Steps of 255. Measured at crf 18 to 28 on real clips (docs/decisions.md): no cell's mean moved by more than half of
# this, and a rectangle's cells by less than half on average; a clear face in a rectangle moves them by 20 and more.
_CELL_LOSS = 24.0
_MEAN_LOSS = 6.0


@dataclass(frozen=True)
class Seen:
    """What is kept of one picture. rects: what was covered. cells: the means of each, then of the whole picture:
    the cells of its three planes one after another, uint8."""

    pts: int
    rects: tuple[Rect, ...]
    cells: tuple[NDArray[np.uint8], ...]


def seen(picture: Picture, rects: Sequence[Rect]) -> Seen:
    """Measures a picture in the given rectangles (half-open luma pixels, on the chroma grid) and as a whole."""
    height, width = picture.y.shape
    areas = [*rects, Rect(0, 0, width, height)]
    return Seen(picture.time.pts, tuple(rects), tuple(_cells(picture, area) for area in areas))


def compare(handed: Seen, decoded: Picture) -> None:
    """Raises OutputMismatch unless the decoded picture has the handed one's time and, but for encoder loss, samples."""
    if decoded.time.pts != handed.pts:
        raise OutputMismatch(f"the part shows a frame at pts {decoded.time.pts} where {handed.pts} was encoded")
    for rect, before, after in zip(handed.rects, handed.cells, seen(decoded, handed.rects).cells, strict=False):
        _compare(before, after, f"the rectangle {rect} of the frame at pts {handed.pts}")
    _compare(handed.cells[-1], seen(decoded, ()).cells[-1], f"the frame at pts {handed.pts}")


def _compare(before: NDArray[np.uint8], after: NDArray[np.uint8], what: str) -> None:
    loss = np.abs(before.astype(np.int16) - after)
    if loss.max() > _CELL_LOSS or loss.mean() > _MEAN_LOSS:
        raise OutputMismatch(f"{what} is not what was encoded: cells differ by {loss.mean():.1f}, at most {loss.max()}")


def _cells(picture: Picture, rect: Rect) -> NDArray[np.uint8]:
    size = (_count(rect.width), _count(rect.height))
    areas = [plane[rect.slices(shrink, shrink)] for plane, shrink in zip(picture.planes, (1, 2, 2), strict=True)]
    return np.concatenate([cv2.resize(area, size, interpolation=cv2.INTER_AREA).ravel() for area in areas])


def _count(pixels: int) -> int:
    return max(1, min(_MOST, pixels // _CELL))
