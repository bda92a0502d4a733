"""Second stage: join tracklets across gaps, seen from both ends, by one optimal assignment over the whole video.

Motion alone decides here. A stage that compares faces by appearance takes the same list of row lists and returns it.
"""

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from statistics import fmean, median

from redactor.tracking.assign import Pair, least_cost
from redactor.tracking.seen import Floats, Seen, points

LONGEST_GAP = 2.5  # seconds: a hand before the face, a turned head; who is away longer is found by appearance
_FAR = 0.7  # sizes of the face that the two ends may be apart, and
_FAR_A_SECOND = 0.8  # how much more for each second of gap
_FAR_MOST = 1.6
_GROWN, _GROWN_A_SECOND = 0.5, 0.3  # the same for the natural log of the ratio of sizes
_RECENT = 0.3  # seconds at an end from which its velocity is taken
_NEAREST = 12  # detections at most
_COAST = 0.5  # seconds for which that velocity is believed
_GAP_COST = 0.3  # cost of a second of gap, in sizes


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a tracklet: place (centre, still pixels), size, velocity (pixels a second), when and in which shot."""

    x: float
    y: float
    size: float
    vx: float
    vy: float
    at: float
    shot: int


def stitched(tracklets: list[list[int]], seen: Seen) -> list[list[int]]:
    """Rows of tracklets that are one face, joined; ascending, ordered by first row."""
    place = points(seen)
    heads = [_end(rows[:_NEAREST], place, seen) for rows in tracklets]
    tails = [_end(rows[: -_NEAREST - 1 : -1], place, seen) for rows in tracklets]
    after = dict(least_cost(_costs(tails, heads)))
    joined_on = set(after.values())
    return sorted(_chain(number, after, tracklets) for number in range(len(tracklets)) if number not in joined_on)


def _chain(number: int, after: dict[int, int], tracklets: list[list[int]]) -> list[int]:
    rows = list(tracklets[number])
    while number in after:
        number = after[number]
        rows += tracklets[number]
    return rows


def _costs(tails: list[_End], heads: list[_End]) -> dict[Pair, float]:
    order = sorted(range(len(heads)), key=lambda number: heads[number].at)
    starts = [heads[number].at for number in order]
    costs: dict[Pair, float] = {}
    for left, tail in enumerate(tails):
        for right in order[bisect_right(starts, tail.at) : bisect_left(starts, tail.at + LONGEST_GAP)]:
            cost = _cost(tail, heads[right])
            if cost is not None:
                costs[left, right] = cost
    return costs


def _cost(tail: _End, head: _End) -> float | None:
    """In face sizes: how badly the second end continues the first; None where it cannot be the same face."""
    if tail.shot != head.shot:
        return None
    gap, size = head.at - tail.at, (tail.size + head.size) / 2
    coast = min(gap, _COAST)
    reach = min(_FAR + _FAR_A_SECOND * gap, _FAR_MOST) * size
    dx, dy = head.x - tail.x, head.y - tail.y
    if abs(dx) > reach + coast * (abs(tail.vx) + abs(head.vx)):
        return None
    grown = abs(math.log(head.size / tail.size))
    forward = math.hypot(dx - tail.vx * coast, dy - tail.vy * coast)
    backward = math.hypot(dx - head.vx * coast, dy - head.vy * coast)
    far = min((forward + backward) / 2, math.hypot(dx, dy))
    if far > reach or grown > _GROWN + _GROWN_A_SECOND * gap:
        return None
    return far / size + grown + _GAP_COST * gap


def _end(rows: list[int], place: Floats, seen: Seen) -> _End:
    """The end of a tracklet whose rows near it are these, the outermost first. place: points(seen)."""
    frames = seen.frame[rows]
    seconds = seen.seconds[frames].tolist()
    at = seconds[0]
    near = [n for n, when in enumerate(seconds) if abs(when - at) <= _RECENT]
    times = [seconds[n] - at for n in near]
    xs, ys, sizes = place[rows][near].T.tolist()
    return _End(
        x=xs[0],
        y=ys[0],
        size=median(sizes),
        vx=_slope(times, xs),
        vy=_slope(times, ys),
        at=at,
        shot=int(seen.shot[frames[0]]),
    )


def _slope(times: list[float], values: list[float]) -> float:
    """Least squares, a second; 0 from fewer than three points, whose jitter would be taken for speed."""
    if len(times) < 3:
        return 0.0
    middle = fmean(times)
    return sum((t - middle) * v for t, v in zip(times, values, strict=True)) / sum((t - middle) ** 2 for t in times)
