"""First stage: follow detections from frame to frame while nothing is doubtful, into tracklets.

Constant velocity prediction and optimal assignment on distance and size, gated. A tracklet ends at a cut or after a
short miss; stitch.py joins tracklets over longer gaps, looking from both ends.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from redactor.tracking.assign import Pair, least_cost
from redactor.tracking.seen import Seen, points

# Distances are in units of the face's size (root of its area). A face that is new has no velocity yet.
_GATE, _GATE_NEW = 0.75, 1.0
_GATE_SIZE = 0.7  # natural log of the ratio of sizes
_LONGEST_MISS = 0.25  # seconds, or two and a half intervals between frames looked at
_STEADY = 0.4  # how much of a new measurement goes into the velocity
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


def follow(seen: Seen, rows: Iterable[int]) -> list[list[int]]:
    """Tracklets: of the given rows, one a frame, ascending; each row is in exactly one. Ordered by their first row."""
    place, score = points(seen), seen.score.tolist()
    by_frame: dict[int, list[int]] = {}
    for row, frame in zip(rows := list(rows), seen.frame[rows].tolist(), strict=True):
        by_frame.setdefault(frame, []).append(row)
    patience = max(_LONGEST_MISS, 2.5 * seen.interval)
    shots, seconds = seen.shot.tolist(), seen.seconds.tolist()
    done: list[_Head] = []
    open_heads: list[_Head] = []
    for frame, at in enumerate(seconds):
        if frame and shots[frame] != shots[frame - 1]:
            done += open_heads
            open_heads = []
        done += [head for head in open_heads if at - head.at > patience]
        open_heads = [head for head in open_heads if at - head.at <= patience]
        if frame in by_frame:
            open_heads += _extended(open_heads, by_frame[frame], place, score, at)
    return sorted(head.rows for head in done + open_heads)


Point = tuple[float, float, float]


def _extended(heads: list[_Head], rows: list[int], place: list[Point], score: list[float], at: float) -> list[_Head]:
    """Give the frame's rows to the heads they continue; what is left over starts new ones, which are returned."""
    taken = set()
    for number, row in least_cost(_costs(heads, rows, place, score, at)):
        _step(heads[number], row, place[row], at)
        taken.add(row)
    return [_Head([row], *place[row], at) for row in rows if row not in taken]


def _costs(heads: list[_Head], rows: list[int], place: list[Point], score: list[float], at: float) -> dict[Pair, float]:
    """Costs of all pairs inside the gates. Rows are sorted by x, so that a crowd costs its neighbours, not its
    square."""
    order = sorted(rows, key=place.__getitem__)
    xs = [place[row][0] for row in order]
    biggest = max(place[row][2] for row in order)
    costs: dict[Pair, float] = {}
    for number, head in enumerate(heads):
        ahead = at - head.at
        x, y = head.x + head.vx * ahead, head.y + head.vy * ahead
        gate = _GATE if len(head.rows) > 1 else _GATE_NEW
        reach = gate * (head.size + biggest) / 2
        for row in order[bisect_left(xs, x - reach) : bisect_right(xs, x + reach)]:
            px, py, size = place[row]
            far = math.hypot(px - x, py - y) * 2 / (head.size + size)
            grown = abs(math.log(size / head.size))
            if far < gate and grown < _GATE_SIZE:
                costs[number, row] = far + grown / 2 + _WEAK * (1 - score[row])
    return costs


def _step(head: _Head, row: int, point: Point, at: float) -> None:
    x, y, size = point
    ahead = at - head.at
    weight = _STEADY if len(head.rows) > 1 else 1.0
    head.vx += weight * ((x - head.x) / ahead - head.vx)
    head.vy += weight * ((y - head.y) / ahead - head.vy)
    head.x, head.y, head.size, head.at = x, y, size, at
    head.rows.append(row)
