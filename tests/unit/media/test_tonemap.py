"""HDR comes out as the SDR picture of the same scene, and faces are found in it as in that one."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from redactor.detectors.faces import Detector
from redactor.detectors.yunet import YuNet
from redactor.media.decode import Decoded, decode
from redactor.media.streams import Segment, VideoStream
from redactor.media.tonemap import is_hdr, tone_mapped, tone_mapped_deep
from redactor.media.upright import Image, upright_bgr
from tests.media_factory import face_pictures, make_clip
from tests.unit.media.codings import HLG, LIMITED, PQ, hdr_frame, hdr_signal, light_of
from tests.unit.media.conftest import opened
from tests.unit.media.looks import looks, looks_at, people, plain

BT2020 = 9
WHOLE = Segment(0, None, None, None)
WIDTH, HEIGHT, FACE = 320, 240, 24
CODECS = {"libx264": {"crf": "16"}, "libx265": {"x265-params": "log-level=none:crf=16"}}
both = pytest.mark.parametrize("transfer", [PQ, HLG])


def mapped(light: NDArray[np.float64], transfer: int) -> Image:
    signal = np.round(hdr_signal(light, transfer) * 65535).clip(0, 65535).astype(np.uint16)
    return tone_mapped(signal, transfer, BT2020)


def greys(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.repeat(values[None, :, None], 3, axis=2)


@both
def test_up_to_half_of_reference_white_grey_is_what_it_is_in_sdr(transfer: int) -> None:
    sdr = np.repeat(np.arange(186, dtype=np.uint8)[None, :, None], 3, axis=2)
    np.testing.assert_allclose(mapped(light_of(sdr), transfer), sdr, atol=1)


@both
def test_skin_of_all_kinds_keeps_its_colour(transfer: int) -> None:
    skin = np.array([[[120, 145, 185], [80, 105, 150], [50, 70, 110], [25, 35, 60]]], np.uint8)
    np.testing.assert_allclose(mapped(light_of(skin), transfer), skin, atol=2)


@both
@pytest.mark.parametrize("brightness", [1.0, 2.0, 4.0])
def test_what_is_bright_keeps_its_hue(transfer: int, brightness: float) -> None:
    """Channels of light keep their ratio; each pressed by itself, orange would turn yellow."""
    orange = np.array([[[0.08, 0.4, 1.0]]]) * 203 * brightness
    blue, green, red = light_of(mapped(orange, transfer))[0, 0]
    assert green / red == pytest.approx(0.4, abs=0.02)
    assert blue / red == pytest.approx(0.08, abs=0.02)


@both
def test_eight_bits_are_the_sixteen_rounded(transfer: int) -> None:
    signal = np.random.default_rng(4).integers(0, 65536, (50, 50, 3), np.uint16)
    deep = tone_mapped_deep(signal, transfer, BT2020)
    np.testing.assert_allclose(tone_mapped(signal, transfer, BT2020), deep / 257, atol=0.51)


@pytest.mark.parametrize("primaries", [1, 9, 12, 2])
def test_white_stays_white_in_any_primaries(primaries: int) -> None:
    """Rows of a matrix between primaries of one white point add up to 1."""
    grey = np.full((1, 1, 3), 30000, np.uint16)
    blue, green, red = tone_mapped_deep(grey, PQ, primaries)[0, 0].tolist()
    assert max(blue, green, red) - min(blue, green, red) < 30


@both
def test_brighter_is_never_darker_and_ends_in_white(transfer: int) -> None:
    shown = mapped(greys(np.geomspace(0.01, 1200, 3000)), transfer)[0, :, 1].astype(int)
    assert (np.diff(shown) >= 0).all()
    assert shown[0] == 0
    assert shown[-1] == 255


@both
def test_reference_white_leaves_room_for_highlights(transfer: int) -> None:
    white, bright = mapped(greys(np.array([203.0, 600.0])), transfer)[0, :, 1].tolist()
    assert 215 < white < 235
    assert white + 10 < bright < 255


def test_other_transfers_are_left_alone() -> None:
    assert [code for code in range(20) if is_hdr(code)] == [PQ, HLG]


@pytest.mark.parametrize("codec", CODECS)
@both
def test_a_coded_picture_comes_out_as_in_sdr(tmp_path: Path, codec: str, transfer: int) -> None:
    picture, _ = face_pictures(width=WIDTH, height=HEIGHT, face_height=FACE)
    for n, (decoded, video) in enumerate(coded(tmp_path, transfer, codec)):
        off = np.abs(upright_bgr(decoded.frame, video, (WIDTH,))[0] - picture(n).astype(int)).mean()
        naive = np.abs(plain(decoded.frame) - picture(n).astype(int)).mean()
        assert off < 2
        assert naive > 3 * off


@both
def test_small_faces_are_found_as_in_sdr(tmp_path: Path, transfer: int, detector: Detector) -> None:
    picture, box = face_pictures(width=WIDTH, height=HEIGHT, face_height=FACE)
    for n, (decoded, video) in enumerate(coded(tmp_path, transfer)):
        face = box(n)
        assert face
        sdr, naive, upright = (
            looks(detector, image, face)
            for image in (picture(n), plain(decoded.frame), upright_bgr(decoded.frame, video, (WIDTH,))[0])
        )
        assert upright.overlap > 0.5
        assert upright.score > sdr.score - 0.12
        # CenterFace does not mind grey and dim faces.
        assert naive.score < upright.score or not isinstance(detector, YuNet)


def test_people_of_a_real_clip_are_found_as_in_sdr(shared_media: Path, tmp_path: Path, detector: Detector) -> None:
    pictures, faces = people(shared_media)
    missed = {"sdr": 0, "upright": 0}
    for n, (decoded, video) in enumerate(coded(tmp_path, PQ, pictures=pictures)):
        upright = upright_bgr(decoded.frame, video, (640,))[0]
        for name, image in (("sdr", pictures[n]), ("upright", upright)):
            missed[name] += sum(not look.score for look in looks_at(detector, image, faces[n]))
    assert sum(map(len, faces)) > 3 * missed["sdr"]
    assert missed["upright"] <= missed["sdr"] + 1


def coded(
    folder: Path, transfer: int, codec: str = "libx264", pictures: Sequence[Image] = ()
) -> Iterator[tuple[Decoded, VideoStream]]:
    """Frames of these pictures, or of a face that passes by, as HDR."""
    passing, _ = face_pictures(width=WIDTH, height=HEIGHT, face_height=FACE)
    pictures = pictures or [passing(n) for n in range(5)]
    clip = make_clip(
        folder / "hdr.mp4",
        frames=len(pictures),
        width=pictures[0].shape[1],
        height=pictures[0].shape[0],
        codec=codec,
        pix_fmt="yuv420p10le",
        codec_options=CODECS[codec],
        color={"color_trc": transfer, "color_primaries": 9, "colorspace": 9, "color_range": LIMITED},
        picture=pictures.__getitem__,
        coded=lambda image: hdr_frame(image, transfer),
    )
    with opened(clip.path) as (source, streams):
        yield from ((decoded, streams.video) for decoded in decode(source, streams.video, WHOLE))
