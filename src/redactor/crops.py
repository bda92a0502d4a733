"""Candidate portraits: which detections deserve a crop, by a rule that does not care where the video was split.

The rule: a detection keeps its crop unless a better one that overlaps it lies within a second of it, among all
detections, with a crop or without. So a part of the video keeps too many at its edges and never too few; the quality
of every detection is stored, and the rule applied again over the whole video gives what one pass over it would have
kept.
"""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from redactor.detectors.detection import Box, Detection
from redactor.detectors.faces import Picture
from redactor.media.streams import VideoStream
from redactor.portraits import encoded, head, quality
from redactor.sightings import Sightings

_OVERLAP = 0.3  # intersection over union
_AT_ONCE = 256  # crops that are compared with all around them

# Columns: pts, position, x1, y1, x2, y2, quality. float64 holds each of them exactly.
Rows = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Crop:
    """A portrait that may become a thumbnail.

    pts, position: which detection of which frame. box: that detection's, tight, pixels of the decoded frame.
    portrait: the head with a margin, upright, square pixels, at most 256 px high: a JPEG as base64, which it stays
        until it is wanted, as few are.
    """

    pts: int
    position: int
    box: Box
    quality: float
    portrait: str = field(default="", repr=False)

    @property
    def jpeg(self) -> bytes:
        """The portrait's file; raises ValueError where it is no base64."""
        return base64.b64decode(self.portrait, validate=True)


class Keeper:
    """Judges detections as they come and keeps crops by the rule, holding no picture for more than a second.

    Mutable: one for each segment; frames come in presentation order.
    """

    def __init__(self, video: VideoStream) -> None:
        self._video = video
        self._window = _window(video.time_base)
        self._recent = _rows(())
        self._open: dict[tuple[int, int], tuple[Crop, Picture]] = {}
        self._done: list[Crop] = []

    def add(self, pts: int, detections: Sequence[Detection], picture: Picture) -> tuple[Detection, ...]:
        """The frame's detections with their quality and without landmarks: as they are stored.

        picture: the upright frame, (h, w, 3) uint8 BGR of any size; not held.
        """
        judged = tuple(replace(one, quality=quality(one, picture, self._video), landmarks=None) for one in detections)
        self._recent = self._recent[self._recent[:, 0] >= pts - self._window]
        self._finish(pts)
        new = _rows([(pts, n, one) for n, one in enumerate(judged)])
        self._open = {key: kept for key, kept in self._open.items() if not _beaten(kept[0], new, self._window)}
        self._recent = np.concatenate([self._recent, new])
        for n, one in enumerate(judged):
            crop = Crop(pts, n, one.box, one.quality)
            if not _beaten(crop, self._recent, self._window):
                self._open[pts, n] = crop, head(picture, one.box, self._video)
        return judged

    def crops(self) -> tuple[Crop, ...]:
        """All crops that stand after the last frame, ordered by pts, then position."""
        self._finish(None)
        return tuple(self._done)

    def _finish(self, now: int | None) -> None:
        """Encode what no frame from now on can beat."""
        for key in sorted(self._open):
            if now is None or key[0] < now - self._window:
                crop, picture = self._open.pop(key)
                self._done.append(replace(crop, portrait=base64.b64encode(encoded(picture)).decode()))


def survivors(crops: Iterable[Crop], seen: Sightings, time_base: Fraction) -> tuple[Crop, ...]:
    """The crops of all parts of a video that the rule keeps over the whole of it, ordered by pts, then position.

    seen: the whole video, with the quality that Keeper gave each detection.
    """
    window = _window(time_base)
    rows = np.column_stack([seen.pts[seen.frame], seen.position, seen.boxes, seen.quality])
    ordered = sorted(crops, key=lambda crop: (crop.pts, crop.position))
    kept: list[Crop] = []
    for at in range(0, len(ordered), _AT_ONCE):
        some = ordered[at : at + _AT_ONCE]
        wanted = np.array([_row(crop) for crop in some])
        starts, ends = (np.searchsorted(rows[:, 0], wanted[:, 0] + far) for far in (-window, window + 1))
        which = np.repeat(np.arange(len(some)), ends - starts)
        near = np.arange(len(which)) + np.repeat(ends - np.cumsum(ends - starts), ends - starts)
        better = rows[near, 6] >= wanted[which, 6]
        beaten = which[better][_beat(rows[near[better]], wanted[which[better]], window)]
        kept += [some[n] for n in np.setdiff1d(np.arange(len(some)), beaten).tolist()]
    return tuple(kept)


def _window(time_base: Fraction) -> int:
    """A second in ticks, rounded down."""
    return int(1 / time_base)


def _rows(detections: Sequence[tuple[int, int, Detection]]) -> Rows:
    listed = [(pts, position, *one.box, one.quality) for pts, position, one in detections]
    return np.array(listed, dtype=np.float64).reshape(-1, 7)


def _row(crop: Crop) -> tuple[float, ...]:
    return (crop.pts, crop.position, *crop.box, crop.quality)


def _beaten(crop: Crop, rows: Rows, window: int) -> bool:
    return bool(_beat(rows, np.array([_row(crop)]), window).any())


def _beat(rows: Rows, others: Rows, window: int) -> npt.NDArray[np.bool_]:
    """Whether a row is better than its other one and overlaps it within the window. Of equals the earlier is better,
    then the first in its frame. others: as many, or one for all."""
    pts, position, left, top, right, bottom, quality = rows.T
    when, place, x1, y1, x2, y2, good = others.T
    shared = (np.minimum(right, x2) - np.maximum(left, x1)).clip(0) * (
        np.minimum(bottom, y2) - np.maximum(top, y1)
    ).clip(0)
    both = (right - left) * (bottom - top) + (x2 - x1) * (y2 - y1) - shared
    earlier = (pts < when) | ((pts == when) & (position < place))
    better = (quality > good) | ((quality == good) & earlier)
    return np.asarray(better & (np.abs(pts - when) <= window) & (shared > _OVERLAP * both))
