"""Which faces are embedded: about one a second of each, by a rule that does not care where the video was split.

The rule: time is a fixed grid of cells, and a cut starts a cell anew. A detection is embedded if it is good, if no good
one before it in its cell overlaps it, and if it is its turn among the good ones of its frame. A part of the video knows
less of what came before, so it embeds too many at its start and never too few; the rule applied again over the whole
video leaves what one pass over it would have embedded.

A portrait of the best quality is the wrong one to embed: measured, the sharpest are those with a hand before the mouth.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from redactor.detectors.detection import Box, Detection, FrameRecord
from redactor.detectors.faces import Floats, Picture
from redactor.identity.embedder import vector
from redactor.media.streams import VideoStream
from redactor.portraits import face_in_head, head
from redactor.scenes import parts

# Seconds. An embedding takes as long as the detection of three frames at 720p; with two faces that is a sixth more.
# From 0.75 s to 2 s, the thirteen development shots of two seconds each gave their five people every time.
CELL = Fraction(5, 4)
# Hands, prints on T-shirts and faces in profile have embeddings too, and they mean nothing.
_CERTAIN, _GOOD = 0.8, 0.2
_OVERLAP = 0.3  # intersection over union
_A_FRAME = 6  # a crowd takes turns

# A portrait and the tight face in it -> the embedding, as text.
Embed = Callable[[Picture, Box], str]
# pts, position in the frame's detections.
Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Template:
    """The embedding of one detection. pts, position: which one of which frame. It prints as nothing."""

    pts: int
    position: int
    embedding: str = field(repr=False)


class _Rule:
    """Mutable: frames come in presentation order, those not looked at with no detections."""

    def __init__(self, time_base: Fraction) -> None:
        self._cells = time_base / CELL
        self._cell, self._mark, self._before = 0, "", np.empty((0, 4))

    def chosen(self, pts: int, detections: Sequence[Detection], mark: str) -> list[int]:
        """Positions of the frame's detections to embed. detections: with their quality. mark: scenes.signature."""
        cell = int(pts * self._cells // 1)
        if cell != self._cell or (self._mark and parts([self._mark, mark])[1]):
            self._before = np.empty((0, 4))
        self._cell, self._mark = cell, mark
        good = [n for n, one in enumerate(detections) if one.score >= _CERTAIN and one.quality >= _GOOD]
        found = [n for n in _turn(good, detections, cell) if not _overlaps(detections[n].box, self._before)]
        if good:
            self._before = np.concatenate([self._before, [detections[n].box for n in good]])
        return found


class Sampler:
    """Embeds by the rule as frames come. Mutable: one for each segment."""

    def __init__(self, video: VideoStream, embed: Embed) -> None:
        self._video, self._embed, self._rule = video, embed, _Rule(video.time_base)
        self._templates: list[Template] = []

    def add(self, record: FrameRecord, picture: Picture) -> None:
        """record: of the frame, quality judged. picture: the upright frame, (h, w, 3) uint8 BGR; not held."""
        found = record.detections or ()
        for n in self._rule.chosen(record.pts, found, record.signature):
            portrait = head(picture, found[n].box, self._video)
            face = face_in_head(picture, found[n].box, self._video)
            self._templates.append(Template(record.pts, n, self._embed(portrait, face)))

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
