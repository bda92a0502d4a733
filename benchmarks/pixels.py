"""What a viewer still sees: the pixels of reference faces in a video in which faces are filled with black."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from benchmarks.measures import LOOSE, STRICT
from benchmarks.reference import Clip

Luma = npt.NDArray[np.uint8]
# Luma (full range) above which a pixel of the source could be seen to be hidden, and of the result still shows
# something: encoders leave a little noise on black.
_BRIGHT, _SHOWS = 48, 32


@dataclass(frozen=True)
class Leak:
    """Shares of the reference faces of whose bright pixels less than 95 %, 70 % are black. faces: that have any."""

    faces: int
    leak95: float
    leak70: float


def leak(clip: Clip, redacted: Path) -> Leak:
    """Frames are matched by time, as a peer may write more of them than there were."""
    source = {n: (at, luma) for n, (at, luma) in enumerate(_frames(clip.video)) if n in clip.frames}
    shares: list[float] = []
    for n, luma in _nearest(redacted, {n: at for n, (at, _) in source.items()}):
        for face in clip.frames[n].faces:
            x1, y1, x2, y2 = (max(0, round(value)) for value in face.box)
            bright = source[n][1][y1:y2, x1:x2] > _BRIGHT
            if bright.any():
                shares.append(float((luma[y1:y2, x1:x2][bright] <= _SHOWS).mean()))
    count = max(1, len(shares))
    return Leak(len(shares), sum(s < STRICT for s in shares) / count, sum(s < LOOSE for s in shares) / count)


def _nearest(video: Path, wanted: dict[int, Fraction]) -> Iterator[tuple[int, Luma]]:
    """For each wanted time the frame on the screen then."""
    times = [at for at, _ in _frames(video, pictures=False)]
    shown: dict[int, list[int]] = {}
    for n, at in wanted.items():
        # Half a millisecond: containers round times.
        shown.setdefault(max(0, bisect_right(times, at + Fraction(1, 2000)) - 1), []).append(n)
    for index, (_, luma) in enumerate(_frames(video)):
        yield from ((n, luma) for n in shown.get(index, ()))


def _frames(video: Path, *, pictures: bool = True) -> Iterator[tuple[Fraction, Luma]]:
    with av.open(str(video)) as container:
        for frame in container.decode(video=0):
            assert frame.pts is not None
            assert frame.time_base is not None
            luma = np.asarray(frame.to_ndarray(format="gray"), np.uint8) if pictures else np.empty((0, 0), np.uint8)
            yield frame.pts * frame.time_base, luma
