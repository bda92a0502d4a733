"""Which frames a detector looks at: those on a grid of time, every frame where it is dark, and every fresh picture.

A function of the frame and the one before it, never of the segment it is in. Tracks fill the frames between.
"""

from collections.abc import Callable
from fractions import Fraction

from redactor.detectors.lighting import DARK
from redactor.media.streams import FrameTime, VideoStream
from redactor.preset import Detector, Preset
from redactor.scenes import lightness

# Frames a second. Measured on crowds of small faces, pans and portraits, moving up to 8 pixels a frame: half the frames
# of 30 a second leave no face more visible than all of them; a third leaves some. In the dark faces are found in some
# frames only, and each look counts.
USUAL = Fraction(15)
# Frames a second of which every second one is looked at. A grid of 15 would leave out one frame here and none there:
# more looks, and no two of them nearer than the farthest here.
_FILM = range(23, 30)


def is_looked_at(time: FrameTime, mark: bytes, video: VideoStream, preset: Preset, fresh: Callable[[], bool]) -> bool:
    """Whether the detector looks at a frame. mark: the frame's scenes.signature. fresh: tells whether the picture may
    have nothing to do with the one before it, and so be the only one of its shot; asked where nothing else decides.

    A rate of the preset's own is kept to; the detector `strict` looks at every frame.
    """
    if preset.detection_rate is not None:
        return on_grid(time, video, preset.detection_rate)
    if preset.experimental.detector is Detector.STRICT or lightness(mark) < DARK:
        return True
    return on_grid(time, video, usual(video)) or fresh()


def usual(video: VideoStream) -> Fraction:
    """Looks a second in the light."""
    return video.rate / 2 if int(video.rate) in _FILM else USUAL


def on_grid(time: FrameTime, video: VideoStream, rate: Fraction) -> bool:
    """Whether a point of the absolute grid of multiples of 1/rate seconds lies in [pts, pts + duration)."""
    first, after = time.pts * video.time_base * rate, (time.pts + time.duration) * video.time_base * rate
    return -(-first // 1) < after
