"""How large the pictures are that a detector looks at."""

from fractions import Fraction

import pytest

from redactor.detectors.scale import long_sides, smallest_face
from redactor.preset import Experimental, Preset, Resolution
from tests.unit.sightings import stream


class Eyes:
    long_sides = (320, 1056)


def sides(width: int, height: int, least: int = 24, resolution: Resolution = Resolution.SOURCE) -> tuple[int, ...]:
    preset = Preset(resolution=resolution, experimental=Experimental(min_face=Fraction(least)))
    return long_sides(Eyes(), stream(width, height), preset)  # type: ignore[arg-type]


@pytest.mark.parametrize(("width", "height"), [(640, 480), (1280, 720), (1584, 890)])
def test_up_to_890_lines_the_detector_sees_what_it_wants(width: int, height: int) -> None:
    assert sides(width, height) == (320, 1056)


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1080, 1920)])
def test_in_full_hd_the_smallest_face_wanted_is_large_enough(width: int, height: int) -> None:
    assert sides(width, height) == (320, 1280)
    assert smallest_face((320, 1280), stream(width, height)) == 24


@pytest.mark.parametrize(("width", "height"), [(2560, 1440), (3840, 2160), (2160, 3840)])
def test_beyond_full_hd_nothing_is_shrunk_for_the_large_pass(width: int, height: int) -> None:
    assert sides(width, height) == (320, max(width, height))


def test_no_picture_is_larger_than_the_network_can_take() -> None:
    assert sides(7680, 4320) == (320, 3840)


def test_smaller_faces_take_a_larger_picture_and_larger_ones_a_smaller() -> None:
    assert sides(1920, 1080, least=16) == (320, 1920)
    assert sides(1920, 1080, least=48) == (320, 640)
    assert sides(3840, 2160, least=48) == (320, 1920)
    assert sides(1280, 720, least=10_000) == (320, 320)


def test_standard_definition_is_looked_at_at_640_pixels() -> None:
    assert sides(3840, 2160, resolution=Resolution.STANDARD) == (320, 640)


@pytest.mark.parametrize(
    ("width", "height", "given", "least"),
    [
        (1280, 720, (320, 1280), 16),
        (1920, 1080, (320, 1280), 24),
        (3840, 2160, (320, 3840), 16),
        (640, 480, (1280,), 16),
    ],
)
def test_the_smallest_face_that_can_be_seen_is_told_in_pixels_of_the_source(
    width: int, height: int, given: tuple[int, ...], least: float
) -> None:
    assert smallest_face(given, stream(width, height)) == least
