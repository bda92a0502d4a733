"""From decoded pixels to what a person sees, and back."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor import coordinates
from tests.unit.sightings import stream

TURNS = [0, 90, 180, 270]


@pytest.mark.parametrize(("rotation", "corner"), [(0, (0, 0)), (90, (100, 0)), (180, (200, 100)), (270, (0, 200))])
def test_the_first_decoded_pixel_goes_where_a_player_shows_it(rotation, corner):
    seen = coordinates.upright_points(np.array([[0.0, 0.0]]), stream(200, 100, rotation))
    assert seen.tolist() == [list(corner)]


def test_pixels_are_square_in_the_upright_picture():
    assert coordinates.size(stream(720, 576, aspect=Fraction(16, 15))) == (768, 576)
    assert coordinates.size(stream(720, 576, 90, Fraction(16, 15))) == (576, 768)


numbers = st.floats(-2000, 2000, allow_nan=False)


@given(
    st.sampled_from(TURNS),
    st.sampled_from([Fraction(1), Fraction(4, 3), Fraction(8, 9)]),
    st.lists(st.tuples(numbers, numbers, numbers, numbers), min_size=1, max_size=5),
)
def test_there_and_back_is_where_it_was(rotation, aspect, listed):
    video, boxes = stream(640, 480, rotation, aspect), np.array(listed)
    boxes = np.concatenate([np.minimum(boxes[:, :2], boxes[:, 2:]), np.maximum(boxes[:, :2], boxes[:, 2:])], axis=1)
    there = coordinates.upright_boxes(boxes, video)
    assert (there[:, :2] <= there[:, 2:]).all()
    assert coordinates.decoded_boxes(there, video) == pytest.approx(boxes, abs=1e-6)
    assert coordinates.decoded_points(coordinates.upright_points(boxes, video), video) == pytest.approx(boxes, abs=1e-6)
