"""All that Detect stored about the frames of a video, as arrays: half a million detections take 30 MB, as objects ten
times as much."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import itemgetter
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from redactor.detectors.detection import FrameRecord
from redactor.jsonable import dump

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_FRAME = ("pts", "duration", "signature", "detections")
_DETECTION = ("box", "score", "quality", "landmarks")
_of_frame, _of_detection = itemgetter(*_FRAME), itemgetter(*_DETECTION)


@dataclass(frozen=True)
class Sightings:
    """F frames in presentation order; N detections, by frame, then by position in it.

    pts, duration: (F,) ticks; signatures: (F,) of scenes.signature, in ASCII; looked: (F,), whether the detector
    looked; counts: (F,), of detections; boxes: (N, 4), tight, pixels of the decoded frame; score, quality: (N,).
    """

    pts: Ints
    duration: Ints
    signatures: npt.NDArray[np.bytes_]
    looked: npt.NDArray[np.bool_]
    counts: Ints
    boxes: Floats
    score: Floats
    quality: Floats

    @classmethod
    def of(cls, records: Iterable[FrameRecord]) -> Self:
        """The frames as Detect hands them over."""
        return cls.from_json(dump(list(records)))

    @classmethod
    def from_json(cls, frames: Sequence[Mapping[str, Any]]) -> Self:
        """The frames as Detect stores them. Raises KeyError, TypeError, ValueError or OverflowError where they have
        another shape."""
        ticks, signatures, looked, counts, rows = array("q"), list[bytes](), list[bool](), array("q"), array("d")
        for frame in frames:
            pts, duration, signature, found = _of_frame(frame)
            _check(frame, known=len(frame) == len(_FRAME))
            ticks.extend((pts, duration))
            signatures.append(bytes(signature, "ascii"))
            looked.append(found is not None)
            counts.append(len(found or ()))
            for one in found or ():
                box, score, quality, landmarks = _of_detection(one)
                _check(one, known=len(one) == len(_DETECTION) and len(box) == 4 and landmarks is None)
                rows.extend(box)
                rows.extend((score, quality))
        times, table = np.array(ticks, np.int64).reshape(-1, 2), np.array(rows, np.float64).reshape(-1, 6)
        return cls(
            pts=times[:, 0],
            duration=times[:, 1],
            signatures=np.array(signatures, "S"),
            looked=np.array(looked, np.bool_),
            counts=np.array(counts, np.int64),
            boxes=table[:, :4],
            score=table[:, 4],
            quality=table[:, 5],
        )

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """One or more parts of a video, in order, as one."""
        return cls(**{one.name: np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(cls)})

    @property
    def first(self) -> Ints:
        """(F,): the row of each frame's first detection, or where it would be."""
        return np.cumsum(self.counts) - self.counts

    @property
    def frame(self) -> Ints:
        """(N,): which frame each detection is in."""
        return np.repeat(np.arange(len(self.pts)), self.counts)

    @property
    def position(self) -> Ints:
        """(N,): which of its frame's detections each one is."""
        return np.arange(len(self.score)) - np.repeat(self.first, self.counts)


def _check(doc: object, *, known: bool) -> None:
    if not known:
        raise ValueError(f"not what Detect stores: {doc}")
