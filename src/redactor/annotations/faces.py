"""The values in an annotations file."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt


class Face(NamedTuple):
    """One box: its upper-left corner and size as fractions of the decoded frame, which is the one after the codec's
    cropping and before rotation and pixel aspect. Not clipped. A tuple, so that it is dumped without keys: a long
    video has millions."""

    id: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class FaceTable:
    """The faces of a whole video as arrays. frame: (n,), the index of the frame each is in; id: (n,); box: (n, 4), x,
    y, width and height as in Face. In any order."""

    frame: npt.NDArray[np.int64]
    id: npt.NDArray[np.int64]
    box: npt.NDArray[np.float64]

    @classmethod
    def of(cls, frames: Iterable[Iterable[Face]]) -> Self:
        """The faces of each frame."""
        rows = [(index, *face) for index, faces in enumerate(frames) for face in faces]
        table = np.array(rows, np.float64).reshape(-1, 6)
        return cls(table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2:])


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
