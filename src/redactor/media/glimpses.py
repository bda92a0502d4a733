"""Key packets told by their beginnings: a look costs some kilobytes, however large the picture.

Where an index leads to a packet, its times and its place stand outside it, and whether decoding starts afresh from it
stands in its first bytes. So the rest of it is not read: zeros stand in for it, which nobody looks at. Where the first
bytes do not say it, everything from there on is left to looks that read whole packets.
"""

from collections import deque
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

from av.packet import Packet
from av.video.stream import VideoStream as AvVideoStream

from redactor.media.hints import AROUND, BY_DECODING, MATROSKA, delay, key_block
from redactor.media.keys import starts_afresh
from redactor.media.source import Source
from redactor.media.streams import Key, VideoStream
from redactor.pieces import KIB, MOST_HINTED, Hint

# Bytes of a packet that are read: parameter sets, what an encoder says of itself, and the first slice's header.
HEAD = 4 * KIB
# Of a cluster, in which sound may come before the key picture.
_CLUSTER = 8 * KIB
# Glimpses that are hinted at together.
_TOGETHER = 512
_CONTAINERS = (BY_DECODING, MATROSKA)


def keys(source: Source, video: VideoStream, boundaries: deque[int]) -> Iterator[Key]:
    """The key packet where a backward seek to each boundary lands, and from which decoding starts afresh.

    Takes the boundaries of which it told off the left, and ends before the first of which it cannot tell. Streams taken
    from the source before are then no longer valid. boundaries: rising, ticks.
    """
    stream = source.video(video.index)
    if not boundaries or video.interlaced or not any(name in stream.container.format.name for name in _CONTAINERS):
        return
    source.leave_out(video.index)
    index = _Index(source, stream, delay(stream, video.start))
    while together := list(islice(boundaries, index.together())):
        hints = [index.hint(boundary) for boundary in together]
        source.expect(hint for hint in hints if hint is not None)
        for boundary, hint in zip(together, hints, strict=True):
            unread = index.unread(boundary, hint)
            with source.unread(unread):
                source.seek(boundary, stream)
                packet = next(source.packets(stream), None)
            key = None if packet is None else _told(packet, unread, video.codec, stream.codec_context.extradata)
            if key is None:
                source.rewind()
                return
            boundaries.popleft()
            yield key


def _told(packet: "Packet[Any]", unread: range, codec: str, extradata: bytes | None) -> Key | None:
    """None where what was read of the packet does not say that decoding starts afresh from it."""
    if packet.pts is None or packet.pos is None or packet.is_discard or not packet.is_keyframe:
        return None
    known = packet.size
    if packet.pos < unread.stop and unread.start < packet.pos + packet.size + AROUND:
        known = max(0, unread.start - packet.pos - AROUND)  # its place may be that of a header before it
    if not starts_afresh(bytes(packet)[:known], codec, extradata):
        return None
    return Key(packet.pts, packet.dts, packet.pos)


class _Index:
    """Where the container's index leads to."""

    def __init__(self, source: Source, stream: AvVideoStream, delay: int) -> None:
        self._source, self._entries = source, stream.index_entries
        self._track = stream.index + 1 if MATROSKA in stream.container.format.name else None
        self._delay = delay
        self._begun = False

    def together(self) -> int:
        """How many are to be hinted at in one go: first one alone, as only seeking makes some read their index."""
        if not self._begun:
            self._begun = True
            return 1
        return _TOGETHER

    def hint(self, boundary: int) -> Hint | None:
        """Of a glimpse; None where the index does not go so far."""
        n = self._entry(boundary)
        if n is None:
            return None
        place, size = self._entries[n].pos, self._entries[n].size
        if self._track is None:
            return Hint(place, min(HEAD, size))
        return Hint(place, _CLUSTER, partial(_beginning, self._track))

    def unread(self, boundary: int, hint: Hint | None) -> range:
        """Bytes of the packet behind its beginning."""
        n = self._entry(boundary)
        if hint is None or n is None or self._entries[n].pos != hint.start:
            return range(0)
        if self._track is None:
            return range(hint.start + HEAD, hint.start + self._entries[n].size)
        start, end, length = 0, 0, hint.length
        while not end and length <= MOST_HINTED:
            start, end = key_block(self._track, self._source.peek(hint.start, length))
            if start <= length and not end:
                return range(0)
            length = start
        return range(hint.start + start + HEAD, hint.start + end)

    def _entry(self, boundary: int) -> int | None:
        n = self._entries.search_timestamp(boundary - self._delay)
        return n if 0 <= n < len(self._entries) - 1 else None


def _beginning(track: int, data: bytes) -> int:
    """Bytes of a cluster up to where the beginning of its key block ends."""
    start, end = key_block(track, data)
    return min(end, start + HEAD) if end else start
