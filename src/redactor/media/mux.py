"""Joining parts and the source's sound into the finished MP4: packets only, none of them changed."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from heapq import heappop, heappush
from pathlib import Path
from typing import Any, BinaryIO

import av
from av.container import OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream as AvVideoStream

from redactor.errors import OutputMismatch
from redactor.media.audio import SoundDigests, add_audio, audio_packets
from redactor.media.encode import muxer_options
from redactor.media.fronted import Fronted
from redactor.media.parts import check_clock, source_pts, video_packets
from redactor.media.source import Source, open_source
from redactor.media.streams import Streams, VideoStream


@dataclass(frozen=True)
class PartFile:
    """One part, opened only while it is copied. size: bytes. open: a context manager of a seekable file object."""

    n: int
    size: int
    open: Callable[[], AbstractContextManager[BinaryIO]]

    @classmethod
    def at(cls, n: int, path: Path) -> "PartFile":
        return cls(n, path.stat().st_size, lambda: path.open("rb"))


def join(
    parts: Sequence[PartFile],
    source: Source,
    streams: Streams,
    out: Path | Fronted,
    title: str | None = None,
    *,
    reorder: int | None = None,
) -> tuple[str | None, ...]:
    """Write the finished MP4: the parts' packets, every audio track, rotation, pixel aspect and colours; index first.

    Nothing of the source's metadata goes along; title is written if given. reorder: how many frames a decoder holds
    back at most, None where each part says the same. Bounded memory: packets pass one at a time. Returns the sha256 of
    each audio track's payloads as they were read from the source, None where it was encoded.
    Same input, same bytes. Raises OutputMismatch for parts that are missing, out of order, overlapping in time or
    encoded differently, DamagedVideo for broken sound; a file is removed then, and the last of a Fronted never sent.
    """
    if not parts or [part.n for part in parts] != list(range(len(parts))):
        raise OutputMismatch(f"parts are missing or out of order: {[part.n for part in parts]}")
    file, options = (str(out), {"movflags": "+faststart"}) if isinstance(out, Path) else (out, {})
    try:
        with av.open(file, "w", format="mp4", container_options=muxer_options(streams.video) | options) as made:
            if title:
                made.metadata["title"] = title
            read = _write(made, parts, source, streams, reorder)
        if isinstance(out, Fronted):
            out.finish()
    except FFmpegError as error:
        _give_up(out)
        raise OutputMismatch(f"the output cannot be written: {error}") from error
    except BaseException:
        _give_up(out)
        raise
    return read.found()


def _give_up(out: Path | Fronted) -> None:
    """Raises what went wrong in writing, if that did."""
    if isinstance(out, Path):
        out.unlink(missing_ok=True)
    elif out.failure is not None:
        raise out.failure


def _write(
    out: OutputContainer, parts: Sequence[PartFile], source: Source, streams: Streams, reorder: int | None
) -> SoundDigests:
    source.rewind()
    with parts[0].open() as file, open_source(file, parts[0].size) as first:
        shape = _Shape.of(first.video(0), reorder)
        video = _add_video(out, first.video(0), streams.video)
    sound = add_audio(out, source, streams.audio)
    out.start_encoding()
    pictures = _video_packets(parts, shape, streams.video, video, reorder)
    read = SoundDigests(streams)
    for packet in _in_time(pictures, audio_packets(source, streams, sound, read)):
        out.mux(packet)
    return read


@dataclass(frozen=True)
class _Shape:
    """What must be equal in all parts. reorder: how many frames a decoder holds back."""

    extradata: bytes
    size: tuple[int, int]
    reorder: int

    @classmethod
    def of(cls, stream: AvVideoStream, reorder: int | None) -> "_Shape":
        context = stream.codec_context
        return cls(
            context.extradata or b"",
            (context.width, context.height),
            context.reorder_depth if reorder is None else reorder,
        )


def _add_video(out: OutputContainer, template: AvVideoStream, video: VideoStream) -> AvVideoStream:
    stream = out.add_stream_from_template(template, opaque=True)
    stream.time_base = Fraction(1, video.time_base.denominator)
    stream.codec_context.framerate = video.rate.limit_denominator(1_000_000)
    if video.rotation or video.mirrored:
        # av counts anticlockwise, and mirrors after turning.
        degrees = video.rotation if video.mirrored else -video.rotation
        stream.set_display_rotation(degrees, hflip=video.mirrored)
    return stream


def _video_packets(
    parts: Sequence[PartFile], shape: _Shape, video: VideoStream, output: Stream, reorder: int | None
) -> "Iterator[Packet[Any]]":
    """All parts' packets in decoding order, with decoding times made anew over the whole stream."""
    clock = DecodingTimes.of(video, shape.reorder)
    end: int | None = None
    for part in parts:
        with part.open() as file, open_source(file, part.size) as source:
            _check(part, source.video(0), shape, video, reorder)
            first, last = end, end
            for packet in video_packets(source, 0):
                pts = source_pts(packet, video)
                if first is not None and pts <= first:
                    raise OutputMismatch(f"part {part.n} reaches back to pts {pts}, the one before it ends at {first}")
                last = pts if last is None else max(last, pts)
                packet.dts = clock.next(packet)
                packet.stream = output
                yield packet
            if last == end:
                raise OutputMismatch(f"part {part.n} has no frames")
            end = last


def _check(part: PartFile, stream: AvVideoStream, shape: _Shape, video: VideoStream, reorder: int | None) -> None:
    check_clock(stream.time_base, video)
    if _Shape.of(stream, reorder) != shape:
        raise OutputMismatch(f"part {part.n} is encoded differently from part 0")


class DecodingTimes:
    """dts[i] = sorted pts[i - D], D the reorder delay; known as soon as packet i has come. The first D go before."""

    @classmethod
    def of(cls, video: VideoStream, reorder: int) -> "DecodingTimes":
        """On the output's clock. reorder: how many frames a decoder holds back."""
        return cls(reorder, max(1, round(1 / (video.rate * video.time_base))) * video.time_base.numerator)

    def __init__(self, delay: int, step: int) -> None:
        self._missing = delay
        self._step = step
        self._waiting: list[int] = []
        self._last: int | None = None

    def next(self, packet: "Packet[Any]") -> int:
        pts = packet.pts or 0
        heappush(self._waiting, pts)
        if self._missing:
            dts = self._waiting[0] - self._missing * self._step
            self._missing -= 1
        else:
            dts = heappop(self._waiting)
        if dts > pts or (self._last is not None and dts <= self._last):
            raise OutputMismatch(f"a packet cannot be decoded in time: pts {pts}, dts {dts} after {self._last}")
        self._last = dts
        return dts


def _in_time(*streams: "Iterator[Packet[Any]]") -> "Iterator[Packet[Any]]":
    """Merge streams of packets by decoding time; each keeps its own order."""
    heads = [(n, next(stream, None)) for n, stream in enumerate(streams)]
    waiting = {n: packet for n, packet in heads if packet is not None}
    while waiting:
        n = min(waiting, key=lambda stream: _seconds(waiting[stream]))
        yield waiting.pop(n)
        if (packet := next(streams[n], None)) is not None:
            waiting[n] = packet


def _seconds(packet: "Packet[Any]") -> Fraction:
    return (packet.dts or 0) * packet.time_base
