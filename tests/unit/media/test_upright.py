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
from tests.unit.media.codings import FULL, HLG, LIMITED, MATRICES, PQ, frame_420
from tests.unit.media.conftest import opened

WIDTH, HEIGHT = 160, 96
WHOLE = Segment(0, None, None, None)
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


@pytest.mark.parametrize("bits", [8, 10])
@pytest.mark.parametrize("color_range", [LIMITED, FULL], ids=["limited", "full"])
@pytest.mark.parametrize("matrix", MATRICES)
@pytest.mark.parametrize("long_side", [160, 80])
def test_matrix_and_range_are_those_that_the_frame_states(
    plain: VideoStream, matrix: int, color_range: int, bits: int, long_side: int
) -> None:
    for colour in [(40, 60, 200), (200, 90, 30), (70, 110, 150), (255, 255, 255), (0, 0, 0)]:
        flat = np.tile(np.array(colour) / 255, (HEIGHT, WIDTH, 1))
        (image,) = upright_bgr(frame_420(flat, matrix, color_range, bits), plain, (long_side,))
        np.testing.assert_allclose(image, np.tile(colour, (*image.shape[:2], 1)), atol=4)


@pytest.mark.parametrize("transfer", [2, PQ, HLG])
@pytest.mark.parametrize("matrix", range(18))
def test_no_stated_matrix_stops_the_job(plain: VideoStream, matrix: int, transfer: int) -> None:
    grey = np.full((HEIGHT, WIDTH, 3), 0.5)
    frame = frame_420(grey, 1, LIMITED, 10)
    frame.colorspace, frame.color_trc = matrix, transfer
    (image,) = upright_bgr(frame, plain, (80,))
    assert np.ptp(image[..., 1]) <= 2
    if transfer == 2:
        assert image.mean() == pytest.approx(127, abs=4)


@pytest.mark.parametrize("codec", ["libx264", "libx265", "libvpx-vp9"])
def test_progressive_sdr_is_what_swscale_makes_of_it(tmp_path: Path, codec: str) -> None:
    clip = make_clip(tmp_path / "a.mkv", frames=3, width=WIDTH, height=HEIGHT, codec=codec, bframes=0)
    with opened(clip.path) as (source, streams):
        for decoded in decode(source, streams.video, WHOLE):
            (image,) = upright_bgr(decoded.frame, streams.video, (80,))
            converted = decoded.frame.reformat(width=80, height=48, format="bgr24", interpolation="AREA", threads=1)
            np.testing.assert_array_equal(image, converted.to_ndarray())


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("said_by", ["frame", "header"])
def test_interlaced_shows_the_upper_field_where_it_was(tmp_path: Path, rotation: int, said_by: str) -> None:
    options = {"x264-params": "tff=1"} if said_by == "frame" else {}
    clip = make_clip(
        tmp_path / "a.mp4",
        frames=1,
        width=WIDTH,
        height=HEIGHT,
        pix_fmt="yuv444p",
        picture=lambda _: _combed(),
        codec_options={**options, "qp": "1"},
    )
    with opened(clip.path) as (source, streams):
        decoded = next(iter(decode(source, streams.video, WHOLE)))
        assert decoded.frame.interlaced_frame is (said_by == "frame")
        video = replace(streams.video, rotation=rotation, interlaced=said_by == "header")
        (image,) = upright_bgr(decoded.frame, video, (WIDTH,))
    box = coordinates.decoded_boxes(np.array([_red(image)], np.float64), video)[0]
    np.testing.assert_allclose(box, MARK, atol=1)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> VideoStream:
    return _video(tmp_path_factory.mktemp("plain"), 0, Fraction(1))


def _combed() -> NDArray[np.uint8]:
    """The mark in the upper field; in the lower one it has moved on."""
    image = _marked()
    image[1::2] = np.roll(image[1::2], 60, axis=1)
    return image


def _upright(folder: Path, rotation: int, aspect: Fraction, long_sides: tuple[int, ...]) -> list[Image]:
    video = _video(folder, rotation, aspect)
    with opened(folder / "a.mp4") as (source, _):
        decoded = next(iter(decode(source, video, WHOLE)))
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
