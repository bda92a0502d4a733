"""Files glued together: the clock starts again in their middle, and everything after that is moved.

The rule: what follows a restart begins when everything before it has ended, in whichever track that is last. So times
go on rising by the smallest move that keeps every track in order and picture and sound together.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice, pairwise
from typing import Any

from av.packet import Packet
from av.video.stream import VideoStream

from redactor.errors import DamagedVideo
from redactor.media.hints import any_packet
from redactor.media.source import Source
from redactor.media.streams import Streams

# Seconds by which a track's clock must go back to have started again; smaller steps are one frame's odd time.
_BACK = Fraction(1, 2)
# Smaller files are read through, of larger ones a few places (bytes), and what follows each up to the first packet.
_SMALL = 32 << 20
_PLACES = 64
_FAR = 500
# Packets before a restart among which is the one that the seam spoils.
_SEAM = 2
# Containers in which recordings can simply be put one behind the other.
_GLUED = ("mpegts", "mpeg")


def in_order(source: Source, streams: Streams, *, through: bool = False) -> Streams:
    """The streams with what is odd about their times: restarts, repeats, and a warning for each. Nobody has to rewind.

    Files above 32 MiB are looked at in 64 places, and read through only where time goes back between two of them; or
    through: that it goes back somewhere is known.
    """
    if through:
        streams = replace(streams, video=replace(streams.video, ordered=False))
    elif source.size > _SMALL and not _goes_back(source, streams):
        return streams
    try:
        restarts, repeats = _read(source, streams)
    except DamagedVideo:
        return streams  # whoever decodes it says where
    video = replace(streams.video, restarts=restarts, ordered=not (through or restarts or repeats))
    return replace(streams, video=video, warnings=(*streams.warnings, *_warnings(restarts, repeats)))


def moved(packets: "Iterable[Packet[Any]]", restarts: tuple[Fraction, ...]) -> "Iterator[Packet[Any]]":
    """The packets of one reading from the start, those after a restart by so many seconds later.

    Where a transport stream ends and another follows, packet counters jump: a packet that is only for that reason
    taken for broken is handed on as a sound one. Whether it is decides the decoder.
    """
    if not restarts:
        yield from packets
        return
    clocks: dict[int, _Clock] = {}
    held: dict[int, deque[Packet[Any]]] = {}
    for packet in packets:
        clock = clocks.setdefault(packet.stream.index, _Clock())
        waiting = held.setdefault(packet.stream.index, deque())
        again = clock.enter(packet)
        if again or not packet.size:
            yield from (_sound(before) if again else before for before in waiting)
            waiting.clear()
        move(packet, restarts[min(clock.restarts, len(restarts)) - 1] if clock.restarts else Fraction(0))
        waiting.append(_sound(packet) if again else packet)
        if len(waiting) > _SEAM or not packet.size:
            yield waiting.popleft()


class _Clock:
    """How often one track's clock has started again."""

    def __init__(self) -> None:
        self.restarts = 0
        self._latest: Fraction | None = None

    def enter(self, packet: "Packet[Any]") -> bool:
        """Whether it starts again with this packet."""
        ticks = packet.dts if packet.dts is not None else packet.pts
        if ticks is None:
            return False
        now = ticks * packet.time_base
        again = self._latest is not None and now < self._latest - _BACK
        self.restarts += again
        self._latest = now if again or self._latest is None else max(now, self._latest)
        return again


def move(packet: "Packet[Any]", seconds: Fraction) -> None:
    """Its times so many seconds later, as near as its clock can say."""
    ticks = round(seconds / packet.time_base)
    if packet.pts is not None:
        packet.pts += ticks
    if packet.dts is not None:
        packet.dts += ticks


def _sound(packet: "Packet[Any]") -> "Packet[Any]":
    """A copy without the flag that calls it corrupt, where it has that."""
    if not packet.is_corrupt:
        return packet
    copy: Packet[Any] = Packet(bytes(packet))
    copy.stream, copy.time_base = packet.stream, packet.time_base
    copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
    copy.is_keyframe = packet.is_keyframe
    return copy


@dataclass
class _Recording:
    """Seconds of what lies between two restarts, over all tracks."""

    start: Fraction
    end: Fraction


def _read(source: Source, streams: Streams) -> tuple[tuple[Fraction, ...], int]:
    """Seconds by which what follows each restart is moved; how many frames do not come after the one before."""
    source.rewind()
    kept = [streams.video.index, *(track.index for track in streams.audio)]
    clocks = {index: _Clock() for index in kept}
    recordings: list[_Recording] = []
    seen: set[tuple[int, int]] = set()
    repeats = 0
    latest: int | None = None
    for packet in source.packets(*(source.container.streams[index] for index in kept)):
        clock = clocks[packet.stream.index]
        again = clock.enter(packet)
        if not packet.size or packet.pts is None or packet.is_discard:
            continue
        _widen(recordings, clock.restarts, packet)
        if packet.stream.index == streams.video.index and streams.video.delay is None:
            back = packet.dts is not None and latest is not None and not again and packet.dts < latest
            repeats += back or (clock.restarts, packet.pts) in seen
            seen.add((clock.restarts, packet.pts))
            latest = packet.dts
    return tuple(_moves(recordings)), repeats


def _widen(recordings: list[_Recording], n: int, packet: "Packet[Any]") -> None:
    start = (packet.pts or 0) * packet.time_base
    end = start + (packet.duration or 0) * packet.time_base
    if n < len(recordings):
        recordings[n].start, recordings[n].end = min(recordings[n].start, start), max(recordings[n].end, end)
    else:
        recordings.append(_Recording(start, end))


def _moves(recordings: list[_Recording]) -> Iterator[Fraction]:
    move = Fraction(0)
    for before, after in pairwise(recordings):
        move += before.end - after.start
        yield move


def _goes_back(source: Source, streams: Streams) -> bool:
    """Whether of a few places in the file a later one has an earlier time."""
    if streams.container not in _GLUED:
        return False
    source.leave_out(streams.video.index)
    stream = source.video(streams.video.index)
    places = [source.size * n // _PLACES for n in range(_PLACES)]
    source.expect(any_packet(stream, place) for place in places)
    times = [time for place in places if (time := _time_at(source, stream, place)) is not None]
    return any(after < before - _BACK for before, after in pairwise(times))


def _time_at(source: Source, stream: VideoStream, place: int) -> Fraction | None:
    source.seek_byte(place, stream)
    for packet in islice(source.packets(stream), _FAR):
        if packet.dts is not None:
            return packet.dts * packet.time_base
    return None


def _warnings(restarts: tuple[Fraction, ...], repeats: int) -> Iterator[str]:
    if restarts:
        yield f"times go back {len(restarts)} times: what follows was moved to the end of what came before"
    if repeats:
        yield f"times repeat: {repeats} frames are shown one tick after the one before"
