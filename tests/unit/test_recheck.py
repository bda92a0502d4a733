"""Telling a part that shows what was encoded from one that shows a face, on pictures made here and on real clips."""

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st

from redactor.annotations import Face
from redactor.blurs import obscure
from redactor.covering import Rect
from redactor.detect import detect
from redactor.errors import OutputMismatch
from redactor.media.decode import decode
from redactor.media.encode import Encoder, PartWriter
from redactor.media.forms import form_of
from redactor.media.parts import read_part
from redactor.media.planes import Picture, picture
from redactor.media.streams import FrameTime, VideoStream
from redactor.preset import BlurType, Preset, Resolution
from redactor.recheck import Seen, compare, seen
from redactor.tracks import track
from tests.unit.pipeline import Pipeline
from tests.unit.sightings import stream

PORTRAIT = np.ascontiguousarray(skimage.data.astronaut()[:240, 110:340, ::-1])
WIDTH, HEIGHT = 240, 320
# Head sizes: width, height.
SIZES = [(10, 14), (14, 20), (24, 32), (60, 80), (180, 240)]
# Low makes means of three pixels of the smallest face: it hides nothing there, so nothing could be found clear.
HIDING = [(blur, size) for blur in BlurType for size in SIZES if (blur, size) != (BlurType.LOW, SIZES[0])]


def shown(size: tuple[int, int], at: tuple[int, int] = (40, 40), pts: int = 0) -> Picture:
    """A portrait of this size on a quiet background."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    image = np.repeat((100 + x // 8 + y // 16)[..., None], 3, axis=2).astype(np.uint8)
    image[at[1] : at[1] + size[1], at[0] : at[0] + size[0]] = cv2.resize(PORTRAIT, size, interpolation=cv2.INTER_AREA)
    planes = cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420)
    flat = planes[HEIGHT:].reshape(2, HEIGHT // 2, WIDTH // 2)
    return Picture(FrameTime(pts, 512), planes[:HEIGHT].copy(), flat[0].copy(), flat[1].copy(), interlaced=False)


def head(size: tuple[int, int], at: tuple[int, int] = (40, 40)) -> Face:
    return Face(1, at[0] / WIDTH, at[1] / HEIGHT, size[0] / WIDTH, size[1] / HEIGHT)


def copied(one: Picture) -> Picture:
    return replace(one, y=one.y.copy(), u=one.u.copy(), v=one.v.copy())


def hidden(clear: Picture, blur: BlurType, faces: Sequence[Face]) -> tuple[Picture, Seen]:
    handed = copied(clear)
    rects = obscure(handed.planes, faces, blur)
    return handed, seen(handed, clear, rects)


def coded(pictures: Sequence[Picture], video: VideoStream, part: Path, crf: int = 19) -> list[Picture]:
    """What comes back from the encoder."""
    with PartWriter(part, video, form_of(video), Encoder(crf=crf)) as out:
        for one in pictures:
            out.write(one)
    with part.open("rb") as file:
        return list(read_part(file, part.stat().st_size, video, form_of(video)))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("blur", BlurType)
def test_what_was_encoded_passes(blur: BlurType, size: tuple[int, int], tmp_path: Path) -> None:
    frames = [hidden(shown(size, (40 + 2 * n, 40), n * 512), blur, [head(size, (40 + 2 * n, 40))]) for n in range(6)]
    back = coded([handed for handed, _ in frames], stream(WIDTH, HEIGHT), tmp_path / "p.mp4")
    for (_, told), decoded in zip(frames, back, strict=True):
        compare(told, decoded)


@pytest.mark.parametrize(("blur", "size"), HIDING, ids=str)
def test_a_clear_face_is_caught_however_small(blur: BlurType, size: tuple[int, int], tmp_path: Path) -> None:
    clear = shown(size)
    _, told = hidden(clear, blur, [head(size)])
    (back,) = coded([clear], stream(WIDTH, HEIGHT), tmp_path / "p.mp4")
    with pytest.raises(OutputMismatch, match="the rectangle Rect"):
        compare(told, back)


def test_of_many_faces_the_one_that_is_clear_is_caught() -> None:
    clear = shown((24, 32))
    handed, told = hidden(clear, BlurType.LOW, [head((24, 32)), Face(2, 0.6, 0.6, 0.2, 0.2)])
    compare(told, handed)
    slipped = copied(handed)
    for plane, source, step in zip(slipped.planes, clear.planes, (1, 2, 2), strict=True):
        area = told.rects[0].slices(step, step)
        plane[area] = source[area]
    with pytest.raises(
        OutputMismatch, match=re.escape(f"the rectangle {told.rects[0]} of the frame at pts 0 shows 100%")
    ):
        compare(told, slipped)


def test_another_picture_in_a_rectangle_is_caught() -> None:
    handed, told = hidden(shown((60, 80)), BlurType.BLACK, [head((60, 80))])
    handed.y[40:120, 40:100] = 60
    with pytest.raises(OutputMismatch, match=r"the rectangle .* is not what was encoded"):
        compare(told, handed)


def test_another_picture_beside_the_rectangles_is_caught() -> None:
    handed, told = hidden(shown((60, 80)), BlurType.BLACK, [head((60, 80))])
    handed.y[200:240, 140:200] += 40
    with pytest.raises(OutputMismatch, match="the frame at pts 0 is not what was encoded"):
        compare(told, handed)


def test_a_picture_that_is_a_little_off_everywhere_is_caught() -> None:
    handed, told = hidden(shown((60, 80)), BlurType.BLACK, ())
    brighter = replace(handed, y=handed.y + 9, u=handed.u + 9, v=handed.v + 9)
    with pytest.raises(OutputMismatch, match="differ by 9"):
        compare(told, brighter)


@pytest.mark.parametrize("plane", [1, 2])
def test_colours_count_too(plane: int) -> None:
    handed, told = hidden(shown((60, 80)), BlurType.BLACK, [head((60, 80))])
    handed.planes[plane][20:60, 20:50] = 200
    with pytest.raises(OutputMismatch):
        compare(told, handed)


def test_another_time_is_caught() -> None:
    handed, told = hidden(shown((60, 80)), BlurType.BLACK, ())
    with pytest.raises(OutputMismatch, match="pts 512 where 0 was encoded"):
        compare(told, replace(handed, time=FrameTime(512, 512)))


def test_where_there_is_nothing_to_hide_nothing_is_missed() -> None:
    flat = Picture(FrameTime(0, 1), *(np.full(shape, 90, np.uint8) for shape in ((64, 64), (32, 32), (32, 32))), False)
    handed, told = hidden(flat, BlurType.MED, [Face(1, 0.25, 0.25, 0.5, 0.5)])
    compare(told, handed)


sides = st.integers(0, 62)


@settings(deadline=None, max_examples=60)
@given(sides, sides, st.integers(2, 64), st.integers(2, 64), st.sampled_from(list(BlurType)))
def test_rectangles_of_any_shape_are_compared(x: int, y: int, width: int, height: int, blur: BlurType) -> None:
    rng = np.random.default_rng(1)
    shapes = ((65, 63), (33, 32), (33, 32))
    clear = Picture(FrameTime(0, 1), *(rng.integers(0, 256, shape, np.uint8) for shape in shapes), False)
    handed, told = hidden(clear, blur, [Face(1, x / 63, y / 65, width / 63, height / 65)])
    compare(told, handed)


@pytest.mark.parametrize(
    ("size", "cells", "within"), [((64, 64), 8, 0.51), ((512, 768), 32, 0.76), ((2048, 4096), 32, 1.01)], ids=str
)
def test_cells_are_the_means_of_what_they_cover(size: tuple[int, int], cells: int, within: float) -> None:
    """Large ones by halves, each rounded."""
    rng = np.random.default_rng(3)
    shapes = (size, *2 * ((size[0] // 2, size[1] // 2),))
    one = Picture(FrameTime(0, 1), *(rng.integers(0, 256, shape, np.uint8) for shape in shapes), False)
    means = [
        plane.reshape(count, plane.shape[0] // count, count, -1).mean(axis=(1, 3)).ravel()
        for plane, count in zip(one.planes, (cells, cells // 2, cells // 2), strict=True)
    ]
    np.testing.assert_allclose(seen(one, one, ()).whole, np.concatenate(means), atol=within)


def test_a_whole_segment_is_kept_in_little_memory() -> None:
    told = seen(shown((180, 240)), shown((180, 240)), [Rect(0, 0, WIDTH, HEIGHT)])
    assert sum(cells.nbytes for cells in (*told.covered, *told.clear, told.whole)) < 5000


def heads(pipeline: Pipeline) -> list[tuple[Picture, list[Face]]]:
    """The frames of a real clip's first 1.6 s that show somebody, each with the heads that we find in it."""
    video = pipeline.plan.streams.video
    until = (video.start or 0) + Fraction(8, 5) / video.time_base
    every = decode(pipeline.source, video, pipeline.segments[0])
    end = next(one.time.pts for one in every if one.time.pts >= until)
    segment = replace(pipeline.segments[0], end=end, until=None)
    found = detect(pipeline.source, pipeline.plan, segment, pipeline.preset).detections.frames
    faces: list[list[Face]] = [[] for _ in found.pts]
    for person in track(found, video).tracks:
        for placed in person.boxes:
            x1, y1, x2, y2 = placed.box
            sides = ((x2 - x1) / video.width, (y2 - y1) / video.height)
            faces[placed.frame].append(Face(person.id, x1 / video.width, y1 / video.height, *sides))
    frames = [picture(decoded, video, form_of(video)) for decoded in decode(pipeline.source, video, segment)]
    return [(frame, there) for frame, there in zip(frames, faces, strict=True) if there]


@pytest.mark.parametrize("name", ["aws_bezos_vogels.mp4", "asl/bird.mkv", "moviepy_chaplin.mp4"])
def test_real_clips_pass_as_encoded_and_fail_as_they_were(shared_media: Path, name: str, tmp_path: Path) -> None:
    preset = Preset(resolution=Resolution.STANDARD, detection_rate=Fraction(10))
    with Pipeline(shared_media / name, tmp_path, preset=preset) as real:
        video, frames = real.plan.streams.video, heads(real)[:8]
    assert len(frames) == 8
    clear = coded([one for one, _ in frames], video, tmp_path / "clear.mp4")
    for blur in BlurType:
        told = [hidden(one, blur, faces) for one, faces in frames]
        for (_, seen_then), decoded in zip(told, coded([h for h, _ in told], video, tmp_path / "p.mp4"), strict=True):
            compare(seen_then, decoded)
        for (_, seen_then), decoded in zip(told, clear, strict=True):
            with pytest.raises(OutputMismatch):
                compare(seen_then, decoded)
