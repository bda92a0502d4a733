"""Cutting a video into segments at key frames, from a few packets: one seek for each nominal boundary."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from typing import Any

import av
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream as AvVideoStream

from redactor.media import glimpses
from redactor.media.allowance import Allowance
from redactor.media.fields import second_fields
from redactor.media.hints import Looks, transport_packets
from redactor.media.keys import starts_afresh
from redactor.media.source import Source
from redactor.media.streams import Key, Segment, Streams, VideoStream

# A last segment shorter than this part of the nominal length joins the one before it.
_SHORTEST = Fraction(1, 2)
# Segments at most: a preset that asks for crumbs of a long video gets larger ones.
_MOST = 10_000
# Transport streams have no index: finding a time takes a dozen places, and up to the next key half a group of pictures
# is read. So they are cut at places in the file, in so many segments at most.
_WITHOUT_INDEX = frozenset({"mpegts"})
_MOST_SOUGHT = 200
# Bytes in which transport packets show how far they lie apart.
_HEAD = 1024
# Packets looked at after a seek; a GOP longer than this is not cut.
_FAR = 2000


def cut(source: Source, streams: Streams, seconds: Fraction) -> list[Segment]:
    """Segments of about `seconds` that cover the whole video, each starting at a key frame but the first.

    One segment where the length is unknown, a packet has no timestamp, packets do not say when they are shown, times
    repeat or go back, or no boundary has a key frame of its own. Raises GoesBack.
    """
    keys = _keys(source, streams.video, seconds)
    segments = [Segment(0, None, None, None)]
    for key in keys:
        segments[-1] = replace(segments[-1], end=key.pts, until=key.pos)
        segments.append(Segment(len(segments), key.pts, None, key))
    return segments


def _keys(source: Source, video: VideoStream, seconds: Fraction) -> list[Key]:
    first, ticks = video.start, length(source, video)
    if first is None or ticks is None or not video.ordered or video.delay is not None:
        return []
    by_place = source.container.format.name in _WITHOUT_INDEX
    seconds = max(seconds, ticks * video.time_base / (_MOST_SOUGHT if by_place else _MOST))
    last = first + ticks - _ticks(seconds * _SHORTEST, video)
    keys: list[Key] = []
    latest = first
    try:
        for key in _found(source, video, _boundaries(first, last, seconds, video), ticks if by_place else None):
            if by_place and key.pts < latest:
                raise GoesBack
            latest = key.pts
            if key.pts > (keys[-1].pts if keys else first) and key.pts <= last:
                keys.append(key)
    except _Untimed:
        return []
    return keys


def _found(source: Source, video: VideoStream, boundaries: Iterator[int], ticks: int | None) -> Iterator[Key]:
    """A key for each boundary that has one. ticks: of the whole video, where keys are sought by their place in the
    file. Raises _Untimed.
    """
    left = deque(boundaries)
    if ticks is None:
        yield from glimpses.keys(source, video, left)
    if left:
        yield from _looked(source, video, iter(left), ticks)


def _looked(source: Source, video: VideoStream, boundaries: Iterator[int], ticks: int | None) -> Iterator[Key]:
    source.leave_out(video.index)
    looks, allowance = Looks(source.video(video.index), video.start), Allowance(source.size)
    place_of = None if ticks is None else _places(source, video, ticks)
    aims = ((boundary, place_of(boundary) if place_of else None) for boundary in boundaries)
    allowed = (aim for aim in aims if aim[1] is None or allowance.allows(aim[1]))
    while together := tuple(islice(allowed, looks.together())):
        hints = [looks.by_time(time) if place is None else looks.by_place(place) for time, place in together]
        source.expect(hint for hint in hints if hint is not None)
        for (boundary, place), hint in zip(together, hints, strict=True):
            key, last = _key_at(source, video, boundary, place)
            if last is not None:
                looks.learn(hint, last)
                allowance.pay((last.pos or 0) + last.size - (place or 0))
            if key is not None:
                yield key


def _places(source: Source, video: VideoStream, ticks: int) -> Callable[[int], int]:
    """The byte of a transport stream at which a time is to be expected; a packet begins there."""
    first, step = transport_packets(source.peek(0, _HEAD))
    return lambda boundary: first + source.size * (boundary - (video.start or 0)) // ticks // step * step


def _boundaries(first: int, last: int, seconds: Fraction, video: VideoStream) -> Iterator[int]:
    n = 1
    while (boundary := first + _ticks(n * seconds, video)) < last:
        yield boundary
        n += 1


def length(source: Source, video: VideoStream) -> int | None:
    """Ticks of the video, else of the container, None where neither says."""
    if video.duration is not None:
        return video.duration
    duration = source.container.duration
    return None if duration is None else int(Fraction(duration, av.time_base) / video.time_base)


def _key_at(
    source: Source, video: VideoStream, boundary: int, place: int | None
) -> "tuple[Key | None, Packet[Any] | None]":
    """The first key packet where a backward seek to the boundary lands; place: else the first from this byte on. And
    the last packet that was read.

    None where there is none, or where decoding does not start afresh from it: the first frame that comes out is then a
    later one (periodic intra refresh).
    """
    stream = source.video(video.index)
    source.seek(boundary, stream) if place is None else source.seek_byte(place, stream)
    is_second = second_fields(stream.codec_context.extradata, video) if video.interlaced else None
    key: Key | None = None
    last: Packet[Any] | None = None
    for packet in islice(source.packets(stream), _FAR):
        last = packet if packet.size else last
        if packet.size and packet.pts is None:
            raise _Untimed
        if key is None and packet.is_keyframe and not packet.is_discard and packet.pts is not None:
            if is_second is not None and is_second(bytes(packet)):
                continue
            key = Key(packet.pts, packet.dts, packet.pos)
            if starts_afresh(bytes(packet), video.codec, stream.codec_context.extradata):
                return key, last
        if key is not None and (first := _first_pts(packet, key.pts)) is not None:
            return (key if first == key.pts else None), last
    return None, last


def _first_pts(packet: "Packet[AvVideoStream]", start: int) -> int | None:
    """The pts of the first frame from start on that this packet brings out; None if it brings none, or is broken."""
    try:
        frames = packet.decode()
    except FFmpegError:
        return None
    return next((frame.pts for frame in frames if frame.pts is not None and frame.pts >= start), None)


class GoesBack(Exception):
    """A key frame of a transport stream that counts as ordered is earlier than one before it in the file."""


class _Untimed(Exception):
    """A packet without a timestamp: frames could not be told apart by time."""


def _ticks(seconds: Fraction, video: VideoStream) -> int:
    return int(seconds / video.time_base)
