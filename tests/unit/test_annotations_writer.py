import json
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor.errors import DamagedVideo, VideoTooLarge
from redactor.media.streams import FrameTime
from tests.unit.annotated import EXAMPLE, STANDARD, box, faces, rows, tables, ticking, time_bases, write_annotations

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schemas/annotations.schema.json").read_text())


@st.composite
def videos(draw):
    table = draw(tables)
    return replace(STANDARD, time_base=draw(time_bases)), table, [draw(rows) for _ in table]


def written(table, boxes, **changes):
    return json.loads(write_annotations(replace(STANDARD, **changes), table, boxes, "print"))


def test_the_example_of_the_contract_is_what_is_written():
    example = json.loads(EXAMPLE)
    frames = [
        [box(r["id"], r["x"], r["y"], r["width"], r["height"]) for r in row]
        for fragment in example["fragments"]
        for row in fragment["events"]
    ]
    text = write_annotations(STANDARD, ticking([1001] * 17), frames, "print").decode()
    assert text.startswith(EXAMPLE[: EXAMPLE.index('"fragments"')])
    assert '{"index":14,"id":1138,"x":0.29601,"y":-0.18900,"width":0.36239,"height":0.80335}' in text
    assert text.endswith('"source":{"fingerprint":"print","frames":17},"facesDetected":2}\n')
    assert [row for fragment in json.loads(text)["fragments"] for row in fragment["events"]] == [
        row for fragment in example["fragments"] for row in fragment["events"]
    ]


@given(videos())
def test_every_file_obeys_what_old_readers_need(video):
    stream, table, boxes = video
    doc = json.loads(write_annotations(stream, table, boxes, "print"))
    jsonschema.validate(doc, SCHEMA)
    end, index = table[0].pts * stream.time_base.numerator, 0
    for fragment in doc["fragments"]:
        assert fragment["start"] == end
        assert len(fragment["events"]) * fragment["interval"] == fragment["duration"]
        end += fragment["duration"]
        for event in fragment["events"]:
            assert all(face["index"] == index for face in event)
            assert len({face["id"] for face in event}) == len(event)
            index += 1
    assert index == len(table)
    assert end == (table[-1].pts + table[-1].duration) * stream.time_base.numerator
    assert list(doc)[-1] == "facesDetected"
    assert doc["facesDetected"] == len({face.id for row in boxes for face in row})


@given(faces)
def test_boxes_are_rounded_outwards_by_less_than_a_step_of_the_fifth_decimal(face):
    text = write_annotations(STANDARD, ticking([1]), [[face]], "print").decode()
    row = json.loads(text, parse_float=Fraction)["fragments"][0]["events"][0][0]
    for corner, size in (("x", "width"), ("y", "height")):
        low, length = (Fraction(repr(getattr(face, name))) for name in (corner, size))
        step = Fraction(1, 100_000)
        assert low - step < row[corner] <= low
        assert low + length <= row[corner] + row[size] < low + length + step


@given(rows)
def test_boxes_once_written_do_not_grow_when_written_again(boxes):
    def again(boxes):
        event = written(ticking([1]), [boxes])["fragments"][0]["events"][0]
        return [box(r["id"], r["x"], r["y"], r["width"], r["height"]) for r in event]

    assert again(again(boxes)) == again(boxes)


def test_a_new_fragment_starts_where_the_frame_duration_changes():
    doc = written(ticking([33, 33, 34, 33], start=-66), [[]] * 4, time_base=Fraction(1, 1000))
    assert [(f["start"], f["duration"], f["interval"], len(f["events"])) for f in doc["fragments"]] == [
        (-66, 66, 33, 2),
        (0, 34, 34, 1),
        (34, 33, 33, 1),
    ]


def test_an_event_lasts_until_the_next_frame_whatever_its_packet_says():
    doc = written([FrameTime(0, 5), FrameTime(10, 5), FrameTime(20, 7)], [[], [], []])
    assert [(f["start"], f["duration"]) for f in doc["fragments"]] == [(0, 20), (20, 7)]


def test_the_first_fragment_starts_at_the_first_frame():
    assert written(ticking([1001] * 3, start=20280), [[]] * 3)["fragments"][0]["start"] == 20280


def test_a_numerator_is_counted_in_ticks():
    doc = written(ticking([1, 1], start=3), [[], []], time_base=Fraction(1001, 30000))
    assert doc["timescale"] == 30000
    assert doc["fragments"][0] | {"events": 0} == {"start": 3003, "duration": 2002, "interval": 1001, "events": 0}


@pytest.mark.parametrize(("rate", "shown"), [(Fraction(24000, 1001), 23.976), (Fraction(25), 25), (Fraction(0), 12)])
def test_the_frame_rate_is_for_people(rate, shown):
    assert written(ticking([2000] * 4), [[]] * 4, rate=rate)["framerate"] == shown


def test_more_than_64_faces_in_a_frame_are_all_written():
    doc = written(ticking([1]), [[box(n) for n in range(1, 301)]])
    assert [face["id"] for face in doc["fragments"][0]["events"][0]] == list(range(1, 301))


@pytest.mark.parametrize("pts", [[0, 5, 5], [0, 5, 4]])
def test_frames_that_do_not_go_forward_are_refused(pts):
    with pytest.raises(DamagedVideo, match="frame 1 at pts 5"):
        written([FrameTime(at, 1) for at in pts], [[]] * 3)


@pytest.mark.parametrize(
    "row",
    [
        [box(1), box(1)],
        [box(0)],
        [box(width=-0.1)],
        [box(x=float("nan"))],
        [box(height=float("inf"))],
    ],
)
def test_what_no_detector_may_hand_over_is_refused(row):
    with pytest.raises(ValueError, match=r"id twice|no face"):
        written(ticking([1]), [row])


def test_boxes_for_a_frame_that_is_not_there_are_refused():
    with pytest.raises(ValueError, match="in frame 1 of 1"):
        written(ticking([1]), [[box(1)], [box(2)]])


def test_seven_digits_of_ids_are_too_many():
    with pytest.raises(VideoTooLarge):
        written(ticking([1]), [[box(1_000_000)]])


def test_a_hundred_thousand_boxes_are_written_in_seconds():
    boxes = [[box(n, x=n / 7, y=0.1 / n, width=1 / 3) for n in range(1, 11)]] * 10_000
    before = time.process_time()
    write_annotations(STANDARD, ticking([1001] * 10_000), boxes, "print")
    assert time.process_time() - before < 2
