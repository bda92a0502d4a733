"""Key packets from which decoding starts afresh, told without decoding, on real clips."""

from collections.abc import Callable

import pytest

from redactor.media.keys import starts_afresh
from tests.media_factory import Clip
from tests.unit.media.conftest import opened

Zoo = Callable[[str], Clip]
# Name -> for each key packet whether its bytes say it.
SAID = {
    "plain": [True] * 4,
    "fragmented": [True] * 4,
    "flv": [True] * 4,
    "open gop": [True, False, False, False],
    "intra refresh": [True, False, False, False, False, False],
    "ts": [True, *[False] * 5],
    "hevc open gop": [True] * 4,
    "prores": [True] * 48,
    "vp9": [True] * 4,
    "mpeg2 ts": [False] * 5,
}


@pytest.mark.parametrize("name", SAID)
def test_a_key_says_whether_decoding_starts_afresh(zoo: Zoo, name: str) -> None:
    with opened(zoo(name).path) as (source, streams):
        source.rewind()
        stream = source.video(streams.video.index)
        keys = [bytes(packet) for packet in source.packets(stream) if packet.is_keyframe]
        said = [starts_afresh(key, streams.video.codec, stream.codec_context.extradata) for key in keys]
    assert said == SAID[name]


@pytest.mark.parametrize("extradata", [b"", b"\x01", None])
@pytest.mark.parametrize("payload", [b"", b"\0", b"\0\0\1", b"\xff" * 9])
def test_what_is_no_packet_says_nothing(payload: bytes, extradata: bytes | None) -> None:
    assert not any(starts_afresh(payload, codec, extradata) for codec in ("h264", "hevc", "wmv2"))
