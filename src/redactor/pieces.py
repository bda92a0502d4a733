"""A file that is read by ranges: little where reading jumps to, ever more where it goes on.

A look at each place where a segment may begin takes some kilobytes there; a worker that reads its whole segment soon
gets megabytes at a time. Who knows beforehand where it will look says so, and many places are fetched at once.
"""

from bisect import bisect_right, insort
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from redactor.many import many

KIB, MIB = 1 << 10, 1 << 20
LEAST, MOST = 64 * KIB, 4 * MIB
_GROWTH = 2
# Bytes that are kept: sound and picture of one time may lie far apart in a file, and each goes on by itself.
_KEPT = 6 * MOST
# Bytes of a hint at most: a wrong one must not cost much.
MOST_HINTED = MIB


@dataclass(frozen=True)
class Hint:
    """Bytes that are going to be read: length of them from start on. more: how many they really are, told from those
    that are there (all from start on); 0 where these do."""

    start: int
    length: int
    more: Callable[[bytes], int] | None = None


def expect(file: BinaryIO, hints: Iterable[Hint]) -> None:
    """Tells a file what will be read of it next. Only one that is read by ranges cares; none reads otherwise for it.

    Raises what reading does.
    """
    told = getattr(file, "expect", None)
    if told is not None:
        told(hints)


def spread(start: int, end: int) -> list[Hint]:
    """Hints for a stretch that is read from end to end."""
    step = MOST_HINTED // 2
    return [Hint(at, min(step, end - at)) for at in range(start, end, step)]


class Pieces:
    """size: of the file, bytes. fetch: (start, end), half-open -> exactly these bytes; several threads may ask it."""

    def __init__(self, size: int, fetch: Callable[[int, int], bytes], *, least: int = LEAST, kept: int = _KEPT) -> None:
        self._size, self._fetch, self._least, self._kept = size, fetch, least, kept
        self._starts: list[int] = []
        self._pieces: OrderedDict[int, bytes] = OrderedDict()  # by start, the one used last at the end
        self._held = 0

    def at(self, place: int) -> memoryview:
        """Bytes from place on, at least one; empty at the end of the file. Raises what fetch does."""
        if place >= self._size:
            return memoryview(b"")
        before = self._before(place)
        if before is None or place >= self._end(before):
            before = self._read(place, before)
        self._pieces.move_to_end(before)
        return memoryview(self._pieces[before])[place - before :]

    def expect(self, hints: Iterable[Hint]) -> None:
        """Fetches what is hinted at and not yet there, many pieces at once. Raises what fetch does."""
        gaps = sorted((gap for hint in hints for gap in self._gaps(hint)), key=lambda gap: gap.start)
        if not gaps:
            return
        after = [*(gap.start for gap in gaps[1:]), self._size]
        limits = [min(self._after(gap.start), end) for gap, end in zip(gaps, after, strict=True)]
        for gap, data in zip(gaps, many(self._gather, zip(gaps, limits, strict=True)), strict=True):
            if data:
                self._keep(gap.start, data)

    def _gaps(self, hint: Hint) -> Iterator[Hint]:
        """What is not there of a hint. Only where its first byte is not can it be asked for more."""
        at, end = max(0, hint.start), min(hint.start + hint.length, self._size)
        while at < end:
            before, upto = self._before(at), min(end, self._after(at))
            if before is None or at >= self._end(before):
                yield Hint(at, upto - at, hint.more if at == hint.start else None)
                at = upto
            else:
                at = self._end(before)

    def _gather(self, bounded: tuple[Hint, int]) -> bytes:
        """All bytes of one hint up to a limit."""
        hint, limit = bounded
        data, want = b"", hint.length
        while len(data) < (want := min(want, MOST_HINTED, limit - hint.start)):
            data += self._fetch(hint.start + len(data), hint.start + want)
            want = hint.more(data) if hint.more else 0
        return data

    def _before(self, place: int) -> int | None:
        """Start of the last piece that starts at or before place."""
        n = bisect_right(self._starts, place)
        return self._starts[n - 1] if n else None

    def _after(self, place: int) -> int:
        """Start of the first piece that starts after place, else the end of the file."""
        n = bisect_right(self._starts, place)
        return self._starts[n] if n < len(self._starts) else self._size

    def _end(self, start: int) -> int:
        return start + len(self._pieces[start])

    def _read(self, place: int, before: int | None) -> int:
        """A new piece that starts at place and overlaps no other."""
        length = self._least
        if before is not None and place == self._end(before):
            length = min(max(length, _GROWTH * len(self._pieces[before])), MOST)
        self._keep(place, self._fetch(place, min(place + length, self._after(place))))
        return place

    def _keep(self, place: int, data: bytes) -> None:
        self._pieces[place] = data
        self._held += len(data)
        insort(self._starts, place)
        while len(self._pieces) > 1 and self._held > self._kept:
            start, dropped = self._pieces.popitem(last=False)
            self._held -= len(dropped)
            self._starts.remove(start)


def requests(size: float) -> int:
    """How many pieces a file of so many bytes is read in from end to end."""
    count, length = 0, LEAST
    while size > 0:
        count, size, length = count + 1, size - length, min(_GROWTH * length, MOST)
    return count
