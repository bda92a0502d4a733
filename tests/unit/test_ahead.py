"""Working ahead changes neither what comes nor what goes wrong."""

import threading
import time
from collections.abc import Iterator

import pytest

from redactor.ahead import ahead
from redactor.errors import DamagedVideo


def test_the_same_things_come_in_the_same_order() -> None:
    with ahead(iter(range(100)), 3) as things:
        assert list(things) == list(range(100))


def test_no_more_is_made_ahead_than_allowed() -> None:
    made: list[int] = []

    def things() -> Iterator[int]:
        for n in range(10):
            made.append(n)
            yield n

    with ahead(things(), 2) as taken:
        assert next(taken) == 0
        time.sleep(0.3)
        # Two wait, and a third is in the maker's hand.
        assert len(made) <= 4


def test_what_goes_wrong_in_making_is_raised_where_it_is_used() -> None:
    def things() -> Iterator[int]:
        yield 1
        raise DamagedVideo("a frame is lost")

    with ahead(things(), 2) as taken:
        assert next(taken) == 1
        with pytest.raises(DamagedVideo):
            next(taken)


def test_on_leaving_nothing_is_made_any_more() -> None:
    before = set(threading.enumerate())
    with ahead(iter(range(10_000)), 2) as taken:
        assert next(taken) == 0
    assert set(threading.enumerate()) <= before
