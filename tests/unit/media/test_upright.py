from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from redactor import coordinates
from redactor.media.decode import decode
from redactor.media.streams import Segment, VideoStream
from redactor.media.upright import Image, upright_bgr
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
    image = _upright(tmp_path, rotation, aspect, (long_side,))[0]
    shown = _video(tmp_path, rotation, aspect)
    scale = coordinates.size(shown)[0] / image.shape[1]
    box = coordinates.decoded_boxes(np.array([_red(image)], np.float64) * scale, shown)[0]
    np.testing.assert_allclose(box, MARK, atol=WIDTH / long_side * 2)


@pytest.mark.parametrize(
    ("rotation", "corner"), [(0, "top left"), (90, "top right"), (180, "bottom right"), (270, "bottom left")]
)
def test_the_picture_is_turned_clockwise(tmp_path: Path, rotation: int, corner: str) -> None:
    image = _upright(tmp_path, rotation, Fraction(1), (160,))[0]
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
    image = _upright(tmp_path, rotation, aspect, (80,))[0]
    assert (image.shape[1], image.shape[0]) == size


def test_nothing_is_enlarged(tmp_path: Path) -> None:
    assert _upright(tmp_path, 0, Fraction(1), (5000,))[0].shape == (HEIGHT, WIDTH, 3)


def test_several_sizes_come_in_the_order_asked(tmp_path: Path) -> None:
    uprights = _upright(tmp_path, 0, Fraction(1), (40, 160, 80))
    assert [image.shape[1] for image in uprights] == [40, 160, 80]
    assert all(image.dtype == np.uint8 and image.flags.c_contiguous for image in uprights)


def test_colours_are_blue_green_red(tmp_path: Path) -> None:
    image = _upright(tmp_path, 0, Fraction(1), (160,))[0]
    blue, green, red = image[MARK[1] + 8, MARK[0] + 8].tolist()
    assert red > 200
    assert max(blue, green) < 60


def _upright(folder: Path, rotation: int, aspect: Fraction, long_sides: tuple[int, ...]) -> list[Image]:
    video = _video(folder, rotation, aspect)
    with opened(folder / "a.mp4") as (source, _):
        decoded = next(iter(decode(source, video, Segment(0, None, None, None))))
        return upright_bgr(decoded.frame, video, long_sides)


def _video(folder: Path, rotation: int, aspect: Fraction) -> VideoStream:
    clip = make_clip(
        folder / "a.mp4", frames=1, width=WIDTH, height=HEIGHT, pix_fmt="yuv444p", picture=lambda n: _marked()
    )
    with opened(clip.path) as (_, streams):
        return replace(streams.video, rotation=rotation, sample_aspect=aspect)


def _marked() -> NDArray[np.uint8]:
    image = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    x1, y1, x2, y2 = MARK
    image[y1:y2, x1:x2] = (0, 0, 255)
    return image


def _red(image: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(image[..., 0] < 128)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1
