"""What a finished MP4 holds, found without decoding: everything that Verify holds against plan and verdicts."""

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf
from typing import Any, BinaryIO

from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream as AvVideoStream

from redactor.errors import OutputMismatch
from redactor.media import truncation
from redactor.media.forms import ColorTags, stated_tags
from redactor.media.mastering import mastering
from redactor.media.orientation import fields, is_mirrored, is_top_first, turn
from redactor.media.parts import check_clock, source_pts
from redactor.media.source import Source, open_source
from redactor.media.streams import Mastering, VideoStream
from redactor.media.stretches import packets_within

Range = tuple[int | None, int | None]

# What the MP4 demuxer says about the file itself, not taken from anybody's metadata.
_CONTAINER_TAGS = frozenset({"major_brand", "minor_version", "compatible_brands"})


@dataclass(frozen=True)
class OutputFacts:
    """streams: (type, codec, language) of every stream in order. pts: of all frames, rising, ticks of the source.

    ranges, copied: sha256 over the video payloads in decoding order, one for each asked range of pts. audio: sha256
    over the payloads of each audio track. metadata: tags of the file but for brands. rotation: degrees clockwise,
    after mirroring left to right where mirrored. fields: in words. mastering: of the first frame.
    faststart: the index comes before the data. extradata: sha256 of the decoder configuration.
    """

    streams: tuple[tuple[str, str, str | None], ...]
    codec: str
    profile: str | None
    pix_fmt: str
    width: int
    height: int
    rotation: int
    mirrored: bool
    fields: str | None
    mastering: Mastering | None
    sample_aspect: Fraction
    color: ColorTags
    extradata: str
    reorder: int
    pts: tuple[int, ...]
    ranges: tuple[str, ...]
    copied: tuple[str, ...]
    audio: tuple[str, ...]
    metadata: dict[str, str]
    chapters: int
    faststart: bool


def inspect_output(
    file: BinaryIO, size: int, video: VideoStream, ranges: Sequence[Range] = (), copied: Sequence[Range] = ()
) -> OutputFacts:
    """Read a finished MP4 once. ranges, copied: half-open, rising, ticks of the source, None for an open end.

    Raises OutputMismatch where the output is no MP4 with one H.264 picture track on the source's clock, where a packet
    is corrupt or has no exact time; UnreadableVideo or TruncatedVideo where it does not even open.
    """
    faststart = truncation.is_faststart(file, size)
    with open_source(file, size) as source:
        stream = picture_track(source, video)
        ledger = _Ledger(source.container, stream, video, (Digests(ranges), Digests(copied)))
        for packet in source.packets(*source.container.streams):
            ledger.enter(packet)
        return _facts(source, stream, ledger, faststart=faststart)


def inspect_stretch(
    file: BinaryIO,
    size: int,
    video: VideoStream,
    ranges: Sequence[Range],
    *,
    start: int,
    end: int,
    heard: Callable[[int, bytes], None],
) -> OutputFacts:
    """The same of the packets that begin in [start, end), bytes; audio is empty, and heard is told the number of the
    track and the payload of each of its packets. Raises NotAsIndexed too."""
    faststart = truncation.is_faststart(file, size)
    with open_source(file, size) as source:
        stream = picture_track(source, video)
        ledger = _Ledger(source.container, stream, video, (Digests(ranges), Digests(())))
        tracks = {track.index: n for n, track in enumerate(source.container.streams.audio)}
        for packet in packets_within(source, stream, start, end):
            ledger.enter(packet)
            if packet.stream_index in tracks:
                heard(tracks[packet.stream_index], bytes(packet))
        ledger.first.end(stream)
        return replace(_facts(source, stream, ledger, faststart=faststart), audio=())


def picture_track(source: Source, video: VideoStream) -> AvVideoStream:
    """The output's only one. Raises OutputMismatch."""
    if [s.type for s in source.container.streams].count("video") != 1:
        raise OutputMismatch("the output has not exactly one video track")
    stream = source.video(source.container.streams.video[0].index)
    check_clock(stream.time_base, video)
    return stream


class Digests:
    """sha256 over the payloads in each of several ranges of pts, half-open and rising."""

    def __init__(self, ranges: Sequence[Range]) -> None:
        self._ranges = ranges
        self._starts = [-inf if start is None else start for start, _ in ranges]
        self._digests = [hashlib.sha256() for _ in ranges]

    def enter(self, pts: int, payload: bytes) -> None:
        n = bisect_right(self._starts, pts) - 1
        if n >= 0 and ((end := self._ranges[n][1]) is None or pts < end):
            self._digests[n].update(payload)

    def found(self) -> tuple[str, ...]:
        return tuple(digest.hexdigest() for digest in self._digests)


class _Ledger:
    def __init__(
        self,
        container: InputContainer,
        stream: AvVideoStream,
        video: VideoStream,
        digests: "tuple[Digests, Digests]",
    ) -> None:
        self._video = video
        self._index = stream.index
        self.digests = digests
        self.first = _First()
        self.pts: list[int] = []
        self.audio = {s.index: hashlib.sha256() for s in container.streams.audio}

    def enter(self, packet: "Packet[Any]") -> None:
        if not packet.size:
            if packet.stream.index == self._index:
                self.first.see(packet)
            return
        if packet.is_corrupt:
            raise OutputMismatch(f"a packet of the output is corrupt or cut off: pts {packet.pts}")
        payload = bytes(packet)
        if packet.stream.index != self._index:
            if packet.stream.index in self.audio:
                self.audio[packet.stream.index].update(payload)
            return
        if packet.is_discard:
            raise OutputMismatch(f"a frame of the output is never shown: pts {packet.pts}")
        pts = source_pts(packet, self._video)
        self.pts.append(pts)
        self.first.see(packet)
        for digests in self.digests:
            digests.enter(pts, payload)


class _First:
    """The first frame: libav hands display matrix, field order and mastering data out with frames only."""

    def __init__(self) -> None:
        self.rotation = 0
        self.mirrored = False
        self.fields: str | None = None
        self.mastering: Mastering | None = None

    def see(self, packet: "Packet[AvVideoStream]") -> None:
        """Any packet, the empty one at the end too: what a decoder holds back comes out then."""
        if self.fields is None:
            self._look(packet.decode())

    def end(self, stream: AvVideoStream) -> None:
        """Nothing comes any more: what the decoder holds back comes out."""
        if self.fields is None:
            self._look(stream.codec_context.decode(None))

    def _look(self, frames: Sequence[VideoFrame]) -> None:
        for frame in frames[:1]:
            self.mastering = mastering(frame)
            self.rotation, self.mirrored = turn(frame) % 360, is_mirrored(frame)
            self.fields = fields(interlaced=frame.interlaced_frame, top_first=is_top_first(frame))


def _facts(source: Source, stream: AvVideoStream, ledger: _Ledger, *, faststart: bool) -> OutputFacts:
    context, container = stream.codec_context, source.container
    return OutputFacts(
        streams=tuple((s.type, _codec(s), s.language) for s in container.streams),
        codec=stream.codec.canonical_name,
        profile=context.profile,
        # The j is an older way to say full range, which color tells.
        pix_fmt=(context.pix_fmt or "").replace("yuvj", "yuv"),
        width=context.width,
        height=context.height,
        rotation=ledger.first.rotation,
        mirrored=ledger.first.mirrored,
        fields=ledger.first.fields,
        mastering=ledger.first.mastering,
        sample_aspect=stream.sample_aspect_ratio or Fraction(1),
        color=stated_tags(context),
        extradata=hashlib.sha256(context.extradata or b"").hexdigest(),
        reorder=context.reorder_depth,
        pts=tuple(sorted(ledger.pts)),
        ranges=ledger.digests[0].found(),
        copied=ledger.digests[1].found(),
        audio=tuple(digest.hexdigest() for digest in ledger.audio.values()),
        metadata={name: value for name, value in container.metadata.items() if name not in _CONTAINER_TAGS},
        chapters=len(container.chapters()),
        faststart=faststart,
    )


def _codec(stream: Stream) -> str:
    return stream.codec.canonical_name if stream.codec_context is not None else "unknown"
