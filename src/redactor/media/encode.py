"""Encoding one segment: pictures in, one MP4 part of closed-GOP H.264 out, its timestamps exact to the tick."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.container import OutputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream as AvVideoStream

from redactor.errors import DamagedVideo, OutputMismatch
from redactor.media import mastering
from redactor.media.forms import Form
from redactor.media.orientation import Weave
from redactor.media.planes import Picture, to_frame
from redactor.media.streams import VideoStream

# AVFieldOrder.
_TOP_FIRST, _BOTTOM_FIRST = 2, 3

# With superfast, a short look-ahead gives nearly the quality and size of veryfast, for two thirds of its time.
_LOOK_AHEAD = ("mbtree=1", "rc-lookahead=5")

# H.264 levels by macroblocks of a frame and a second (ITU-T H.264, table A-1), from one on that everything plays.
_LEVELS = (("4.1", 8192, 245_760), ("5.1", 36_864, 983_040), ("5.2", 36_864, 2_073_600))
# Quantiser, 6 more for each bit above 8, that a bitrate never goes beyond: coarser, and the second look could not tell
# a part from another picture.
_COARSEST = 32
# How freely x264 departs from a bitrate on the way; at its default of 1, a segment of 5 s may end a tenth off.
_TOLERANCE = 0.3


@dataclass(frozen=True)
class Encoder:
    """Settings of libx264, equal for every part of a video.

    crf: quality, smaller is better; instead of it, match: each segment takes as many bits as it does in the source.
    threads: a constant, since the bytes depend on it. gop: seconds between key frames at most. parameter_set: the
    number of its parameter sets. chroma_place: where chroma samples lie, chroma_sample_loc_type of H.264.
    """

    preset: str = "superfast"
    crf: int = 18
    threads: int = 2
    gop: Fraction = Fraction(2)
    match: bool = False
    parameter_set: int = 0
    chroma_place: int = 0


class PartWriter:
    """Context manager that writes pictures, in order of their pts, into one MP4 part.

    The file is complete once the context is left, and gone if it is left by an exception. Sizes that the form cannot
    have (odd ones, in 4:2:0) are padded by repeating the last column or row. Same pictures and settings: same bytes.
    Raises OutputMismatch where encoder or file refuse, DamagedVideo for a picture shown before the video's start where
    that is before time 0, which no MP4 can say.
    """

    def __init__(
        self, path: Path, video: VideoStream, form: Form, encoder: Encoder, bitrate: int | None = None
    ) -> None:
        """bitrate: bits a second on average, None for the encoder's crf."""
        self._path = path
        self._bitrate = bitrate
        self._video = video
        self._form = form
        self._encoder = encoder
        self._written = 0
        self._weave: Callable[[VideoFrame], VideoFrame] = (
            Weave(top_first=video.top_first).mark if video.interlaced else lambda frame: frame
        )

    def __enter__(self) -> Self:
        self._out = av.open(str(self._path), "w", format="mp4", container_options=muxer_options(self._video))
        self._stream = _add_stream(self._out, self._video, self._form, self._encoder, self._bitrate)
        return self

    def write(self, picture: Picture) -> None:
        if picture.time.pts + self._video.shift < 0:
            raise DamagedVideo(f"a frame is shown before time 0 (pts {picture.time.pts})")
        frame = self._weave(to_frame(picture, self._video, self._form))
        frame.pts = picture.time.pts + self._video.shift
        try:
            self._out.mux(self._stream.encode(frame))
            self._written += 1
        except FFmpegError as error:
            raise OutputMismatch(f"the frame of pts {picture.time.pts} cannot be encoded: {error}") from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._complete()
        else:
            self._abandon()
        # The encoder's pictures are freed with it: 85 MB at 720p, before the part is decoded again.
        del self._out, self._stream

    def _complete(self) -> None:
        try:
            if not self._written:
                raise OutputMismatch("a part without a single frame")
            self._out.mux(self._stream.encode(None))
            self._out.close()
        except FFmpegError as error:
            self._abandon()
            raise OutputMismatch(f"the part cannot be completed: {error}") from error
        except OutputMismatch:
            self._abandon()
            raise

    def _abandon(self) -> None:
        # The file goes, whatever its muxer has to say; what is raised is why.
        with suppress(FFmpegError):
            self._out.close()
        self._path.unlink(missing_ok=True)


def parameter_sets(video: VideoStream, form: Form, encoder: Encoder) -> bytes:
    """What every part's packets refer to: SPS and PPS with start codes (Annex B)."""
    with av.open(BytesIO(), "w", format="mp4", container_options=muxer_options(video)) as out:
        context = _add_stream(out, video, form, encoder, None).codec_context
        context.open()
        return context.extradata or b""


def muxer_options(video: VideoStream) -> dict[str, str]:
    """Options by which MP4 keeps every tick (the movie's default clock, 1/1000 s, moves frames) and no date."""
    clock = str(video.time_base.denominator)
    return {"video_track_timescale": clock, "movie_timescale": clock, "fflags": "+bitexact"}


def options(video: VideoStream, form: Form, encoder: Encoder, bitrate: int | None = None) -> dict[str, str]:
    """Options of libx264, as FFmpeg calls them. All but those of its rate control are equal in all parts of a video,
    and so are its parameter sets."""
    parameters = ["open-gop=0", *_LOOK_AHEAD, *_fields(video), *_matching(encoder), *_assembly()]
    if form.mastering is not None:
        parameters += mastering.parameters(form.mastering)
    rate = {"crf": str(encoder.crf)}
    if bitrate is not None:
        rate = {"b": str(bitrate), "qmax": str(_COARSEST + 6 * (form.depth - 8))}
        parameters += [f"level={_level(video, form)}", f"ratetol={_TOLERANCE}"]
    return {
        "preset": encoder.preset,
        **rate,
        "profile": form.profile,
        "x264-params": ":".join(parameters),
    }


def _level(video: VideoStream, form: Form) -> str:
    """A level that all parts can have: FFmpeg's own guess goes by the bitrate too, and parts would not join."""
    width, height = form.coded_size(video)
    blocks = -(-width // 16) * -(-height // 16)
    return next((name for name, most, a_second in _LEVELS if blocks <= most and blocks * video.rate <= a_second), "6.2")


def _fields(video: VideoStream) -> list[str]:
    if not video.interlaced:
        return []
    return ["tff=1" if video.top_first else "bff=1"]


def _matching(encoder: Encoder) -> list[str]:
    """x264 writes no place of chroma unless it is asked to."""
    asked = {"sps-id": encoder.parameter_set, "chromaloc": encoder.chroma_place}
    return [f"{name}={value}" for name, value in asked.items() if value]


def _assembly() -> list[str]:
    """x264's AVX-512 code reads past the picture's edge in the look-ahead (mbtree): the same pictures, 400 wide, gave
    two different streams in 12 runs; held to AVX2 always the same one, at the same speed."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return []
    return ["asm=avx2"] if "avx512" in flags else []


def _add_stream(
    out: OutputContainer, video: VideoStream, form: Form, encoder: Encoder, bitrate: int | None
) -> AvVideoStream:
    rate = video.rate.limit_denominator(1_000_000)
    stream = out.add_stream("libx264", rate=rate, options=options(video, form, encoder, bitrate))
    context = stream.codec_context
    context.width, context.height = form.coded_size(video)
    context.pix_fmt = form.pix_fmt
    context.time_base = stream.time_base = video.time_base
    context.gop_size = max(1, round(rate * encoder.gop))
    context.thread_count = encoder.threads
    context.sample_aspect_ratio = video.sample_aspect
    if video.interlaced:
        context.field_order = _TOP_FIRST if video.top_first else _BOTTOM_FIRST
    tags = form.color
    context.color_range, context.colorspace = tags.range, tags.space
    context.color_primaries, context.color_trc = tags.primaries, tags.trc
    return stream
