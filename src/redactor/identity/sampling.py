"""Which faces are embedded: about one a second of each, by a rule that does not care where the video was split.

The rule: time is a fixed grid of cells, and a cut starts a cell anew. A detection is embedded if it is good, if no good
one before it in its cell overlaps it, and if it is its turn among the good ones of its frame. Clear faces and others
count apart. A part of the video knows
less of what came before, so it embeds too many at its start and never too few; the rule applied again over the whole
video leaves what one pass over it would have embedded.

A portrait of the best quality is the wrong one to embed: measured, the sharpest are those with a hand before the mouth.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from redactor.detectors.detection import Box, Detection, FrameRecord
from redactor.detectors.faces import Floats, Picture
from redactor.identity.embedder import vector
from redactor.media.streams import VideoStream
from redactor.portraits import face_in_head, frontality, head, landmarks_in_head
from redactor.scenes import is_cut, parts
from redactor.sightings import Ints, Sightings

# Seconds. An embedding takes a quarter as long as the detection of one frame at 720p.
# From 0.75 s to 2 s, the thirteen development shots of two seconds each gave their five people every time.
CELL = Fraction(3, 2)
# Hands and prints on T-shirts have embeddings too, and they mean nothing.
_CERTAIN, _GOOD = 0.85, 0.1
_CLEAR = 0.2  # each embedding of a face less clear (in profile, blurred) says less, so it gets twice as many
_PROFILE = 0.35  # frontality below which a face is aligned by the detector's landmarks
_OVERLAP = 0.3  # intersection over union
_A_FRAME = 6  # a crowd takes turns
_AT_ONCE = 4096  # boxes compared

# A portrait, the tight face in it, and its landmarks if it is in profile -> the embedding, as text.
Embed = Callable[[Picture, Box, Floats | None], str]
# pts, position in the frame's detections.
Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Template:
    """The embedding of one detection. pts, position: which one of which frame. It prints as nothing."""

    pts: int
    position: int
    embedding: str = field(repr=False)


class _Face(NamedTuple):
    """A detection certain enough to be embedded. Sorted from left to right; position: in its frame's detections."""

    box: Box
    position: int
    quality: float


class _Grid:
    """One grid of cells, for faces of one kind. Mutable: frames come in presentation order, those without such a face
    may be left out."""

    def __init__(self, cells: Fraction, least: float, below: float) -> None:
        """cells: a tick. least, below: the quality of its kind."""
        self.least, self.below, self._cells = least, below, cells
        self._at, self._before = (0, 0), list[Box]()

    def chosen(self, pts: int, part: int, faces: Sequence[_Face]) -> list[int]:
        """Positions of the faces to embed. part: grows at each cut, as scenes.parts says. faces: the frame's certain
        ones, of any kind."""
        good, cell = [face for face in faces if self.least <= face.quality < self.below], self.cell(pts)
        if (part, cell) != self._at:
            self._at, self._before = (part, cell), []
        found = [face.position for face in _turn(good, cell) if not _overlaps(face.box, self._before)]
        self._before += [face.box for face in good]
        return found

    def cell(self, pts: int) -> int:
        """The cell that a frame is in."""
        return pts * self._cells.numerator // self._cells.denominator


def _rule(time_base: Fraction) -> tuple[_Grid, ...]:
    return _Grid(time_base / CELL, _CLEAR, math.inf), _Grid(time_base / CELL * 2, _GOOD, _CLEAR)


class Sampler:
    """Embeds by the rule as frames come. Mutable: one for each segment."""

    def __init__(self, video: VideoStream, embed: Embed) -> None:
        self._video, self._embed, self._rule = video, embed, _rule(video.time_base)
        self._mark, self._part = b"", 0
        self._templates: list[Template] = []

    def add(self, record: FrameRecord, found: Sequence[Detection], picture: Picture) -> None:
        """record: of the frame, quality judged. found: the same detections with their landmarks. picture: the upright
        frame, (h, w, 3) uint8 BGR; not held."""
        self._part += bool(self._mark) and is_cut(self._mark, record.signature)
        self._mark = record.signature
        certain = [
            _Face(one.box, n, one.quality) for n, one in enumerate(record.detections or ()) if one.score >= _CERTAIN
        ]
        for n in sorted(n for grid in self._rule for n in grid.chosen(record.pts, self._part, certain)):
            one = found[n]
            points = None if frontality(one, self._video) >= _PROFILE else landmarks_in_head(picture, one, self._video)
            face = face_in_head(picture, one.box, self._video)
            portrait = head(picture, one.box, self._video)
            self._templates.append(Template(record.pts, n, self._embed(portrait, face, points)))

    @property
    def templates(self) -> tuple[Template, ...]:
        """Ordered by pts, then turn."""
        return tuple(self._templates)


@dataclass(frozen=True, slots=True)
class Embeddings:
    """What the rule keeps of all templates of a video, as vectors. missing: how many there should be and are not."""

    vectors: Mapping[Key, Floats] = field(default_factory=dict, repr=False)
    missing: int = 0


def lasting(templates: Iterable[Template], seen: Sightings, time_base: Fraction) -> Embeddings:
    """The embeddings that one pass over the whole video would have made. seen: the whole video."""
    there = {(one.pts, one.position): one.embedding for one in templates}
    keys = wanted(seen, time_base)
    return Embeddings({key: vector(there[key]) for key in keys if key in there}, sum(key not in there for key in keys))


def wanted(seen: Sightings, time_base: Fraction) -> list[Key]:
    """The detections that one pass over these frames embeds, ordered by pts, then position."""
    part = parts(seen.signatures)
    return sorted(key for grid in _rule(time_base) for key in _chosen(grid, seen, part))


def _chosen(grid: _Grid, seen: Sightings, part: Ints) -> Iterator[Key]:
    """What `grid.chosen` chooses in all frames, at once. part: (F,)."""
    kind = (seen.score >= _CERTAIN) & (seen.quality >= grid.least) & (seen.quality < grid.below)
    frame, boxes, cell = seen.frame[kind], seen.boxes[kind], np.array([grid.cell(pts) for pts in seen.pts.tolist()])
    anew = (np.diff(part, prepend=part[:1]) != 0) | (np.diff(cell, prepend=cell[:1]) != 0)
    chosen = _new(_turns(frame, boxes, cell[frame]), frame, boxes, np.cumsum(anew)[frame])
    yield from zip(seen.pts[frame[chosen]].tolist(), seen.position[kind][chosen].tolist(), strict=True)


def _turns(frame: Ints, boxes: Floats, cell: Ints) -> Ints:
    """The rows that `_turn` leaves of each frame. frame: (n,), ascending; boxes: (n, 4); cell: (n,), of the frame."""
    first, faces = np.searchsorted(frame, frame), np.bincount(frame)[frame]
    place = np.empty_like(frame)
    place[np.lexsort((*boxes.T[::-1], frame))] = np.arange(len(frame)) - first
    return np.flatnonzero((place - cell * _A_FRAME) % faces < _A_FRAME)


def _new(rows: Ints, frame: Ints, boxes: Floats, cell: Ints) -> Ints:
    """Of these rows those that none before overlaps, of all in an earlier frame of the cell. frame, cell: (n,),
    ascending; boxes: (n, 4)."""
    first, found, back = np.searchsorted(cell, cell), [rows[:0]], 1
    while rows.size:  # most overlap one of the last, so that few are left soon, which then look back farther at once
        far = back + 1 + _AT_ONCE // rows.size
        these = rows[:, None]
        before = np.maximum(these - np.arange(back, far), first[these])
        hit = (frame[before] < frame[these]) & _overlap(boxes[these], boxes[before])
        rows, back = rows[~hit.any(axis=1)], far
        alone = rows - back < first[rows]
        found.append(rows[alone])
        rows = rows[~alone]
    return np.concatenate(found)


def _overlap(boxes: Floats, others: Floats) -> npt.NDArray[np.bool_]:
    """`_overlaps` of each box and its other one, (…, 4)."""
    sides = np.minimum(boxes[..., 2:], others[..., 2:]) - np.maximum(boxes[..., :2], others[..., :2])
    shared = sides.clip(0).prod(axis=-1)
    areas = (others[..., 2:] - others[..., :2]).prod(axis=-1) + (boxes[..., 2:] - boxes[..., :2]).prod(axis=-1)
    return np.asarray(shared > _OVERLAP * (areas - shared))


def _turn(good: list[_Face], cell: int) -> list[_Face]:
    """At most six of them, from left to right, others in each cell."""
    if len(good) <= _A_FRAME:
        return good
    ordered = sorted(good)
    start = cell * _A_FRAME % len(good)
    return (ordered + ordered)[start : start + _A_FRAME]


def _overlaps(box: Box, before: list[Box]) -> bool:
    """Whether it overlaps one of those before it: most likely one of the last."""
    x1, y1, x2, y2 = box
    for left, top, right, bottom in reversed(before):
        wide, high = min(right, x2) - max(left, x1), min(bottom, y2) - max(top, y1)
        if wide > 0 and high > 0:
            both = (right - left) * (bottom - top) + (x2 - x1) * (y2 - y1) - wide * high
            if wide * high > _OVERLAP * both:
                return True
    return False
