"""Key packets from which decoding starts afresh, told without decoding, on real clips."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from redactor.media import cuts, glimpses
from redactor.media.cuts import cut
from redactor.media.keys import _TESTS, starts_afresh
from tests.media_factory import Clip, make_clip
from tests.unit.media.conftest import ZOO, opened

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
    "mpeg2 ts": [True] * 5,
    "avi": [True] * 5,
    "wmv": [True] * 4,
}


@pytest.mark.parametrize("name", SAID)
def test_a_key_says_whether_decoding_starts_afresh(zoo: Zoo, name: str) -> None:
    with opened(zoo(name).path) as (source, streams):
        source.rewind()
        stream = source.video(streams.video.index)
        keys = [bytes(packet) for packet in source.packets(stream) if packet.is_keyframe]
        said = [starts_afresh(key, streams.video.codec, stream.codec_context.extradata) for key in keys]
    assert said == SAID[name]


@pytest.mark.parametrize("name", ZOO)
def test_what_the_first_bytes_say_decoding_says_too(zoo: Zoo, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(zoo(name).path) as (source, streams):
        said = cut(source, streams, Fraction(1, 2))
    monkeypatch.setattr(cuts, "starts_afresh", lambda *_: False)
    monkeypatch.setattr(glimpses, "starts_afresh", lambda *_: False)
    with opened(zoo(name).path) as (source, streams):
        assert said == cut(source, streams, Fraction(1, 2))


OLD = {
    "mpeg1video": "a.mpg",
    "mpeg2video": "a.mkv",
    "mpeg4": "a.mp4",
    "wmv1": "a.wmv",
    "msmpeg4v2": "a.avi",
    "msmpeg4": "a.avi",
}


@pytest.mark.parametrize("codec", OLD)
def test_old_codecs_tell_pictures_that_need_no_other_from_those_that_do(tmp_path: Path, codec: str) -> None:
    path = make_clip(tmp_path / OLD[codec], codec=codec, bframes=2 if "video" in codec or codec == "mpeg4" else 0).path
    with opened(path) as (source, streams):
        source.rewind()
        stream = source.video(streams.video.index)
        packets = [packet for packet in source.packets(stream) if packet.size]
        extradata = stream.codec_context.extradata
        assert [starts_afresh(bytes(p), streams.video.codec, extradata) for p in packets] == [
            p.is_keyframe for p in packets
        ]
        assert sum(packet.is_keyframe for packet in packets) >= 4


@pytest.mark.parametrize(
    ("name", "said"), [(b"DivX503b1393p", False), (b"DivX503b1393", True), (b"DivX400Build22p", False)]
)
def test_a_packet_that_may_hold_two_pictures_is_decoded(name: bytes, said: bool) -> None:
    user = b"\0\0\1\xb2" + name
    picture = b"\0\0\1\xb6\x10" + bytes(20)
    assert starts_afresh(user + picture, "mpeg4", None) is starts_afresh(picture, "mpeg4", user) is said


@pytest.mark.parametrize("extradata", [b"", b"\x01", None])
@pytest.mark.parametrize("payload", [b"", b"\0", b"\0\0\1", b"\0\0\1\xb6", b"\0\0\1\0\0", b"\xff" * 9])
def test_what_is_no_packet_says_nothing(payload: bytes, extradata: bytes | None) -> None:
    assert not any(starts_afresh(payload, codec, extradata) for codec in _TESTS)
