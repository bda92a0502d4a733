"""What a video is made of, from its header and its first packets: streams, colours, geometry, counts, caps."""

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any, BinaryIO, cast

import av
from av.audio.stream import AudioStream as AvAudioStream
from av.error import FFmpegError
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream as AvVideoStream

from redactor.errors import DamagedVideo, TruncatedVideo, UnreadableVideo, VideoTooLarge
from redactor.media.source import Source
from redactor.media.streams import AudioStream, Streams, VideoStream

# Audio codecs that an MP4 takes over packet for packet; all others are encoded to AAC.
COPIED_AUDIO = frozenset({"aac", "mp3", "opus", "flac", "ac3", "eac3", "alac"})
# Browsers stay silent on these although they are legal in MP4.
SILENT_IN_BROWSERS = frozenset({"ac3", "eac3", "alac"})
# Packets tried for the first frame, which tells what no header does: the true size and the display matrix.
_FIRST_PACKETS = 300
_MIB = 1 << 20
# AVFieldOrder: 0 unknown, 1 progressive, 2..5 interlaced.
_PROGRESSIVE = (0, 1)
_DEFAULT_RATE = Fraction(25)


@dataclass(frozen=True)
class Limits:
    """Caps on an untrusted video. pixels: width x height of one frame; seconds, frames: of the whole video."""

    pixels: int = 40_000_000
    streams: int = 64
    seconds: int = 24 * 3600
    frames: int = 24 * 3600 * 120


def probe(source: Source, limits: Limits = Limits()) -> Streams:
    """Read the header, the index where there is one, and the first frame.

    Raises UnreadableVideo (no video track, no decoder), VideoTooLarge, TruncatedVideo (the index points past the end),
    DamagedVideo (no frame can be decoded).
    """
    container = source.container
    if len(container.streams) > limits.streams:
        raise VideoTooLarge(f"the video has {len(container.streams)} streams; at most {limits.streams} are taken")
    chosen = _choose(list(container.streams))
    _check_header(chosen, container.duration, limits)
    _check_index(list(container.streams), source.size)
    first = _first_frame(source, chosen)
    _check_size(first.width, first.height, limits)  # headers lie
    video = _video(chosen, first)
    audio = tuple(_audio(s) for s in container.streams if isinstance(s, AvAudioStream) and _decodable(s))
    kept = {video.index, *(track.index for track in audio)}
    dropped = tuple(_words(s, video.index) for s in container.streams if s.index not in kept)
    return Streams(container.format.name, video, audio, dropped, _warnings(first, audio))


def fingerprint(file: BinaryIO, size: int, streams: Streams) -> str:
    """sha256 (hex) over the video's codec parameters, the size in bytes and the first and last MiB.

    Changing the container's clock, codec, picture or length changes it; renaming or copying the file does not.
    """
    video = streams.video
    parameters = (video.codec, video.width, video.height, video.pix_fmt, video.time_base, size)
    digest = hashlib.sha256(" ".join(map(str, parameters)).encode())
    for start in (0, max(0, size - _MIB)):
        file.seek(start)
        digest.update(file.read(min(_MIB, size)))
    return digest.hexdigest()


def _choose(streams: list[Stream]) -> AvVideoStream:
    """The first real video stream, default ones before others: what players show."""
    videos = [s for s in streams if isinstance(s, AvVideoStream) and not _is_picture(s)]
    if not videos:
        heard = any(s.type == "audio" for s in streams)
        raise UnreadableVideo("the file is audio only: it has no video track" if heard else "it has no video track")
    chosen = min(videos, key=lambda s: (not s.disposition & Disposition.default, s.index))
    if not _decodable(chosen):
        raise UnreadableVideo("there is no decoder for its video track")
    return chosen


def _check_header(stream: AvVideoStream, duration: int | None, limits: Limits) -> None:
    """duration: of the container, microseconds, None where unknown."""
    _check_size(stream.codec_context.width, stream.codec_context.height, limits)
    seconds = Fraction(duration or 0, av.time_base)
    if seconds > limits.seconds:
        raise VideoTooLarge(f"the video lasts {float(seconds):.0f} s; at most {limits.seconds} s are taken")
    if stream.frames > limits.frames or seconds * _rate(stream) > limits.frames:
        raise VideoTooLarge(f"the video has more than {limits.frames} frames")


def _check_size(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.pixels:
        raise VideoTooLarge(f"the picture is {width}x{height}; at most {limits.pixels} pixels are taken")


def _check_index(streams: list[Stream], size: int) -> None:
    for stream in streams:
        for entry in stream.index_entries:
            if entry.pos + entry.size > size:
                raise TruncatedVideo(
                    f"the file is cut off: its index places a packet at byte {entry.pos}, but the file has {size}"
                )


def _first_frame(source: Source, stream: AvVideoStream) -> VideoFrame:
    """The first frame that can be decoded. Nobody has to rewind: decoding starts at a place of its own."""
    decoder = source.video(stream.index)
    for packet in islice(source.packets(decoder), _FIRST_PACKETS):
        try:
            frames = packet.decode()
        except FFmpegError:
            continue  # a stream recorded from its middle on starts with packets that cannot be decoded
        for frame in frames:
            return frame
    raise DamagedVideo("no frame of the video can be decoded")


def _video(stream: AvVideoStream, first: VideoFrame) -> VideoStream:
    context = stream.codec_context
    if stream.time_base is None:
        raise UnreadableVideo("its video track has no clock")
    return VideoStream(
        index=stream.index,
        codec=stream.codec.canonical_name,
        width=first.width,
        height=first.height,
        pix_fmt=first.format.name,
        time_base=stream.time_base,
        rate=_rate(stream),
        rotation=round(_turn(first) / 90) * 90 % 360,
        sample_aspect=stream.sample_aspect_ratio or Fraction(1),
        interlaced=context.field_order not in _PROGRESSIVE or first.interlaced_frame,
        color_range=int(context.color_range),
        color_primaries=int(context.color_primaries),
        color_trc=int(context.color_trc),
        colorspace=int(context.colorspace),
        start=first.pts,
        duration=stream.duration,
        expected_frames=_expected_frames(stream),
    )


def _turn(frame: VideoFrame) -> int:
    """Degrees clockwise that a player turns the picture, after mirroring it left to right if it does."""
    # av counts anticlockwise, and takes mirroring left to right for half a turn: faces would stand on their heads.
    return -frame.rotation + (180 if _is_mirrored(frame) else 0)


def _is_mirrored(frame: VideoFrame) -> bool:
    """Whether the display matrix turns the picture over: its determinant is negative. ISO/IEC 14496-12, 6.2.2."""
    # The stubs of av know of motion vectors only.
    matrix = cast("Mapping[str, Any]", frame.side_data).get("DISPLAYMATRIX")
    if matrix is None:
        return False
    a, b, _, c, d, *_ = struct.unpack("=9i", bytes(matrix))
    return bool(a * d < b * c)


def _rate(stream: AvVideoStream) -> Fraction:
    """Frames a second, for humans and for defaults only: times are always pts."""
    return stream.average_rate or stream.guessed_rate or _DEFAULT_RATE


def _expected_frames(stream: AvVideoStream) -> int | None:
    """Frames that an MP4's index presents: edit lists mark the others as discarded.

    Only where the index lists every sample the header counts (a fragmented file lists those of its first fragments).
    """
    entries = stream.index_entries
    if "mp4" not in stream.container.format.name or not stream.frames or len(entries) < stream.frames:
        return None
    return sum(not entry.is_discard for entry in entries)


def _audio(stream: AvAudioStream) -> AudioStream:
    codec = stream.codec.canonical_name
    return AudioStream(
        index=stream.index,
        codec=codec,
        time_base=stream.time_base or Fraction(1, stream.codec_context.sample_rate),
        sample_rate=stream.codec_context.sample_rate,
        channels=stream.codec_context.channels,
        language=stream.language,
        copied=codec in COPIED_AUDIO,
    )


def _words(stream: Stream, video: int) -> str:
    """What a stream that is dropped is, for the report."""
    if _is_picture(stream):
        return f"cover art {stream.index}"
    second = "second " if stream.type == "video" else ""
    return f"{second}{stream.type} stream {stream.index} ({getattr(stream, 'name', None) or 'unknown'})"


def _warnings(first: VideoFrame, audio: tuple[AudioStream, ...]) -> tuple[str, ...]:
    found = [
        f"browsers do not play {track.codec} sound (stream {track.index})"
        for track in audio
        if track.codec in SILENT_IN_BROWSERS
    ]
    if _is_mirrored(first):
        found.append("players mirror the video left to right; the output is not mirrored")
    if first.rotation % 90:
        found.append(f"the display rotation of {_turn(first)} degrees was rounded to a quarter turn")
    return tuple(found)


def _is_picture(stream: Stream) -> bool:
    return bool(stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails))


def _decodable(stream: Stream) -> bool:
    return stream.codec_context is not None
