"""Made-up detections for tests of everything after the detector: a stream, frames, and people who walk through them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

import numpy as np

from redactor import tracks
from redactor.detectors.detection import Box, Detection, FrameRecord
from redactor.media.streams import VideoStream
from redactor.scenes import LENGTH, signature
from redactor.sightings import Sightings
from redactor.tracks import Tracking

FRAME = 512  # ticks a frame lasts
TIME_BASE = Fraction(1, 512 * 30)  # 30 frames a second

# A person: the face in frame n, or None while they are not seen.
Person = Callable[[int], Detection | None]


def stream(width: int = 1280, height: int = 720, rotation: int = 0, aspect: Fraction = Fraction(1)) -> VideoStream:
    return VideoStream(
        index=0,
        codec="h264",
        width=width,
        height=height,
        pix_fmt="yuv420p",
        time_base=TIME_BASE,
        rate=Fraction(30),
        rotation=rotation,
        sample_aspect=aspect,
        interlaced=False,
        color_range=1,
        color_primaries=1,
        color_trc=1,
        colorspace=1,
        start=0,
        duration=None,
        expected_frames=None,
    )


def scenery(seed: int, width: int = 64, height: int = 36) -> bytes:
    """The signature of a shot: same seed, same shot."""
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 16, 3), np.uint8)
    return signature(np.kron(coarse, np.ones((height // 9, width // 16, 1), np.uint8)))


STILL = scenery(0)


def face(x: float, y: float, size: float = 60.0, score: float = 0.9) -> Detection:
    """A tight face, its centre at (x, y), `size` wide and a quarter higher."""
    return Detection((x - size / 2, y - size * 0.625, x + size / 2, y + size * 0.625), score)


def walks(
    start: tuple[float, float],
    step: tuple[float, float] = (0.0, 0.0),
    seen: Iterable[int] = range(10_000),
    size: float = 60.0,
    score: float = 0.9,
) -> Person:
    """Somebody who moves by `step` pixels a frame and is detected in the frames of `seen`."""
    frames = frozenset(seen)
    return lambda n: face(start[0] + n * step[0], start[1] + n * step[1], size, score) if n in frames else None


def records(count: int, *people: Person, signatures: Sequence[bytes] | None = None) -> list[FrameRecord]:
    """The frames, each with whoever is seen in it, in the order of the people."""
    frames = []
    for n in range(count):
        found = tuple(one for person in people if (one := person(n)) is not None)
        frames.append(FrameRecord(n * FRAME, FRAME, signatures[n] if signatures else STILL, found))
    return frames


def stored(seen: Sightings) -> list[FrameRecord]:
    """The frames that the arrays are of."""
    found = [
        Detection(tuple(box), score, quality)
        for box, score, quality in zip(seen.boxes.tolist(), seen.score.tolist(), seen.quality.tolist(), strict=True)
    ]
    marks = seen.signatures.reshape(-1, LENGTH)
    return [
        FrameRecord(pts, duration, mark.tobytes(), tuple(found[first : first + count]) if looked else None)
        for pts, duration, mark, looked, first, count in zip(
            *(one.tolist() for one in (seen.pts, seen.duration)),
            marks,
            *(one.tolist() for one in (seen.looked, seen.first, seen.counts)),
            strict=True,
        )
    ]


def track(
    frames: Iterable[FrameRecord],
    video: VideoStream,
    faces: Mapping[tuple[int, int], np.ndarray] = MappingProxyType({}),
) -> Tracking:
    """What the tracker makes of these frames."""
    return tracks.track(Sightings.of(frames), video, faces)


def contains(outer: Box, inner: Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]
