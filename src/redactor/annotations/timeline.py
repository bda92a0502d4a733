"""Which faces a frame shows: annotations laid on the clock of a video, in whole numbers throughout."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from operator import itemgetter, lt

from redactor.annotations.faces import Annotations, Event, Face
from redactor.errors import DamagedVideo, InvalidAnnotations, RedactorError
from redactor.media.streams import VideoStream

_START = itemgetter(0)


@dataclass(frozen=True)
class Timeline:
    """Events on a clock so fine that both the video's ticks and the annotations' are whole numbers of its units.

    unit: units in one tick of the video's time_base. coarse: units in one tick of the coarser clock (two after a
    shift); half of that is the tolerance. events: with start and end in units, half-open.
    aligned: each frame must stand at the start of a stated event of its own (or in one that is not stated).
    verified: all frames of the video have been matched already, so a later mismatch means a damaged video.
    warnings: that it was shifted, for the report.
    """

    unit: int
    coarse: int
    events: tuple[Event, ...]
    aligned: bool = False
    verified: bool = False
    warnings: tuple[str, ...] = ()

    def at(self, pts: int) -> tuple[Face, ...]:
        """The faces of the frame at pts: those of the event that starts there; else of the event that holds it, with
        half a tick of the coarser clock as tolerance, and of all that qualify. Raises as check does."""
        if self.owner(pts) is None:
            raise self.mismatch(f"the frame at pts {pts} has no event")
        after = self._after(pts)
        exact = after and self.events[after - 1].start == pts * self.unit
        events = self.events[after - 1 : after] if exact else [self.events[n] for n in self.near(pts)]
        return tuple(dict.fromkeys(face for event in events for face in event.faces))

    def check(self, frames: Sequence[int], owned: range | None = None) -> None:
        """Raise unless every frame has an event and every stated one of the owned events (default: all) has a frame.

        frames: pts in ascending order. Raises InvalidAnnotations, or DamagedVideo where this is verified.
        """
        fault = self.fault(frames, owned)
        if fault:
            raise self.mismatch(fault)

    def fault(self, frames: Sequence[int], owned: range | None = None) -> str | None:
        """What check would say, None where all fits."""
        mine = self.events if owned is None else self.events[owned.start : owned.stop]
        return None if _at_starts(frames, mine, self.unit) else self._sought(frames, owned)

    def _sought(self, frames: Sequence[int], owned: range | None) -> str | None:
        """Frame by frame, with the tolerance."""
        seen: set[int] = set()
        for pts in frames:
            owner = self.owner(pts)
            if owner is None:
                return f"the frame at pts {pts} has no event"
            if self.aligned and owner in seen and self.events[owner].stated:
                return f"the frame at pts {pts} shares the event of the frame before it"
            seen.add(owner)
        for n in range(len(self.events)) if owned is None else owned:
            if n not in seen and self.events[n].stated:
                return f"the event at pts {Fraction(self.events[n].start, self.unit)} has no frame"
        return None

    def owner(self, pts: int) -> int | None:
        """Which event the frame at pts is a frame of: of the one that starts nearest within the tolerance, else of the
        one that holds it. None where there is none. Never decreases as pts grows.

        Past an event's end there is no tolerance here: a frame too many after the last event must be noticed.
        """
        now, after = pts * self.unit, self._after(pts)
        ahead = self.events[after].start - now if after < len(self.events) else math.inf
        if not after:
            return 0 if 2 * ahead <= self.coarse else None
        before = self.events[after - 1]
        behind = now - before.start
        if 2 * ahead <= self.coarse and ahead < behind:
            return after
        held = now < before.end and not (self.aligned and before.stated)
        return after - 1 if held or 2 * behind <= self.coarse else None

    def near(self, pts: int) -> range:
        """Positions of the events that hold pts with the tolerance, in order of time."""
        now = pts * self.unit
        low = high = self._after(pts)
        while low and 2 * (now - self.events[low - 1].end) < self.coarse:
            low -= 1
        while high < len(self.events) and 2 * (self.events[high].start - now) <= self.coarse:
            high += 1
        return range(low, high)

    def mismatch(self, message: str) -> RedactorError:
        """The error for a frame without event or an event without frame."""
        if self.verified:
            return DamagedVideo(f"{message}, though every frame had one when it was analysed")
        return InvalidAnnotations(message, field="$.fragments")

    def _after(self, pts: int) -> int:
        return bisect_right(self.events, pts * self.unit, key=_START)


def timeline(annotations: Annotations, video: VideoStream, frames: Sequence[int] | None = None) -> Timeline:
    """The annotations on the video's clock, shifted to its first frame where they count from 0 and fit only so.

    frames: every pts of the video in ascending order, where they are known: then both directions are checked here
    (raises InvalidAnnotations) and the result is verified. Else the shift goes by the header's start, and those who
    decode must check their own part. A shift stands in warnings.
    """
    plain = _laid(annotations, video.time_base)
    first = frames[0] if frames else video.start
    shifted = _shifted(plain, first) if first and plain.events and plain.events[0].start == 0 else None
    if frames is None:
        return shifted if shifted and _must_shift(plain, video) else plain
    if shifted and shifted.fault(frames) is None:
        return replace(shifted, verified=True)
    plain.check(frames)
    return replace(plain, verified=True, aligned=_one_each(plain, frames))


def check_source(annotations: Annotations, video: VideoStream, fingerprint: str, frames: int | None = None) -> None:
    """Raise InvalidAnnotations unless they were made for this video. frames: how many it has, where that is known.

    Made by hand they name no source; then the size must fit, and timeline checks every frame.
    """
    if (annotations.width, annotations.height) != (video.width, video.height):
        sizes = f"{annotations.width}x{annotations.height}, the video has {video.width}x{video.height}"
        raise InvalidAnnotations(f"the annotations are for a picture of {sizes}", field="$.width")
    if annotations.fingerprint not in (None, fingerprint):
        raise InvalidAnnotations("the annotations are of another video", field="$.source.fingerprint")
    if frames is not None and annotations.frames not in (None, frames):
        counts = f"{annotations.frames} frames, the video has {frames}"
        raise InvalidAnnotations(f"the annotations are for {counts}", field="$.source.frames")


def _at_starts(frames: Sequence[int], events: Sequence[Event], unit: int) -> bool:
    """Whether every frame stands at the very start of an event of its own, and at that of every event a frame, as is
    usual: then no rule finds a fault."""
    starts = [event.start for event in events]
    return starts == [pts * unit for pts in frames] and all(map(lt, starts, starts[1:]))


def _laid(annotations: Annotations, time_base: Fraction) -> Timeline:
    ratio = annotations.timescale * time_base
    events = annotations.events
    if ratio.denominator != 1:
        events = tuple(_moved(event, ratio.denominator, 0) for event in events)
    return Timeline(ratio.numerator, max(ratio.numerator, ratio.denominator), events)


def _shifted(plain: Timeline, first: int) -> Timeline:
    by = first * plain.unit
    warning = f"the annotations count from 0, the video from pts {first}: they were shifted by {first} ticks"
    events = tuple(_moved(event, 1, by) for event in plain.events)
    # The first frame's own rounding is in every start now, beside that of each frame.
    return replace(plain, events=events, coarse=2 * plain.coarse, aligned=True, warnings=(warning,))


def _moved(event: Event, times: int, by: int) -> Event:
    return Event(event.start * times + by, event.end * times + by, event.faces, event.stated)


def _must_shift(plain: Timeline, video: VideoStream) -> bool:
    """Without the frames: where the index counts as many as there are events, or else where the first has no event."""
    if video.expected_frames is not None and all(event.stated for event in plain.events):
        return video.expected_frames == len(plain.events)
    return plain.owner(video.start or 0) != 0


def _one_each(plain: Timeline, frames: Sequence[int]) -> bool:
    return replace(plain, aligned=True).fault(frames) is None
