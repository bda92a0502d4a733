"""One face, one box, one track: detections that double a better one of their frame, and tracks that double a better
track.

Non-maximum suppression keeps a small box inside a large one, and two boxes side by side on a head in profile.
"""

import dataclasses
from collections import Counter
from dataclasses import dataclass

import numpy as np

from redactor.tracking.assign import Pair
from redactor.tracking.seen import Ints, Seen
from redactor.tracking.support import CONFIDENT, is_face

# Share of the smaller box inside the better one. Two confident ones may be two faces, one partly before the other.
_INSIDE, _INSIDE_CONFIDENT = 0.65, 0.85
# Two tracks are one face if their centres are this near (in sizes of the face) in this share of the shorter one's
# frames: two heads cannot be.
_NEAR, _NEAR_SIZE, _NEAR_SHARE = 0.6, 0.8, 0.7


def without_doubles(seen: Seen) -> tuple[Seen, set[int]]:
    """Rows that double a better one of their frame; and the detections with each confident double put into its better
    one's box, so that it is covered all the same."""
    one, other = _overlapping(seen)
    low = np.maximum(seen.boxes[one, :2], seen.boxes[other, :2])
    shared = (np.minimum(seen.boxes[one, 2:], seen.boxes[other, 2:]) - low).prod(axis=1)
    area = (seen.boxes[:, 2:] - seen.boxes[:, :2]).prod(axis=1).clip(1e-9)
    inside = shared / np.minimum(area[one], area[other])
    # Of any size: who stands before a face or doubles one is covered sooner than who is alone.
    confident = seen.score >= CONFIDENT
    limit = np.where(confident[one] & confident[other], _INSIDE_CONFIDENT, _INSIDE)
    swap = seen.score[other] > seen.score[one]
    pairs = np.stack([np.where(swap, other, one), np.where(swap, one, other)], axis=1)[inside > limit]
    hulls: list[Pair] = []
    doubles: set[int] = set()
    # The best face of a frame first, so that what doubles nothing but a double stays.
    for better, double in pairs[np.lexsort((pairs[:, 1], pairs[:, 0], -seen.score[pairs[:, 0]]))].tolist():
        if better not in doubles and double not in doubles:
            doubles.add(double)
            if confident[double]:
                hulls.append((better, double))
    return _with_hulls(seen, hulls), doubles


@dataclass(frozen=True)
class Sorted:
    """Candidates, each the rows of one face. faces: those with the support of a face, before or after others were put
    into them; weak: the others; doubles: rows in neither, as another row of the same face stands for them."""

    faces: list[list[int]]
    weak: list[list[int]]
    doubles: set[int]


def one_track_each(candidates: list[list[int]], seen: Seen) -> tuple[Seen, Sorted]:
    """Puts candidates that double a better one into it. Where both have a row in a frame the better one's stays, and
    its box then holds both if the double had the support of a face itself."""
    alone = [is_face(rows, seen) for rows in candidates]
    rank = [(alone[n], float(seen.score[rows].sum()), -n) for n, rows in enumerate(candidates)]
    kept = dict(enumerate(candidates))
    merged: dict[int, dict[int, int]] = {}  # of those that others were put into: frame -> row
    hulls: list[Pair] = []
    doubles: set[int] = set()
    for pair, count in sorted(_near(candidates, seen).items()):
        double, better = sorted(pair, key=rank.__getitem__)
        if better not in kept or double not in kept or count < _NEAR_SHARE * len(candidates[double]):
            continue
        rows, others = (merged.pop(n) if n in merged else _by_frame(kept[n], seen) for n in (better, double))
        for frame, row in others.items():
            other = rows.setdefault(frame, row)
            if other != row:
                doubles.add(row)
                hulls += [(other, row)] if alone[double] else []
        merged[better] = rows
        del kept[double]
    kept |= {number: [rows[frame] for frame in sorted(rows)] for number, rows in merged.items()}
    seen = _with_hulls(seen, hulls)
    faces: list[list[int]] = []
    weak: list[list[int]] = []
    for number, listed in kept.items():
        (faces if alone[number] or (number in merged and is_face(listed, seen)) else weak).append(listed)
    return seen, Sorted(faces, weak, doubles)


def _by_frame(rows: list[int], seen: Seen) -> dict[int, int]:
    return dict(zip(seen.frame[rows].tolist(), rows, strict=True))


def _near(candidates: list[list[int]], seen: Seen) -> Counter[Pair]:
    """For each pair of candidates, in how many frames they are in the same place."""
    owner = np.full(len(seen.score), -1)
    for number, rows in enumerate(candidates):
        owner[rows] = number
    centres = (seen.boxes[:, :2] + seen.boxes[:, 2:]) / 2
    sizes = np.sqrt((seen.boxes[:, 2:] - seen.boxes[:, :2]).prod(axis=1).clip(1e-6))
    one, other = _overlapping(seen)
    far = np.hypot(*(centres[one] - centres[other]).T) / (sizes[one] + sizes[other]) * 2
    near = (far < _NEAR) & (np.abs(np.log(sizes[one] / sizes[other])) < _NEAR_SIZE)
    owners = np.sort(np.stack([owner[one], owner[other]], axis=1)[near], axis=1).tolist()
    return Counter((int(a), int(b)) for a, b in owners if a >= 0)


def _overlapping(seen: Seen) -> tuple[Ints, Ints]:
    """All pairs of rows of one frame whose boxes overlap. Rows are swept by left edge within their frame, so a crowd
    costs its neighbours, not its square."""
    order = np.lexsort((seen.boxes[:, 0], seen.frame))
    boxes, frame = seen.boxes[order], seen.frame[order]
    pairs = [np.empty((0, 2), np.int64)]
    active, step = np.arange(len(order)), 0
    while active.size:
        step += 1
        active = active[active + step < len(order)]
        ahead = active + step
        active = active[(frame[active] == frame[ahead]) & (boxes[ahead, 0] < boxes[active, 2])]
        a, b = boxes[active], boxes[active + step]
        meet = (a[:, 1] < b[:, 3]) & (b[:, 1] < a[:, 3])
        pairs.append(order[np.stack([active, active + step], axis=1)[meet]])
    both = np.sort(np.concatenate(pairs), axis=1)
    return both[:, 0], both[:, 1]


def _with_hulls(seen: Seen, hulls: list[Pair]) -> Seen:
    """Each first row's box enlarged to hold the second row's."""
    boxes = seen.boxes.copy()
    for row, other in hulls:
        boxes[row, :2] = np.minimum(boxes[row, :2], boxes[other, :2])
        boxes[row, 2:] = np.maximum(boxes[row, 2:], boxes[other, 2:])
    return dataclasses.replace(seen, boxes=boxes, still=seen.still + (boxes - seen.boxes))
