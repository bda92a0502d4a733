"""Untouched: which groups of pictures hold nothing to hide and go into the output as they are, and the proof of it."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from redactor.annotations import SegmentBoxes
from redactor.errors import OutputMismatch
from redactor.media.copying import Run, copied_packets, groups
from redactor.media.inspection import Digests
from redactor.media.source import Source
from redactor.media.streams import FrameTime, Segment
from redactor.plan import Plan
from redactor.preset import BlurType

_HIDES = "something is hidden in it"
_DRAWS = "Box writes into every frame"


@dataclass(frozen=True)
class Untouched:
    """Of one segment. runs: the groups that are copied, rising. others: why groups are encoded, and how many."""

    runs: tuple[Run, ...] = ()
    others: Mapping[str, int] = field(default_factory=dict)

    def holds(self, pts: int) -> bool:
        """Whether the frame at pts is in a group that is copied."""
        n = bisect_right(self.runs, pts, key=lambda run: run.start) - 1
        return n >= 0 and ((end := self.runs[n].end) is None or pts < end)


@dataclass(frozen=True)
class Tally:
    """For the report, over all segments. frames, groups: that were copied. encoded: why groups were not, how many."""

    frames: int
    groups: int
    encoded: Mapping[str, int]


def untouched(source: Source, plan: Plan, segment: Segment, boxes: SegmentBoxes, blur: BlurType) -> Untouched:
    """What of the segment can be copied. One frame with a box, even one that lies outside the picture, and its whole
    group is encoded. Raises InvalidAnnotations where a frame has no event."""
    if plan.copying is None:
        return Untouched()
    others: Counter[str] = Counter()
    runs = []
    for group in groups(source, plan.streams.video, segment, plan.copying):
        fault = group.fault or (_DRAWS if blur is BlurType.BOX else None)
        if fault is None and any(boxes.at(pts) for pts in group.pts):
            fault = _HIDES
        if fault is None:
            runs.append(group.run)
        else:
            others[fault] += 1
    return Untouched(tuple(runs), dict(others))


def check_untouched(found: Untouched, segment: Segment, frames: Sequence[FrameTime], boxes: SegmentBoxes) -> None:
    """Raises OutputMismatch where a frame with a box lies in a group that was copied, or a group is not all of it."""
    start, end = segment.start, segment.end
    counts: Counter[int] = Counter()
    for frame in frames:
        n = bisect_right(found.runs, frame.pts, key=lambda run: run.start) - 1
        if found.holds(frame.pts):
            counts[n] += 1
            if boxes.at(frame.pts):
                raise OutputMismatch(f"the frame at pts {frame.pts} has a box and was copied from the source")
    for n, run in enumerate(found.runs):
        inside = (start is None or run.start >= start) and (end is None or (run.end is not None and run.end <= end))
        if not inside or counts[n] != run.frames:
            raise OutputMismatch(f"{counts[n]} of the {run.frames} frames copied from pts {run.start} on are there")


def source_digests(source: Source, plan: Plan, runs: Sequence[Run]) -> tuple[str, ...]:
    """sha256 of each run's packets as they must be found in the output."""
    digests = Digests([(run.start, run.end) for run in runs])
    for packet in copied_packets(source, plan.streams.video, Segment(0, None, None, None), runs):
        digests.enter(packet.pts, packet.payload)
    return digests.found()


def tally(found: Sequence[Untouched]) -> Tally:
    others: Counter[str] = Counter()
    for one in found:
        others.update(one.others)
    runs = [run for one in found for run in one.runs]
    return Tally(sum(run.frames for run in runs), len(runs), dict(others))
