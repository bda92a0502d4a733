"""What a video is made of, from its header and its first packets: streams, colours, geometry, counts, caps."""

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import BinaryIO

import av
from av.audio.stream import AudioStream as AvAudioStream
from av.error import FFmpegError
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream as AvVideoStream

from redactor.errors import DamagedVideo, TruncatedVideo, UnreadableVideo, VideoTooLarge
from redactor.media.fields import may_be_fields
from redactor.media.mastering import mastering
from redactor.media.orientation import is_mirrored, is_top_first, turn
from redactor.media.source import Source
from redactor.media.streams import AudioStream, Streams, VideoStream
from redactor.pieces import expect, spread

# Audio codecs that an MP4 takes over packet for packet; all others are encoded to AAC.
COPIED_AUDIO = frozenset({"aac", "mp3", "opus", "flac", "ac3", "eac3", "alac"})
# Browsers stay silent on these although they are legal in MP4.
SILENT_IN_BROWSERS = frozenset({"ac3", "eac3", "alac"})
# Packets tried for the first frame, which tells what no header does: the true size and the display matrix.
_FIRST_PACKETS = 300
# Entries of an index that are held against the file's size; a packet that is not there is noticed when it is read.
_CHECKED = 5000
_MIB = 1 << 20
# Containers, and codecs in them, that do not say when a frame is shown.
_DECODING_TIMES = frozenset({"avi", "asf"})
_REORDERED = frozenset({"h264", "hevc"})
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
    opening = _opening(source, chosen)
    first = opening.frame
    _check_size(first.width, first.height, limits)  # headers lie
    video = _video(chosen, opening)
    audio = tuple(_audio(s) for s in container.streams if isinstance(s, AvAudioStream) and _decodable(s))
    kept = {video.index, *(track.index for track in audio)}
    dropped = tuple(_words(s, video.index) for s in container.streams if s.index not in kept)
    return Streams(container.format.name, video, audio, dropped, _warnings(opening, video, audio))


def ends(file: BinaryIO, size: int) -> bytes:
    """The first and the last MiB, which overlap in a small file. Demuxers start there: headers, indexes, last times."""
    starts = (0, max(0, size - _MIB))
    expect(file, (hint for start in starts for hint in spread(start, min(start + _MIB, size))))
    found = []
    for start in starts:
        file.seek(start)
        found.append(file.read(min(_MIB, size)))
    return b"".join(found)


def fingerprint(both: bytes, size: int, streams: Streams) -> str:
    """sha256 (hex) over the video's codec parameters, the size in bytes and both ends of the file.

    Changing the container's clock, codec, picture or length changes it; renaming or copying the file does not.
    """
    video = streams.video
    parameters = (video.codec, video.width, video.height, video.pix_fmt, video.time_base, size)
    return hashlib.sha256(" ".join(map(str, parameters)).encode() + both).hexdigest()


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
        entries = stream.index_entries
        step = max(1, len(entries) // _CHECKED)
        for entry in (entries[n] for n in (*range(0, len(entries), step), *range(len(entries))[-1:])):
            if entry.pos + entry.size > size:
                raise TruncatedVideo(
                    f"the file is cut off: its index places a packet at byte {entry.pos}, but the file has {size}"
                )


@dataclass(frozen=True)
class _Opening:
    """frame: the first that can be decoded. untimed: how many come before the first that has a time. pts: that time.
    decoded: the times at which the packets up to then are decoded."""

    frame: VideoFrame
    untimed: int
    pts: int | None
    decoded: tuple[int, ...]


def _opening(source: Source, stream: AvVideoStream) -> _Opening:
    """The first frames. Nobody has to rewind: decoding starts at a place of its own."""
    decoder = source.video(stream.index)
    seen: list[VideoFrame] = []
    decoded: list[int] = []
    for packet in islice(source.packets(decoder), _FIRST_PACKETS):
        decoded += [] if packet.dts is None else [packet.dts]
        try:
            seen += packet.decode()
        except FFmpegError:
            continue  # a stream recorded from its middle on starts with packets that cannot be decoded
        timed = next((n for n, frame in enumerate(seen) if frame.pts is not None), None)
        if timed is not None:
            return _Opening(seen[0], timed, seen[timed].pts, tuple(decoded))
    if not seen:
        raise DamagedVideo("no frame of the video can be decoded")
    return _Opening(seen[0], 0, None, tuple(decoded))


def _video(stream: AvVideoStream, opening: _Opening) -> VideoStream:
    context, first = stream.codec_context, opening.frame
    interlaced = context.field_order not in _PROGRESSIVE or first.interlaced_frame
    delay = _delay(stream, opening)
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
        rotation=round(turn(first) / 90) * 90 % 360,
        sample_aspect=stream.sample_aspect_ratio or Fraction(1),
        interlaced=interlaced,
        color_range=int(context.color_range),
        color_primaries=int(context.color_primaries),
        color_trc=int(context.color_trc),
        colorspace=int(context.colorspace),
        start=_start(stream, opening, delay),
        duration=stream.duration,
        expected_frames=_expected_frames(stream),
        mirrored=is_mirrored(first),
        top_first=interlaced and is_top_first(first),
        delay=delay,
        mastering=mastering(first),
    )


def _start(stream: AvVideoStream, opening: _Opening, delay: int | None) -> int | None:
    """Matroska states no time before 0: what comes before the first frame with a time has the usual duration. Where
    frames are counted off, those without a packet follow at the distance of the last two."""
    usual = max(1, round(1 / (_rate(stream) * (stream.time_base or 1))))
    if delay is not None:
        times = opening.decoded
        missing, step = max(0, delay + 1 - len(times)), times[-1] - times[-2] if len(times) > 1 else usual
        return times[delay - missing] + missing * step if times else None
    return None if opening.pts is None else opening.pts - opening.untimed * usual


def _delay(stream: AvVideoStream, opening: _Opening) -> int | None:
    """See VideoStream. AVI and ASF state when a packet is decoded, and FFmpeg's guess when an H.264 or HEVC frame is
    shown is wrong with B frames. As players do: a frame is shown when the decoder brings it out."""
    if stream.container.format.name not in _DECODING_TIMES or stream.codec.canonical_name not in _REORDERED:
        return None
    shown = opening.frame.dts
    return opening.decoded.index(shown) if shown in opening.decoded else stream.codec_context.reorder_depth


def _rate(stream: AvVideoStream) -> Fraction:
    """Frames a second, for humans and for defaults only: times are always pts."""
    return stream.average_rate or stream.guessed_rate or _DEFAULT_RATE


def _expected_frames(stream: AvVideoStream) -> int | None:
    """Frames that an MP4's index presents: edit lists mark the others as discarded. None where it may count fields.

    Only where the index lists every sample the header counts (a fragmented file lists those of its first fragments).
    """
    entries = stream.index_entries
    if "mp4" not in stream.container.format.name or not stream.frames or len(entries) < stream.frames:
        return None
    if may_be_fields(stream.codec.canonical_name, stream.codec_context.extradata):
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


def _warnings(opening: _Opening, video: VideoStream, audio: tuple[AudioStream, ...]) -> tuple[str, ...]:
    found = [
        f"browsers do not play {track.codec} sound (stream {track.index})"
        for track in audio
        if track.codec in SILENT_IN_BROWSERS
    ]
    if opening.frame.rotation % 90:
        found.append(f"the display rotation of {turn(opening.frame)} degrees was rounded to a quarter turn")
    if video.shift:
        late = float(video.shift * video.time_base)
        found.append(f"the video starts before time 0: picture and sound of the output are {late:.3f} s later")
    return tuple(found)


def _is_picture(stream: Stream) -> bool:
    return bool(stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails))


def _decodable(stream: Stream) -> bool:
    return stream.codec_context is not None
