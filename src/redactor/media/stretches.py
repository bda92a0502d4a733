"""The packets whose bytes begin in one stretch of an MP4, all of them, as its own index says where each lies."""

from bisect import bisect_left
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from av.packet import Packet
from av.stream import Stream

from redactor.media.source import Source

# Sound lies beside the picture of its time, not quite: reading begins so much earlier, seconds.
_EARLIER = Fraction(2)


class NotAsIndexed(Exception):
    """Reading from the middle on does not give what the index says."""


def place(stream: Stream, packet: int) -> int:
    """Where the stream's nth packet begins, bytes. Raises NotAsIndexed where it has not so many."""
    entries = stream.index_entries
    if packet >= len(entries):
        raise NotAsIndexed(f"packet {packet} of {len(entries)}")
    return entries[packet].pos


def packets_within(source: Source, video: Stream, start: int, end: int) -> "Iterator[Packet[Any]]":
    """All packets of all streams that begin in [start, end), bytes, each stream's in decoding order. Raises
    NotAsIndexed where the index leads out of the file, which no stretch would notice; and at the end, where some of
    them did not come."""
    streams = source.container.streams
    for stream in streams:
        if any(not 0 <= entry.pos <= source.size - entry.size for entry in stream.index_entries):
            raise NotAsIndexed(f"packets of stream {stream.index} lie outside of the file")
    left = {stream.index: sum(start <= entry.pos < end for entry in stream.index_entries) for stream in streams}
    if start:
        source.seek(_before(video, start), video, any_frame=True)
    for packet in source.packets(*streams):
        if packet.size and packet.pos is not None and start <= packet.pos < end:
            left[packet.stream_index] -= 1
            yield packet
        if not any(left.values()):
            return
    raise NotAsIndexed(f"packets that did not come, by stream: {left}")


def _before(video: Stream, start: int) -> int:
    """A time on the stream's clock some seconds before its first packet from start on."""
    entries = video.index_entries
    first = bisect_left(range(len(entries)), start, key=lambda n: entries[n].pos)
    if first == len(entries) or video.time_base is None:
        raise NotAsIndexed(f"no picture from byte {start} on")
    return entries[first].timestamp - int(_EARLIER / video.time_base)
