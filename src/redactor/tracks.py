"""One global pass that turns the detections of all frames into people: tracks, ids, head boxes and what was left
out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from redactor import coordinates
from redactor.detectors.detection import Box, FrameRecord
from redactor.media.streams import VideoStream
from redactor.tracking.doubles import one_track_each, without_doubles
from redactor.tracking.heads import Heads, heads, joined
from redactor.tracking.links import follow
from redactor.tracking.persons import Persons, persons
from redactor.tracking.seen import Floats, Seen, gather
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


@dataclass(frozen=True, slots=True)
class Track:
    """One person on their way through the video: boxes in time order, at most one a frame, perhaps with gaps."""

    id: int
    boxes: tuple[TrackBox, ...]


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
    records: Iterable[FrameRecord], video: VideoStream, faces: Mapping[tuple[int, int], Floats] = MappingProxyType({})
) -> Tracking:
    """Follow every face through the whole video.

    records: of all frames, in presentation order, each pts once. faces: embeddings by pts and position in the frame's
    detections; without any, who was away for long or across a cut comes back as somebody else. The result depends on
    nothing else, and so not on how the video was split among workers.
    """
    listed = list(records)
    if not listed:
        return Tracking((), (), (), ())
    every = gather(listed, video)
    seen, doubles = without_doubles(every)
    candidates = stitched(follow(seen, [row for row in range(len(seen.score)) if row not in doubles]), seen)
    seen, people = one_track_each(candidates, seen)
    alone = [heads(rows, seen) for rows in people.faces]
    pts = [record.pts for record in listed]
    who = persons(alone, _embeddings(people.faces, seen, pts, faces))
    ordered, doubts = _numbered(who, alone, people.faces)
    left_out = [([row], _DOUBLE) for row in doubles | people.doubles] + [(rows, _WEAK) for rows in people.weak]
    tight = coordinates.decoded_boxes(every.boxes, video)
    pruned = [_pruned(rows, why, every, pts, tight) for rows, why in left_out]
    return Tracking(
        tracks=tuple(_track(n, head, seen, pts, video) for n, (head, _) in enumerate(ordered, 1)),
        coverage=tuple(_coverage(n, one, seen, pts, doubts.get(n, ())) for n, one in enumerate(ordered, 1)),
        pruned=tuple(sorted(pruned, key=lambda one: (one.first, one.box))),
        cuts=tuple(pts[frame] for frame in np.flatnonzero(np.diff(seen.shot)) + 1),
    )


_DOUBLE = "inside a better detection of the same frame"
_WEAK = "seen too briefly or too unsteadily for its score"


Person = tuple[Heads, list[int]]


def _embeddings(
    tracks: list[list[int]], seen: Seen, pts: list[int], faces: Mapping[tuple[int, int], Floats]
) -> dict[int, Floats]:
    """Number of a track -> the embeddings of its detections, for those that have any."""
    if not faces:
        return {}
    places = zip(seen.frame.tolist(), seen.position.tolist(), strict=True)
    keys = [(pts[frame], position) for frame, position in places]
    found = {n: [faces[keys[row]] for row in rows if keys[row] in faces] for n, rows in enumerate(tracks)}
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


def _track(number: int, head: Heads, seen: Seen, pts: list[int], video: VideoStream) -> Track:
    decoded = _rounded_out(coordinates.decoded_boxes(head.boxes, video)).tolist()
    boxes = []
    rows = zip(head.frames.tolist(), decoded, head.row.tolist(), head.extended.tolist(), strict=True)
    position, score = seen.position[head.row].tolist(), seen.score[head.row].tolist()
    for n, (frame, (x1, y1, x2, y2), row, extended) in enumerate(rows):
        if row >= 0:
            boxes.append(TrackBox(frame, pts[frame], (x1, y1, x2, y2), Origin.DETECTED, position[n], score[n]))
        else:
            origin = Origin.EXTENDED if extended else Origin.INTERPOLATED
            boxes.append(TrackBox(frame, pts[frame], (x1, y1, x2, y2), origin))
    return Track(number, tuple(boxes))


def _coverage(number: int, person: Person, seen: Seen, pts: list[int], doubts: tuple[Doubt, ...]) -> Coverage:
    head, rows = person
    detected, extended = int((head.row >= 0).sum()), int(head.extended.sum())
    scores, high = seen.score[rows], seen.boxes[rows, 3] - seen.boxes[rows, 1]
    return Coverage(
        id=number,
        first=pts[head.frames[0]],
        last=pts[head.frames[-1]],
        detected=detected,
        interpolated=len(head.frames) - detected - extended,
        extended=extended,
        lowest_score=float(scores.min()),
        median_score=round(float(np.median(scores)), 4),
        smallest_height=float(high.min()),
        doubts=doubts,
    )


def _pruned(rows: list[int], reason: str, seen: Seen, pts: list[int], tight: Floats) -> Pruned:
    best = max(rows, key=lambda row: (seen.score[row], -row))
    x1, y1, x2, y2 = tight[best].tolist()
    frames = seen.frame[rows]
    return Pruned(
        pts=pts[seen.frame[best]],
        box=(x1, y1, x2, y2),
        score=float(seen.score[best]),
        first=pts[frames[0]],
        last=pts[frames[-1]],
        frames=len(rows),
        reason=reason,
    )


def _rounded_out(boxes: Floats) -> Floats:
    """To steps of 1/64 pixel, never smaller."""
    return np.concatenate([np.floor(boxes[:, :2] * 64), np.ceil(boxes[:, 2:] * 64)], axis=1) / 64
