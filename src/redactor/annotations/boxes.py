"""The boxes cut by segment: all that Redact will ever see of the annotations."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from redactor.annotations.encoded import encoded
from redactor.annotations.faces import Event, Face
from redactor.annotations.timeline import Timeline
from redactor.jsonable import plainly
from redactor.media.streams import Segment


@dataclass(frozen=True)
class SegmentBoxes:
    """The part of a timeline that the frames of one segment need.

    n, start, end: as in Segment: pts, half-open, None for the video's own ends. owned: half-open range of positions in
    timeline.events; each event of the video is owned by exactly one segment, that of its frame.
    """

    n: int
    start: int | None
    end: int | None
    timeline: Timeline
    owned: tuple[int, int]

    def at(self, pts: int) -> tuple[Face, ...]:
        """The boxes to hide in the frame at pts. Raises InvalidAnnotations or DamagedVideo where it has no event."""
        return self.timeline.at(pts)

    def check(self, frames: Sequence[int]) -> None:
        """Raise unless every decoded frame has an event and every event owned here a frame. frames: every pts of the
        segment, ascending. Raises InvalidAnnotations, or DamagedVideo where the whole video has matched before."""
        self.timeline.check(frames, range(*self.owned))

    def encoded(self) -> bytes | None:
        """Its JSON by a quicker way, where there is one."""
        events = encoded(self.timeline.events)
        if events is None:
            return None
        bare = plainly(replace(self, timeline=replace(self.timeline, events=())))
        return bare.replace(b'"events":[]', b'"events":%b' % events, 1)


def cut_boxes(
    timeline: Timeline, segments: Sequence[Segment], hidden: Collection[int] | None = None
) -> list[SegmentBoxes]:
    """One value for each segment. hidden: the ids to hide, None for all; of other ids no box gets through.

    segments: adjoining, together the whole video. Raises InvalidAnnotations or DamagedVideo where the first frame of a
    segment has no event.
    """
    shown = timeline if hidden is None else replace(timeline, events=_hidden(timeline.events, frozenset(hidden)))
    return [_cut(shown, segment) for segment in segments]


def _hidden(events: Sequence[Event], ids: frozenset[int]) -> tuple[Event, ...]:
    return tuple([Event(start, end, _of(faces, ids), stated) for start, end, faces, stated in events])


def _of(faces: Sequence[Face], ids: frozenset[int]) -> tuple[Face, ...]:
    return tuple([face for face in faces if face.id in ids])


def _cut(timeline: Timeline, segment: Segment) -> SegmentBoxes:
    first, low = (0, 0) if segment.start is None else _edge(timeline, segment.start)
    last = high = len(timeline.events)
    if segment.end is not None:
        last, _ = _edge(timeline, segment.end)
        high = max(last, timeline.near(segment.end).stop)
    part = replace(timeline, events=timeline.events[low:high], warnings=())
    return SegmentBoxes(segment.n, segment.start, segment.end, part, (first - low, last - low))


def _edge(timeline: Timeline, pts: int) -> tuple[int, int]:
    """The event that the frame at a segment's start is a frame of, and the first that any frame from there on needs.

    The frame at the start certainly exists, so the event across an edge belongs to the later segment.
    """
    owner = timeline.owner(pts)
    if owner is None:
        raise timeline.mismatch(f"the frame at pts {pts} has no event")
    return owner, min(owner, timeline.near(pts).start)
