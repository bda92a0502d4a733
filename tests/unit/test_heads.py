"""The size that a half hidden face keeps, against another library."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import percentile_filter

from redactor.tracking.heads import _ranked


@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 1000)), min_size=3, max_size=60), st.integers(1, 20))
def test_the_usual_size_around_each_frame(sides: list[tuple[float, float]], reach: int) -> None:
    reach = min(reach, len(sides) - 1)
    expected = [percentile_filter(side, 70, size=2 * reach + 1, mode="mirror") for side in np.array(sides).T]
    assert np.array_equal(_ranked(np.array(sides), 0.7, reach), np.stack(expected, axis=1))
