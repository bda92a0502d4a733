"""Damage that a job may live with: groups of pictures that do not decode soundly, as black frames.

A group is what lies between two key packets that decoding can start from. Whether it is sound is asked of a decoder
that has seen nothing before it, and it is black as a whole or not at all: so the answer depends on the group alone and
not on how the video was split, and no frame is shown that was predicted from a doubtful one.

The frames of a black group are those that its packets state times for, whatever the decoder says. A frame whose packet
is gone from the container, or states no time, is not made up: the one before it stays on.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream as AvVideoStream

from redactor.errors import DamagedVideo
from redactor.media.decode import Decoded, Ledger, decode, frames, from_key, in_words, lasting
from redactor.media.forms import form_of
from redactor.media.keys import starts_afresh
from redactor.media.planes import plane_view
from redactor.media.source import Source
from redactor.media.streams import FrameTime, Gap, Segment, VideoStream

# Bytes of packets that one group may have: it is held in memory and decoded twice.
_MOST = 128 << 20
_BLACK, _FULL_BLACK, _GREY = 16, 0, 128

T = TypeVar("T")


def seen_by(
    look: Callable[[Iterable[Decoded]], T], source: Source, video: VideoStream, segment: Segment, *, allowed: bool
) -> tuple[T, tuple[Gap, ...]]:
    """What look makes of the frames of a segment, and its gaps.

    Where damage stops it and gaps are allowed, look gets the frames once more from the first on, black ones among them.
    Raises DamagedVideo otherwise, and where no time tells frames apart: times that repeat, start again, or are those of
    decoding.
    """
    try:
        return look(decode(source, video, segment)), ()
    except DamagedVideo:
        if not allowed or not video.ordered or video.delay is not None:
            raise
    spared = Spared(source, video, segment)
    return look(spared), spared.gaps


class Spared:
    """Iterates over the frames of a segment as `decode` does, but that damaged groups are black. gaps: those so far.

    Raises DamagedVideo where the container breaks, its times do not go on from group to group, or one is too large.
    """

    def __init__(self, source: Source, video: VideoStream, segment: Segment) -> None:
        self._source, self._video, self._segment = source, video, segment
        self._gaps: list[Gap] = []

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return tuple(self._gaps)

    def __iter__(self) -> Iterator[Decoded]:
        self._gaps.clear()
        yield from lasting(self._frames(), self._segment)

    def _frames(self) -> Iterator[Decoded]:
        for group in _Grouping(self._source, self._video, self._segment).groups():
            fault = self._fault(group)
            yield from self._sound(group) if fault is None else self._black(group, fault)

    def _fault(self, group: "_Group") -> str | None:
        try:
            for _ in self._sound(group):
                pass
        except DamagedVideo as error:
            return error.message
        return None

    def _sound(self, group: "_Group") -> Iterator[Decoded]:
        """Raises DamagedVideo for whatever is not as it must be."""
        if group.fault is not None:
            raise DamagedVideo(group.fault)
        ledger = Ledger(self._video, Segment(0, group.start, group.end, None), self._source)
        stream = self._source.video(self._video.index)
        stream.codec_context.flush_buffers()
        for packet in (*group.packets, *group.leading, _end(stream)):
            ledger.expect(packet)
            for frame in frames(packet, self._source, ledger):
                pts = ledger.time(frame)
                if group.end is not None and pts >= group.end:
                    ledger.end(frame, pts)
                elif pts >= group.start:
                    yield ledger.enter(frame, pts)
        ledger.close(None)

    def _black(self, group: "_Group", fault: str) -> Iterator[Decoded]:
        ledger = Ledger(self._video, Segment(0, group.start, group.end, None), self._source)
        stated = {
            packet.pts: ledger.duration(packet.duration)
            for packet in (*group.packets, *group.leading)
            if packet.pts is not None and group.holds(packet.pts) and ledger.presents(packet)
        }
        times = [FrameTime(pts, stated[pts]) for pts in sorted(stated)]
        if times:
            end = times[-1].pts + times[-1].duration if group.end is None else group.end
            self._gaps.append(Gap(times[0].pts, end, len(times), fault))
        for time in times:
            yield Decoded(time, black(self._video), black=True)


def black(video: VideoStream) -> VideoFrame:
    """A black frame of the video's size."""
    frame = VideoFrame(video.width, video.height, "yuv420p")
    luma = _FULL_BLACK if form_of(video).full_range else _BLACK
    for n, value in enumerate((luma, _GREY, _GREY)):
        plane_view(frame, n)[:] = value
    return frame


@dataclass
class _Group:
    """start: pts of its key packet; end: of the next group's, None for the last. packets: in decoding order from the
    key on. leading: the next group's key packet and those that are shown before it, where there are any; else none.
    fault: what is wrong before anything is decoded. size: bytes."""

    start: int
    packets: "list[Packet[Any]]"
    end: int | None = None
    leading: "tuple[Packet[Any], ...]" = ()
    fault: str | None = None
    size: int = 0

    def holds(self, pts: int) -> bool:
        return pts >= self.start and (self.end is None or pts < self.end)


class _Grouping:
    """Makes groups of the packets of a segment."""

    def __init__(self, source: Source, video: VideoStream, segment: Segment) -> None:
        self._source, self._video, self._segment = source, video, segment
        self._presents = Ledger(video, segment, source).presents

    def groups(self) -> Iterator[_Group]:
        """All of them, adjoining."""
        found = (packet for packet in from_key(self._source, self._video, self._segment) if packet.size)
        group, after = self._new(next(found)), None
        for packet in found:
            if after is not None:
                if packet.pts is not None and packet.pts < after.start:
                    after.packets.append(packet)
                    continue
                yield self._closed(group, after)
                if after.start == self._segment.end:
                    return
                group, after = after, None
            if self._starts(packet, group):
                after = self._new(packet)
            else:
                group.packets.append(packet)
                group.size += packet.size
                if group.size > _MOST:
                    raise DamagedVideo(f"the group of pictures at {in_words(group.start, self._video)} is too large")
        if after is not None:
            yield self._closed(group, after)
            group = after
        if self._segment.end is None:
            yield self._closed(group, None)
        elif group.start != self._segment.end:
            raise DamagedVideo(f"the video ends before {in_words(self._segment.end, self._video)}")

    def _new(self, key: "Packet[Any]") -> _Group:
        if key.pts is None:
            raise DamagedVideo("the first packet has no time")
        return _Group(key.pts, [key])

    def _starts(self, packet: "Packet[Any]", group: _Group) -> bool:
        """Whether a group starts with this packet. One that a player would not start from (periodic intra refresh)
        brings no frame when it is decoded alone, and no error either."""
        if not packet.is_keyframe or packet.pts is None or packet.pts <= group.start or not self._presents(packet):
            return False
        if self._segment.end is not None and packet.pts >= self._segment.end:
            return packet.pts == self._segment.end
        stream = self._source.video(self._video.index)
        context = stream.codec_context
        if starts_afresh(bytes(packet), self._video.codec, context.extradata):
            return True
        context.flush_buffers()
        try:
            return bool([*packet.decode(), *stream.decode(None)])
        except FFmpegError:
            return True
        finally:
            context.flush_buffers()

    def _closed(self, group: _Group, after: _Group | None) -> _Group:
        """The group, complete. Raises DamagedVideo where one of its frames would be lost from the table."""
        if sum(packet.size for packet in group.packets) > _MOST:
            raise DamagedVideo(
                f"the group of pictures at {in_words(group.start, self._video)} is too large to be black"
            )
        if after is not None:
            group.end, group.leading = after.start, tuple(after.packets[1:] and after.packets)
        ahead = True
        for packet in group.packets[1:]:
            ahead = ahead and packet.pts is not None and packet.pts < group.start
            if ahead or not self._presents(packet):
                continue
            if packet.pts is None or not group.holds(packet.pts):
                group.fault = f"a packet has no time in its group of pictures: pts {packet.pts}"
            if packet.pts is not None and packet.pts < group.start:
                raise DamagedVideo(f"time goes back to {in_words(packet.pts, self._video)}")
        if any(packet.is_corrupt for packet in group.leading):
            group.fault = f"the packet of {in_words(group.end, self._video)} is corrupt or cut off"
        return group


def _end(stream: AvVideoStream) -> "Packet[Any]":
    """What makes a decoder hand out the frames that it holds back."""
    packet: Packet[Any] = Packet()
    packet.stream = stream
    return packet
