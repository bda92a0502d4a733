"""One global pass that turns the detections of all frames into people: tracks, ids, head boxes and what was left
out."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from redactor import coordinates
from redactor.detectors.detection import Box
from redactor.media.streams import VideoStream
from redactor.sightings import Sightings
from redactor.tracking.doubles import one_track_each, without_doubles
from redactor.tracking.heads import Heads, heads, joined
from redactor.tracking.links import follow
from redactor.tracking.persons import Persons, persons
from redactor.tracking.seen import Floats, Ints, Seen, gather
from redactor.tracking.stitch import stitched


class Origin(StrEnum):
    """Where a track's box comes from: seen, between two seen ones, or before the first and after the last."""

    DETECTED = "detected"
    INTERPOLATED = "interpolated"
    EXTENDED = "extended"


@dataclass(frozen=True, slots=True)
class TrackBox:
    """One id in one frame.

    frame: index of the frame in presentation order, from 0. pts: its time in ticks.
    box: (x1, y1, x2, y2), head-size, in pixels of the decoded frame, unclipped: what the annotations say.
    position: which of the frame's detections it is, score: its score; both None where nothing was detected.
    """

    frame: int
    pts: int
    box: Box
    origin: Origin
    position: int | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One person on their way through the video: in time order, at most once a frame, perhaps with gaps. As arrays: an
    hour has half a million boxes.

    frame, pts: (n,) and box: (n, 4), as in TrackBox; position: (n,), -1 where nothing was detected; score: (n,), any
    number there; extended: (n,), before the first detection or after the last of a run.
    """

    id: int
    frame: Ints
    pts: Ints
    box: Floats
    position: Ints
    score: Floats
    extended: npt.NDArray[np.bool_]

    @property
    def boxes(self) -> tuple[TrackBox, ...]:
        """One by one, made anew at each call."""
        columns = (self.frame, self.pts, self.box, self.extended, self.position, self.score)
        return tuple(
            TrackBox(frame, pts, tuple(box), Origin.DETECTED, position, score)
            if position >= 0
            else TrackBox(frame, pts, tuple(box), Origin.EXTENDED if extended else Origin.INTERPOLATED)
            for frame, pts, box, extended, position, score in zip(*(one.tolist() for one in columns), strict=True)
        )


@dataclass(frozen=True, slots=True)
class Pruned:
    """A run of detections that became no track, for the report.

    pts, box, score: of its best detection (tight box, pixels of the decoded frame); first, last: pts of the run's ends;
    frames: how many frames it was seen in; reason: why it was left out, a word that the report prints.
    """

    pts: int
    box: Box
    score: float
    first: int
    last: int
    frames: int
    reason: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """An id that may be the same person: their faces are too alike for two people and not enough for one. distance: of
    their embeddings."""

    id: int
    distance: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """How well one id is supported, for the report. first, last: pts. smallest_height: of the tight faces, upright
    px."""

    id: int
    first: int
    last: int
    detected: int
    interpolated: int
    extended: int
    lowest_score: float
    median_score: float
    smallest_height: float
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True, slots=True)
class Tracking:
    """The result: tracks by id (from 1, in order of appearance), a Coverage for each, what was pruned, pts after
    cuts."""

    tracks: tuple[Track, ...]
    coverage: tuple[Coverage, ...]
    pruned: tuple[Pruned, ...]
    cuts: tuple[int, ...]


def track(
    sightings: Sightings, video: VideoStream, faces: Mapping[tuple[int, int], Floats] = MappingProxyType({})
) -> Tracking:
    """Follow every face through the whole video.

    sightings: all frames, each pts once. faces: embeddings by pts and position in the frame's detections; without any,
    who was away for long or across a cut comes back as somebody else. The result depends on nothing else, and so not on
    how the video was split among workers.
    """
    if not sightings.pts.size:
        return Tracking((), (), (), ())
    every, pts = gather(sightings, video), sightings.pts
    seen, doubles = without_doubles(every)
    single = np.ones(len(seen.score), np.bool_)
    single[list(doubles)] = False
    candidates = stitched(follow(seen, np.flatnonzero(single)), seen)
    seen, people = one_track_each(candidates, seen)
    alone = [heads(rows, seen) for rows in people.faces]
    who = persons(alone, _embeddings(people.faces, sightings, faces))
    ordered, doubts = _numbered(who, alone, people.faces)
    left_out = [([row], _DOUBLE) for row in doubles | people.doubles] + [(rows, _WEAK) for rows in people.weak]
    pruned = [_pruned(rows, why, every.frame, sightings) for rows, why in left_out]
    return Tracking(
        tracks=tuple(_track(n, head, seen, pts, video) for n, (head, _) in enumerate(ordered, 1)),
        coverage=tuple(_coverage(n, one, seen, pts, doubts.get(n, ())) for n, one in enumerate(ordered, 1)),
        pruned=tuple(sorted(pruned, key=lambda one: (one.first, one.box))),
        cuts=tuple(pts[np.flatnonzero(np.diff(seen.shot)) + 1].tolist()),
    )


_DOUBLE = "inside a better detection of the same frame"
_WEAK = "seen too briefly or too unsteadily for its score"


Person = tuple[Heads, list[int]]


def _embeddings(
    tracks: list[list[int]], sightings: Sightings, faces: Mapping[tuple[int, int], Floats]
) -> dict[int, Floats]:
    """Number of a track -> the embeddings of its detections, for those that have any."""
    if not faces:
        return {}
    frames = np.searchsorted(sightings.pts, [pts for pts, _ in faces])
    row = sightings.first[frames] + [position for _, position in faces]
    by_row = dict(zip(row.tolist(), faces.values(), strict=True))
    found = {n: [by_row[row] for row in rows if row in by_row] for n, rows in enumerate(tracks)}
    return {n: np.array(listed) for n, listed in found.items() if listed}


def _numbered(
    who: Persons, tracks: list[Heads], rows: list[list[int]]
) -> tuple[list[Person], dict[int, tuple[Doubt, ...]]]:
    """The persons in order of appearance, each with all their detections, and the doubts by id (from 1)."""
    made = [(joined([tracks[n] for n in group]), sorted(row for n in group for row in rows[n])) for group in who.groups]
    order = sorted(range(len(made)), key=lambda n: (int(made[n][0].frames[0]), made[n][0].boxes[0].tolist()))
    number = {group: n for n, group in enumerate(order, 1)}
    doubts: dict[int, tuple[Doubt, ...]] = {}
    for (a, b), far in who.doubts.items():
        for one, other in ((number[a], number[b]), (number[b], number[a])):
            doubts[one] = (*doubts.get(one, ()), Doubt(other, far))
    return [made[n] for n in order], doubts


def _track(number: int, head: Heads, seen: Seen, pts: Ints, video: VideoStream) -> Track:
    return Track(
        id=number,
        frame=head.frames,
        pts=pts[head.frames],
        box=_rounded_out(coordinates.decoded_boxes(head.boxes, video)),
        position=np.where(head.row >= 0, seen.position[head.row], -1),
        score=seen.score[head.row],
        extended=head.extended,
    )


def _coverage(number: int, person: Person, seen: Seen, pts: Ints, doubts: tuple[Doubt, ...]) -> Coverage:
    head, rows = person
    detected, extended = int((head.row >= 0).sum()), int(head.extended.sum())
    scores, high = seen.score[rows], seen.boxes[rows, 3] - seen.boxes[rows, 1]
    return Coverage(
        id=number,
        first=int(pts[head.frames[0]]),
        last=int(pts[head.frames[-1]]),
        detected=detected,
        interpolated=len(head.frames) - detected - extended,
        extended=extended,
        lowest_score=float(scores.min()),
        median_score=round(float(np.median(scores)), 4),
        smallest_height=float(high.min()),
        doubts=doubts,
    )


def _pruned(rows: list[int], reason: str, frames: Ints, sightings: Sightings) -> Pruned:
    """frames: of all rows."""
    best = rows[int(np.argmax(sightings.score[rows]))] if len(rows) > 1 else rows[0]
    x1, y1, x2, y2 = sightings.boxes[best].tolist()
    return Pruned(
        pts=int(sightings.pts[frames[best]]),
        box=(x1, y1, x2, y2),
        score=float(sightings.score[best]),
        first=int(sightings.pts[frames[rows[0]]]),
        last=int(sightings.pts[frames[rows[-1]]]),
        frames=len(rows),
        reason=reason,
    )


def _rounded_out(boxes: Floats) -> Floats:
    """To steps of 1/64 pixel, never smaller."""
    return np.concatenate([np.floor(boxes[:, :2] * 64), np.ceil(boxes[:, 2:] * 64)], axis=1) / 64
