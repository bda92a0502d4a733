"""Join: the checked parts and the source's sound as one MP4, not yet under its public name."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from redactor.errors import MissingResult
from redactor.media import mux
from redactor.media.fronted import Fronted
from redactor.media.mux import PartFile
from redactor.media.source import Source
from redactor.media.streams import Segment
from redactor.media.timing import standstills
from redactor.plan import Plan
from redactor.preset import BlurType
from redactor.redact import Verdict

# The MP4's title: wherever the file goes, it says that faces are visible.
_TITLES = {BlurType.BOX: "NOT REDACTED"}

# Seconds by which a file may last longer than its picture; sound is often that much longer.
_ENDS_TOGETHER = Fraction(1)
# Containers whose index holds an empty entry for a frame that stays on.
_STATES_STANDSTILLS = frozenset({"avi"})


@dataclass(frozen=True)
class Joined:
    """join.json. sound: sha256 of each audio track's packets as the source has them, None where it was encoded."""

    parts: int
    warnings: tuple[str, ...]
    sound: tuple[str | None, ...] = ()


def join(
    parts: Sequence[PartFile],
    verdicts: Sequence[Verdict],
    segments: Sequence[Segment],
    source: Source,
    *,
    plan: Plan,
    blur: BlurType,
    out: Path | Fronted,
) -> Joined:
    """Writes the MP4. Raises MissingResult (a part or verdict is absent or another's), OutputMismatch, DamagedVideo."""
    wanted = [segment.n for segment in segments]
    if [part.n for part in parts] != wanted or [verdict.n for verdict in verdicts] != wanted:
        raise MissingResult(f"{len(parts)} parts and {len(verdicts)} verdicts for {len(wanted)} segments")
    reorder = plan.copying.reorder if plan.copying else None
    sound = mux.join(parts, source, plan.streams, out, _TITLES.get(blur), reorder=reorder)
    return Joined(len(parts), (*_standstills(verdicts, plan), *_ending(verdicts, source, plan)), sound)


def _standstills(verdicts: Sequence[Verdict], plan: Plan) -> tuple[str, ...]:
    """Where frames may be missing from the source, unless its index has told how many there are."""
    video = plan.streams.video
    found = standstills([time for verdict in verdicts for time in verdict.frames])
    if not found or video.expected_frames is not None or plan.streams.container in _STATES_STANDSTILLS:
        return ()
    longest = max(found, key=lambda step: step.duration)
    at, lasts = (float(ticks * video.time_base) for ticks in (longest.pts, longest.duration))
    return (f"frames may be missing in {len(found)} places: the picture stands still for {lasts:.3f} s at {at:.3f} s",)


def _ending(verdicts: Sequence[Verdict], source: Source, plan: Plan) -> tuple[str, ...]:
    """Where the picture ends long before the file says that it does, unless its index has told how many frames there
    are. A transport stream says nothing of its own: there it is the sound that goes on."""
    video, stated = plan.streams.video, source.container.duration
    if stated is None or video.expected_frames is not None or video.restarts:
        return ()
    start = Fraction(source.container.start_time or 0, av.time_base)
    last = verdicts[-1].frames[-1]
    ends = (last.pts + last.duration) * video.time_base - start
    lasts = Fraction(stated, av.time_base)
    if lasts - ends <= max(_ENDS_TOGETHER, 5 / video.rate):
        return ()
    return (
        f"the end may be missing: the file lasts {float(lasts):.3f} s, and its picture ends at {float(ends):.3f} s",
    )


def title(blur: BlurType) -> str | None:
    """What the output must be called, None for nothing."""
    return _TITLES.get(blur)
