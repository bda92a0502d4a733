"""What a look at a packet will read of the file, told before it is read, so that many looks are fetched at once.

Nothing hangs on a hint but time: where it is wrong, the reader fetches by itself what is missing.
"""

from collections import deque
from functools import partial
from itertools import islice
from statistics import quantiles
from typing import Any

import numpy as np
from av.packet import Packet
from av.video.stream import VideoStream as AvVideoStream

from redactor.media.truncation import vint
from redactor.pieces import KIB, MIB, Hint

# Looks from whose sizes that of the next is guessed, how many there must be, and the guess before that (bytes).
_REMEMBERED, _ENOUGH, _FIRST_GUESS = 64, 4, 64 * KIB
# Looks that are hinted at together: bytes in all, for what is fetched must be kept until it is read, and how many.
_KEPT, _FEWEST, _MOST = 12 * MIB, 16, 128
# Tenths of them that are smaller than the guess: few where it can be told what is missing.
_FEW, _MOST_OF_THEM = 3, 9
# Where it cannot, what lies between the packets of a picture must find room too.
_LOOSE = 1.125
# What a look takes beside its packet: headers around it.
AROUND = 512
# By how much more is fetched where a look does not end in what is there; and by what part of that, once it is large.
_STEP, _SHARE = 32 * KIB, 4
# Containers whose index says how large packets are, and the one whose index leads to groups of packets.
_EXACT, MATROSKA = ("mov", "avi"), "matroska"
# Its index has times of decoding.
BY_DECODING = "mov"
_WITHOUT_INDEX = "mpegts"
_CLUSTER, _GROUP, _BLOCK, _SIMPLE, _KEY = 0x1F43B675, 0xA0, 0xA1, 0xA3, 0x80  # RFC 9559, 5.1.3 and 10
_MOST_ELEMENTS = 1000
# ISO/IEC 13818-1, 2.4.3: a packet of 188 bytes; with a time stamp before it, or a checksum behind it.
_TS, _TS_STEPS, _SYNC = 188, (188, 192, 204), 0x47
_PICTURES = 3
# What starts a picture that decoding can start from: parameter sets of H.264 and HEVC, a sequence of MPEG-2.
_STARTS = tuple(b"\0\0\1" + kind for kind in (b"\x67", b"\x47", b"\x27", b"\x40\1", b"\x42\1", b"\xb3"))


def delay(stream: AvVideoStream, start: int | None) -> int:
    """What a seek takes off the time that it is asked for, before it searches the index: in MP4, whose index has times
    of decoding, what lies between them and the times of showing at the start (ticks), as FFmpeg's mov.c has it."""
    if BY_DECODING not in stream.container.format.name or start is None:
        return 0
    first = next((entry.timestamp for entry in stream.index_entries if not entry.is_discard), start)
    return max(0, start - first)


class Looks:
    """Where looks at one video stream will read, guessed from those before."""

    def __init__(self, stream: AvVideoStream, start: int | None) -> None:
        self._stream = stream
        self._container = stream.container.format.name
        self._sizes: deque[int] = deque(maxlen=_REMEMBERED)
        self._beyond = AROUND
        self._delay = delay(stream, start)
        self._begun = False

    def learn(self, hint: Hint | None, packet: "Packet[Any]") -> None:
        """This packet ended the look that the hint is for."""
        if hint is not None and packet.pos is not None and packet.pos >= hint.start:
            size = packet.pos + packet.size - hint.start
            self._sizes.append(size)
            self._beyond = max(self._beyond, min(size - hint.length, _STEP))

    def together(self) -> int:
        """How many are to be hinted at in one go: first one alone, where only seeking makes some read their index."""
        if not self._begun and self._container != _WITHOUT_INDEX:
            self._begun = True
            return 1
        if len(self._sizes) < _ENOUGH:
            return _FEWEST
        return min(max(_FEWEST, _KEPT * len(self._sizes) // sum(self._sizes)), _MOST)

    def by_time(self, timestamp: int) -> Hint | None:
        """Of a look where a backward seek lands; None where the container has no index that goes so far."""
        entries = self._stream.index_entries
        n = entries.search_timestamp(timestamp - self._delay)
        if n < 0 or n + 1 >= len(entries):
            return None
        entry = entries[n]
        if any(name in self._container for name in _EXACT):
            return Hint(entry.pos, entry.size + self._beyond)
        if MATROSKA in self._container:
            return Hint(entry.pos, self._guess(_FEW), partial(_block_of, self._stream.index + 1))
        return Hint(entry.pos, round(_LOOSE * self._guess(_MOST_OF_THEM)))

    def by_place(self, place: int) -> Hint:
        """Of a look for the first key packet of a transport stream from this byte on."""
        share = 1 if len(self._sizes) < _ENOUGH else _SHARE
        return Hint(place, self._guess(_FEW), partial(_elementary, self._stream.id, key=True, share=share))

    def _guess(self, tenths: int) -> int:
        """So many tenths of those seen were smaller."""
        if len(self._sizes) < _ENOUGH:
            return _FIRST_GUESS
        return round(quantiles(self._sizes, n=10)[tenths - 1]) + AROUND


def any_packet(stream: AvVideoStream, place: int) -> Hint:
    """Of a look for the first packet of a transport stream from this byte on."""
    return Hint(place, _STEP, partial(_elementary, stream.id, key=False))


def _block_of(track: int, data: bytes) -> int:
    start, end = key_block(track, data)
    return end + AROUND if end else start


def key_block(track: int, data: bytes) -> tuple[int, int]:
    """Where the content of the first key block of a track (below 128) lies in a Matroska cluster: start, end.

    (n, 0) where n bytes are needed to tell; (0, 0) where there is none.
    """
    at = 0
    for _ in range(_MOST_ELEMENTS):
        ident, width = vint(data[at : at + 8], keep_marker=True)
        length, more = vint(data[at + width : at + width + 8])
        body = at + width + more
        if body + 8 > len(data):
            return at + _STEP, 0
        if not (width and more):
            return 0, 0
        if ident in (_BLOCK, _SIMPLE) and data[body] & 0x7F == track and (ident != _SIMPLE or data[body + 3] & _KEY):
            return body, body + length
        at = body if ident in (_CLUSTER, _GROUP) else body + length
    return 0, 0


def _elementary(pid: int, data: bytes, *, key: bool, share: int = _SHARE) -> int:
    """Up to where a demuxer knows that the first picture, or the first key picture, of an elementary stream is whole: a
    transport packet after the next picture, in which its parser has found the end of the one before."""
    first, step = transport_packets(data)
    rows = np.frombuffer(data, np.uint8)[first:]
    rows = rows[: len(rows) // step * step].reshape(-1, step)
    number = (rows[:, 1] & 0x1F).astype(np.uint16) << 8 | rows[:, 2]
    begun = 0
    for n in np.flatnonzero((number == pid) & (rows[:, 1] & 0x40 != 0)):
        begun += bool(begun) or not key or _is_key(rows[n].tobytes())
        if begun == _PICTURES:
            return first + int(n) * step + _TS
    return len(data) + max(_STEP, len(data) // share)


def transport_packets(data: bytes) -> tuple[int, int]:
    """Where the first packet of a transport stream begins, and how far they lie apart."""
    for at in range(min(max(_TS_STEPS), len(data))):
        for step in _TS_STEPS:
            if all(byte == _SYNC for byte in islice(data, at, at + 4 * step, step)):
                return at, step
    return 0, _TS


def _is_key(packet: bytes) -> bool:
    """Random access is said in the adaptation field, if there is one; or seen."""
    said = packet[3] & 0x20 and packet[4] and packet[5] & 0x40
    return bool(said) or any(start in packet for start in _STARTS)
