"""A segment's boxes written in columns are the bytes that json.dumps makes of the same values."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor.annotations import Event, Face, SegmentBoxes, Timeline
from redactor.annotations.encoded import encoded
from redactor.jsonable import decode, encode, plainly
from tests.unit.annotated import box

on_grid = st.one_of(st.just(-0.0), st.integers(-300, 300), st.integers(-(10**6), 10**6)).map(lambda n: n / 10**5)
numbers = st.one_of(on_grid, st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([1e9, -1e9, 1e17]))
ids = st.one_of(st.integers(0, 999_999), st.sampled_from([10**9, 10**18, -1]))


def events_of(ids, sides):
    faces = st.lists(st.builds(Face, ids, sides, sides, sides, sides), max_size=3).map(tuple)
    return st.lists(st.builds(Event, st.integers(), st.integers(), faces, st.booleans()), max_size=4).map(tuple)


def boxes(events, warnings=()):
    return SegmentBoxes(3, None, 512, Timeline(1, 2, events, warnings=warnings), (1, 2))


@given(events_of(ids, numbers), st.lists(st.text()).map(tuple))
def test_the_same_bytes_by_either_way(events, warnings):
    value = boxes(events, (*warnings, '"events":[]'))
    assert encode(value) == plainly(value)
    assert decode(SegmentBoxes, encode(value)) == value


@given(events_of(st.integers(0, 999_999), on_grid))
def test_what_we_write_takes_the_quick_way(events):
    assert boxes(events).encoded() is not None


def test_whole_numbers_in_place_of_fractions_take_the_other():
    assert encoded([Event(0, 1, (box(x=1),))]) is None
    assert b"[1,1,0.25,0.25,0.5]" in encode(boxes((Event(0, 1, (box(x=1),)),)))


@pytest.mark.parametrize("x", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_not_written(x):
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode(boxes((Event(0, 1, (box(x=x),)),)))
