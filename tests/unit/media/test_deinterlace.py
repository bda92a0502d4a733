"""Of an interlaced frame one moment is shown, where it was and in its colours, so that moving faces are found."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from redactor.detectors.faces import Detector
from redactor.media.decode import Decoded, decode
from redactor.media.deinterlace import upper_field
from redactor.media.streams import Segment, VideoStream
from redactor.media.upright import Image, upright_bgr
from tests.media_factory import face_pictures, make_clip
from tests.unit.media.conftest import opened
from tests.unit.media.looks import looks, looks_at, people, plain

WHOLE = Segment(0, None, None, None)
WIDTH, HEIGHT, FACE = 320, 240, 24
FORMATS = ["yuv420p", "yuvj420p", "yuv422p", "yuv444p", "yuv410p", "nv12", "yuyv422", "yuv420p10le", "yuv422p10le"]
CODINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "h264": ("a.mp4", {"codec_options": {"x264-params": "tff=1", "crf": "16"}}),
    "mpeg2": ("a.ts", {"codec": "mpeg2video", "codec_options": {"flags": "+ildct+ilme", "qscale": "2", "b": "20M"}}),
}


@given(
    width=st.integers(1, 40).map(lambda n: 4 * n),
    height=st.integers(2, 60).map(lambda n: 4 * n),
    pix_fmt=st.sampled_from([*FORMATS, "bgr24", "gbrp", "gray", "gray10le"]),
)
def test_a_field_is_every_second_line_of_every_plane(width: int, height: int, pix_fmt: str) -> None:
    frame = noise(width, height, pix_fmt)
    before = [lines(plane).tobytes() for plane in frame.planes]
    field = upper_field(frame)
    assert (field.width, field.height, field.format.name) == (width, height // 2, pix_fmt)
    for whole, half in zip(frame.planes, field.planes, strict=True):
        row = whole.width * len(frame.format.components) if pix_fmt in ("bgr24", "yuyv422") else whole.width
        np.testing.assert_array_equal(lines(half)[:, :row], lines(whole)[::2][: half.height, :row])
    assert [lines(plane).tobytes() for plane in frame.planes] == before


@pytest.mark.parametrize("pix_fmt", FORMATS)
@pytest.mark.parametrize("height", [1, 2, 3, 5, 182, 183])
def test_odd_heights_have_the_last_line_too(pix_fmt: str, height: int) -> None:
    assert upper_field(noise(64, height, pix_fmt)).height == (height + 1) // 2


def test_a_field_keeps_colour_tags() -> None:
    frame = noise(64, 64, "yuv420p10le")
    frame.colorspace, frame.color_range, frame.color_trc, frame.color_primaries = 9, 2, 16, 9
    field = upper_field(frame)
    assert (field.colorspace, field.color_range, field.color_trc, field.color_primaries) == (9, 2, 16, 9)


def test_a_palette_is_looked_up() -> None:
    pixels = np.zeros((8, 8), np.uint8)
    palette = np.zeros((256, 4), np.uint8)
    palette[0] = (255, 30, 20, 10)
    frame = av.VideoFrame.from_ndarray((pixels, palette), format="pal8")
    assert np.unique(upper_field(frame).to_ndarray(format="bgr24").reshape(-1, 3), axis=0).tolist() == [[10, 20, 30]]


@pytest.mark.parametrize("coding", CODINGS)
def test_small_faces_that_move_are_found(tmp_path: Path, coding: str, detector: Detector) -> None:
    first, box = face_pictures(width=WIDTH, height=HEIGHT, face_height=FACE, period=16)
    combed = 0
    for n, (decoded, video) in enumerate(interlaced(tmp_path, coding, first)):
        face = box(2 * n)
        assert face
        seen = looks(detector, upright_bgr(decoded.frame, video, (WIDTH,))[0], face)
        assert seen.overlap > 0.5
        assert seen.score > looks(detector, first(2 * n), face).score - 0.3
        combed += looks(detector, plain(decoded.frame), face).score < seen.score
    assert combed == 8


def test_people_of_a_real_clip_who_move_are_found(shared_media: Path, tmp_path: Path, detector: Detector) -> None:
    pictures, faces = people(shared_media)
    moving = [image for one in pictures for image in (one, np.roll(one, 12, axis=1))]
    scores = {"still": 0.0, "upright": 0.0, "combed": 0.0}
    for n, (decoded, video) in enumerate(interlaced(tmp_path, "h264", moving.__getitem__)):
        images = {
            "still": pictures[n],
            "upright": upright_bgr(decoded.frame, video, (640,))[0],
            "combed": plain(decoded.frame),
        }
        for name, image in images.items():
            scores[name] += sum(look.score for look in looks_at(detector, image, faces[n]))
    assert scores["upright"] > 0.85 * scores["still"]
    assert scores["combed"] < 0.9 * scores["upright"]


def interlaced(folder: Path, coding: str, picture: Callable[[int], Image]) -> Iterator[tuple[Decoded, VideoStream]]:
    """Eight frames, each of two fields: the upper lines of picture 2n, the lower ones of 2n + 1."""
    name, how = CODINGS[coding]
    height, width = picture(0).shape[:2]

    def woven(n: int) -> Image:
        image = picture(2 * n).copy()
        image[1::2] = picture(2 * n + 1)[1::2]
        return image

    clip = make_clip(folder / name, frames=8, width=width, height=height, picture=woven, coded=by_fields, **how)
    with opened(clip.path) as (source, streams):
        for decoded in decode(source, streams.video, WHOLE):
            assert decoded.frame.interlaced_frame
            yield decoded, streams.video


def by_fields(image: Image) -> av.VideoFrame:
    """4:2:0 as cameras make it: each field has chroma lines of its own."""
    height, width = image.shape[:2]
    frame = av.VideoFrame(width, height, "yuv420p")
    for k in (0, 1):
        field = av.VideoFrame.from_ndarray(np.ascontiguousarray(image[k::2]), format="bgr24").reformat(format="yuv420p")
        for whole, half in zip(frame.planes, field.planes, strict=True):
            lines(whole)[k::2, : half.width] = lines(half)[:, : half.width]
    return frame


def noise(width: int, height: int, pix_fmt: str) -> av.VideoFrame:
    frame = av.VideoFrame(width, height, pix_fmt)
    random = np.random.default_rng(width * height)
    for plane in frame.planes:
        rows = lines(plane)
        rows[:] = random.integers(0, 256, rows.shape, np.uint8)
    return frame


def lines(plane: Any) -> NDArray[np.uint8]:
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height]
