"""Which packets hold a second field alone, told by sequence parameter sets and slice headers of real encoders."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from redactor.media.fields import may_be_fields, second_fields
from tests.formats.paff import field_pictures
from tests.media_factory import make_clip
from tests.unit.media.conftest import opened

START = b"\0\0\0\1"


def units(top_first: bool) -> tuple[bytes, list[bytes]]:
    """Three frames in field pictures: parameter sets, and the packets, one a field."""
    planes = (np.full((32, 16), 90, np.uint8), *2 * (np.full((16, 8), 128, np.uint8),))
    delimiter = START + b"\x09"
    _, *packets = field_pictures([planes] * 3, top_first=top_first).split(delimiter)
    sets = packets[0].split(START)
    return START + sets[1] + START + sets[2], [delimiter + packet for packet in packets]


@pytest.fixture(scope="module")
def predicate(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Callable[[bytes], bool]]:
    clip = make_clip(tmp_path_factory.mktemp("fields") / "a.mp4", frames=2)
    with opened(clip.path) as (_, streams):
        video = streams.video
    return lambda extradata, **changes: second_fields(extradata, replace(video, interlaced=True, **changes))


@pytest.mark.parametrize("top_first", [True, False])
def test_every_other_field_is_a_second_one(predicate: Callable[..., Callable[[bytes], bool]], top_first: bool) -> None:
    sets, packets = units(top_first)
    is_second = predicate(sets, top_first=top_first)
    assert [is_second(packet) for packet in packets] == [False, True] * 3
    assert may_be_fields("h264", sets)
    assert not may_be_fields("hevc", sets)


def test_lengths_before_units_are_read_as_well_as_start_codes(
    predicate: Callable[..., Callable[[bytes], bool]],
) -> None:
    sets, packets = units(top_first=True)
    sps = sets.split(START)[1]
    avcc = b"\x01" + sps[1:4] + b"\xff\xe1" + len(sps).to_bytes(2, "big") + sps
    is_second = predicate(avcc, top_first=True)
    lengths = [b"".join(len(u).to_bytes(4, "big") + u for u in p.split(START) if u) for p in packets]
    assert [is_second(packet) for packet in lengths] == [False, True] * 3


@pytest.mark.parametrize("parameters", ["interlaced=1", "interlaced=1:cqm=jvt", "cqm=jvt"])
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv444p", "yuv422p10le"])
def test_whole_frames_are_never_second_fields(tmp_path: Path, parameters: str, pix_fmt: str) -> None:
    """Of an encoder that writes scaling lists, other chroma and depths, interlaced and not."""
    how = {"codec_options": {"x264-params": parameters}, "pix_fmt": pix_fmt}
    with opened(make_clip(tmp_path / "a.mp4", frames=6, **how).path) as (source, streams):
        stream = source.video(streams.video.index)
        extradata = stream.codec_context.extradata
        assert may_be_fields("h264", extradata) == ("interlaced" in parameters)
        for top_first in (True, False):
            is_second = second_fields(extradata, replace(streams.video, top_first=top_first))
            source.rewind()
            stream = source.video(streams.video.index)
            assert not any(is_second(bytes(packet)) for packet in source.packets(stream))


@pytest.mark.parametrize(
    "extradata", [None, b"", b"\x01", b"\x01\x64\0\x1f\xff\xe1\0\x04\x67\x64\0\x1f", START + b"\x67"]
)
def test_without_a_parameter_set_every_packet_counts(
    predicate: Callable[..., Callable[[bytes], bool]], extradata: bytes | None
) -> None:
    _, packets = units(top_first=True)
    assert not any(predicate(extradata, top_first=True)(packet) for packet in packets)
    assert not may_be_fields("h264", extradata)
