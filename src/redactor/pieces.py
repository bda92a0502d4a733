"""A file that is read by ranges: little where reading jumps to, ever more where it goes on.

A look at each place where a segment may begin takes some kilobytes there; a worker that reads its whole segment soon
gets megabytes at a time.
"""

from bisect import bisect_right, insort
from collections import OrderedDict
from collections.abc import Callable

KIB, MIB = 1 << 10, 1 << 20
LEAST, MOST = 64 * KIB, 4 * MIB
_GROWTH = 2
# Bytes that are kept: sound and picture of one time may lie far apart in a file, and each goes on by itself.
_KEPT = 6 * MOST


class Pieces:
    """size: of the file, bytes. fetch: (start, end), half-open -> exactly these bytes."""

    def __init__(self, size: int, fetch: Callable[[int, int], bytes], *, least: int = LEAST, kept: int = _KEPT) -> None:
        self._size, self._fetch, self._least, self._kept = size, fetch, least, kept
        self._starts: list[int] = []
        self._pieces: OrderedDict[int, bytes] = OrderedDict()  # by start, the one used last at the end

    def at(self, place: int) -> memoryview:
        """Bytes from place on, at least one; empty at the end of the file. Raises what fetch does."""
        if place >= self._size:
            return memoryview(b"")
        before = self._before(place)
        if before is None or place >= before + len(self._pieces[before]):
            before = self._read(place, before)
        self._pieces.move_to_end(before)
        return memoryview(self._pieces[before])[place - before :]

    def _before(self, place: int) -> int | None:
        """Start of the last piece that starts at or before place."""
        n = bisect_right(self._starts, place)
        return self._starts[n - 1] if n else None

    def _read(self, place: int, before: int | None) -> int:
        """A new piece that starts at place and overlaps no other."""
        length = self._least
        if before is not None and place == before + len(self._pieces[before]):
            length = min(max(length, _GROWTH * len(self._pieces[before])), MOST)
        n = bisect_right(self._starts, place)
        after = self._starts[n] if n < len(self._starts) else self._size
        self._pieces[place] = self._fetch(place, min(place + length, after, self._size))
        insort(self._starts, place)
        while len(self._pieces) > 1 and sum(map(len, self._pieces.values())) > self._kept:
            self._starts.remove(self._pieces.popitem(last=False)[0])
        return place


def requests(size: float) -> int:
    """How many pieces a file of so many bytes is read in from end to end."""
    count, length = 0, LEAST
    while size > 0:
        count, size, length = count + 1, size - length, min(_GROWTH * length, MOST)
    return count
