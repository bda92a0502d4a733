"""The quick reader of our own events answers what the careful one answers, or nothing."""

import json

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from redactor.annotations import ours, reader
from redactor.errors import InvalidAnnotations
from redactor.jsontext import NotJson
from tests.unit.annotated import EXAMPLE, STANDARD, numbered, rows, ticking, write_annotations

SNIPPETS = (
    *(
        "",
        "0",
        "1",
        "7",
        "00",
        "-",
        ".",
        "e5",
        ",",
        ":",
        "{",
        "}",
        "[",
        "]",
        '"',
        " ",
        "\n",
        "\r\n",
        "\n ",
        "\n [",
        "],",
    ),
    *(
        "[]",
        "{}",
        ",[]",
        "null",
        "true",
        "NaN",
        "-Infinity",
        "0.5",
        "-0.00000",
        "12345678901234567890",
        "\x00",
        "é",
        "'",
    ),
    *(
        '"id":',
        '"x":',
        '"index":3,',
        '"id":"5",',
        '"note":{},',
        '"interval":',
        "\ufeff",
        '"width":-0.10000',
        "]}",
        "]}],",
    ),
)
FACE = b'{"index":0,"id":1,"x":0.25000,"y":0.25000,"width":0.25000,"height":0.50000}'


@st.composite
def files(draw):
    """Ours, of frames that last equally long or not."""
    faces = draw(st.lists(rows, min_size=1, max_size=6))
    steps = draw(st.lists(st.sampled_from([7, 7, 7, 8]), min_size=len(faces), max_size=len(faces)))
    return write_annotations(STANDARD, ticking(steps), faces, "print")


@st.composite
def touched(draw):
    """Ours after a few edits anywhere: a piece replaced by another, or by one out of the file itself."""
    text = draw(files()).decode()
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.sampled_from([0, 1, 1, 2, 5, 12, 90])))
        start = draw(st.integers(0, len(text)))
        piece = text[start : start + draw(st.integers(1, 120))]
        text = text[:at] + draw(st.one_of(st.sampled_from(SNIPPETS), st.just(piece))) + text[end:]
    return text.encode()


@st.composite
def edited(draw):
    """Ours with one number of a face replaced, by its place in the text, whatever stands there then."""
    lines = draw(files()).decode().split("\n")
    at = draw(st.integers(0, len(lines) - 1))
    key = draw(
        st.sampled_from(['"index":', '"id":', '"x":', '"y":', '"width":', '"height":', '"start":', '"duration":'])
    )
    head, label, tail = lines[at].partition(key)
    value = draw(
        st.sampled_from([*SNIPPETS, "5", "-5", "0.12345", "-0.12345", "0.123", "01.00000", "99999999999.00000"])
    )
    if label:
        kept = tail.lstrip("-.0123456789")
        lines[at] = head + label + value + kept
    return "\n".join(lines).encode()


def answer(read, data):
    """What is read, zeros with their sign, or all that the error says."""
    try:
        return repr(read(data))
    except InvalidAnnotations as error:
        return error.message, error.field, error.allowed


def same(data):
    quick = reader._quickly(data)
    assert answer(reader.read_annotations, data) == answer(reader._carefully, data)
    assert quick is None or repr(quick) == answer(reader._carefully, data)


@given(files())
def test_what_we_write_is_read_the_same(data):
    assume(b"-0.00000" not in data)  # a whole number has no such sign
    assert repr(reader._quickly(data)) == answer(reader._carefully, data)


@settings(max_examples=400)
@given(st.one_of(touched(), edited()))
@example(EXAMPLE.encode())
def test_what_somebody_touched_is_read_the_same(data):
    same(data)


def file(*events, head="", between=",\n "):
    """A file with these events, one frame each."""
    fragment = f'{{"start":0,"duration":{7 * len(events)},"interval":7,"events":[\n '
    text = f'{{"version":1,"timescale":24000,"width":8,"height":8,{head}"fragments":[\n{fragment}'
    return text.encode() + between.encode().join(b"[%b]" % event for event in events) + b"]}]}\n"


def face(old="", new=""):
    assert old.encode() in FACE
    return FACE.replace(old.encode(), new.encode())


@pytest.mark.parametrize(
    "event",
    [
        face('"id":1', '"id":01'),
        face('"id":1', '"id":-1'),
        face('"id":1', '"id":9999999999999999999999'),
        face("0.25000", "00.25000"),
        face("0.25000", "0.2500"),
        face("0.25000", "0.250000"),
        face("0.25000", "-0.00000"),
        face("0.25000", ".25000"),
        face("0.25000", "12345678901.25000"),
        face('"width":0', '"width":-0'),
        face('"width":0.25000', '"width":-0.00001'),
        face('"x":', '"y":'),
        face('"index"', '"height"'),
        face(":1,", ": 1,"),
        FACE + b",",
        FACE + b"," + face('"index":0', '"index":1'),
        FACE + b"\r," + FACE,
        FACE[1:],
        b"0",
        b"NaN",
        b"[0]",
    ],
)
def test_an_event_that_is_not_quite_as_we_write_it_is_left_to_the_reader(event):
    data = file(FACE, event)
    with pytest.raises(NotJson):
        ours.parse(data)
    same(data)


@pytest.mark.parametrize(
    "head",
    [
        '"note":"NaN",',
        '"note":\n [],\n "other":1,',
        f'"note":[\n [{FACE.decode()}],\n [{FACE.decode()}]],',
        f'"fingerprint":\n [{FACE.decode()}],\n ',
        '"offset":\n [],\n ',
        '"source":\n [],\n ',
        '"framerate":\n [],\n ',
        '"fragments":[],',
        f'"note":"\n [{FACE.decode()}],\n ",',
        "\ufeff",
    ],
)
def test_lists_that_stand_elsewhere_are_no_events(head):
    same(file(FACE, b"", head=head))


@pytest.mark.parametrize("cut", [b'"index":0,"id":1,', b'"x":0.25000,'])
def test_a_face_does_not_reach_from_one_event_into_the_next(cut):
    first, second = FACE.split(cut)
    same(file(FACE, first + cut[:-1], second))
    same(file(first + cut[:-1], second, FACE))


@pytest.mark.parametrize("after", ["5", ".5", "e5", "N", "NaN", "\n NaN"])
def test_what_follows_an_event_is_no_part_of_it(after):
    same(file(FACE, FACE, between=f"{after},\n "))
    same(file(FACE, FACE, between=f",\n {after}"))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1"])
def test_a_file_in_any_encoding_is_read_the_same(encoding):
    same(file(FACE, FACE, head='"note":"é",').decode().encode(encoding))


def test_all_but_the_block_that_was_touched_is_read_in_columns(monkeypatch):
    monkeypatch.setattr(ours, "_BLOCK", 3)
    lines = write_annotations(STANDARD, ticking([7] * 9), numbered(9), "print").split(b"\n")
    lines[6] = lines[6].replace(b'"y":0.25000', b'"y":0.25')
    events = ours.parse(b"\n".join(lines))["fragments"][0]["events"]
    assert [type(event) for event in events] == [ours.Row] * 3 + [list] * 3 + [ours.Row] * 3
    same(b"\n".join(lines))
    same(json.dumps(json.loads(b"\n".join(lines))).encode())
