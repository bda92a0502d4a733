"""First stage: follow detections from frame to frame while nothing is doubtful, into tracklets.

Constant velocity prediction and optimal assignment on distance and size, gated. A tracklet ends at a cut or after a
short miss; stitch.py joins tracklets over longer gaps, looking from both ends.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from redactor.tracking.assign import Pair, least_cost
from redactor.tracking.seen import Ints, Seen, points

# Distances are in units of the face's size (root of its area). A face that is new has no velocity yet.
_GATE, _GATE_NEW = 0.75, 1.0
_GATE_SIZE = 0.7  # natural log of the ratio of sizes
_LONGEST_MISS = 0.25  # seconds, or two and a half intervals between frames looked at
_STEADY = 0.4  # how much of a new measurement goes into the velocity
_BLOCK = 1024  # frames whose faces are plain numbers at once: those of an hour would take 100 MB
_WEAK = 0.3  # cost of a score of 0 against one of 1: the weak double of a face must not take its place


@dataclass(slots=True)
class _Head:
    """The moving end of a tracklet. x, y: centre; size: root of the area; vx, vy: pixels a second; at: seconds."""

    rows: list[int]
    x: float
    y: float
    size: float
    at: float
    vx: float = 0.0
    vy: float = 0.0


# A detection: centre x, centre y, size, score and its row.
_Face = tuple[float, float, float, float, int]


def follow(seen: Seen, rows: Ints) -> list[list[int]]:
    """Tracklets: of the given rows, one a frame, ascending; each row is in exactly one. Ordered by their first row."""
    patience = max(_LONGEST_MISS, 2.5 * seen.interval)
    shots, seconds = seen.shot.tolist(), seen.seconds.tolist()
    done: list[_Head] = []
    open_heads: list[_Head] = []
    for frame, (at, faces) in enumerate(zip(seconds, _by_frame(seen, rows), strict=True)):
        if frame and shots[frame] != shots[frame - 1]:
            done += open_heads
            open_heads = []
        done += [head for head in open_heads if at - head.at > patience]
        open_heads = [head for head in open_heads if at - head.at <= patience]
        if faces:
            open_heads += _extended(open_heads, faces, at)
    return sorted(head.rows for head in done + open_heads)


def _by_frame(seen: Seen, rows: Ints) -> Iterator[list[_Face]]:
    """The faces of each frame from left to right."""
    place = points(seen)[rows]
    order = np.lexsort((place[:, 2], place[:, 1], place[:, 0], seen.frame[rows]))
    rows, place = rows[order], place[order]
    columns = (*place.T, seen.score[rows], rows)
    edges = np.searchsorted(seen.frame[rows], np.arange(len(seen.seconds) + 1)).tolist()
    for first in range(0, len(seen.seconds), _BLOCK):
        here = edges[first : first + _BLOCK + 1]
        faces = list(zip(*(column[here[0] : here[-1]].tolist() for column in columns), strict=True))
        yield from (faces[start - here[0] : end - here[0]] for start, end in pairwise(here))


def _extended(heads: list[_Head], faces: list[_Face], at: float) -> list[_Head]:
    """Give the frame's faces to the heads they continue; what is left over starts new ones, which are returned."""
    left = {face[-1]: face for face in faces}
    for number, row in least_cost(_costs(heads, faces, at)):
        _step(heads[number], left.pop(row), at)
    return [_Head([row], *left[row][:3], at) for row in sorted(left)]


def _costs(heads: list[_Head], faces: list[_Face], at: float) -> dict[Pair, float]:
    """Costs of all pairs inside the gates. Faces are sorted by x, so that a crowd costs its neighbours, not its
    square."""
    xs, biggest = [face[0] for face in faces], max([face[2] for face in faces])
    costs: dict[Pair, float] = {}
    for number, head in enumerate(heads):
        ahead, before = at - head.at, head.size
        x, y = head.x + head.vx * ahead, head.y + head.vy * ahead
        gate = _GATE if len(head.rows) > 1 else _GATE_NEW
        reach = gate * (before + biggest) / 2
        for px, py, size, score, row in faces[bisect_left(xs, x - reach) : bisect_right(xs, x + reach)]:
            far = math.hypot(px - x, py - y) * 2 / (before + size)
            if far < gate and (grown := abs(math.log(size / before))) < _GATE_SIZE:
                costs[number, row] = far + grown / 2 + _WEAK * (1 - score)
    return costs


def _step(head: _Head, face: _Face, at: float) -> None:
    x, y, size, _, row = face
    ahead = at - head.at
    weight = _STEADY if len(head.rows) > 1 else 1.0
    head.vx += weight * ((x - head.x) / ahead - head.vx)
    head.vy += weight * ((y - head.y) / ahead - head.vy)
    head.x, head.y, head.size, head.at = x, y, size, at
    head.rows.append(row)
