"""Which samples an annotated box covers: exactly these are obscured, none outside."""

import math
from dataclasses import dataclass
from decimal import Context, Decimal

from redactor.annotations.faces import Face

# Wide enough to add the largest float to the smallest without rounding.
_EXACT = Context(prec=700)
# Pixels; floats of places in a picture are off by far less.
_NEAR = 1e-6


@dataclass(frozen=True)
class Rect:
    """Pixels of the decoded frame, half-open: left <= column < right, top <= row < bottom. Never empty."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    def slices(self, columns: int = 1, rows: int = 1) -> tuple[slice, slice]:
        """Rows and columns of the samples in it, in a plane with one sample for columns x rows pixels."""
        return (
            slice(self.top // rows, -(-self.bottom // rows)),
            slice(self.left // columns, -(-self.right // columns)),
        )


def covered(face: Face, width: int, height: int, grid: tuple[int, int] = (2, 2)) -> Rect | None:
    """The box clipped to a frame of width x height pixels and rounded outwards to the grid; None if nothing is left.

    grid: columns and rows of pixels that one chroma sample stands for: (2, 2) in 4:2:0, (2, 1) in 4:2:2, (2, 4) in
    interlaced 4:2:0, where the chroma of one row belongs to four. Computed from the decimals that the annotations
    show, not from their binary neighbours: a box that ends on a pixel's edge does not spill into the next.
    """
    columns, rows = _span(face.x, face.width, width, grid[0]), _span(face.y, face.height, height, grid[1])
    return Rect(columns[0], rows[0], columns[1], rows[1]) if columns and rows else None


def chroma_step(luma: tuple[int, ...], chroma: tuple[int, ...]) -> tuple[int, int]:
    """Columns and rows of pixels, 1 or 2, that a chroma sample stands for, by the planes' shapes."""
    return (2 if chroma[1] < luma[1] else 1, 2 if chroma[0] < luma[0] else 1)


def _span(low: float, length: float, size: int, grid: int) -> tuple[int, int] | None:
    first, last = low * size, (low + length) * size
    # Floats are enough where neither end is near a pixel's edge, and take a tenth of the time.
    if 0 < first < last < size and min(abs(edge - round(edge)) for edge in (first, last)) > _NEAR:
        return math.floor(first) // grid * grid, min(-(-math.ceil(last) // grid) * grid, size)
    return _span_exactly(low, length, size, grid)


def _span_exactly(low: float, length: float, size: int, grid: int) -> tuple[int, int] | None:
    first, last = Decimal(repr(low)), _EXACT.add(Decimal(repr(low)), Decimal(repr(length)))
    start, end = (
        max(_EXACT.multiply(first, Decimal(size)), Decimal(0)),
        min(_EXACT.multiply(last, Decimal(size)), Decimal(size)),
    )
    if start >= end:
        return None
    return math.floor(start) // grid * grid, min(-(-math.ceil(end) // grid) * grid, size)
