import copy
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor.annotations import Event, Face, read_annotations, reader
from redactor.errors import InvalidAnnotations
from tests.unit.annotated import EXAMPLE, STANDARD, box, hand_made, rows, ticking, write_annotations


def example():
    return json.loads(EXAMPLE)


def refusal(data):
    with pytest.raises(InvalidAnnotations) as caught:
        read_annotations(data if isinstance(data, bytes) else json.dumps(data).encode())
    return caught.value


def changed(path, value):
    """The example with one value replaced, where the path is what the error must name."""
    doc = example()
    *outer, last = path
    inner = doc
    for key in outer:
        inner = inner[key]
    inner[last] = value
    return json.dumps(doc)


def test_the_example_of_the_contract_is_read():
    read = read_annotations(EXAMPLE.encode())
    assert (read.timescale, read.width, read.height) == (24000, 1280, 720)
    assert (read.fingerprint, read.frames, read.warnings) == (None, None, ())
    assert read.ids == {1138, 2028}
    assert [event[:2] for event in read.events] == [(n * 1001, n * 1001 + 1001) for n in range(17)]
    assert read.events[14].faces == (Face(1138, 0.29601, -0.189, 0.36239, 0.80335),)


@given(st.lists(rows, min_size=1, max_size=10))
def test_what_is_written_is_read(boxes):
    read = read_annotations(write_annotations(STANDARD, ticking([7] * len(boxes), start=-3), boxes, "print"))
    assert (read.fingerprint, read.frames, read.warnings) == ("print", len(boxes), ())
    assert [(event.start, event.end, event.stated) for event in read.events] == [
        (7 * n - 3, 7 * n + 4, True) for n in range(len(boxes))
    ]
    for event, row in zip(read.events, boxes, strict=True):
        assert [face.id for face in event.faces] == sorted(face.id for face in row)
        for got, want in zip(event.faces, sorted(row), strict=True):
            assert got[1:] == pytest.approx(want[1:], abs=2e-5)


FACE = ("fragments", 0, "events", 13, 1)
FACE_PATH = "$.fragments[0].events[13][1]"


@pytest.mark.parametrize(
    ("path", "where"),
    [
        (("framerate",), "$.framerate"),
        (("timescale",), "$.timescale"),
        (("width",), "$.width"),
        (("height",), "$.height"),
        (("offset",), "$.offset"),
        (("fragments", 1, "start"), "$.fragments[1].start"),
        (("fragments", 1, "duration"), "$.fragments[1].duration"),
        (("fragments", 0, "interval"), "$.fragments[0].interval"),
        *[((*FACE, key), f"{FACE_PATH}.{key}") for key in ("x", "y", "width", "height", "id")],
    ],
)
@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e300", '"0.5"', "true", "[]", "9" * 500]
)
def test_what_is_no_finite_number_is_refused_by_its_path(path, where, value):
    error = refusal(changed(path, "@").replace('"@"', value).encode())
    assert error.field == where
    assert where in error.message


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        (("timescale",), 0, "$.timescale"),
        (("timescale",), -24000, "$.timescale"),
        (("timescale",), 0.5, "$.timescale"),
        (("width",), 0, "$.width"),
        (("version",), 2, "$.version"),
        (("offset",), 1001, "$.offset"),
        (("fragments",), None, "$.fragments"),
        (("fragments",), {}, "$.fragments"),
        (("fragments", 1), [], "$.fragments[1]"),
        (("fragments", 1, "start"), 15014, "$.fragments[1]"),
        (("fragments", 1, "start"), 15015.5, "$.fragments[1].start"),
        (("fragments", 0, "duration"), -1, "$.fragments[0].duration"),
        (("fragments", 0, "duration"), 14014, "$.fragments[0].events[14]"),
        (("fragments", 0, "interval"), 0, "$.fragments[0].interval"),
        (("fragments", 0, "interval"), None, "$.fragments[0].interval"),
        (("fragments", 0, "events"), {}, "$.fragments[0].events"),
        (("fragments", 0, "events", 3), {}, "$.fragments[0].events[3]"),
        (("fragments", 0, "events", 3), None, "$.fragments[0].events[3]"),
        (FACE, 5, FACE_PATH),
        (FACE, {"id": 1, "x": 0, "y": 0, "width": 1}, f"{FACE_PATH}.height"),
        ((*FACE, "width"), -0.1, f"{FACE_PATH}.width"),
        ((*FACE, "height"), -1e-9, f"{FACE_PATH}.height"),
        ((*FACE, "id"), -1, f"{FACE_PATH}.id"),
        ((*FACE, "id"), 1.5, f"{FACE_PATH}.id"),
        ((*FACE, "id"), "seven", f"{FACE_PATH}.id"),
        ((*FACE, "id"), "٣", f"{FACE_PATH}.id"),
        (("source",), [], "$.source"),
        (("source",), {"frames": -1}, "$.source.frames"),
        (("source",), {"fingerprint": 5}, "$.source.fingerprint"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_path(path, value, where):
    error = refusal(changed(path, value).encode())
    assert error.field == where
    assert where in error.message


@pytest.mark.parametrize("data", [b"", b"{", b"no", b"[]", b"\xff\xfe\xff"])
def test_what_is_no_json_object_is_refused(data):
    assert refusal(data).field == "$"


@pytest.mark.parametrize("key", ["timescale", "width", "height", "fragments"])
def test_what_must_be_there_is_missed_by_name(key):
    doc = example()
    del doc[key]
    error = refusal(doc)
    assert (error.field, "missing" in error.message) == (f"$.{key}", True)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_accepted(encoding):
    assert read_annotations(EXAMPLE.encode(encoding)) == read_annotations(EXAMPLE.encode())


def test_single_quotes_are_accepted():
    assert read_annotations(EXAMPLE.replace('"', "'").encode()) == read_annotations(EXAMPLE.encode())


def test_extra_keys_are_harmless():
    doc = example() | {"note": {"a": None}}
    doc["fragments"][0] |= {"comment": "edited"}
    doc["fragments"][0]["events"][13][0] |= {"emotion": "joy", "index": 13}
    assert read_annotations(json.dumps(doc).encode()) == read_annotations(EXAMPLE.encode())


def test_numbers_of_ticks_may_be_written_as_floats():
    assert read_annotations(EXAMPLE.replace("15015,", "15015.0,").encode()) == read_annotations(EXAMPLE.encode())


def test_ids_may_be_texts_and_stand_twice_in_an_event():
    doc = example()
    doc["fragments"][0]["events"][13] = [
        {"id": "7", "x": -2, "y": 0, "width": 1, "height": 1},
        {"id": 7, "x": 5, "y": 1, "width": 0, "height": 9},
    ]
    read = read_annotations(json.dumps(doc).encode())
    assert read.events[13].faces == (Face(7, -2, 0, 1, 1), Face(7, 5, 1, 0, 9))


@pytest.mark.parametrize(
    ("fragment", "events"),
    [
        ({"start": 5, "duration": 30}, [(5, 35, False)]),
        ({"start": 5, "duration": 30, "interval": 10}, [(5, 35, False)]),
        ({"start": 5, "duration": 30, "interval": 10, "events": None}, [(5, 35, False)]),
        ({"start": 5, "duration": 30, "interval": 10, "events": [[]]}, [(5, 15, True), (15, 35, False)]),
        ({"start": 5, "duration": 15, "interval": 10, "events": [[], []]}, [(5, 15, True), (15, 20, True)]),
        ({"start": 5, "duration": 0, "interval": 10, "events": []}, []),
    ],
)
def test_missing_and_short_events_mean_no_faces_for_the_rest_of_the_fragment(fragment, events):
    read = read_annotations(hand_made(fragments=[fragment]))
    assert read.events == tuple(Event(start, end, (), stated) for start, end, stated in events)


def test_fragments_may_stand_in_any_order():
    doc = example()
    doc["fragments"].reverse()
    assert read_annotations(json.dumps(doc).encode()).events == read_annotations(EXAMPLE.encode()).events
    doc["fragments"][0]["start"] = 15014
    assert refusal(doc).field == "$.fragments[0]"


def test_a_wrong_index_is_a_warning_and_changes_nothing():
    doc = example()
    odd = copy.deepcopy(doc)
    odd["fragments"][0]["events"][13][1]["index"] = 14
    odd["fragments"][0]["events"][14][0]["index"] = "x"
    read = read_annotations(json.dumps(odd).encode())
    assert read.events == read_annotations(json.dumps(doc).encode()).events
    assert len(read.warnings) == 1
    assert "2 events" in read.warnings[0]
    assert "$.fragments[0].events[13]" in read.warnings[0]


def test_an_index_counts_the_frames_of_fragments_whose_events_are_missing():
    face = {"id": 1, "x": 0, "y": 0, "width": 1, "height": 1}
    late = {"start": 25, "duration": 10, "interval": 10, "events": [[face | {"index": 3}]]}
    early = {"start": 0, "duration": 25, "interval": 10}
    assert read_annotations(hand_made(fragments=[early, late])).warnings == ()
    unknown = {"start": 0, "duration": 25}
    assert read_annotations(hand_made(fragments=[unknown, late])).warnings == ()


def test_a_hundred_thousand_boxes_are_read_in_seconds():
    data = write_annotations(STANDARD, ticking([1001] * 10_000), [[box(n) for n in range(1, 11)]] * 10_000, "print")
    before = time.process_time()
    read = read_annotations(data)
    assert time.process_time() - before < 4
    assert sum(len(event.faces) for event in read.events) == 100_000


def test_events_that_end_before_their_fragment_are_worth_a_word():
    short = {"start": 0, "duration": 60, "interval": 10, "events": [[], [], []]}
    absent, whole = {"start": 60, "duration": 60}, {"start": 120, "duration": 25, "interval": 10, "events": [[], []]}
    read = read_annotations(hand_made(fragments=[absent, short, whole]))
    assert len(read.warnings) == 1
    assert "1 fragments, the first $.fragments[1]" in read.warnings[0]


values = st.one_of(st.floats(), st.integers(), st.none(), st.text(max_size=3), st.booleans())
names = ("id", "x", "y", "width", "height")
numbers = st.fixed_dictionaries({"id": st.integers(-1, 10**19), **dict.fromkeys(names[1:], st.floats())})


@given(st.one_of(st.fixed_dictionaries({}, optional=dict.fromkeys(names, values)), numbers))
def test_a_quick_look_takes_nothing_that_a_closer_one_refuses(doc):
    quick = reader._plain(doc)
    if quick is not None:
        assert quick == reader._face(doc)


def test_what_we_write_wants_no_closer_look():
    face = {"index": 13, "id": 1138, "x": 0.29537, "y": -0.18987, "width": 0.36239, "height": 0.80335}
    assert reader._plain(face) == (1138, 0.29537, -0.18987, 0.36239, 0.80335)
