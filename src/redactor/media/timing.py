"""When each frame is shown, where it does not say so itself or says what cannot be."""

from collections import deque
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from statistics import median_low
from typing import Any

from av.packet import Packet
from av.video.frame import VideoFrame

from redactor.errors import DamagedVideo
from redactor.media.streams import FrameTime, Segment, VideoStream

# Seconds by which a frame may lie before the one it follows; what goes back further is another recording.
_BACK = Fraction(1, 2)

# Share of steps that are alike where a rate counts as constant; and how long a frame stays on where others are missing.
_CONSTANT, _LONG = Fraction(9, 10), Fraction(7, 4)
# A frame of so few ticks has no tick to spare for rounding.
_COARSE = 3


def usual_duration(video: VideoStream) -> int:
    """Ticks that a frame lasts at the video's rate, at least 1."""
    return max(1, round(1 / (video.rate * video.time_base)))


def standstills(times: Sequence[FrameTime]) -> list[FrameTime]:
    """Frames of a constant rate that stay on for the time of two or more: after them some may be missing unseen.

    A damaged Matroska, Flash or transport stream can lose whole groups of frames without any other trace. None where
    the rate is not constant: less than nine in ten steps as the usual one but for rounding, which is the median.
    """
    steps = [FrameTime(one.pts, after.pts - one.pts) for one, after in pairwise(times)]
    if not steps:
        return []
    usual = median_low(step.duration for step in steps)
    slack = usual > _COARSE
    constant = sum(abs(step.duration - usual) <= slack for step in steps)
    if constant < _CONSTANT * len(steps):
        return []
    return [step for step in steps if step.duration > _LONG * usual]


class FrameTimes:
    """Gives each frame its pts, in ticks of the video, from what packets and frames say.

    Where packets say only when they are decoded, frame n has the time of packet n + delay; those without such a packet
    follow at the distance of the last two. Frames without a time before the first that has one lie at the usual
    distance before it. Where one worker sees the whole video, a frame whose time repeats or lies a little back comes
    one tick after the frame before it.
    """

    def __init__(self, video: VideoStream, segment: Segment) -> None:
        self._video = video
        self._first = segment.start is None
        self._whole = self._first and segment.end is None
        self._decoded: deque[int] = deque()
        self._skipped = 0
        self._latest: int | None = None
        self._step = usual_duration(video)
        self._untimed = [0, 0]  # packets, frames
        self._timed = False
        self._last: int | None = None
        self._owed = 0

    @property
    def repeat(self) -> bool:
        """Whether two frames may state the same time."""
        return self._whole

    def expect(self, packet: "Packet[Any]") -> None:
        """Every packet with a picture, before the frames that it brings."""
        if self._video.delay is not None:
            self._owed += 1
            ticks = packet.pts if packet.dts is None else packet.dts
            if ticks is None:
                return
            self._step = self._step if self._latest is None else ticks - self._latest
            self._latest = ticks
            if self._skipped < self._video.delay:
                self._skipped += 1
            else:
                self._decoded.append(ticks)
        elif packet.pts is None and not self._timed:
            self._untimed[0] += 1

    def of(self, frame: VideoFrame) -> int:
        """Frames in the order of the decoder, each once. Raises DamagedVideo for one that nothing gives a time."""
        pts = self._time(frame)
        if self._whole and self._last is not None and self._last - _BACK / self._video.time_base < pts <= self._last:
            pts = self._last + 1
        self._last = pts
        return pts

    def close(self) -> None:
        """Raises DamagedVideo where fewer frames than packets came out of a video whose times are counted off."""
        if self._owed:
            raise DamagedVideo(f"frames are lost: {self._owed}")

    def _time(self, frame: VideoFrame) -> int:
        if self._video.delay is not None:
            self._owed -= 1
            return self._decoded.popleft() if self._decoded else self._next()
        if frame.pts is not None:
            self._settle()
            return frame.pts
        if self._timed or not self._first:
            raise DamagedVideo("a frame has no time")
        self._untimed[1] += 1
        return self._next()

    def _settle(self) -> None:
        """The first frame with a time: all packets without one belong before it, if any frame does."""
        packets, frames = self._untimed
        if not self._timed and frames and frames != packets:
            raise DamagedVideo(f"frames are lost: {packets - frames} of those before the first that has a time")
        self._timed = True

    def _next(self) -> int:
        if self._last is not None:
            return self._last + max(1, self._step)
        if self._video.start is None:
            raise DamagedVideo("a frame has no time")
        return self._video.start
