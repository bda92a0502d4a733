"""Which faces are embedded: about one a second of each, by a rule that does not care where the video was split.

The rule: time is a fixed grid of cells, and a cut starts a cell anew. A detection is embedded if it is good, if no good
one before it in its cell overlaps it, and if it is its turn among the good ones of its frame. Clear faces and others
count apart. A part of the video knows
less of what came before, so it embeds too many at its start and never too few; the rule applied again over the whole
video leaves what one pass over it would have embedded.

A portrait of the best quality is the wrong one to embed: measured, the sharpest are those with a hand before the mouth.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from redactor.detectors.detection import Box, Detection, FrameRecord
from redactor.detectors.faces import Floats, Picture
from redactor.identity.embedder import vector
from redactor.media.streams import VideoStream
from redactor.portraits import face_in_head, frontality, head, landmarks_in_head
from redactor.scenes import parts

# Seconds. An embedding takes as long as the detection of three frames at 720p; with two faces that is a sixth more.
# From 0.75 s to 2 s, the thirteen development shots of two seconds each gave their five people every time.
CELL = Fraction(5, 4)
# Hands and prints on T-shirts have embeddings too, and they mean nothing.
_CERTAIN, _GOOD = 0.85, 0.1
_CLEAR = 0.2  # each embedding of a face less clear (in profile, blurred) says less, so it gets twice as many
_PROFILE = 0.35  # frontality below which a face is aligned by the detector's landmarks
_OVERLAP = 0.3  # intersection over union
_A_FRAME = 6  # a crowd takes turns

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


class _Grid:
    """One grid of cells, for detections of one kind. Mutable: frames come in presentation order."""

    def __init__(self, cells: Fraction, least: float, below: float) -> None:
        """cells: a tick. least, below: the quality of its kind."""
        self._cells, self._least, self._below = cells, least, below
        self._cell, self._before = 0, np.empty((0, 4))

    def chosen(self, pts: int, detections: Sequence[Detection], *, cut: bool) -> list[int]:
        cell = int(pts * self._cells // 1)
        if cut or cell != self._cell:
            self._cell, self._before = cell, np.empty((0, 4))
        kind = [
            n for n, one in enumerate(detections) if one.score >= _CERTAIN and self._least <= one.quality < self._below
        ]
        found = [n for n in _turn(kind, detections, cell) if not _overlaps(detections[n].box, self._before)]
        self._before = np.concatenate([self._before, *(np.array([detections[n].box]) for n in kind)])
        return found


class _Rule:
    """Mutable: frames come in presentation order, those not looked at with no detections."""

    def __init__(self, time_base: Fraction) -> None:
        self._grids = (
            _Grid(time_base / CELL, _CLEAR, math.inf),
            _Grid(time_base / CELL * 2, _GOOD, _CLEAR),
        )
        self._mark = ""

    def chosen(self, pts: int, detections: Sequence[Detection], mark: str) -> list[int]:
        """Positions of the frame's detections to embed. detections: with their quality. mark: scenes.signature."""
        cut = bool(self._mark) and parts([self._mark, mark])[1] > 0
        self._mark = mark
        return sorted(n for grid in self._grids for n in grid.chosen(pts, detections, cut=cut))


class Sampler:
    """Embeds by the rule as frames come. Mutable: one for each segment."""

    def __init__(self, video: VideoStream, embed: Embed) -> None:
        self._video, self._embed, self._rule = video, embed, _Rule(video.time_base)
        self._templates: list[Template] = []

    def add(self, record: FrameRecord, found: Sequence[Detection], picture: Picture) -> None:
        """record: of the frame, quality judged. found: the same detections with their landmarks. picture: the upright
        frame, (h, w, 3) uint8 BGR; not held."""
        for n in self._rule.chosen(record.pts, record.detections or (), record.signature):
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


def lasting(templates: Iterable[Template], records: Iterable[FrameRecord], time_base: Fraction) -> Embeddings:
    """The embeddings that one pass over the whole video would have made. records: all, in presentation order."""
    there = {(one.pts, one.position): one.embedding for one in templates}
    rule = _Rule(time_base)
    wanted = [(r.pts, n) for r in records for n in rule.chosen(r.pts, r.detections or (), r.signature)]
    return Embeddings(
        {key: vector(there[key]) for key in wanted if key in there}, sum(key not in there for key in wanted)
    )


def _turn(good: list[int], detections: Sequence[Detection], cell: int) -> list[int]:
    """At most six of them, from left to right, others in each cell."""
    if len(good) <= _A_FRAME:
        return good
    ordered = sorted(good, key=lambda n: (detections[n].box, n))
    start = cell * _A_FRAME % len(good)
    return (ordered + ordered)[start : start + _A_FRAME]


def _overlaps(box: Box, others: Floats) -> bool:
    x1, y1, x2, y2 = box
    wide = np.minimum(others[:, 2], x2) - np.maximum(others[:, 0], x1)
    high = np.minimum(others[:, 3], y2) - np.maximum(others[:, 1], y1)
    shared = wide.clip(min=0) * high.clip(min=0)
    both = (others[:, 2:] - others[:, :2]).prod(axis=1) + (x2 - x1) * (y2 - y1) - shared
    return bool((shared > _OVERLAP * both).any())
