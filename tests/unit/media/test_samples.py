"""MP4s whose index claims more samples than anybody could have."""

import io
import struct
from collections.abc import Callable

import pytest

from redactor.errors import RedactorError, TruncatedVideo, VideoTooLarge
from redactor.media import samples, truncation
from tests.media_factory import Clip

Zoo = Callable[[str], Clip]
MOST = 24 * 3600 * 120


def claimed(video: bytes, count: int, each: int, *, ticks: int = 512, kind: bytes = b"vide") -> bytes:
    """The first track has so many samples of so many bytes (0: says of each how many)."""
    data, moov = bytearray(video), video.rindex(b"moov")
    sizes, times, handler = (data.index(box, moov) + 4 for box in (b"stsz", b"stts", b"hdlr"))
    data[sizes + 4 : sizes + 12] = struct.pack(">II", each, count)
    data[times + 4 : times + 16] = struct.pack(">III", 1, count, ticks)
    data[handler + 8 : handler + 12] = kind
    return bytes(data)


def refused(data: bytes) -> type[RedactorError] | None:
    try:
        truncation.check(io.BytesIO(data), len(data))
    except RedactorError as error:
        return type(error)
    return None


def test_samples_of_equal_size_must_fit_into_the_file(zoo: Zoo) -> None:
    video = zoo("plain").path.read_bytes()
    assert refused(claimed(video, 48, 100)) is None
    assert refused(claimed(video, 20_000_000, 1)) is TruncatedVideo


def test_more_samples_than_the_longest_video_has_are_too_many(zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    video = zoo("plain").path.read_bytes()
    assert samples._MOST == MOST
    monkeypatch.setattr(samples, "_MOST", 100)
    assert refused(claimed(video, 100, 0)) is None
    assert refused(claimed(video, 101, 0)) is VideoTooLarge
    assert refused(claimed(video, 101, 1, ticks=1)) is VideoTooLarge
    assert refused(claimed(video, 101, 1, ticks=1, kind=b"soun")) is None
    assert refused(claimed(video, 101, 1, ticks=2, kind=b"soun")) is VideoTooLarge


def test_a_fragment_whose_samples_take_no_bytes_is_no_way_around(zoo: Zoo) -> None:
    data = bytearray(zoo("fragmented").path.read_bytes())
    assert refused(bytes(data)) is None
    run = data.index(b"trun") + 4
    data[run : run + 8] = struct.pack(">II", 0, 1 << 30)
    assert refused(bytes(data)) is VideoTooLarge
