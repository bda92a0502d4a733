"""Looks for keys that no index leads to cost no more than they are worth, and are spread over the file."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor.media import allowance
from redactor.media.allowance import Allowance

MIB = 1 << 20


def taken(size: int, places: list[int], cost: int, together: int = 1) -> list[int]:
    """Places of looks that each take as much, so many of them at a time."""
    given, looks, pending = Allowance(size), list[int](), 0
    for place in places:
        if given.allows(place):
            looks.append(place)
            pending += 1
        if pending == together:
            for _ in range(pending):
                given.pay(cost)
            pending = 0
    return looks


@given(
    st.integers(1 * MIB, 20_000 * MIB),
    st.integers(2, 200),
    st.integers(1, 4 * MIB),
    st.sampled_from([1, 16]),
)
def test_looks_take_no_more_than_they_are_allowed_and_a_few_to_begin_with(
    size: int, count: int, cost: int, together: int
) -> None:
    places = [size * n // count for n in range(1, count)]
    most = allowance._AHEAD + max(allowance._LEAST, size // allowance._PART)
    looks = taken(size, places, cost, together)
    assert len(looks) * cost <= most + together * cost
    assert looks[:1] == places[:1]


def test_cheap_looks_are_all_taken() -> None:
    places = [1000 * MIB * n // 200 for n in range(1, 200)]
    assert taken(1000 * MIB, places, 100_000, 16) == places


@pytest.mark.parametrize("together", [1, 16])
def test_dear_looks_are_spread_over_the_whole_file(together: int) -> None:
    """Two hours at 1.1 Mb/s with a key every five seconds: half of the looks that there could be."""
    size, cost = 1_100_000_000, 410_000
    places = [size * n // 200 for n in range(1, 200)]
    looks = taken(size, places, cost, together)
    assert 70 <= len(looks) <= 100
    assert max(after - before for before, after in pairwise([0, *looks, size])) <= 0.03 * size


def test_the_last_pay_for_what_a_long_one_took() -> None:
    given = Allowance(1000 * MIB)
    assert given.allows(100 * MIB)
    given.pay(30 * MIB)
    assert not given.allows(200 * MIB)
    assert given.allows(900 * MIB)
