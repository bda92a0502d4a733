"""Fourth stage: from the tight boxes of a track to the head boxes that are covered, one for each frame it is there.

Gaps are interpolated and ends extended, the boxes smoothed; each step only enlarges. A box is the running envelope of
the heads around its frame, averaged over the same window: every head of the window's middle frame lies inside each
envelope it enters, so it lies inside their mean. Both run along the track's smooth path, so steady motion costs no
area.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from redactor.tracking.seen import Floats, Ints, Seen

# Head from tight face (brow to chin), in its width and height: ears and a margin, hair, chin.
_SIDE, _TOP, _BOTTOM = 0.16, 0.28, 0.13
# A moving head is blurred along its way: half a frame's motion on both sides of it.
_MOTION = 0.5
# Seconds: a longer gap, in which the detector looked and saw nothing, is not painted through.
_LONGEST_FILL = 1.2
# Ends are extended into what was not seen: at least by so many seconds and this share of the time it was seen, but not
# by more than goes with the mean score of the last second. A face that faded over it has turned and still shows a
# cheek, or is hard to see all along; one that was seen well is gone or hidden. Gradual, as with a step at .65 a face
# that came out from behind something got .25 seconds or 1, as chance had it.
_EXTEND_LEAST, _EXTEND_SHARE, _END = 0.15, 0.5, 1.0
_EXTEND_SCORES, _EXTEND_MOST = (0.6, 0.85), (1.0, 0.25)
_COAST = 0.4  # seconds after which motion beyond an end has died down
# A box grows where it is unsure, by a share of its size to each side: for each second since or until a detection, and
# for a score below what a face in full view gets (half hidden faces get boxes of the visible half).
_AWAY, _AWAY_MOST = 0.5, 0.15
_SURE, _DOUBT = 0.85, 0.3
# What is seen of a half hidden face is smaller than the face: seconds to each side from which its size is taken, and
# the share of them in which it is smaller. Where people walk past each other, 1.3 % of the faces were covered by less
# than 95 % without it, none with it, at 3 % more area.
_SIZE, _SIZE_SHARE = 0.8, 0.7
_WINDOWS = 4096  # so many are looked at at once, as each is copied
_SMOOTH = 0.1  # seconds to each side for the envelope, and
_PATH = 0.2  # for the path along which it is taken
_RECENT = 0.3  # seconds at an end from which the motion beyond it is taken


@dataclass(frozen=True)
class Heads:
    """Head boxes of one track. frames: (n,) ascending; boxes: (n, 4) upright pixels, unclipped; row: (n,) the detection
    seen there, -1 where there was none; extended: (n,) before the first detection of a run, or after its last."""

    frames: Ints
    boxes: Floats
    row: Ints
    extended: npt.NDArray[np.bool_]


def heads(rows: list[int], seen: Seen) -> Heads:
    """Head boxes for one track, all detections inside them.

    Where the extensions of two runs meet, a frame has one box around both.
    """
    runs = [_run(run, seen) for run in _runs(np.array(rows), seen)]
    if len(runs) == 1:
        return runs[0]
    every = _chained(runs)
    frames, first, where = np.unique(every.frames, return_index=True, return_inverse=True)
    around = every.boxes[first]
    np.minimum.at(around[:, :2], where, every.boxes[:, :2])
    np.maximum.at(around[:, 2:], where, every.boxes[:, 2:])
    return Heads(frames, around, every.row[first], every.extended[first])


def joined(parts: list[Heads]) -> Heads:
    """Several tracks of one person as one; nothing is filled in between them.

    Where the extended ends of two meet in a frame the box holds both if they overlap; else the one nearer to a
    detection stays, as nobody is in two places.
    """
    if len(parts) == 1:
        return parts[0]
    every = _chained(parts)
    away = np.concatenate([_away(part) for part in parts])
    order = np.lexsort((away, every.frames))
    boxes, frames = every.boxes[order], every.frames[order]
    first = np.flatnonzero(np.diff(frames, prepend=-1))
    for n in np.flatnonzero(np.diff(frames, prepend=-1) == 0).tolist():
        keeper = first[np.searchsorted(first, n, side="right") - 1]
        low, high = np.maximum(boxes[keeper, :2], boxes[n, :2]), np.minimum(boxes[keeper, 2:], boxes[n, 2:])
        if (low < high).all():
            boxes[keeper, :2] = np.minimum(boxes[keeper, :2], boxes[n, :2])
            boxes[keeper, 2:] = np.maximum(boxes[keeper, 2:], boxes[n, 2:])
    return Heads(frames[first], boxes[first], every.row[order][first], every.extended[order][first])


def _away(track: Heads) -> Ints:
    """Frames to the nearest detection of the track."""
    seen = track.frames[track.row >= 0]
    after = np.searchsorted(seen, track.frames).clip(max=len(seen) - 1)
    nearest = np.minimum(np.abs(seen[after] - track.frames), np.abs(seen[(after - 1).clip(min=0)] - track.frames))
    return np.asarray(nearest, np.int64)


def _chained(runs: list[Heads]) -> Heads:
    return Heads(
        np.concatenate([run.frames for run in runs]),
        np.concatenate([run.boxes for run in runs]),
        np.concatenate([run.row for run in runs]),
        np.concatenate([run.extended for run in runs]),
    )


def _runs(rows: Ints, seen: Seen) -> list[Ints]:
    """The track in pieces with no cut and no long gap inside."""
    frames = seen.frame[rows]
    looks = np.diff(np.searchsorted(seen.looked, frames))
    gaps = (np.diff(seen.seconds[frames]) > _LONGEST_FILL) & (looks > 1)
    return np.split(rows, np.flatnonzero(gaps | (np.diff(seen.shot[frames]) != 0)) + 1)


def _run(rows: Ints, seen: Seen) -> Heads:
    frames = seen.frame[rows]
    first, last = _reach(frames, seen.score[rows], seen)
    every = np.arange(first, last + 1)
    row = np.full(len(every), -1)
    row[frames - first] = rows
    times, known = seen.seconds[every], seen.seconds[frames]
    step = float(np.median(np.diff(times))) if len(every) > 1 else 1.0
    filled, coasted = _filled(known, seen.still[rows], times)
    tight = _around(_whole(filled, step), np.abs(coasted))
    head = _grown(_head(tight), _unsure(known, seen.score[rows], times))
    boxes = _smooth(head, step) + np.tile(seen.camera[every], 2)
    extended = (every < frames[0]) | (every > frames[-1])
    kept = ~extended | _visible(boxes, seen.size)
    return Heads(every[kept], boxes[kept], row[kept], extended[kept])


def _reach(frames: Ints, scores: Floats, seen: Seen) -> tuple[int, int]:
    """First and last frame once extended: inside the shot, and not much longer than the run was seen; but always up to
    the next frame that the detector looked at: in those between nobody knows that the face is gone."""
    start, end = seen.seconds[frames[0]], seen.seconds[frames[-1]]
    longest = _EXTEND_LEAST + _EXTEND_SHARE * (end - start)
    seconds = seen.seconds[frames]
    before, after = (
        np.interp(scores[near].mean(), _EXTEND_SCORES, _EXTEND_MOST)
        for near in (seconds <= start + _END, seconds >= end - _END)
    )
    shot_first, shot_end = seen.shot_of(int(frames[0]))
    early, late = _unlooked(int(frames[0]), int(frames[-1]), seen)
    first = max(min(np.searchsorted(seen.seconds, start - min(longest, before)), early), shot_first)
    last = min(max(np.searchsorted(seen.seconds, end + min(longest, after), side="right"), late), shot_end) - 1
    return int(first), int(last)


def _unlooked(first: int, last: int, seen: Seen) -> tuple[int, int]:
    """The frames around a run that the detector did not look at begin and end (exclusive) here."""
    before = seen.looked[: np.searchsorted(seen.looked, first)]
    after = seen.looked[np.searchsorted(seen.looked, last, side="right") :]
    return int(before[-1]) + 1 if len(before) else 0, int(after[0]) if len(after) else len(seen.seconds)


def _filled(known: Floats, boxes: Floats, times: Floats) -> tuple[Floats, Floats]:
    """Boxes at all times: linear between known ones, beyond them moving on as they last did, ever slower; and by how
    much that has moved each, (n, 2)."""
    out = np.stack([np.interp(times, known, side) for side in boxes.T], axis=1)
    moved = np.zeros((len(times), 2))
    for at, end in ((known[0], times < known[0]), (known[-1], times > known[-1])):
        near = np.abs(known - at) <= _RECENT
        if near.sum() > 1 and end.any():
            centres = (boxes[near, :2] + boxes[near, 2:]) / 2
            spread = known[near] - known[near].mean()
            coasted = np.sign(times[end] - at) * _COAST * (1 - np.exp(-np.abs(times[end] - at) / _COAST))
            moved[end] = coasted[:, None] * (spread @ centres / (spread @ spread))
    return out + np.tile(moved, 2), moved


def _around(boxes: Floats, by: Floats) -> Floats:
    """Larger by so many pixels to each side: whoever moves beyond what was seen may have stopped, or be twice as fast.
    Nobody is detected in the blur of a run."""
    return np.concatenate([boxes[:, :2] - by, boxes[:, 2:] + by], axis=1)


def _unsure(known: Floats, scores: Floats, times: Floats) -> Floats:
    """By which share of its size the box of each time grows to each side."""
    after = np.searchsorted(known, times).clip(max=len(known) - 1)
    before = (after - 1).clip(min=0)
    away = np.minimum(np.abs(times - known[after]), np.abs(times - known[before]))
    doubt = (_SURE - np.interp(times, known, scores)).clip(min=0)
    return np.asarray(np.minimum(away * _AWAY, _AWAY_MOST) + doubt * _DOUBT)


def _whole(tight: Floats, step: float) -> Floats:
    """Boxes hardly smaller than most of those around them: a face half behind something keeps its size."""
    if len(tight) < 3:
        return tight
    sides = tight[:, 2:] - tight[:, :2]
    by = (_ranked(sides, _SIZE_SHARE, _window(_SIZE, step, len(tight))) - sides).clip(min=0) / 2
    return np.concatenate([tight[:, :2] - by, tight[:, 2:] + by], axis=1)


def _ranked(values: Floats, share: float, reach: int) -> Floats:
    """Of each column, the value below which this share of those up to `reach` rows away lie; the ends are mirrored."""
    mirrored = np.concatenate([values[reach:0:-1], values, values[-2 : -reach - 2 : -1]])
    windows = sliding_window_view(mirrored, 2 * reach + 1, axis=0)
    rank = int(share * windows.shape[2])
    starts = range(0, len(windows), _WINDOWS)
    return np.concatenate([np.partition(windows[at : at + _WINDOWS], rank)[..., rank] for at in starts])


def _head(tight: Floats) -> Floats:
    wide, high = tight[:, 2] - tight[:, 0], tight[:, 3] - tight[:, 1]
    return tight + np.stack([-_SIDE * wide, -_TOP * high, _SIDE * wide, _BOTTOM * high], axis=1)


def _grown(boxes: Floats, share: Floats) -> Floats:
    return _around(boxes, share[:, None] * (boxes[:, 2:] - boxes[:, :2]))


def _smooth(boxes: Floats, step: float) -> Floats:
    """Averaged envelopes along the smooth path, widened by motion; never smaller than the box of the same frame."""
    if len(boxes) < 3:
        return boxes
    path = _path((boxes[:, :2] + boxes[:, 2:]) / 2, _window(_PATH, step, len(boxes)))
    reach = _window(_SMOOTH, step, len(boxes))
    motion = np.abs(np.gradient(path, axis=0)) * _MOTION
    low = _envelope(boxes[:, :2] - path, reach, np.minimum) + path - motion
    high = _envelope(boxes[:, 2:] - path, reach, np.maximum) + path + motion
    return np.concatenate([low, high], axis=1)


def _path(centres: Floats, reach: int) -> Floats:
    """Moving average of the centres; the ends are continued as they came, so that steady motion stays itself."""
    before, after = 2 * centres[0] - centres[reach:0:-1], 2 * centres[-1] - centres[-2 : -reach - 2 : -1]
    return _over(np.concatenate([before, centres, after]), reach, np.add) / (2 * reach + 1)


def _envelope(values: Floats, reach: int, extreme: np.ufunc) -> Floats:
    """Mean of the extremes of all windows that a row is in; the ends go on as they are."""
    wide = 2 * reach
    around = np.concatenate([values[:1].repeat(wide, axis=0), values, values[-1:].repeat(wide, axis=0)])
    return _over(_over(around, reach, extreme), reach, np.add) / (wide + 1)


def _over(values: Floats, reach: int, combine: np.ufunc) -> Floats:
    """All windows of 2 * reach + 1 rows, each combined into one."""
    count = len(values) - 2 * reach
    out = values[:count].copy()
    for at in range(1, 2 * reach + 1):
        combine(out, values[at : at + count], out=out)
    return out


def _window(seconds: float, step: float, count: int) -> int:
    """Frames to each side of a window; fewer than there are."""
    return min(round(seconds / step), count - 1)


def _visible(boxes: Floats, size: tuple[float, float]) -> npt.NDArray[np.bool_]:
    return np.asarray((boxes[:, 2:] > 0).all(axis=1) & (boxes[:, :2] < size).all(axis=1))
