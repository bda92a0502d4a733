"""Boxes on the grid of five decimals that the annotations are written in: rounded outwards, so that none gets
smaller."""

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_GRID = 100_000


def outwards(low: Floats, size: Floats) -> tuple[Floats, Floats]:
    """Where sides of boxes start and how long they are, on the grid: unchanged where both lie on it, else the next
    larger side. Arrays of one shape."""
    start, length = np.rint(low * _GRID), np.rint(size * _GRID)
    off = (start / _GRID != low) | (length / _GRID != size)
    start[off] = _floors(low[off], np.zeros(off.sum()))
    length[off] = -_floors(-low[off], -size[off]) - start[off]
    return start / _GRID, length / _GRID


def _floors(ones: Floats, others: Floats) -> Floats:
    """floor((one + other) * _GRID) of the decimals that the floats print as; by way of floats where that is certain."""
    near, slack = (ones + others) * _GRID, (np.abs(ones) + np.abs(others)) * _GRID * 2**-50
    floors = np.floor(near - slack)
    for n in np.flatnonzero(floors != np.floor(near + slack)).tolist():
        one, other = float(ones[n]), float(others[n])
        floors[n] = math.floor((Fraction(repr(one)) + Fraction(repr(other))) * _GRID)
    return floors
