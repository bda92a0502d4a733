"""A file read by ranges is the file, whatever is asked for; and little is fetched where reading jumps about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor.pieces import LEAST, MOST, MOST_HINTED, Hint, Pieces, requests, spread


class File:
    """What is fetched of it, in order."""

    def __init__(self, size: int) -> None:
        self.data = (bytes(range(251)) * (size // 251 + 1))[:size]
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


@given(
    st.integers(1, 900),
    st.lists(
        st.tuples(
            st.integers(0, 1000), st.integers(0, 400), st.lists(st.tuples(st.integers(-9, 1000), st.integers(0, 300)))
        ),
        max_size=4,
    ),
    st.integers(1, 600),
)
def test_whatever_was_expected(size: int, reads: list[tuple[int, int, list[tuple[int, int]]]], kept: int) -> None:
    file = File(size)
    pieces = Pieces(size, file.fetch, least=16, kept=kept)
    for at, length, expected in reads:
        pieces.expect(
            Hint(start, long, lambda data: 2 * len(data) if len(data) < 50 else 0) for start, long in expected
        )
        assert read(pieces, at, length) == file.data[at : at + length]
    assert pieces._held == sum(map(len, pieces._pieces.values()))


def test_what_is_expected_is_fetched_to_the_byte_at_once_and_only_once() -> None:
    file = File(8 * MOST)
    pieces, places = Pieces(len(file.data), file.fetch), range(MOST, 8 * MOST, MOST)
    pieces.expect(Hint(place, 100) for place in places)
    pieces.expect(Hint(place + 50, 100) for place in places)
    assert sorted(file.fetched) == sorted(
        [*((place, place + 100) for place in places), *((place + 100, place + 150) for place in places)]
    )
    file.fetched.clear()
    for place in places:
        assert read(pieces, place, 150) == file.data[place : place + 150]
    assert file.fetched == []


def test_what_a_hint_asks_for_beyond_its_length_is_fetched_too_up_to_a_limit() -> None:
    file = File(MOST)
    pieces = Pieces(len(file.data), file.fetch)
    pieces.expect([Hint(10, 100, lambda data: 300)])
    assert file.fetched == [(10, 110), (110, 310)]
    file.fetched.clear()
    pieces.expect([Hint(1000, 100, lambda data: len(data) + MOST)])
    assert file.fetched == [(1000, 1100), (1100, 1000 + MOST_HINTED)]


def test_a_failure_comes_out_of_what_expects() -> None:
    def fetch(start: int, end: int) -> bytes:
        raise OSError

    with pytest.raises(OSError, match=r"^$"):
        Pieces(1000, fetch).expect([Hint(0, 10), Hint(500, 10)])


def test_a_stretch_is_hinted_at_without_holes() -> None:
    hints = spread(5, 5 + 3 * MOST_HINTED)
    ends = [hint.start + hint.length for hint in hints]
    assert [5, *ends] == [*(hint.start for hint in hints), 5 + 3 * MOST_HINTED]


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
