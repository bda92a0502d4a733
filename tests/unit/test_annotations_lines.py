"""Text made in columns is what Python's own formatting makes one by one."""

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from redactor.annotations.lines import lines, shortest, written

ROW = '{"index":%d,"id":%d,"x":%.5f,"y":%.5f,"width":%.5f,"height":%.5f}'
wholes = st.one_of(st.integers(0, 20), st.integers(0, 10**9))
steps = st.one_of(st.integers(-(10**5), 10**5), st.integers(1 - 10**14, 10**14 - 1), st.integers(-200, 200))
on_grid = st.one_of(st.just(-0.0), steps.map(lambda n: n / 10**5))
rows = st.lists(st.tuples(wholes, wholes, on_grid, on_grid, on_grid, on_grid), max_size=5)


def columns(faces):
    table = np.array(faces, np.float64).reshape(-1, 6)
    return *table[:, :2].astype(np.int64).T, table[:, 2:]


def joined(texts, ends):
    return "".join(text + ("\n" if end else ",") for text, end in zip(texts, ends, strict=True)).encode()


@given(rows)
def test_columns_of_characters_are_what_python_formats(faces):
    assert lines(*columns(faces)) == [ROW % face for face in faces]


@given(rows, st.data())
def test_faces_stand_on_lines_of_their_own_or_after_commas(faces, data):
    ends = data.draw(st.lists(st.booleans(), min_size=len(faces), max_size=len(faces)))
    assert written(*columns(faces), np.array(ends, np.bool_)) == joined([ROW % face for face in faces], ends)


@given(rows, st.data())
def test_the_shortest_text_is_what_json_dumps_writes(faces, data):
    ends = data.draw(st.lists(st.booleans(), min_size=len(faces), max_size=len(faces)))
    _, ids, box = columns(faces)
    texts = [json.dumps(face[1:], separators=(",", ":")) for face in faces]
    assert shortest(ids, box, np.array(ends, np.bool_)) == joined(texts, ends)


@given(st.floats(-1e8, 1e8).filter(lambda x: round(x, 5) != x))
def test_what_is_off_the_grid_has_no_such_text(x):
    assert shortest(np.array([1]), np.array([[0.5, 0.5, x, 0.5]]), np.array([True])) is None
