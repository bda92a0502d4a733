"""Is a decoded picture the one that was handed to the encoder? Compared by the means of small cells.

Two questions for each covered rectangle: is it what was encoded but for encoder loss, and is it not on its way back to
what stood there before? The second finds a clear face where the first cannot: a light blur of a small face changes the
picture by less than an encoder may. A few hundred bytes a rectangle are enough, so a whole segment's fit in memory.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from redactor.covering import Rect
from redactor.errors import OutputMismatch
from redactor.media.planes import Picture, Plane

Cells = NDArray[np.uint8]
Indices = NDArray[np.int64]

# Pixels along a cell's side, at least, in a rectangle and in the whole picture; and cells along a side, at most.
_RECT_CELL, _WHOLE_CELL = 2, 8
_MOST = 32
# Samples up to which cv2.resize makes the means faster than sums of the whole area, it takes 2.5 ns a sample and they
# .4; and from which on the area is halved first, .07 ns: its means are rounded up by an eighth then, before and after.
_SMALL, _LARGE = 8192, 200_000
# Measured on three real clips, the same shrunk until heads are 8 to 60 px, slivers of 2 to 8 px, grain and white noise,
# with every blur type; first at crf 19 (ours is 18), then at 28.
# Root of the mean square of a rectangle's cells, steps of 255: at most 5.5, of slivers below 8 px 9.6; 12.9 and 22.
_RECT_LOSS = 16.0
# Of the way from what was encoded to the clear source, how far the decoded cells have gone: at most 0.22; 0.55. A clear
# face has gone at least 0.82 of it; 0.30 (Low, whose blur such coarse coding hides), else 0.79.
_CLEAR_SHARE = 0.5
# The way's length (root of the sum of squares) from where on encoder loss is no large part of it: shorter ones went up
# to 1.0 of it by chance. A face's is 50 and more with Low from 11 px on, 70 and more with the others from 8 px on.
_CLEAR_LEAST = 60.0
# The whole picture's cells: one at most 9, their mean at most 1.3; 14 and 2.4.
_WHOLE_CELL_LOSS = 20
_WHOLE_LOSS = 4.0


@dataclass(frozen=True)
class Seen:
    """What is kept of one picture. rects: what was covered; covered, clear: the cells of each as handed to the encoder
    and as in the source; whole: those of the whole picture as handed over."""

    pts: int
    rects: tuple[Rect, ...]
    covered: tuple[Cells, ...]
    clear: tuple[Cells, ...]
    whole: Cells


def seen(handed: Picture, source: Picture, rects: Sequence[Rect]) -> Seen:
    """Measures a picture as handed to the encoder, and the source's where it was covered.

    rects: half-open luma pixels, on the chroma grid.
    """
    covered, clear = (tuple(_cells(picture, rect, _RECT_CELL) for rect in rects) for picture in (handed, source))
    return Seen(handed.time.pts, tuple(rects), covered, clear, _whole(handed))


def compare(handed: Seen, decoded: Picture) -> None:
    """Raises OutputMismatch unless the decoded picture has the handed one's time and, but for encoder loss, samples."""
    if decoded.time.pts != handed.pts:
        raise OutputMismatch(f"the part shows a frame at pts {decoded.time.pts} where {handed.pts} was encoded")
    for rect, covered, clear in zip(handed.rects, handed.covered, handed.clear, strict=True):
        fault = _fault(_cells(decoded, rect, _RECT_CELL), covered, clear)
        if fault:
            raise OutputMismatch(f"the rectangle {rect} of the frame at pts {handed.pts} {fault}")
    loss = np.abs(_difference(_whole(decoded), handed.whole))
    if loss.max() > _WHOLE_CELL_LOSS or loss.mean() > _WHOLE_LOSS:
        what = f"cells differ by {loss.mean():.1f}, one by {loss.max():.0f}"
        raise OutputMismatch(f"the frame at pts {handed.pts} is not what was encoded: {what}")


def samples(picture: Picture) -> str:
    """sha256 of every sample, to be found again where nothing was encoded."""
    digest = hashlib.sha256()
    for plane in picture.planes:
        digest.update(plane.tobytes())
    return digest.hexdigest()


def compare_exactly(pts: int, wanted: str, decoded: Picture) -> None:
    """Raises OutputMismatch unless the decoded picture has this time and these samples, to the last one."""
    if decoded.time.pts != pts:
        raise OutputMismatch(f"the part shows a frame at pts {decoded.time.pts} where {pts} was copied")
    if samples(decoded) != wanted:
        raise OutputMismatch(f"the frame at pts {pts} was copied and is not the source's")


def _fault(decoded: Cells, covered: Cells, clear: Cells) -> str | None:
    """What is wrong with a rectangle's cells; None if nothing is."""
    lost, hidden = _difference(decoded, covered), _difference(clear, covered)
    loss = float(np.sqrt(np.square(lost).mean()))
    if loss > _RECT_LOSS:
        return f"is not what was encoded: cells differ by {loss:.1f}"
    strength = float(np.square(hidden).sum())
    share = float(lost @ hidden) / strength if strength >= _CLEAR_LEAST**2 else 0.0
    return f"shows {share:.0%} of what it must hide" if share > _CLEAR_SHARE else None


def _difference(one: Cells, other: Cells) -> NDArray[np.float64]:
    return one.astype(np.float64) - other


def _whole(picture: Picture) -> Cells:
    height, width = picture.y.shape
    return _cells(picture, Rect(0, 0, width, height), _WHOLE_CELL)


def _cells(picture: Picture, rect: Rect, side: int) -> Cells:
    """The means of the three planes' cells in 8 bits, one plane after another; a chroma cell is as large as four of
    luma, whatever the form."""
    columns, rows = (max(1, min(_MOST, pixels // side)) for pixels in (rect.width, rect.height))
    sizes = ((columns, rows), *2 * ((-(-columns // 2), -(-rows // 2)),))
    areas = [
        _in_8_bits(plane[rect.slices(*step)], picture.depth)
        for plane, step in zip(picture.planes, picture.steps, strict=True)
    ]
    means = [_means(area, *size) for area, size in zip(areas, sizes, strict=True)]
    return np.concatenate([mean.ravel() for mean in means])


def _in_8_bits(area: Plane, depth: int) -> Cells:
    return np.asarray(area if depth == 8 else area >> depth - 8, np.uint8)


def _means(area: Cells, columns: int, rows: int) -> Cells:
    """rows x columns, rounded. Cells of a large area begin and end with whole samples."""
    if area.size <= _SMALL:
        return np.asarray(cv2.resize(area, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
    while area.size > _LARGE and not any(side % 2 for side in area.shape):
        area = np.asarray(cv2.resize(area, (area.shape[1] // 2, area.shape[0] // 2), interpolation=cv2.INTER_AREA))
    top, left, counts = _edges(area.shape, columns, rows)
    return np.asarray((_sums(area, top, left) + counts // 2) // counts, np.uint8)


@lru_cache(64)
def _edges(shape: tuple[int, ...], columns: int, rows: int) -> tuple[Indices, Indices, NDArray[np.uint32]]:
    """Where cells begin and end, (rows + 1,) and (columns + 1,), and how many samples each has, (rows, columns)."""
    top, left = (np.arange(count + 1) * size // count for count, size in zip((rows, columns), shape, strict=True))
    return top, left, np.outer(np.diff(top), np.diff(left)).astype(np.uint32)


def _sums(area: Cells, top: Indices, left: Indices) -> NDArray[np.uint32]:
    # Of everything above and left of each corner, modulo 2**32: differences are exact.
    corners = cv2.integral(area, sdepth=cv2.CV_32S)[top[:, None], left].view(np.uint32)
    strips = corners[1:] - corners[:-1]
    return np.asarray(strips[:, 1:] - strips[:, :-1], np.uint32)
