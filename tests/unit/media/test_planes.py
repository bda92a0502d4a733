from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from redactor.media.decode import Decoded, decode
from redactor.media.forms import form_of
from redactor.media.planes import Canvas, Picture, picture, plane_view, to_frame
from redactor.media.streams import Segment, VideoStream
from tests.media_factory import Clip, make_clip
from tests.unit.media.conftest import opened

Zoo = Callable[[str], Clip]
WHOLE = Segment(0, None, None, None)
FULL = {"color_range": 2, "colorspace": 1, "color_primaries": 1, "color_trc": 1}


def first(path: Path) -> tuple[Decoded, VideoStream, Picture]:
    with opened(path) as (source, streams):
        decoded = next(iter(decode(source, streams.video, WHOLE)))
        return decoded, streams.video, picture(decoded, streams.video, form_of(streams.video))


@pytest.mark.parametrize("name", ["plain", "mjpeg full range", "vp9"])
def test_8_bit_420_stays_as_it_is_sample_by_sample(zoo: Zoo, name: str) -> None:
    decoded, _, own = first(zoo(name).path)
    for n, plane in enumerate(own.planes):
        np.testing.assert_array_equal(plane, plane_view(decoded.frame, n))
    assert own.time == decoded.time


@pytest.mark.parametrize("name", ["plain", "prores"])
def test_what_the_decoder_still_needs_cannot_be_written(zoo: Zoo, name: str) -> None:
    _, _, shown = first(zoo(name).path)
    for plane in shown.planes:
        with pytest.raises(ValueError, match="read-only"):
            plane[:] = 0


def test_drawing_leaves_the_decoder_alone_and_reaches_the_encoder(zoo: Zoo) -> None:
    decoded, video, shown = first(zoo("plain").path)
    before = [bytes(plane) for plane in decoded.frame.planes]
    canvas = Canvas(video, form_of(video)).of(shown)
    for plane, same in zip(canvas.planes, shown.planes, strict=True):
        np.testing.assert_array_equal(plane, same)
        plane[:] = 7
    assert [bytes(plane) for plane in decoded.frame.planes] == before
    frame = to_frame(canvas, video, form_of(video))
    assert all((plane_view(frame, n) == 7).all() for n in range(3))


def test_a_frame_that_the_encoder_still_holds_keeps_its_samples_when_the_canvas_is_used_again(zoo: Zoo) -> None:
    _, video, shown = first(zoo("plain").path)
    canvas = Canvas(video, form_of(video))
    held = canvas.of(shown).canvas
    assert held is not None
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = held.width, held.height, "yuv420p", Fraction(1)
    encoder.options = {"qp": "0", "rc-lookahead": "40"}
    packets = []
    for value in range(60):
        drawn = canvas.of(shown)
        drawn.y[:] = value
        frame = to_frame(drawn, video, form_of(video))
        frame.pts, frame.time_base = value, Fraction(1)
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    decoder = av.CodecContext.create("h264", "r")
    back = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]
    assert [np.unique(plane_view(frame, 0)).tolist() for frame in back] == [[value] for value in range(60)]


def test_an_odd_size_is_filled_up_with_what_was_drawn_at_its_edge(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", frames=2, width=127, height=95, pix_fmt="yuv444p")
    _, video, own = first(clip.path)
    canvas = Canvas(video, form_of(video)).of(own)
    canvas.y[:, -1] = np.arange(95)
    canvas.y[-1] = np.arange(127)
    luma = plane_view(to_frame(canvas, video, form_of(video)), 0)
    assert luma.shape == (96, 128)
    np.testing.assert_array_equal(luma[:94, 127], np.arange(94))
    np.testing.assert_array_equal(luma[95], [*range(127), 126])


def test_a_picture_keeps_its_samples_when_the_decoder_goes_on(zoo: Zoo) -> None:
    clip = zoo("plain")
    with opened(clip.path) as (source, streams):
        shown = [
            (picture(one, streams.video, form_of(streams.video)), one.frame.to_ndarray())
            for one in decode(source, streams.video, WHOLE)
        ]
    for kept, then in shown:
        np.testing.assert_array_equal(kept.y, then[: kept.y.shape[0]])


@pytest.mark.parametrize(("width", "height"), [(128, 96), (130, 98), (127, 95)])
def test_chroma_planes_are_half_the_size_rounded_up(tmp_path: Path, width: int, height: int) -> None:
    clip = make_clip(tmp_path / "a.mp4", frames=2, width=width, height=height, pix_fmt="yuv444p")
    _, _, own = first(clip.path)
    half = ((height + 1) // 2, (width + 1) // 2)
    assert [plane.shape for plane in own.planes] == [(height, width), half, half]
    assert all(plane.dtype == np.uint8 for plane in own.planes)


@pytest.mark.parametrize("pix_fmt", ["yuv422p", "yuv444p", "yuv420p10le", "yuv444p10le"])
@pytest.mark.parametrize("color", [FULL, {**FULL, "color_range": 1}], ids=["full", "limited"])
def test_other_formats_keep_range_and_matrix(tmp_path: Path, pix_fmt: str, color: dict[str, int]) -> None:
    """Flat grey of luma 20 and chroma 90, 200 stays that within a step, whatever the range says."""
    clip = _flat(tmp_path / "a.mp4", pix_fmt, (20, 90, 200), color)
    _, video, own = first(clip)
    assert form_of(video).color.range == color["color_range"]
    for plane, value in zip(own.planes, (20, 90, 200), strict=True):
        np.testing.assert_allclose(plane, value, atol=1)


@pytest.mark.parametrize("matrix", [8, 10, 14])
def test_a_matrix_that_swscale_does_not_know_is_kept(tmp_path: Path, matrix: int) -> None:
    """YCgCo, BT.2020 with constant luminance, ICtCp: nothing is converted but depth and chroma sampling."""
    path = _flat(tmp_path / "a.mkv", "yuv444p10le", (200, 90, 140), {"colorspace": matrix, "color_range": 1})
    _, video, own = first(path)
    assert form_of(video).color.space == matrix
    for plane, value in zip(own.planes, (200, 90, 140), strict=True):
        np.testing.assert_allclose(plane, value, atol=1)


def test_rgb_becomes_limited_range_and_says_so(tmp_path: Path) -> None:
    white = np.full((96, 128, 3), 255, np.uint8)
    clip = make_clip(tmp_path / "a.mkv", codec="ffv1", pix_fmt="bgr0", frames=2, bframes=0, picture=lambda n: white)
    _, video, own = first(clip.path)
    assert form_of(video).color.range == 1
    assert form_of(video).color.space == 6
    np.testing.assert_allclose(own.y, 235, atol=1)
    np.testing.assert_allclose(own.u, 128, atol=1)


def test_an_older_name_for_full_range_is_full_range(zoo: Zoo) -> None:
    _, video, _ = first(zoo("mjpeg full range").path)
    assert video.pix_fmt == "yuvj420p"
    assert form_of(video).color.range == 2


def test_a_frame_for_the_encoder_has_the_planes_time_and_tags(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", frames=3, start=777, color=FULL)
    _, video, own = first(clip.path)
    frame = to_frame(own, video, form_of(video))
    for n, plane in enumerate(own.planes):
        np.testing.assert_array_equal(plane_view(frame, n), plane)
    assert (frame.pts, frame.time_base, frame.pict_type, frame.format.name) == (777, Fraction(1, 12288), 0, "yuv420p")
    assert (frame.color_range, frame.colorspace, frame.color_primaries, frame.color_trc) == (2, 1, 1, 1)


def test_a_real_full_range_clip_keeps_its_extremes(shared_media: Path) -> None:
    decoded, video, own = first(shared_media / "bt709_full_range.mp4")
    np.testing.assert_array_equal(own.y, plane_view(decoded.frame, 0))
    assert form_of(video).color.range == 2


def _flat(path: Path, pix_fmt: str, values: tuple[int, int, int], color: dict[str, int]) -> Path:
    """A lossless clip whose planes hold one value each (given in 8 bits)."""
    deep = "10" in pix_fmt
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=24, options={"qp": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 64, pix_fmt
        for name, value in color.items():
            setattr(stream.codec_context, name, value)
        frame = av.VideoFrame(64, 64, pix_fmt)
        for plane, value in zip(frame.planes, values, strict=True):
            sample = (value << 2).to_bytes(2, "little") if deep else bytes([value])
            plane.update(sample * (plane.buffer_size // len(sample)))
        frame.pts, frame.time_base = 0, Fraction(1, 24)
        out.mux([*stream.encode(frame), *stream.encode(None)])
    return path
