"""Third stage: which candidates are faces. Support over time decides, not the score of a frame.

A bystander at .35 in every frame is a face; a cup at .72 in one frame is not; a face seen once at .8 is one.
"""

import numpy as np

from redactor.tracking.seen import Floats, Seen

# Detections at or above SEED always lie inside annotated boxes. On clips without faces single detections reach .72.
SEED = 0.78
# A detection speaks for a face by as much as its score is above _DOUBT, for the time since the one before, if it stays
# put: false boxes jump about and change size from frame to frame, hence the power. Junk reaches 0.035 s.
_DOUBT = 0.25
_STEADY_POWER = 4
_ENOUGH = 0.05  # seconds: a steady .35 for 0.5 s, a steady .5 for 0.2 s
_LONGEST_STEP = (
    0.11  # seconds, or one and a half intervals between frames looked at: what lies further apart says nothing
)


def is_face(rows: list[int], seen: Seen) -> bool:
    """Whether a candidate has the support of a face: one confident detection, or enough steady ones."""
    return bool(seen.score[rows].max() >= SEED) or evidence(rows, seen) >= _ENOUGH


def evidence(rows: list[int], seen: Seen) -> float:
    """Seconds of steady detections, each weighted by how far its score is above doubt."""
    if len(rows) < 2:
        return 0.0
    times = seen.seconds[seen.frame[rows]]
    steps = np.diff(times)
    steps[steps > max(_LONGEST_STEP, 1.5 * seen.interval)] = 0
    weight = (np.minimum(seen.score[rows][1:], seen.score[rows][:-1]) - _DOUBT).clip(min=0)
    steady = _steady(times, seen.still[rows]) ** _STEADY_POWER
    return float((steps * weight * np.minimum(steady[1:], steady[:-1])).sum())


def _steady(times: Floats, boxes: Floats) -> Floats:
    """How well each box overlaps the one half way between its neighbours, so that a steady walk is as good as standing
    still; the first and the last have one neighbour only."""
    if len(boxes) < 3:
        return np.full(len(boxes), _overlap(boxes[:1], boxes[1:])[0])
    share = ((times[1:-1] - times[:-2]) / (times[2:] - times[:-2]))[:, None]
    inner = _overlap(boxes[1:-1], boxes[:-2] * (1 - share) + boxes[2:] * share)
    return np.concatenate([inner[:1], inner, inner[-1:]])


def _overlap(a: Floats, b: Floats) -> Floats:
    """Intersection over union of boxes, row by row."""
    sides = np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    shared = sides.clip(min=0).prod(axis=1)
    areas = (a[:, 2:] - a[:, :2]).prod(axis=1) + (b[:, 2:] - b[:, :2]).prod(axis=1)
    return np.asarray(shared / (areas - shared).clip(min=1e-9))
