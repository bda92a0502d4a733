"""Other forms of a picture: each field keeps its chroma, and HDR comes out as the SDR picture of the same scene."""

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from redactor.media.decode import Decoded
from redactor.media.forms import Form, changes, form_of
from redactor.media.orientation import Weave
from redactor.media.planes import Picture, picture, plane_view
from redactor.media.streams import FrameTime, VideoStream
from tests.media_factory import face_pictures
from tests.unit.media.codings import HLG, LIMITED, PQ, frame_420, hdr_frame
from tests.unit.sightings import stream

WIDTH, HEIGHT = 320, 240
SMPTE170M = 6
both = pytest.mark.parametrize("transfer", [PQ, HLG])


def source(pix_fmt: str, **how: object) -> VideoStream:
    return replace(stream(WIDTH, HEIGHT), pix_fmt=pix_fmt, **how)


def shown(frame: av.VideoFrame, video: VideoStream, form: Form | None = None) -> Picture:
    return picture(Decoded(FrameTime(0, 1), frame), video, form or form_of(video))


def hdr(transfer: int, **how: object) -> VideoStream:
    tags = {"color_trc": transfer, "color_primaries": 9, "colorspace": 9, "color_range": LIMITED}
    return source("yuv420p10le", **tags | how)


@both
def test_hdr_comes_out_as_the_sdr_picture_of_the_scene(transfer: int) -> None:
    image, _ = face_pictures(width=WIDTH, height=HEIGHT, face_height=80)
    scene = image(20) // 4 * 3  # up to half of reference white, where nothing is pressed together
    ours, theirs = shown(hdr_frame(scene, transfer), hdr(transfer)), frame_420(scene / 255, 1, LIMITED)
    for n, plane in enumerate(ours.planes):
        off = np.abs(plane.astype(int) - plane_view(theirs, n))
        assert off.mean() < 1
        assert np.percentile(off, 99) <= 6


@both
def test_hdr_becomes_sdr_and_says_so(transfer: int) -> None:
    form = form_of(hdr(transfer))
    assert (form.color.range, form.color.primaries, form.color.trc, form.color.space) == (1, 1, 1, 1)
    assert any("became SDR" in told for told in changes(hdr(transfer), form))


@both
def test_hdr_that_is_kept_is_left_alone(transfer: int) -> None:
    video = hdr(transfer)
    form = form_of(video, keep=True)
    frame = hdr_frame(np.full((HEIGHT, WIDTH, 3), 150, np.uint8), transfer)
    assert (form.pix_fmt, form.color.trc, form.color.space) == ("yuv420p10le", transfer, 9)
    assert changes(video, form) == ()
    for n, plane in enumerate(shown(frame, video, form).planes):
        np.testing.assert_array_equal(plane, plane_view(frame, n))


@pytest.mark.parametrize("matrix", [10, 14])
def test_hdr_of_a_matrix_that_nobody_converts_stays_as_tagged(matrix: int) -> None:
    """Constant luminance, ICtCp: a wrong matrix would give false colours, so players get the source's tags."""
    video = hdr(PQ, colorspace=matrix)
    form = form_of(video)
    assert not form.tone_mapped
    assert (form.color.trc, form.color.space) == (PQ, matrix)


def test_a_picture_does_not_depend_on_the_others() -> None:
    image, _ = face_pictures(width=WIDTH, height=HEIGHT, face_height=80)
    frame, other = hdr_frame(image(3), PQ), hdr_frame(image(30), PQ)
    alone = shown(frame, hdr(PQ))
    shown(other, hdr(PQ))
    for one, again in zip(alone.planes, shown(frame, hdr(PQ)).planes, strict=True):
        np.testing.assert_array_equal(one, again)


@pytest.mark.parametrize("pix_fmt", ["yuv422p", "yuv422p10le", "yuv444p", "uyvy422"])
def test_two_fields_keep_their_chroma_apart(pix_fmt: str) -> None:
    """The upper field blue, the lower one yellow: a blend of both would be grey."""
    frame = woven("yuv444p", ((100, 200, 90), (100, 60, 160))).reformat(format=pix_fmt, threads=1)
    flagged = Weave(top_first=True).mark(frame)
    assert flagged.interlaced_frame
    found = shown(flagged, source(pix_fmt, interlaced=True, colorspace=SMPTE170M))
    assert found.interlaced
    np.testing.assert_allclose(found.y, 100, atol=1)
    for plane, upper, lower in ((found.u, 200, 60), (found.v, 90, 160)):
        np.testing.assert_allclose(plane[::2], upper, atol=2)
        np.testing.assert_allclose(plane[1::2], lower, atol=2)


def test_two_fields_of_hdr_keep_their_chroma_apart() -> None:
    frame = woven("yuv420p", ((100, 150, 110), (100, 110, 140))).reformat(format="yuv420p10le", threads=1)
    found = shown(Weave(top_first=True).mark(frame), hdr(HLG, interlaced=True))
    upper, lower = (np.median(found.u[n::2][2:-2]) for n in (0, 1))
    assert upper - lower > 30
    assert found.u[::2][2:-2].std() < 2


def woven(pix_fmt: str, fields: tuple[tuple[int, int, int], ...]) -> av.VideoFrame:
    """Two flat fields: Y, Cb, Cr of the upper and the lower one."""
    frame = av.VideoFrame(WIDTH, HEIGHT, pix_fmt)
    for n in range(3):
        for row, samples in enumerate(fields):
            plane_view(frame, n)[row::2] = samples[n]
    frame.pts, frame.time_base = 0, Fraction(1, 25)
    return frame


FORMS = {
    "yuv420p": ("yuv420p", "high"),
    "yuvj422p": ("yuv422p", "high422"),
    "yuv444p12le": ("yuv444p10le", "high444"),
    "yuv422p10le": ("yuv422p10le", "high422"),
    "p010le": ("yuv420p10le", "high10"),
    "yuv411p": ("yuv422p", "high422"),
    "yuv440p": ("yuv444p", "high444"),
    "yuv410p": ("yuv420p", "high"),
    "gray": ("yuv420p", "high"),
    "gray10le": ("yuv420p10le", "high10"),
    "gbrp10le": ("yuv444p10le", "high444"),
    "pal8": ("yuv444p", "high444"),
    "yuva444p10le": ("yuv444p10le", "high444"),
}


@pytest.mark.parametrize("pix_fmt", FORMS)
def test_what_is_kept_is_the_least_that_holds_the_source(pix_fmt: str) -> None:
    form = form_of(source(pix_fmt), keep=True)
    assert (form.pix_fmt, form.profile) == FORMS[pix_fmt]
    assert form_of(source(pix_fmt)).pix_fmt == "yuv420p"


@pytest.mark.parametrize(
    ("pix_fmt", "interlaced", "size"),
    [
        ("yuv420p", False, (320, 240)),
        ("yuv420p", True, (320, 240)),
        ("yuv422p", False, (320, 239)),
        ("yuv422p", True, (320, 240)),
        ("yuv444p", False, (319, 239)),
        ("yuv444p", True, (319, 240)),
    ],
)
def test_sizes_are_kept_as_far_as_whole_chroma_samples_allow(
    pix_fmt: str, interlaced: bool, size: tuple[int, int]
) -> None:
    video = source(pix_fmt, width=319, height=239, interlaced=interlaced)
    form = form_of(video, keep=True)
    assert form.coded_size(video) == size
    assert any("the picture is" in told for told in changes(video, form)) == (size != (319, 239))
