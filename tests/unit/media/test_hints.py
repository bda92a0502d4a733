"""What is hinted at is what is read: Plan's looks wait for nothing, and the plan is that of a local file."""

import io
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor.jsonable import encode
from redactor.media import hints, restarts
from redactor.media.decode import decode
from redactor.media.source import open_source
from redactor.plan import plan
from redactor.preset import Experimental, Mode, Preset
from redactor.store.ranges import RangedFile, RangeReader
from tests.media_factory import Image, make_clip

PRESET = Preset(mode=Mode.REDACT, experimental=Experimental(segment_seconds=Fraction(99, 400)))
# Of 20 segments; one picture in three is a key. Boundaries lie between when a key is decoded and when it is shown.
CLIPS: dict[str, dict[str, Any]] = {
    "a.mp4": {},
    "b.mkv": {"audio": "aac"},
    "c.ts": {"audio": "aac"},
    "d.wmv": {"codec": "wmv2", "bframes": 0, "codec_options": {"b": "12M"}},
}
# Requests that Plan waits for one by one: for the header, the index and the first few pictures.
ONE_BY_ONE = 11


class Bucket:
    """One object. waited: requests that nobody expected."""

    def __init__(self, data: bytes) -> None:
        self._data, self._thread = data, threading.get_ident()
        self.waited = 0

    def fetch(self, start: int, end: int) -> bytes:
        self.waited += threading.get_ident() == self._thread
        return self._data[start:end]

    def plan(self) -> bytes:
        size = len(self._data)
        return encode(plan(RangedFile(RangeReader(size, self.fetch)), size, PRESET))


def noisy(n: int) -> Image:
    """Noise that stands still in most of the picture: key pictures are large, the others not that small."""
    picture = np.random.default_rng(n // 3).integers(0, 256, (240, 320, 3), np.uint8)
    picture[:200, :200] = np.random.default_rng(n).integers(0, 256, (200, 200, 3), np.uint8)
    return picture


@pytest.fixture(params=CLIPS)
def clip(request: pytest.FixtureRequest, tmp_path: Path) -> bytes:
    how = {"frames": 120, "width": 320, "height": 240, "gop": 3, "picture": noisy, **CLIPS[request.param]}
    return make_clip(tmp_path / request.param, **how).path.read_bytes()


def test_no_look_waits_for_its_bytes(clip: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restarts, "_SMALL", 0)
    monkeypatch.setattr(restarts, "_PLACES", 8)
    bucket = Bucket(clip)
    assert bucket.plan() == encode(plan(io.BytesIO(clip), len(clip), PRESET))
    assert bucket.waited <= ONE_BY_ONE


class Watched(io.BytesIO):
    """Notes where it is read."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.read_at: list[int] = []

    def read1(self, size: int | None = -1, /) -> bytes:
        self.read_at.append(self.tell())
        return super().read1(-1 if size is None else size)


@pytest.mark.parametrize("clip", ["c.ts"], indirect=True)
def test_a_worker_goes_straight_to_its_segment_of_a_transport_stream(clip: bytes) -> None:
    planned, segments = plan(io.BytesIO(clip), len(clip), PRESET)
    file, segment = Watched(clip), segments[len(segments) // 2]
    with open_source(file, len(clip)) as source:
        file.read_at.clear()
        assert next(decode(source, planned.streams.video, segment)).time.pts == segment.start
    assert segment.key is not None
    assert file.read_at[0] == segment.key.pos
    assert file.read_at == sorted(file.read_at)


@given(st.sampled_from([b"", b"\x1fC\xb6u\x01\xff\xff\xff\xff\xff\xff\xff", b"\xa3\x41"]), st.binary(max_size=600))
def test_any_bytes_where_a_cluster_should_be_ask_for_some_more_or_none(start: bytes, rest: bytes) -> None:
    assert hints._block_of(1, start + rest) >= 0


# Of transport packets, behind the sync byte: of picture 256 or another stream, of its middle, of a key by two signs.
BEGINNINGS = [b"\x41\0", b"\x01\0", b"\x41\x07", b"\x41\0\x20\x01\x40", b"\x41\0\0\0\1\x67"]


def elementary(pid: int, data: bytes, *, key: bool) -> int | None:
    """The same packet by packet; None where more is needed."""
    first, step = hints.transport_packets(data)
    begun = 0
    for at in range(first, len(data) - step + 1, step):
        packet = data[at : at + 188]
        if packet[1] & 0x40 and (packet[1] & 0x1F) << 8 | packet[2] == pid:
            begun += bool(begun) or not key or hints._is_key(packet)
            if begun == 3:
                return at + 188
    return None


@given(
    st.binary(max_size=40),
    st.sampled_from([188, 192, 204]),
    st.lists(
        st.sampled_from([b"\x41\0", b"\x01\0", b"\x41\x07", b"\x41\0\x20\x01\x40", b"\x41\0\0\0\1\x67"]), max_size=40
    ),
    st.booleans(),
)
def test_the_third_picture_is_found_where_it_begins(junk: bytes, step: int, packets: list[bytes], key: bool) -> None:
    data = junk + b"".join((b"G" + packet).ljust(188, b"\xff").ljust(step, b"\xee") for packet in packets)
    found = elementary(256, data, key=key)
    assert hints._elementary(256, data, key=key) == found if found else len(data) + 32 * 1024


@given(st.integers(0, 187), st.sampled_from([188, 192, 204]))
def test_packets_of_a_transport_stream_show_where_they_begin(first: int, step: int) -> None:
    data = (bytes(first) + b"G".ljust(step, b"\0") * 9)[:1024]
    assert hints.transport_packets(data) == (first, step)


@given(
    st.lists(st.tuples(st.sampled_from([b"G", b"G\x41\0", b""]), st.binary(max_size=188)), max_size=12), st.booleans()
)
def test_any_bytes_where_transport_packets_should_be(packets: list[tuple[bytes, bytes]], key: bool) -> None:
    data = b"".join((start + rest).ljust(188, b"\0")[:188] for start, rest in packets)
    assert hints._elementary(256, data, key=key) >= 0
