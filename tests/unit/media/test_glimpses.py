"""What the beginning of a key packet tells is what the whole of it tells; the rest of it is not read."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor.media import cuts, glimpses
from redactor.media.cuts import cut
from redactor.media.probe import probe
from redactor.media.source import _Guard, open_source
from redactor.media.streams import Key, Segment
from tests.media_factory import Clip, Image, make_clip
from tests.unit.media.conftest import ZOO, Watched, opened

Zoo = Callable[[str], Clip]
# Between when a key is decoded and when it is shown, too.
LENGTHS = [Fraction(99, 400), Fraction(1, 2), Fraction(1, 30)]
TOLD = {
    "a.mp4": {},
    "b.mkv": {"audio": "aac"},
    "c.mp4": {"codec": "libx265", "codec_options": {"preset": "ultrafast", "x265-params": "open-gop=1:log-level=none"}},
    "d.mov": {"codec": "mjpeg", "pix_fmt": "yuvj420p", "bframes": 0},
    "e.mkv": {"codec": "libvpx", "bframes": 0, "codec_options": {"deadline": "realtime", "cpu-used": "8", "b": "9M"}},
    "f.mp4": {"steps": (512, 700, 3, 2000)},
    "g.mp4": {"start": 50_001, "audio": "aac", "audio_start": 20_000},
}
# 512 bytes are taken for headers; an encoder says of itself some 700.
HEAD = 2048


def noise(n: int) -> Image:
    return np.random.default_rng(n // 6).integers(0, 256, (240, 320, 3), np.uint8)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    """Key pictures of 30 KB and more, every sixth, in 20 of these."""
    folder, clips = tmp_path_factory.mktemp("glimpses"), dict[str, bytes]()

    def clip(name: str) -> bytes:
        if name not in clips:
            how: dict[str, Any] = {"frames": 120, "width": 320, "height": 240, "gop": 6, "picture": noise, **TOLD[name]}
            clips[name] = make_clip(folder / name, **how).path.read_bytes()
        return clips[name]

    return clip


def segments(data: bytes, seconds: Fraction) -> tuple[list[Segment], int]:
    """And the bytes that were read for them."""
    file = Watched(data)
    with open_source(file, len(data)) as source:
        streams = probe(source)
        file.count = 0
        return cut(source, streams, seconds), file.count


@pytest.mark.parametrize("seconds", LENGTHS)
@pytest.mark.parametrize("name", TOLD)
def test_the_beginning_of_a_key_tells_what_the_whole_does(
    made: Callable[[str], bytes], name: str, seconds: Fraction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glimpses, "HEAD", HEAD)
    with monkeypatch.context() as patch:
        patch.setattr(glimpses, "_CONTAINERS", ())
        whole, much = segments(made(name), seconds)
    monkeypatch.setattr(cuts, "_looked", None)
    glimpsed, little = segments(made(name), seconds)
    assert glimpsed == whole
    assert len(whole) >= 10
    assert 4 * little < much


@pytest.mark.parametrize("name", [name for name, (file, _) in ZOO.items() if file[2:] in ("mp4", "mov", "mkv", "webm")])
@pytest.mark.parametrize("seconds", [Fraction(1, 7), Fraction(1, 2)])
def test_segments_are_the_same_without_it(
    zoo: Zoo, name: str, seconds: Fraction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glimpses, "HEAD", 800)
    glimpsed = segments(zoo(name).path.read_bytes(), seconds)[0]
    monkeypatch.setattr(glimpses, "_CONTAINERS", ())
    assert glimpsed == segments(zoo(name).path.read_bytes(), seconds)[0]


@pytest.mark.parametrize("head", [513, 600, 1300])
def test_what_a_beginning_does_not_tell_is_left_to_whole_packets(
    made: Callable[[str], bytes], head: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One byte of each packet is known; 88; and all that the encoder says of itself before the first."""
    told = segments(made("a.mp4"), LENGTHS[0])[0]
    looked: list[Key] = []
    whole = cuts._looked

    def noted(*given: Any) -> Any:
        for key in whole(*given):
            looked.append(key)
            yield key

    monkeypatch.setattr(cuts, "_looked", noted)
    monkeypatch.setattr(glimpses, "HEAD", head)
    assert segments(made("a.mp4"), LENGTHS[0])[0] == told
    assert bool(looked) is (head < 1300)


@dataclass
class FakePacket:
    is_keyframe: bool
    is_discard: bool
    pts, dts, pos, size = 4, 3, 2, 1

    def __bytes__(self) -> bytes:
        return b"p"


@pytest.mark.parametrize(("key", "hidden"), [(True, False), (False, False), (True, True)])
def test_only_a_key_that_is_shown_is_one(key: bool, hidden: bool) -> None:
    packet: Any = FakePacket(key, hidden)
    told = glimpses._told(packet, range(0), "mjpeg", None)
    assert told == (Key(4, 3, 2) if key and not hidden else None)


@given(st.integers(0, 80), st.integers(0, 80), st.lists(st.tuples(st.integers(0, 90), st.integers(1, 40)), max_size=9))
def test_zeros_stand_for_what_is_not_read_and_only_for_that(
    start: int, stop: int, reads: list[tuple[int, int]]
) -> None:
    data = bytes(range(1, 81))
    guard = _Guard(io.BytesIO(data))
    guard.unread = range(start, stop)
    seen = bytes(0 if at in guard.unread else byte for at, byte in enumerate(data))
    for place, size in reads:
        guard.seek(place)
        some = guard.read(size)
        assert seen[place : place + size].startswith(some)
        assert some or place >= len(data)
        assert guard.tell() == place + len(some)


def test_what_may_hold_zeros_is_read_on_from_a_container_opened_anew(zoo: Zoo) -> None:
    with opened(zoo("plain").path) as (source, streams):
        index, container = streams.video.index, source.container
        stream = source.video(index)
        with source.unread(range(5000, 6000)):
            source.seek(0, stream)
        for act in (lambda: source.seek(0, stream), lambda: next(source.packets(stream)), lambda: source.leave_out(0)):
            with pytest.raises(AssertionError, match="zeros"):
                act()
        assert next(source.packets(source.video(index))).size
        assert source.container is not container


def test_nothing_stands_behind_the_end_of_the_file(zoo: Zoo) -> None:
    data = zoo("plain").path.read_bytes()
    file = io.BytesIO(data)
    with open_source(file, len(data)) as source, source.unread(range(len(data) - 10, 1 << 40)):
        file.seek(len(data) - 20)
        assert source._file.read(99) == data[-20:-10]
        assert source._file.read(99) == bytes(10)
        assert source._file.read(99) == b""


def test_peeking_leaves_the_place_where_reading_goes_on(zoo: Zoo) -> None:
    data = zoo("plain").path.read_bytes()
    file = io.BytesIO(data)
    with open_source(file, len(data)) as source:
        file.seek(77)
        assert source.peek(1000, 50) == data[1000:1050]
        assert file.tell() == 77


def test_whole_packets_are_read_from_a_container_that_was_opened_anew(zoo: Zoo) -> None:
    with opened(zoo("intra refresh").path) as (source, streams):
        container = source.container
        assert len(cut(source, streams, Fraction(1, 2))) == 1
        assert source.container is not container
