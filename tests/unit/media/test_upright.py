from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from redactor.media.decode import decode
from redactor.media.streams import Segment, VideoStream
from redactor.media.upright import Mapping, Upright, upright_bgr
from tests.media_factory import make_clip
from tests.unit.media.conftest import opened

WIDTH, HEIGHT = 160, 96
# A red mark on white, [x1, y1, x2, y2) of the decoded frame, in its upper left quarter.
MARK = (24, 12, 56, 36)


@pytest.mark.parametrize("aspect", [Fraction(1), Fraction(4, 3), Fraction(3, 4)])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("long_side", [80, 120, 160])
def test_a_mark_is_found_back_in_the_decoded_frame(
    tmp_path: Path, rotation: int, aspect: Fraction, long_side: int
) -> None:
    upright = _upright(tmp_path, rotation, aspect, (long_side,))[0]
    found = _red(upright.image)
    box = upright.mapping.boxes(np.array([found], np.float64))[0]
    np.testing.assert_allclose(box, MARK, atol=WIDTH / long_side * 2)


@pytest.mark.parametrize(
    ("rotation", "corner"), [(0, "top left"), (90, "top right"), (180, "bottom right"), (270, "bottom left")]
)
def test_the_picture_is_turned_clockwise(tmp_path: Path, rotation: int, corner: str) -> None:
    image = _upright(tmp_path, rotation, Fraction(1), (160,))[0].image
    x1, y1, x2, y2 = _red(image)
    rows = "top" if y1 + y2 < image.shape[0] else "bottom"
    columns = "left" if x1 + x2 < image.shape[1] else "right"
    assert f"{rows} {columns}" == corner


@pytest.mark.parametrize(
    ("aspect", "rotation", "size"),
    [
        (Fraction(1), 0, (80, 48)),
        (Fraction(1), 90, (48, 80)),
        (Fraction(2), 0, (80, 24)),
        (Fraction(1, 2), 0, (67, 80)),
        (Fraction(1, 2), 270, (80, 67)),
    ],
)
def test_pixels_become_square_and_the_long_side_fits(
    tmp_path: Path, aspect: Fraction, rotation: int, size: tuple[int, int]
) -> None:
    image = _upright(tmp_path, rotation, aspect, (80,))[0].image
    assert (image.shape[1], image.shape[0]) == size


def test_nothing_is_enlarged(tmp_path: Path) -> None:
    assert _upright(tmp_path, 0, Fraction(1), (5000,))[0].image.shape == (HEIGHT, WIDTH, 3)


def test_several_sizes_come_in_the_order_asked(tmp_path: Path) -> None:
    uprights = _upright(tmp_path, 0, Fraction(1), (40, 160, 80))
    assert [upright.image.shape[1] for upright in uprights] == [40, 160, 80]
    assert all(u.image.dtype == np.uint8 and u.image.flags.c_contiguous for u in uprights)


def test_colours_are_blue_green_red(tmp_path: Path) -> None:
    image = _upright(tmp_path, 0, Fraction(1), (160,))[0].image
    blue, green, red = image[MARK[1] + 8, MARK[0] + 8].tolist()
    assert red > 200
    assert max(blue, green) < 60


@given(
    rotation=st.sampled_from([0, 90, 180, 270]),
    box=st.tuples(*[st.floats(-50, 500)] * 4).map(
        lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3]))
    ),
)
def test_the_whole_image_is_the_whole_frame_and_order_is_kept(rotation: int, box: tuple[float, ...]) -> None:
    mapping = Mapping(200, 300, rotation, 1920, 1080)
    whole = mapping.boxes(np.array([0.0, 0.0, 200.0, 300.0]))
    np.testing.assert_allclose(whole, [0, 0, 1920, 1080], atol=1e-9)
    x1, y1, x2, y2 = mapping.boxes(np.array(box))
    assert x1 <= x2
    assert y1 <= y2


def test_points_and_boxes_of_any_number_are_mapped() -> None:
    mapping = Mapping(100, 50, 180, 200, 100)
    assert mapping.boxes(np.zeros((0, 4))).shape == (0, 4)
    assert mapping.points(np.zeros((3, 5, 2))).shape == (3, 5, 2)
    np.testing.assert_allclose(mapping.points(np.array([10.0, 10.0])), [180, 80])


def _upright(folder: Path, rotation: int, aspect: Fraction, long_sides: tuple[int, ...]) -> list[Upright]:
    clip = make_clip(
        folder / "a.mp4", frames=1, width=WIDTH, height=HEIGHT, pix_fmt="yuv444p", picture=lambda n: _marked()
    )
    with opened(clip.path) as (source, streams):
        video: VideoStream = replace(streams.video, rotation=rotation, sample_aspect=aspect)
        decoded = next(iter(decode(source, video, Segment(0, None, None, None))))
        return upright_bgr(decoded.frame, video, long_sides)


def _marked() -> NDArray[np.uint8]:
    image = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    x1, y1, x2, y2 = MARK
    image[y1:y2, x1:x2] = (0, 0, 255)
    return image


def _red(image: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(image[..., 0] < 128)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1
