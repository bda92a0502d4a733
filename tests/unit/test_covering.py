from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor.annotations import Face
from redactor.covering import Rect, covered
from tests.unit.annotated import faces

grids = st.sampled_from([(1, 1), (2, 1), (2, 2), (2, 4)])


@given(faces, st.integers(1, 4000), st.integers(1, 4000), grids)
def test_the_rectangle_is_the_least_on_the_grid_that_holds_the_clipped_box(face, width, height, grid):
    rect = covered(face, width, height, grid)
    sides = [(face.x, face.width, width, grid[0]), (face.y, face.height, height, grid[1])]
    exact = []
    for low, length, size, step in sides:
        start = max(Fraction(repr(low)) * size, Fraction(0))
        end = min((Fraction(repr(low)) + Fraction(repr(length))) * size, Fraction(size))
        exact.append((floor(start) // step * step, min(-(-ceil(end) // step) * step, size)) if start < end else None)
    if None in exact:
        assert rect is None
    else:
        assert rect == Rect(exact[0][0], exact[1][0], exact[0][1], exact[1][1])


@given(faces, st.integers(1, 4000), st.integers(1, 4000), grids)
def test_a_covered_rectangle_covers_itself(face, width, height, grid):
    rect = covered(face, width, height, grid)
    if rect:
        again = Face(1, rect.left / width, rect.top / height, rect.width / width, rect.height / height)
        larger = covered(again, width, height, grid)
        assert larger
        assert larger.left in (rect.left, rect.left - grid[0])
        assert larger.right in (rect.right, min(rect.right + grid[0], width))


def test_a_box_that_ends_on_a_pixels_edge_does_not_spill_into_the_next():
    assert 0.07 * 100 > 7
    assert covered(Face(1, 0.03, 0.03, 0.04, 0.04), 100, 100, (1, 1)) == Rect(3, 3, 7, 7)
    assert covered(Face(1, 0.07, 0.07, 0.07, 0.07), 100, 100, (1, 1)) == Rect(7, 7, 14, 14)


@pytest.mark.parametrize(
    ("face", "rect"),
    [
        (Face(1, -0.5, -0.5, 2, 2), Rect(0, 0, 101, 51)),
        (Face(1, 0.5, 0.5, 0.001, 0.001), Rect(50, 24, 52, 26)),
        (Face(1, 0.995, 0.99, 1, 1), Rect(100, 50, 101, 51)),
        (Face(1, -0.5, 0, 0.5, 1), None),
        (Face(1, 1, 0, 1, 1), None),
        (Face(1, 0.5, 0.5, 0, 0.5), None),
        (Face(1, 0.5, 0.5, 0.5, 0), None),
        (Face(1, -1e300, -1e300, 2e300, 2e300), Rect(0, 0, 101, 51)),
    ],
)
def test_boxes_across_the_edge_or_outside_are_clipped(face, rect):
    assert covered(face, 101, 51) == rect


def test_interlaced_chroma_belongs_to_four_rows():
    assert covered(Face(1, 0.5, 0.5, 0.001, 0.001), 100, 102, (2, 4)) == Rect(50, 48, 52, 52)
    assert covered(Face(1, 0, 0.99, 0.1, 0.1), 100, 102, (2, 4)) == Rect(0, 100, 10, 102)


def test_slices_hold_every_sample_of_a_plane_that_touches_the_rectangle():
    assert Rect(2, 4, 7, 9).slices() == (slice(4, 9), slice(2, 7))
    assert Rect(2, 4, 7, 9).slices(2, 2) == (slice(2, 5), slice(1, 4))
