"""The joined MP4, and whatever else is read through, from its beginning or from somewhere in it on."""

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from redactor.inorder import Blocks, InOrder, Span, Told, stretch


@dataclass(frozen=True)
class Output:
    """A file object and its size in bytes. ahead: makes blocks of it, where they can be fetched ahead."""

    file: BinaryIO
    size: int
    ahead: Callable[[Iterable[Span], Told | None], Blocks] | None = None

    @contextmanager
    def through(self, told: Told | None = None, start: int = 0, end: int | None = None) -> Iterator[BinaryIO]:
        """The file, to be read from start on. told: gets all bytes of [start, end) in order."""
        asked = stretch(start, self.size if end is None else end)
        blocks = self.ahead(asked, told) if self.ahead else Blocks.of(self.file, asked, told)
        with closing(blocks):
            yield io.BufferedReader(InOrder(self.file, self.size, blocks))
            if told is not None:
                blocks.drain()
