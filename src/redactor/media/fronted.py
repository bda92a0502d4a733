"""An MP4 whose index comes first, made while it is written: no file of it is ever whole anywhere.

FFmpeg writes the index last, as it is known last, and with `+faststart` moves all that came before. Here what comes
before goes on in pieces as it is written, and the piece that stands first goes last: byte for byte the same file.
ISO/IEC 14496-12, 4.2 and 8.7.5.
"""

import io
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from redactor.errors import OutputMismatch

# Bytes of a piece but the last: S3 takes 10,000 of 5 MiB at least, so this does for 160 GB.
PIECE = 16 << 20
_NESTED = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_OFFSETS = {b"stco": ">u4", b"co64": ">u8"}
_MOST = (1 << 32) - 1


class Fronted(io.RawIOBase):
    """What FFmpeg's muxer writes into. send: (number from 1 on, bytes); any order, 1 comes last; none is empty.

    size: of the whole, bytes, once it is finished. failure: what went wrong in writing; FFmpeg may tell it otherwise.
    Raises what send does.
    """

    def __init__(self, send: Callable[[int, bytes], None]) -> None:
        super().__init__()
        self._send = send
        self._first, self._piece, self._index = bytearray(), bytearray(), bytearray()
        self._sent = 1
        self._at = self._length = 0
        self._data_end: int | None = None
        self.size = 0
        self.failure: Exception | None = None

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length}[whence] + offset
        return self._at

    def write(self, data: Any) -> int:
        """Goes on at the end; or sets right what is still here of the beginning, after which only the index comes."""
        try:
            self._write(data)
        except Exception as error:
            self.failure = error
            raise
        self._at += len(data)
        self._length = max(self._length, self._at)
        return len(data)

    def finish(self) -> None:
        """Sends what is left, the beginning last. Raises OutputMismatch where it is no MP4 with its index at the end,
        or where writing has failed."""
        if self.failure is not None:
            raise self.failure
        kind, at = bytes(self._first[4:8]), int.from_bytes(self._first[:4], "big")
        if kind != b"ftyp" or not _is_index(self._index):
            raise OutputMismatch("the muxer has written no MP4 with its index at the end")
        index = _moved(bytes(self._index))
        if self._piece:
            self._sent += 1
            self._send(self._sent, bytes(self._piece))
        self._send(1, bytes(self._first[:at]) + index + bytes(self._first[at:]))
        self.size = self._length - len(self._index) + len(index)

    def _write(self, data: Any) -> None:
        if self._data_end is not None and self._data_end <= self._at <= self._length:
            place = self._at - self._data_end
            self._index[place : place + len(data)] = data
        elif self._at == self._length:
            self._append(memoryview(data))
        elif self._at + len(data) <= len(self._first):
            self._first[self._at : self._at + len(data)] = data
            self._data_end = self._length if self._data_end is None else self._data_end
        else:
            raise OutputMismatch("the muxer goes back to what has been sent")

    def _append(self, data: memoryview) -> None:
        room = PIECE - len(self._first)
        self._first += data[:room]
        self._piece += data[room:] if room < len(data) else b""
        if len(self._piece) >= PIECE:
            self._sent += 1
            self._send(self._sent, bytes(self._piece))
            self._piece.clear()


def _is_index(data: bytearray) -> bool:
    return data[4:8] == b"moov" and int.from_bytes(data[:4], "big") == len(data)


def _boxes(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(kind, start of the content, end) of each box."""
    at = 0
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if length < 8 or at + length > len(data):
            raise OutputMismatch("the muxer has written an index that cannot be read")
        yield data[at + 4 : at + 8], at + 8, at + length
        at += length


def _moved(index: bytes) -> bytes:
    """The index as it must be in front of the data: all of that lies later by the index's own length."""
    by = 0
    moved = index
    while len(moved) != by:  # a table of wider offsets is longer, and moves all data once more
        by = len(moved)
        moved = _rebuilt(index, by)
    return moved


def _rebuilt(data: bytes, by: int) -> bytes:
    out = bytearray()
    for kind, start, end in _boxes(data):
        name, body = kind, data[start:end]
        if kind in _NESTED:
            body = _rebuilt(body, by)
        elif kind in _OFFSETS:
            name, body = _later(kind, body, by)
        out += (len(body) + 8).to_bytes(4, "big") + name + body
    return bytes(out)


def _later(kind: bytes, body: bytes, by: int) -> tuple[bytes, bytes]:
    """A table of offsets: version and flags, their number, and they."""
    places = np.frombuffer(body, _OFFSETS[kind], offset=8).astype(np.uint64) + np.uint64(by)
    wide = kind == b"co64" or (places.size and int(places.max()) > _MOST)
    name = b"co64" if wide else b"stco"
    return name, body[:8] + places.astype(_OFFSETS[name]).tobytes()
