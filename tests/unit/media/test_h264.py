"""Parameter sets and avcC as x264 and libav write them."""

from fractions import Fraction
from pathlib import Path

import av
import pytest

from redactor.media import h264
from tests.media_factory import make_clip

PC = {"color_range": 2, "color_primaries": 9, "color_trc": 16, "colorspace": 9}


def sets(path: Path) -> h264.Configuration:
    with av.open(str(path)) as container:
        extradata = container.streams.video[0].codec_context.extradata or b""
    found = h264.configuration(extradata)
    assert found.record() == extradata
    return found


def made(tmp_path: Path, **how) -> h264.Sequence:
    (unit,) = sets(make_clip(tmp_path / "a.mp4", frames=3, **how).path).sequences
    return h264.sequence(unit)


def test_size_is_in_macroblocks_and_what_is_cropped_in_pairs(tmp_path: Path) -> None:
    found = made(tmp_path, width=318, height=238)
    assert (found.look.size, found.look.crop) == ((20, 15), (0, 1, 0, 1))
    assert found.frames_only


@pytest.mark.parametrize("aspect", [Fraction(4, 3), Fraction(16, 11), Fraction(7, 5)])
def test_pixel_aspect(tmp_path: Path, aspect: Fraction) -> None:
    assert made(tmp_path, sample_aspect=aspect).look.aspect == (aspect.numerator, aspect.denominator)


def test_colours_and_range(tmp_path: Path) -> None:
    look = made(tmp_path, color=PC).look
    assert (look.full_range, look.colors) == (True, (9, 16, 9))
    plain = made(tmp_path).look
    assert (plain.full_range, plain.colors) == (False, (2, 2, 2))


@pytest.mark.parametrize(("bframes", "reorder"), [(0, 0), (1, 1), (3, 2)])
def test_how_many_frames_are_held_back(tmp_path: Path, bframes: int, reorder: int) -> None:
    options = {"x264-params": "b-pyramid=normal:b-adapt=0:nal-hrd=vbr:vbv-maxrate=900:vbv-bufsize=900"}
    assert made(tmp_path, bframes=bframes, codec_options=options).reorder == reorder


def test_numbers_of_the_sets_and_where_chroma_lies(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", frames=3, codec_options={"x264-params": "sps-id=5:chromaloc=2"})
    found = sets(clip.path)
    sequence = h264.sequence(found.sequences[0])
    assert (sequence.id, sequence.look.place) == (5, (2, 2))
    assert [h264.picture_set(unit) for unit in found.pictures] == [(5, 5)]
    with av.open(str(clip.path)) as container:
        for packet in container.demux(video=0):
            units = h264.units(bytes(packet), 4)
            assert h264.prefixed(units, 4) == bytes(packet)
            assert {h264.picture_of(unit) for unit in units if h264.kind(unit) in h264.SLICES} <= {5}


def test_two_encoders_share_one_record(tmp_path: Path) -> None:
    """The higher profile and level, and only the flags that both have."""
    one = sets(make_clip(tmp_path / "a.mp4", frames=3, codec_options={"profile": "main", "level": "4.1"}).path)
    other = sets(make_clip(tmp_path / "b.mp4", frames=3, codec_options={"profile": "high", "level": "3"}).path)
    both = h264.Configuration(4, (*one.sequences, *other.sequences), (*one.pictures, *other.pictures))
    assert both.record()[1:4] == bytes([100, 0, 41])
    assert h264.configuration(both.record()) == both


@pytest.mark.parametrize("data", [b"", b"\x01", b"\0\0\0\x01\x67", b"\x01dd\x0d\xff\xe1\0\x20ab"])
def test_what_is_no_record_is_refused(data: bytes) -> None:
    with pytest.raises((IndexError, ValueError)):
        h264.configuration(data)
