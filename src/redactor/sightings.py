"""All that Detect stored about the frames of a video, as arrays: half a million detections take 30 MB, as objects ten
times as much. They are stored as arrays too, which are read in a tenth of the time."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from redactor.detectors.detection import FrameRecord
from redactor.scenes import LENGTH

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sightings:
    """F frames in presentation order; N detections, by frame, then by position in it.

    pts, duration: (F,) ticks; signatures: (F * 256,), those of scenes.signature, one after the other; looked: (F,),
    whether the detector looked; counts: (F,), of detections; boxes: (N, 4), tight, pixels of the decoded frame; score,
    quality: (N,).
    """

    pts: Ints
    duration: Ints
    signatures: Bytes
    looked: npt.NDArray[np.bool_]
    counts: Ints
    boxes: Floats
    score: Floats
    quality: Floats

    @classmethod
    def of(cls, records: Iterable[FrameRecord]) -> Self:
        """The frames as Detect finds them, landmarks left out."""
        frames = list(records)
        found = [one for frame in frames for one in frame.detections or ()]
        return cls(
            pts=np.array([frame.pts for frame in frames], np.int64),
            duration=np.array([frame.duration for frame in frames], np.int64),
            signatures=np.frombuffer(b"".join(frame.signature for frame in frames), np.uint8),
            looked=np.array([frame.detections is not None for frame in frames], np.bool_),
            counts=np.array([len(frame.detections or ()) for frame in frames], np.int64),
            boxes=np.array([one.box for one in found], np.float64).reshape(-1, 4),
            score=np.array([one.score for one in found], np.float64),
            quality=np.array([one.quality for one in found], np.float64),
        )

    def to_json(self) -> dict[str, Any]:
        """What is stored, a column each; what would be millions of numbers as the base64 of its little-endian bytes.
        counts: None where the detector did not look."""
        looks = zip(self.counts.tolist(), self.looked.tolist(), strict=True)
        return {
            "pts": self.pts.tolist(),
            "duration": self.duration.tolist(),
            "signatures": _text(self.signatures),
            "counts": [count if looked else None for count, looked in looks],
            "boxes": _text(self.boxes),
            "score": _text(self.score),
            "quality": _text(self.quality),
        }

    @classmethod
    def from_json(cls, doc: Mapping[str, Any]) -> Self:
        """Back from `to_json`. Raises LookupError, TypeError or ValueError where the document has another shape."""
        _check("columns", known=set(doc) == _COLUMNS)
        looked = np.array([count is not None for count in doc["counts"]], np.bool_)
        read = cls(
            pts=_ints(doc["pts"]),
            duration=_ints(doc["duration"]),
            signatures=_bytes(doc["signatures"]),
            looked=looked,
            counts=_ints([count or 0 for count in doc["counts"]]),
            boxes=_floats(doc["boxes"]).reshape(-1, 4),
            score=_floats(doc["score"]),
            quality=_floats(doc["quality"]),
        )
        frames, found = len(read.pts), len(read.score)
        _check("frames", known=len(read.duration) == len(looked) == frames and len(read.signatures) == frames * LENGTH)
        _check("counts", known=bool((read.counts >= 0).all()) and int(read.counts.sum()) == found)
        _check("detections", known=len(read.boxes) == len(read.quality) == found)
        return read

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


_COLUMNS = {one.name for one in fields(Sightings)} - {"looked"}


# As they are stored, whatever the machine.
_FLOAT = np.dtype("<f8")


def _text(column: Bytes | Floats) -> str:
    return base64.b64encode(column.astype(_FLOAT if column.dtype == np.float64 else np.uint8).tobytes()).decode()


def _bytes(text: str) -> Bytes:
    return np.frombuffer(base64.b64decode(text, validate=True), np.uint8)


def _floats(text: str) -> Floats:
    found = _bytes(text).view(_FLOAT).astype(np.float64)
    _check("a number", known=bool(np.isfinite(found).all()))
    return found


def _ints(column: object) -> Ints:
    found = np.array(column)
    _check("a whole number", known=found.ndim == 1 and (not found.size or found.dtype.kind == "i"))
    return found.astype(np.int64)


def _check(what: str, *, known: bool) -> None:
    if not known:
        raise ValueError(f"{what}: not what Detect stores")
