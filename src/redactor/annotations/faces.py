"""The values in an annotations file."""

from dataclasses import dataclass
from typing import NamedTuple


class Face(NamedTuple):
    """One box: its upper-left corner and size as fractions of the decoded frame, which is the one after the codec's
    cropping and before rotation and pixel aspect. Not clipped. A tuple, so that it is dumped without keys: a long
    video has millions."""

    id: int
    x: float
    y: float
    width: float
    height: float


class Event(NamedTuple):
    """What is in the picture during [start, end), in ticks of the annotations.

    stated: the file spells this interval out, so a frame must be there. Not stated: the rest of a fragment whose
    events are missing or short; it holds no faces and any number of frames, none included.
    """

    start: int
    end: int
    faces: tuple[Face, ...]
    stated: bool = True


@dataclass(frozen=True)
class Annotations:
    """A whole file. timescale: ticks a second. events: in order of time, never overlapping.

    fingerprint, frames: the video they were made for, None where the file does not say (made by hand).
    ids: all that occur. warnings: what is odd but harmless, for the report.
    """

    timescale: int
    width: int
    height: int
    events: tuple[Event, ...]
    ids: frozenset[int]
    fingerprint: str | None = None
    frames: int | None = None
    warnings: tuple[str, ...] = ()
