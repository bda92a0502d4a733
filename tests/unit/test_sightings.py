"""The stored frames as arrays: nothing is lost, any split is the whole, and another shape is refused."""

import base64
import struct
from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
import pytest
from cattrs.errors import BaseValidationError
from hypothesis import given
from hypothesis import strategies as st

from redactor.detect import SegmentDetections
from redactor.detectors.detection import Detection, FrameRecord
from redactor.jsonable import decode, dump, encode, load
from redactor.scenes import LENGTH
from redactor.sightings import Sightings
from tests.unit.sightings import stored

numbers = st.integers(-(2**20), 2**20).map(lambda n: n / 64)
detections = st.builds(Detection, st.tuples(*[numbers] * 4), st.floats(0, 1), st.floats(0, 1), st.none())
frames = st.lists(
    st.builds(
        FrameRecord,
        st.integers(-(2**50), 2**50),
        st.integers(1, 2**40),
        st.integers(0, 255).map(lambda n: bytes([n]) * LENGTH),
        st.none() | st.lists(detections, max_size=4).map(tuple),
    ),
    max_size=8,
)
ONE = [FrameRecord(0, 512, bytes(range(LENGTH)), (Detection((1.0, 2.0, 3.0, 4.0), 0.9, 0.5),))]
STORED = dump(Sightings.of(ONE))


@given(frames)
def test_every_frame_and_detection_is_in_the_arrays(records):
    seen = Sightings.of(records)
    assert stored(seen) == records
    places = [(n, at) for n, record in enumerate(records) for at in range(len(record.detections or ()))]
    assert list(zip(seen.frame.tolist(), seen.position.tolist(), strict=True)) == places


@given(frames, st.sets(st.integers(0, 8)))
def test_parts_joined_are_the_whole(records, cuts):
    edges = sorted({0, len(records), *(cut for cut in cuts if cut < len(records))})
    parts = [Sightings.of(records[start:end]) for start, end in pairwise(edges)] or [Sightings.of([])]
    joined, whole = Sightings.joined([Sightings.of([]), *parts]), Sightings.of(records)
    for field in fields(Sightings):
        assert np.array_equal(getattr(joined, field.name), getattr(whole, field.name))


@given(frames)
def test_what_detect_writes_is_read(records):
    written = encode(SegmentDetections(3, Sightings.of(records), (), 24.0))
    read = decode(SegmentDetections, written)
    assert (read.n, read.crops, read.smallest_face) == (3, (), 24.0)
    assert stored(read.frames) == records
    assert encode(read) == written


def text(*numbers: float) -> str:
    """A column of numbers as it is stored."""
    return base64.b64encode(struct.pack(f"<{len(numbers)}d", *numbers)).decode()


def test_numbers_are_stored_with_all_their_digits():
    assert STORED["boxes"] == text(1.0, 2.0, 3.0, 4.0)
    assert (STORED["score"], STORED["quality"]) == (text(0.9), text(0.5))


@pytest.mark.parametrize(
    "change",
    [
        {"pts": [0.5]},
        {"pts": [None]},
        {"pts": [2**64]},
        {"pts": [True]},
        {"pts": [[0]]},
        {"pts": 0},
        {"pts": []},
        {"pts": [0, 512]},
        {"duration": ["1"]},
        {"duration": []},
        {"signatures": None},
        {"signatures": "é"},
        {"signatures": "AAAA"},
        {"counts": [2]},
        {"counts": [None]},
        {"counts": [-1]},
        {"counts": [1, 0]},
        {"counts": ["1"]},
        {"counts": 7},
        {"boxes": text(1.0, 2.0, 3.0)},
        {"boxes": text(*[1.0, 2.0, 3.0, 4.0] * 2)},
        {"boxes": text(1.0, 2.0, 3.0, float("nan"))},
        {"boxes": [1.0, 2.0, 3.0, 4.0]},
        {"boxes": None},
        {"score": "0.9"},
        {"score": 0.9},
        {"score": text(0.9, 0.9)},
        {"score": text(float("inf"))},
        {"quality": "AAAA"},
        {"quality": ""},
        {"more": 1},
    ],
    ids=str,
)
def test_columns_of_another_shape_are_refused(change):
    assert load(Sightings, STORED).pts.size == 1
    with pytest.raises((BaseValidationError, LookupError, TypeError, ValueError)):
        load(Sightings, STORED | change)


def test_a_column_that_is_not_there_is_refused():
    for key in STORED:
        with pytest.raises((BaseValidationError, LookupError, ValueError)):
            load(Sightings, {name: value for name, value in STORED.items() if name != key})


def test_a_damaged_document_is_named_by_what_holds_it():
    """Inside a document it is the same error as everywhere else."""
    doc = dump(SegmentDetections(0, Sightings.of(()), (), 24.0))
    assert load(SegmentDetections, doc).n == 0
    with pytest.raises(BaseValidationError):
        load(SegmentDetections, doc | {"frames": STORED | {"pts": ["now"]}})


def test_the_arrays_are_small():
    found = tuple(Detection((float(n), 0.0, 1.0, 1.0), 0.5, 0.5) for n in range(5))
    record = FrameRecord(0, 512, bytes(LENGTH), found)
    seen = Sightings.of([replace(record, pts=n) for n in range(100)])
    assert sum(getattr(seen, field.name).nbytes for field in fields(Sightings)) < 100 * (5 * 50 + 300)
