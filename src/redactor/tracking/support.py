"""Third stage: which candidates are faces. Support over time decides, not the score of a frame.

A bystander at .35 in every frame is a face; a cup at .72 in one frame is not; a face seen once at .8 is one.
"""

import numpy as np

from redactor.tracking.seen import Floats, Seen

# What a detection must score to be a face by itself, by the size of the face in pixels: large faces are easy and score
# high. Without a face single detections of 20 to 100 px reach .5, of 150 to 300 px .57 to .81 (at other picture sizes).
CONFIDENT = 0.78
_SURE_SIDES, _SURE_SCORES = (100.0, 200.0), (CONFIDENT, 0.88)
# A detection speaks for a face by as much as its score is above _DOUBT, for the time since the one before, if it stays
# put: false boxes jump about and change size from frame to frame.
_DOUBT = 0.25
# Overlap with where its neighbours say it should be that counts for nothing, and in full. Measured medians: false
# boxes 0.67, small blurred faces under a shaking camera 0.8-0.9.
_SHAKY, _STEADY = 0.65, 0.85
# Seconds: a steady .35 for 0.5 s, a steady .5 for 0.2 s, for a face of _USUAL pixels. Large faces are easy and score
# high, so a low score says more against them. Measured: false boxes reach 0.045 at 300 px, 0.037 at 90 and 0.038 at
# 30.
_ENOUGH = 0.05
_USUAL, _EASIEST, _HARDEST = 60.0, 0.8, 1.6
# Seconds, or one and a half intervals between frames looked at: what lies further apart says nothing.
_LONGEST_STEP = 0.11
# In a shot shorter than so many seconds nobody can be seen for long, and what is hidden in vain is soon gone: it asks
# for less in proportion, in the end for one detection with this score.
_SHORT, _FLASH = 0.5, 0.4


def sure(side: Floats) -> Floats:
    """(n,) the score that makes a detection of each size a face by itself: at or above it, it always lies inside
    annotated boxes. side: (n,), as in Seen."""
    return np.interp(side, _SURE_SIDES, _SURE_SCORES)


def is_face(rows: list[int], seen: Seen) -> bool:
    """Whether a candidate has the support of a face: one confident detection, or enough steady ones."""
    share = min(1.0, seen.lasting(int(seen.frame[rows[0]])) / _SHORT)
    if (seen.score[rows] >= _FLASH + (sure(seen.side[rows]) - _FLASH) * share).any():
        return True
    found = evidence(rows, seen)
    return found > 0 and found >= _ENOUGH * _hardness(rows, seen) * share


def _hardness(rows: list[int], seen: Seen) -> float:
    size = float(np.median(np.sqrt((seen.boxes[rows, 2:] - seen.boxes[rows, :2]).prod(axis=1).clip(0))))
    return min(max(size / _USUAL, _EASIEST), _HARDEST)


def evidence(rows: list[int], seen: Seen) -> float:
    """Seconds of steady detections, each weighted by how far its score is above doubt."""
    if len(rows) < 2:
        return 0.0
    times = seen.seconds[seen.frame[rows]]
    steps = np.diff(times)
    steps[steps > max(_LONGEST_STEP, 1.5 * seen.interval)] = 0
    weight = (np.minimum(seen.score[rows][1:], seen.score[rows][:-1]) - _DOUBT).clip(min=0)
    steady = ((_steady(times, seen.still[rows]) - _SHAKY) / (_STEADY - _SHAKY)).clip(0, 1)
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
