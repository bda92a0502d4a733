"""Files that are read from beginning to end: large blocks of them come ahead, so that nobody waits for each.

Whoever reads packets jumps a little: back to what has just been read, or over what nobody wants. A few blocks stay for
that; what lies further off is read beside them.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Self

from redactor.pieces import MIB
from redactor.seekable import Seekable

Told = Callable[[bytes], None]

BLOCK = 8 * MIB
# Blocks on their way at a time, and those that stay: less than a hundred megabytes together.
UNDER_WAY, KEPT = 6, 4
# Bytes of a stretch of a file that several functions read, at most; each holds its own in memory: three seconds' worth.
STRETCH = 256 * MIB
# A jump over more than this is read beside the blocks, or those that it starts from would go.
NEAR = (KEPT - 2) * BLOCK


@dataclass(frozen=True)
class Span:
    """file: which of several. start, end: bytes, half-open."""

    file: int
    start: int
    end: int


@dataclass(frozen=True)
class Block:
    span: Span
    data: bytes


def spans(sizes: Iterable[int]) -> Iterator[Span]:
    """Files of these sizes, one after another, each from its beginning to its end."""
    for file, size in enumerate(sizes):
        yield from stretch(0, size, file)


def stretch(start: int, end: int, file: int = 0) -> Iterator[Span]:
    """Some of one file, bytes, half-open."""
    return (Span(file, at, min(at + BLOCK, end)) for at in range(start, end, BLOCK))


def allowed(n: int, most: int = STRETCH) -> int:
    """Bytes that stretch n may have. The first ones are small: what goes from one to the next (prove.py) is under way
    soon, and each has read its own when its turn comes. An hour's 3.6 GB take 5.2 s so, in equal stretches 7.3."""
    return min(most, most // 8 + n * most // 16)


class Blocks:
    """The blocks of several files, in the order of their spans. told: gets each of them once, in this order.

    Raises what fetching them raises, where they are asked for.
    """

    def __init__(self, blocks: Generator[Block, None, None], told: Told | None = None) -> None:
        self._blocks, self._told = blocks, told
        self._next: Block | None = None
        self._kept: deque[Block] = deque(maxlen=KEPT)

    @classmethod
    def of(cls, file: BinaryIO, asked: Iterable[Span], told: Told | None = None) -> Self:
        """Of one local file."""
        return cls((Block(span, _read(file, span.start, span.end - span.start)) for span in asked), told)

    def at(self, file: int, place: int) -> memoryview | None:
        """Bytes of the file from place on, at least one; None where no block has them that is here or comes next."""
        for block in self._kept:
            if block.span.file == file and block.span.start <= place < block.span.end:
                return memoryview(block.data)[place - block.span.start :]
        while self._comes(file, place):
            block = self._take()
            if place < block.span.end:
                return memoryview(block.data)[place - block.span.start :]
        return None

    def drain(self) -> None:
        """Takes all that are left, so that each was told."""
        while self._ahead() is not None:
            self._take()

    def close(self) -> None:
        """Nothing more is fetched."""
        self._blocks.close()

    def _comes(self, file: int, place: int) -> bool:
        """Whether the next block has the place or lies shortly before it. Blocks of files before this one go."""
        while (block := self._ahead()) is not None and block.span.file < file:
            self._take()
        return block is not None and block.span.file == file and block.span.start <= place < block.span.start + NEAR

    def _ahead(self) -> Block | None:
        if self._next is None:
            self._next = next(self._blocks, None)
        return self._next

    def _take(self) -> Block:
        block, self._next = self._next, None
        assert block is not None
        self._kept.append(block)
        if self._told is not None:
            self._told(block.data)
        return block


class InOrder(Seekable):
    """One of the files of `blocks`. aside: the same file, for what lies far from the next block."""

    def __init__(self, aside: BinaryIO, size: int, blocks: Blocks, file: int = 0) -> None:
        super().__init__(size)
        self._aside, self._blocks, self._file = aside, blocks, file

    def _from(self, place: int, most: int) -> bytes | memoryview:
        found = self._blocks.at(self._file, place)
        return _read(self._aside, place, most) if found is None else found


def _read(file: BinaryIO, place: int, count: int) -> bytes:
    file.seek(place)
    return file.read(count)
