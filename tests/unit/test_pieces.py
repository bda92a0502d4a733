"""A file read by ranges is the file, whatever is asked for; and little is fetched where reading jumps about."""

from hypothesis import given
from hypothesis import strategies as st

from redactor.pieces import LEAST, MOST, Pieces, requests


class File:
    """What is fetched of it, in order."""

    def __init__(self, size: int) -> None:
        self.data = bytes(n % 251 for n in range(size))
        self.fetched: list[tuple[int, int]] = []

    def fetch(self, start: int, end: int) -> bytes:
        assert 0 <= start < end <= len(self.data)
        self.fetched.append((start, end))
        return self.data[start:end]


def read(pieces: Pieces, at: int, length: int) -> bytes:
    got = bytearray()
    while len(got) < length and (some := pieces.at(at + len(got))):
        got += some[: length - len(got)]
    return bytes(got)


@given(
    st.integers(1, 900),
    st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 400)), max_size=12),
    st.integers(1, 64),
    st.integers(1, 600),
)
def test_what_is_read_is_what_is_in_the_file(size: int, reads: list[tuple[int, int]], least: int, kept: int) -> None:
    file = File(size)
    pieces = Pieces(size, file.fetch, least=least, kept=kept)
    for at, length in reads:
        assert read(pieces, at, length) == file.data[at : at + length]


def test_reading_on_fetches_ever_more() -> None:
    file = File(3 * MOST)
    pieces = Pieces(len(file.data), file.fetch)
    assert read(pieces, 0, len(file.data)) == file.data
    sizes = [end - start for start, end in file.fetched]
    assert sizes[0] == LEAST
    assert max(sizes) == MOST
    assert len(sizes) == requests(len(file.data))


def test_a_look_here_and_there_fetches_little() -> None:
    file = File(8 * MOST)
    pieces = Pieces(len(file.data), file.fetch)
    for place in range(0, len(file.data), MOST):
        read(pieces, place, 1000)
    assert sum(end - start for start, end in file.fetched) == 8 * LEAST


def test_two_places_that_are_read_on_in_turn_are_fetched_once_each() -> None:
    file = File(6 * MOST)
    pieces, half = Pieces(len(file.data), file.fetch), 3 * MOST
    for at in range(0, half, LEAST):
        read(pieces, at, LEAST)
        read(pieces, half + at, LEAST)
    assert sum(end - start for start, end in file.fetched) == len(file.data)
    assert len(file.fetched) == 2 * requests(half)
