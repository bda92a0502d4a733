"""Whatever is read of a file through blocks is what the file holds, and each block is told once, in order."""

import io
from collections.abc import Generator
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor import inorder
from redactor.errors import TryAgain
from redactor.inorder import Block, Blocks, InOrder, spans, stretch

BLOCK = 10
FILES = [bytes((7 * file + n) % 251 for n in range(size)) for file, size in enumerate((95, 0, 3, 40))]


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inorder, "BLOCK", BLOCK)
    monkeypatch.setattr(inorder, "NEAR", 2 * BLOCK)


def fetched(asked: list[tuple[int, int]]) -> Generator[Block, None, None]:
    for span in spans(map(len, FILES)):
        asked.append((span.file, span.start))
        yield Block(span, FILES[span.file][span.start : span.end])


class Aside(io.BytesIO):
    """Counts what is read beside the blocks."""

    read_bytes = 0

    def read(self, count: int | None = -1, /) -> bytes:
        found = super().read(count)
        self.read_bytes += len(found)
        return found


def opened(blocks: Blocks, file: int) -> tuple[Aside, io.BufferedReader]:
    aside = Aside(FILES[file])
    return aside, io.BufferedReader(InOrder(aside, len(FILES[file]), blocks, file), 1)


def test_files_that_are_read_one_after_another_come_from_their_blocks_alone() -> None:
    asked, told = list[tuple[int, int]](), list[bytes]()
    blocks = Blocks(fetched(asked), told.append)
    for n, data in enumerate(FILES):
        aside, file = opened(blocks, n)
        assert file.read() == data
        assert aside.read_bytes == 0
    assert b"".join(told) == b"".join(FILES)
    assert asked == [(span.file, span.start) for span in spans(map(len, FILES))]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 110), st.integers(1, 60)), max_size=30))
def test_any_jump_finds_the_bytes_and_all_blocks_are_told_in_order(reads: list[tuple[int, int, int]]) -> None:
    with patch.multiple(inorder, BLOCK=BLOCK, NEAR=2 * BLOCK):
        told = list[bytes]()
        blocks = Blocks(fetched([]), told.append)
        for file, place, count in reads:
            _, reader = opened(blocks, file)
            reader.seek(place)
            assert reader.read(count) == FILES[file][place : place + count]
        blocks.drain()
        assert b"".join(told) == b"".join(FILES)


def test_a_small_jump_forth_and_back_stays_with_the_blocks_and_a_large_one_leaves_them() -> None:
    aside, file = opened(Blocks(fetched([])), 0)
    for place in (0, 15, 2, 29, 12):
        file.seek(place)
        assert file.read(1) == FILES[0][place : place + 1]
    assert aside.read_bytes == 0
    file.seek(90)
    assert file.read(1) == FILES[0][90:91]
    assert aside.read_bytes > 0
    file.seek(30)
    before = aside.read_bytes
    assert file.read(5) == FILES[0][30:35]
    assert aside.read_bytes == before


def test_a_file_that_is_opened_again_has_what_was_just_read() -> None:
    blocks = Blocks(fetched([]))
    for _ in range(2):
        aside, file = opened(blocks, 0)
        assert file.read(12) == FILES[0][:12]
        assert aside.read_bytes == 0


def test_what_fetching_raises_is_raised_where_it_is_read() -> None:
    def failing() -> Generator[Block, None, None]:
        yield from (block for block in fetched([]) if block.span.start < 20 and block.span.file == 0)
        raise TryAgain("the network is gone")

    _, file = opened(Blocks(failing()), 0)
    assert file.read(20) == FILES[0][:20]
    with pytest.raises(TryAgain):
        file.read(1)


def test_a_local_file_has_blocks_too() -> None:
    told = list[bytes]()
    file = io.BytesIO(FILES[0])
    blocks = Blocks.of(file, stretch(0, len(FILES[0])), told.append)
    reader = io.BufferedReader(InOrder(file, len(FILES[0]), blocks))
    reader.seek(80)
    assert reader.read(5) == FILES[0][80:85]
    reader.seek(3)
    assert reader.read(5) == FILES[0][3:8]
    blocks.drain()
    assert b"".join(told) == FILES[0]
