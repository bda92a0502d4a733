"""What a video is made of: frozen values that travel in plan.json."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Mastering:
    """What HDR10 says of the display that the video was graded on, and how bright it gets.

    points: x and y of green, blue, red and white in 1/50000; luminance: greatest and least, in 1/10000 cd/m2; both
    empty where there are none. light: the brightest pixel and the brightest frame on average, cd/m2; empty likewise.
    """

    points: tuple[int, ...]
    luminance: tuple[int, ...]
    light: tuple[int, ...]


@dataclass(frozen=True)
class VideoStream:
    """The one video stream that is redacted.

    width, height: the decoded frame in pixels, after the codec's cropping, before rotation and pixel aspect.
    rotation: degrees clockwise that a player turns the picture: 0, 90, 180 or 270; mirrored: after mirroring it left to
    right. top_first: of an interlaced video, whether the upper field comes first.
    time_base: seconds a tick; every pts in this project counts these ticks.
    start: pts of the first frame (headers may say less). duration: ticks, None where the header does not say.
    expected_frames: how many frames the container's index presents, None where it has no such index.
    delay: None where packets say when they are shown. Else they say only when they are decoded, and the n-th frame is
    shown when packet n + delay is decoded.
    ordered: False where times repeat or go back, so that a range of pts does not tell which frames are meant.
    restarts: seconds by which everything after the first, second... restart of the container's clock is moved.
    shift: ticks by which the output is later than the source: no MP4 shows a frame before time 0.
    mastering: of HDR10; None where the first frame carries none.
    """

    index: int
    codec: str
    width: int
    height: int
    pix_fmt: str
    time_base: Fraction
    rate: Fraction
    rotation: int
    sample_aspect: Fraction
    interlaced: bool
    color_range: int
    color_primaries: int
    color_trc: int
    colorspace: int
    start: int | None
    duration: int | None
    expected_frames: int | None
    mirrored: bool = False
    top_first: bool = False
    delay: int | None = None
    ordered: bool = True
    restarts: tuple[Fraction, ...] = ()
    mastering: Mastering | None = None

    @property
    def shift(self) -> int:
        return max(0, -(self.start or 0))


@dataclass(frozen=True)
class AudioStream:
    """An audio track. copied: packet for packet into the output; else it is encoded to AAC."""

    index: int
    codec: str
    time_base: Fraction
    sample_rate: int
    channels: int
    language: str | None
    copied: bool


@dataclass(frozen=True)
class Streams:
    """All that Plan learns from the header. dropped: words for streams that do not reach the output."""

    container: str
    video: VideoStream
    audio: tuple[AudioStream, ...]
    dropped: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Key:
    """A key packet that a decoder can start from, by its timestamps (ticks of the stream's time_base).

    dts: only a place to seek to; None where the container does not store it (Matroska with B frames).
    pos: byte of the file at which the demuxer finds it, which tells it from others of the same time; None if unknown.
    """

    pts: int
    dts: int | None
    pos: int | None = None


@dataclass(frozen=True)
class Segment:
    """Half-open range of presentation timestamps [start, end) that one worker owns.

    start None: from the first frame, whatever its pts. end None: through the last frame.
    key: the key packet at start; None exactly where start is None. until: the pos of the next one's, so that whoever
    reads from here on in the order of the file knows that nothing lies between the two.
    """

    n: int
    start: int | None
    end: int | None
    key: Key | None
    until: int | None = None


@dataclass(frozen=True)
class FrameTime:
    """When one frame is shown, in ticks: pts, and how long its packet says it lasts (>= 1)."""

    pts: int
    duration: int


class FrameTable(tuple[FrameTime, ...]):
    """Frames in presentation order. As JSON two columns, since an hour has a hundred thousand rows."""

    __slots__ = ()

    def to_json(self) -> dict[str, list[int]]:
        return {"pts": [frame.pts for frame in self], "duration": [frame.duration for frame in self]}

    @classmethod
    def from_json(cls, doc: Mapping[str, Sequence[int]]) -> "FrameTable":
        """Raises ValueError where the columns are not equally long."""
        return cls(FrameTime(*row) for row in zip(doc["pts"], doc["duration"], strict=True))


@dataclass(frozen=True)
class Gap:
    """Frames that cannot be decoded soundly and are shown black: all of the table with start <= pts < end (ticks).

    frames: how many; reason: the first fault found.
    """

    start: int
    end: int
    frames: int
    reason: str
