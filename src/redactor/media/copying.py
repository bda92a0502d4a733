"""Groups of pictures that reach the output as they are in the source, packet by packet: where that can be, and how.

A group begins with a picture that resets the decoder (IDR) and ends before the next: nothing in it refers to anything
outside. Copied and encoded groups share one track. Their parameter sets have different numbers and stand side by side
in the track's record, as ISO/IEC 14496-15 means it: no second sample entry, nothing in the stream that players of
`avc1` do not expect. Of a copied packet only the slices are kept, byte for byte; what else it holds (SEI with captions,
times and the encoder's words, delimiters, filler, repeated parameter sets) is not needed for decoding and left out.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from av.packet import Packet

from redactor.media import h264
from redactor.media.decode import from_key
from redactor.media.encode import Encoder, parameter_sets
from redactor.media.forms import Form
from redactor.media.source import Source
from redactor.media.streams import Segment, Streams, VideoStream

_LENGTH = 4
_CONTAINERS = ("mov", "matroska")
# profile_idc: baseline, main, high. Baseline only where it is constrained (constraint_set1): A.2.1.
_BASELINE, _PROFILES, _CONSTRAINED = 66, (66, 77, 100), 0x40
# nal_unit_type that is left out: SEI, delimiter, ends of sequence and stream, filler; table 7-1.
_LEFT_OUT = frozenset({h264.SUPPLEMENT, 9, 10, 11, 12})
_SETS = frozenset({h264.PARAMETERS, h264.PICTURE_PARAMETERS})
# x264 numbers both of its parameter sets alike, up to this.
_NUMBERS = range(1, 32)


class NotAlike(Exception):
    """Why nothing of a video can be copied beside what is encoded."""


@dataclass(frozen=True)
class Copying:
    """source, record: avcC of the source and of the output, hex. reorder: frames that a decoder holds back at most."""

    source: str
    record: str
    reorder: int


@dataclass(frozen=True)
class Run:
    """A group of pictures: half-open range of pts, end None: through the last frame. frames: how many."""

    start: int
    end: int | None
    frames: int


@dataclass(frozen=True)
class Group:
    """pts: of its packets, in decoding order. fault: why it cannot be copied, None where it can."""

    run: Run
    pts: tuple[int, ...]
    fault: str | None


@dataclass(frozen=True)
class CopiedPacket:
    """run: position among those asked for. pts, duration: ticks of the video. key: resets the decoder."""

    run: int
    pts: int
    duration: int
    key: bool
    payload: bytes


def match(source: Source, streams: Streams, form: Form, encoder: Encoder) -> tuple[Copying, Encoder]:
    """How copied and encoded groups go together, and the encoder's settings for it. Raises NotAlike."""
    video = streams.video
    if encoder.match:
        raise NotAlike("matchBitrate is not for single groups of pictures")
    own = _own(source.video(video.index).codec_context.extradata or b"", streams)
    (unit,) = own.sequences
    sequence = h264.sequence(unit)
    taken = {sequence.id, *(h264.picture_set(one)[0] for one in own.pictures)}
    number = next(number for number in _NUMBERS if number not in taken)
    ours = replace(encoder, parameter_set=number, chroma_place=sequence.look.place[0])
    sets = h264.units(parameter_sets(video, form, ours), 0)
    theirs = h264.sequence(sets[0])
    profile, flags, _ = sequence.header
    if profile not in _PROFILES or (profile == _BASELINE and not flags & _CONSTRAINED):
        raise NotAlike(f"H.264 of profile {profile}")
    if sequence.look != theirs.look:
        raise NotAlike("its header does not say the same of size, colours or pixel aspect as that of the output")
    if sequence.reorder is None or theirs.reorder is None:
        raise NotAlike("its header does not say how many frames a decoder must hold back")
    record = h264.Configuration(
        _LENGTH,
        (*(one for one in sets if h264.kind(one) == h264.PARAMETERS), unit),
        (*(one for one in sets if h264.kind(one) == h264.PICTURE_PARAMETERS), *own.pictures),
    )
    return Copying(own.record().hex(), record.record().hex(), max(sequence.reorder, theirs.reorder)), ours


def _own(extradata: bytes, streams: Streams) -> h264.Configuration:
    video = streams.video
    if video.codec != "h264" or not any(name in streams.container for name in _CONTAINERS):
        raise NotAlike("only H.264 in MP4, MOV and Matroska is copied")
    if video.interlaced or video.pix_fmt.replace("yuvj", "yuv") != "yuv420p":
        raise NotAlike("only progressive pictures of 8 bits, 4:2:0, are copied")
    if not video.ordered or video.delay is not None or video.restarts:
        raise NotAlike("its times are not kept")
    try:
        own = h264.configuration(extradata)
        if own.length == _LENGTH and len(own.sequences) == 1 and own.pictures:
            return own
    except (IndexError, ValueError):
        pass
    raise NotAlike("its header holds other parameter sets than one sequence's")


def groups(source: Source, video: VideoStream, segment: Segment, copying: Copying) -> Iterator[Group]:
    """The segment's groups of pictures, in order, and whether each can be copied. Reads packets only."""
    own = h264.configuration(bytes.fromhex(copying.source))
    group = _Open(own)
    for packet in _packets(source, video, segment):
        units = h264.units(bytes(packet), _LENGTH)
        resets = any(h264.kind(unit) == h264.IDR for unit in units)
        ends = _ends(packet, segment)
        if (resets or ends) and group.pts:
            yield group.closed(packet.pts, copying.reorder, None if resets else "it goes on in the next segment")
            group = _Open(own)
        if ends:
            return
        group.enter(packet, units, resets=resets)
    if group.pts:
        yield group.closed(None, copying.reorder, None)


def copied_packets(source: Source, video: VideoStream, segment: Segment, runs: Sequence[Run]) -> Iterator[CopiedPacket]:
    """The packets of these groups of the segment, rising, in decoding order, without what is not picture."""
    starts = [run.start for run in runs]
    for packet in _packets(source, video, segment):
        if packet.pts is None or _ends(packet, segment):
            continue
        n = bisect_right(starts, packet.pts) - 1
        if n >= 0 and ((end := runs[n].end) is None or packet.pts < end):
            slices = [unit for unit in h264.units(bytes(packet), _LENGTH) if h264.kind(unit) in h264.SLICES]
            resets = any(h264.kind(unit) == h264.IDR for unit in slices)
            yield CopiedPacket(n, packet.pts, packet.duration or 1, resets, h264.prefixed(slices, _LENGTH))


@dataclass
class _Open:
    """A group that is being read. faults: in the order in which they were found."""

    own: h264.Configuration
    pts: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def enter(self, packet: "Packet[Any]", units: list[bytes], *, resets: bool) -> None:
        if packet.pts is None:
            self.faults.append("a packet has no time")
            return
        if not self.pts and not resets:
            self.faults.append("it does not begin with an IDR picture")
        self.pts.append(packet.pts)
        fault = _fault(packet, units, self.own)
        if fault:
            self.faults.append(fault)

    def closed(self, end: int | None, reorder: int, fault: str | None) -> Group:
        start, rising = self.pts[0], sorted(self.pts)
        faults = [*self.faults, *([fault] if fault else [])]
        if rising[0] != start or (end is not None and rising[-1] >= end) or len(set(rising)) != len(rising):
            faults.append("its times run into those of another")
        elif any(earlier > pts for earlier, pts in zip(rising, islice(self.pts, reorder, None), strict=False)):
            faults.append("its frames are reordered more than its header says")
        return Group(Run(start, end, len(rising)), tuple(self.pts), faults[0] if faults else None)


def _fault(packet: "Packet[Any]", units: list[bytes], own: h264.Configuration) -> str | None:
    """Why a packet cannot be copied."""
    if packet.is_discard or packet.is_corrupt:
        return "a frame in it is hidden by an edit list or damaged"
    if sum(_LENGTH + len(unit) for unit in units) != packet.size:
        return "a packet does not hold whole units"
    pictures = {h264.picture_set(unit)[0] for unit in own.pictures}
    for unit in units:
        number = h264.kind(unit)
        if number in h264.SLICES:
            if h264.picture_of(unit) not in pictures:
                return "its parameter sets are not the header's"
        elif number in _SETS:
            if unit not in (*own.sequences, *own.pictures):
                return "its parameter sets are not the header's"
        elif number not in _LEFT_OUT:
            return f"it holds units of kind {number}"
    return None


def _packets(source: Source, video: VideoStream, segment: Segment) -> "Iterator[Packet[Any]]":
    """From the segment's key packet on through the next segment's."""
    for packet in from_key(source, video, segment):
        if packet.size:
            yield packet
            if _ends(packet, segment):
                return


def _ends(packet: "Packet[Any]", segment: Segment) -> bool:
    return segment.end is not None and packet.is_keyframe and packet.pts == segment.end
