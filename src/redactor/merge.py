"""Merge: the detections of all segments as people over the whole video.

One global pass over every frame, so that any split into segments gives the same ids and boxes as none.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise, zip_longest
from typing import Any

import numpy as np

from redactor.annotations import FaceTable, write_annotations
from redactor.crops import Crop, survivors
from redactor.detect import SegmentDetections
from redactor.detectors.detection import Box
from redactor.errors import DamagedVideo, MissingResult
from redactor.identity.sampling import Embeddings, Template, lasting
from redactor.media.decode import Decoded
from redactor.media.gaps import seen_by
from redactor.media.source import Source
from redactor.media.streams import FrameTable, FrameTime, Gap, Segment, VideoStream
from redactor.media.upright import upright_bgr
from redactor.memory import without_collection
from redactor.plan import Plan
from redactor.portraits import encoded, within
from redactor.sightings import Floats, Sightings
from redactor.tracks import Coverage, Pruned, Track, Tracking, track
from redactor.work import Timed

# At least as large as detectors look at in Full HD, so that a portrait read from the source is like the others.
_THUMB_SIDE = 1280
_BOX = ("x", "y", "width", "height")


@dataclass(frozen=True)
class MergeTold:
    """merge.json, for the report. coverage: a row an id; pruned: what was left out, so that it can be added;
    smallest_face: height in pixels below which no face was seen. detect_on: what Detect ran on -> its seconds there.
    gaps: the frames that are black."""

    frames: int
    faces: int
    coverage: tuple[dict[str, Any], ...]
    pruned: tuple[dict[str, Any], ...]
    cuts: tuple[float, ...]
    smallest_face: float
    warnings: tuple[str, ...]
    detect_seconds: float
    detect_on: dict[str, float] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True)
class Merged:
    """frames: the frame table, every frame of the video. annotations: the file. thumbs: JPEG by id, one for each id."""

    frames: FrameTable
    annotations: bytes
    thumbs: dict[int, bytes]
    told: MergeTold


@without_collection()
def merge(
    found: Iterable[Timed[SegmentDetections]],
    templates: Iterable[Template],
    source: Source,
    plan: Plan,
    segments: Sequence[Segment],
    *,
    framed: Callable[[FrameTable], object] = lambda _: None,
) -> Merged:
    """Tracks, ids, annotations and thumbnails from the detections of all segments, in order.

    templates: of all segments, in any order. source: only read for an id without a portrait. framed: is told the frame
    table as soon as it is known, long before the rest. Raises MissingResult
    (partial or foreign detections), DamagedVideo (frames out of order, or not as many as the container's index states).
    """
    video, parts, crops, seconds, smallest = plan.streams.video, list[Sightings](), list[Crop](), 0.0, 0.0
    ran, gaps = dict[str, float](), list[Gap]()
    for segment, timed in zip_longest(segments, found):
        if segment is None or timed is None or timed.value.n != segment.n:
            raise MissingResult(f"the detections are not those of the {len(segments)} segments, one each, in order")
        parts.append(timed.value.frames)
        crops += timed.value.crops
        gaps += timed.value.gaps
        seconds += timed.seconds
        ran[timed.on] = ran.get(timed.on, 0.0) + timed.seconds
        smallest = max(smallest, timed.value.smallest_face)
    seen = Sightings.joined(parts or [Sightings.of([])])
    del parts
    frames = _frame_table(seen, video)
    framed(frames)
    embeddings = lasting(templates, seen, video.time_base) if plan.identity else Embeddings()
    tracking = track(seen, video, embeddings.vectors)
    survived = survivors(crops, seen, video.time_base)
    thumbs = _thumbs(tracking, survived, source, video, segments, damaged=bool(gaps))
    del seen, crops
    told = MergeTold(
        frames=len(frames),
        faces=len(tracking.tracks),
        coverage=tuple(_coverage(row, video) for row in tracking.coverage),
        pruned=_pruned(tracking.pruned, video),
        cuts=tuple(_time(pts, video) for pts in tracking.cuts),
        smallest_face=smallest,
        warnings=_warnings(embeddings),
        detect_seconds=round(seconds, 3),
        detect_on=ran,
        gaps=tuple(gaps),
    )
    return Merged(frames, _annotations(tracking.tracks, frames, plan), thumbs, told)


def _warnings(embeddings: Embeddings) -> tuple[str, ...]:
    if not embeddings.missing:
        return ()
    return (f"{embeddings.missing} face embeddings are gone (a failed job's are erased): people may have several ids",)


def _frame_table(seen: Sightings, video: VideoStream) -> FrameTable:
    """Every frame, checked: pts rise across the segments, and there are as many as the index states."""
    pts = seen.pts.tolist()
    for before, after in pairwise(pts):
        if after <= before:
            raise DamagedVideo(f"the frame at pts {after} follows the one at {before}")
    if not pts or video.expected_frames not in (None, len(pts)):
        raise DamagedVideo(f"{len(pts)} frames were decoded; the container's index states {video.expected_frames}")
    return FrameTable(map(FrameTime, pts, seen.duration.tolist()))


def _annotations(people: Sequence[Track], frames: Sequence[FrameTime], plan: Plan) -> bytes:
    video = plan.streams.video
    return write_annotations(video, frames, _faces(people, video), plan.fingerprint)


def _faces(people: Sequence[Track], video: VideoStream) -> FaceTable:
    if not people:
        return FaceTable.of([])
    return FaceTable(
        frame=np.concatenate([person.frame for person in people]),
        id=np.repeat([person.id for person in people], [len(person.frame) for person in people]),
        box=_fractions(np.concatenate([person.box for person in people]), video),
    )


def _fractions(boxes: Floats, video: VideoStream) -> Floats:
    """x1, y1, x2, y2 in pixels -> x, y, width, height as fractions of the frame; (n, 4)."""
    size = [video.width, video.height]
    return np.concatenate([boxes[:, :2] / size, (boxes[:, 2:] - boxes[:, :2]) / size], axis=1)


def _thumbs(
    tracking: Tracking,
    crops: Sequence[Crop],
    source: Source,
    video: VideoStream,
    segments: Sequence[Segment],
    *,
    damaged: bool,
) -> dict[int, bytes]:
    """The best portrait of each id; one that has none is cut out of its best frame."""
    owned: dict[int, list[Crop]] = {}
    for crop, person in _owners(tracking.tracks, crops):
        owned.setdefault(person, []).append(crop)
    best = {n: max(listed, key=lambda crop: (crop.quality, -crop.pts)).jpeg for n, listed in owned.items()}
    bare = [person for person in tracking.tracks if person.id not in best]
    return best | dict(_from_source(bare, source, video, segments, damaged=damaged))


def _owners(people: Sequence[Track], crops: Sequence[Crop]) -> Iterator[tuple[Crop, int]]:
    """Whose portrait each crop is: whose detection it shows, else (a double of that was kept) who is around it."""
    pictured = np.unique([crop.pts for crop in crops])
    exact: dict[tuple[int, int], int] = {}
    boxes: dict[int, list[tuple[int, Box]]] = {}
    for person in people:
        at = np.searchsorted(pictured, person.pts, "left") < np.searchsorted(pictured, person.pts, "right")
        for pts, position, (x1, y1, x2, y2) in zip(
            person.pts[at].tolist(), person.position[at].tolist(), person.box[at].tolist(), strict=True
        ):
            exact[pts, position] = person.id
            boxes.setdefault(pts, []).append((person.id, (x1, y1, x2, y2)))
    for crop in crops:
        around = [person for person, box in boxes.get(crop.pts, ()) if _holds(box, crop.box)]
        if (crop.pts, crop.position) in exact:
            yield crop, exact[crop.pts, crop.position]
        elif len(around) == 1:
            yield crop, around[0]


def _holds(box: Box, other: Box) -> bool:
    """Whether a box contains another's centre."""
    x, y = (other[0] + other[2]) / 2, (other[1] + other[3]) / 2
    return box[0] <= x < box[2] and box[1] <= y < box[3]


def _from_source(
    people: Sequence[Track], source: Source, video: VideoStream, segments: Sequence[Segment], *, damaged: bool
) -> Iterator[tuple[int, bytes]]:
    """Cut out of each person's best frame; each segment is decoded once at most."""
    wanted: dict[int, dict[int, list[tuple[int, Box]]]] = {}
    for person in people:
        best = max(person.boxes, key=lambda box: (box.score or 0.0, -box.pts))
        n = next(n for n, s in enumerate(segments) if s.end is None or best.pts < s.end)
        wanted.setdefault(n, {}).setdefault(best.pts, []).append((person.id, best.box))

    def look(frames: Iterable[Decoded], boxes: dict[int, list[tuple[int, Box]]]) -> dict[int, bytes]:
        found, missing = dict[int, bytes](), set(boxes)
        for decoded in frames:
            if decoded.time.pts not in missing:
                continue
            (picture,) = upright_bgr(decoded.frame, video, [_THUMB_SIDE])
            found |= {number: encoded(within(picture, box, video)) for number, box in boxes[decoded.time.pts]}
            missing.remove(decoded.time.pts)
            if not missing:
                return found
        raise DamagedVideo(f"the frame at pts {min(missing)} is no longer there")

    for n in sorted(wanted):
        yield from seen_by(partial(look, boxes=wanted[n]), source, video, segments[n], allowed=damaged)[0].items()


def _time(pts: int, video: VideoStream) -> float:
    """Seconds, for people."""
    return round(pts * video.time_base.numerator / video.time_base.denominator, 3)


def _coverage(row: Coverage, video: VideoStream) -> dict[str, Any]:
    return {
        "id": row.id,
        "first": _time(row.first, video),
        "last": _time(row.last, video),
        "detected": row.detected,
        "interpolated": row.interpolated,
        "extended": row.extended,
        "lowestScore": row.lowest_score,
        "medianScore": row.median_score,
        "smallestHeight": row.smallest_height,
        "doubtfulLinks": [{"id": doubt.id, "distance": doubt.distance} for doubt in row.doubts],
    }


def _pruned(rows: Sequence[Pruned], video: VideoStream) -> tuple[dict[str, Any], ...]:
    boxes = _fractions(np.array([row.box for row in rows]).reshape(-1, 4), video).tolist()
    return tuple(
        {
            "time": _time(row.pts, video),
            "first": _time(row.first, video),
            "last": _time(row.last, video),
            "frames": row.frames,
            "box": {side: round(value, 5) for side, value in zip(_BOX, box, strict=True)},
            "score": row.score,
            "reason": row.reason,
        }
        for row, box in zip(rows, boxes, strict=True)
    )
