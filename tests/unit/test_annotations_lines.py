"""Text made in columns is what Python's own formatting makes one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from redactor.annotations.lines import lines

ROW = '{"index":%d,"id":%d,"x":%.5f,"y":%.5f,"width":%.5f,"height":%.5f}'
wholes = st.one_of(st.integers(0, 20), st.integers(0, 10**9))
steps = st.one_of(st.integers(-(10**5), 10**5), st.integers(1 - 10**14, 10**14 - 1))
on_grid = st.one_of(st.just(-0.0), steps.map(lambda n: n / 10**5))


@given(st.lists(st.tuples(wholes, wholes, on_grid, on_grid, on_grid, on_grid), max_size=5))
def test_columns_of_characters_are_what_python_formats(faces):
    table = np.array(faces, np.float64).reshape(-1, 6)
    frame, ids = table[:, :2].astype(np.int64).T
    assert lines(frame, ids, table[:, 2:]) == [ROW % face for face in faces]
