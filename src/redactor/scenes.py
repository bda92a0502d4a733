"""Where the picture cuts and how the camera moves, from a small signature of each frame.

Detect stores a signature with every frame, so that both are found in one pass over the whole video: had each worker
looked for cuts by itself, the result would depend on where its segment begins.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from redactor.detectors.faces import Floats, Picture

Bytes = npt.NDArray[np.uint8]

# A signature: mean luma in _GRID x _GRID cells, then the luma profile along x and along y in _BINS bins each.
_GRID = 8
_BINS = 96
LENGTH = _GRID * _GRID + 2 * _BINS

# At a cut the cells change by much of their own contrast (in one shot by less than a fifth), by more than around it,
# and no shift of the picture explains it: of the profiles' variation at least 0.8 remained at real cuts, at most 0.6
# elsewhere.
_CUT_LEAST = 3.0
_CUT_CONTRAST = 0.25
_CUT_TIMES = 3.0
_CUT_AROUND = 5
_CUT_UNEXPLAINED = 0.7

# Shifts up to a twelfth of the picture between frames; one away from 0 counts if it explains most of the change.
_MOST_SHIFT = _BINS // 12
_UNEXPLAINED = 0.6
_FLAT = 0.5
_BLOCK = 1024  # frames compared at once: what is computed on the way stays in the cache


@dataclass(frozen=True)
class Scenes:
    """shot: (frames,) int, the number of the shot each frame is in; camera: (frames, 2) float64, how far still things
    have moved in the upright picture since the shot began, as fractions of its width and height."""

    shot: npt.NDArray[np.int64]
    camera: Floats


def signature(picture: Picture) -> bytes:
    """The signature of an upright picture of any size, (h, w, 3) uint8 BGR: 256 bytes."""
    luma: Bytes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
    grid = cv2.resize(luma, (_GRID, _GRID), interpolation=cv2.INTER_AREA)
    return grid.tobytes() + b"".join(_profile(means) for means in _means(luma))


def lightness(mark: bytes) -> float:
    """Mean luma of the picture that a signature is of, 0-255."""
    return float(np.frombuffer(mark, np.uint8, _GRID * _GRID).mean())


def read(signatures: Bytes) -> Scenes:
    """Cuts and camera motion of a whole video. signatures: (frames, 256), in presentation order."""
    data = signatures.reshape(-1, LENGTH)
    if not len(data):
        return Scenes(np.empty(0, np.int64), np.empty((0, 2)))
    grids, profiles = data[:, : _GRID * _GRID], data[:, _GRID * _GRID :].reshape(-1, 2, _BINS)
    moves = [_moves(profiles[:, axis]) for axis in (0, 1)]
    cuts = _cuts(grids) & (np.maximum(moves[0][1], moves[1][1]) > _CUT_UNEXPLAINED)
    steps = np.stack([steps for steps, _ in moves], axis=1)
    shot, camera = np.cumsum(cuts, dtype=np.int64), np.cumsum(steps, axis=0)
    return Scenes(shot, camera - camera[np.searchsorted(shot, shot)])


def parts(signatures: Bytes) -> npt.NDArray[np.int64]:
    """(frames,) int: grows by one wherever a picture differs from the one before as across a cut.

    Looks at neighbours alone, so a part of a video is parted where the whole is; a quick pan parts it too.
    signatures: (frames, 256).
    """
    levelled, contrast = _levelled(signatures.reshape(-1, LENGTH)[:, : _GRID * _GRID])
    return np.cumsum(_differs(_changes(levelled), contrast), dtype=np.int64)


def is_cut(before: bytes, after: bytes) -> bool:
    """Whether `parts` parts two pictures with these signatures."""
    return bool(parts(np.frombuffer(before + after, np.uint8))[1])


def _means(luma: Bytes) -> tuple[Floats, Floats]:
    """Of its columns and of its rows: luma.mean(0), luma.mean(1). Float32 adds whole numbers up to 2**24 exactly, and
    products of matrices take a tenth of the time."""
    (high, wide), cells = luma.shape, luma.astype(np.float32)
    columns, rows = np.ones(high, np.float32) @ cells, cells @ np.ones(wide, np.float32)
    return columns.astype(np.float64) / high, rows.astype(np.float64) / wide


def _profile(means: Floats) -> bytes:
    row = cv2.resize(means.astype(np.float32)[None], (_BINS, 1), interpolation=cv2.INTER_AREA)
    return np.clip(np.round(row), 0, 255).astype(np.uint8).tobytes()


def _cuts(grids: Bytes) -> npt.NDArray[np.bool_]:
    """Whether the cells right before each frame change as they do at a cut; never before the first frame."""
    levelled, contrast = _levelled(grids)
    change = _changes(levelled)
    windows = sliding_window_view(np.pad(change, _CUT_AROUND), 2 * _CUT_AROUND + 1)
    return _differs(change, contrast) & np.asarray(change > _CUT_TIMES * np.median(windows, axis=1))


def _levelled(grids: Bytes) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Cells without their mean, and how far they are from it: the contrast."""
    levelled = grids - grids.mean(axis=1, keepdims=True, dtype=np.float32)
    return levelled, np.abs(levelled).mean(axis=1)


def _changes(levelled: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    change = np.zeros(len(levelled), np.float32)
    change[1:] = np.abs(np.diff(levelled, axis=0)).mean(axis=1)
    return change


def _differs(change: npt.NDArray[np.float32], contrast: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    enough = _CUT_CONTRAST * (contrast + np.roll(contrast, 1)) / 2
    return np.asarray((change > _CUT_LEAST) & (change > enough))


def _moves(profiles: Bytes) -> tuple[Floats, Floats]:
    """Along one axis, from the frame before: how far the picture moved, as a fraction of its length (0 where unclear),
    and the share of the profile's variation that no shift explains."""
    steps, unexplained = np.zeros(len(profiles)), np.zeros(len(profiles))
    if len(profiles) < 2:
        return steps, unexplained
    slopes = np.diff(profiles.astype(np.float32), axis=1)
    errors = np.concatenate([_errors(slopes[at : at + _BLOCK + 1]) for at in range(0, len(slopes) - 1, _BLOCK)])
    variation = np.square(slopes).mean(axis=1)
    unexplained[1:] = errors.min(axis=1) / np.maximum((variation[1:] + variation[:-1]) / 2, _FLAT)
    best = errors.argmin(axis=1).clip(1, 2 * _MOST_SHIFT - 1)
    left, middle, right = (errors[np.arange(len(best)), best + side] for side in (-1, 0, 1))
    bend = left - 2 * middle + right
    clear = (bend > _FLAT) & ((best == _MOST_SHIFT) | (middle < _UNEXPLAINED * errors[:, _MOST_SHIFT]))
    offset = ((left - right) / (2 * np.maximum(bend, _FLAT))).clip(-1, 1)
    steps[1:] = np.where(clear, best - _MOST_SHIFT + offset, 0) / _BINS
    return steps, unexplained


def _errors(slopes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """What each shift leaves unexplained between neighbours, from the leftmost shift on."""
    shifts = range(-_MOST_SHIFT, _MOST_SHIFT + 1)
    return np.stack([_error(slopes[:-1], slopes[1:], shift) for shift in shifts], axis=1)


def _error(before: npt.NDArray[np.float32], after: npt.NDArray[np.float32], shift: int) -> npt.NDArray[np.float32]:
    """Mean squared difference of profiles if the picture moved by `shift` bins."""
    size = before.shape[1] - abs(shift)
    a = before[:, max(0, -shift) :][:, :size]
    b = after[:, max(0, shift) :][:, :size]
    difference = a - b
    return np.asarray(np.einsum("ij,ij->i", difference, difference) / np.float32(size))
