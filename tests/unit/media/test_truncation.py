import io
from collections.abc import Callable
from pathlib import Path

import pytest

from redactor.errors import TruncatedVideo
from redactor.media import truncation
from tests.media_factory import Clip, make_clip

Zoo = Callable[[str], Clip]
SAYS_ITS_SIZE = ["plain", "prores", "matroska", "vp9", "avi", "wmv"]


class CountingFile(io.BytesIO):
    total = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.total += len(data)
        return data


@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
@pytest.mark.parametrize("name", SAYS_ITS_SIZE)
def test_a_cut_file_is_found_out_from_a_few_bytes(zoo: Zoo, name: str, share: float) -> None:
    data = zoo(name).path.read_bytes()
    file = CountingFile(data[: int(len(data) * share)])
    with pytest.raises(TruncatedVideo, match=r"cut off|end is missing"):
        truncation.check(file, int(len(data) * share))
    assert file.total < 4096 or name == "wmv"


@pytest.mark.parametrize("name", [*SAYS_ITS_SIZE, "ts", "fragmented", "flv"])
def test_a_whole_file_passes(zoo: Zoo, name: str) -> None:
    data = zoo(name).path.read_bytes()
    truncation.check(io.BytesIO(data), len(data))


def test_a_cut_file_with_its_index_first_is_found_out(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", container_options={"movflags": "faststart"})
    data = clip.path.read_bytes()
    with pytest.raises(TruncatedVideo, match="mdat"):
        truncation.check(io.BytesIO(data[:-1]), len(data) - 1)


def test_a_file_whose_writer_never_came_back_for_the_index_is_cut(zoo: Zoo) -> None:
    data = zoo("plain").path.read_bytes()
    moov = data.index(b"moov") - 4
    with pytest.raises(TruncatedVideo, match="index"):
        truncation.check(io.BytesIO(data[:moov]), moov)


@pytest.mark.parametrize("junk", [b"\0" * 10, b"\xff" * 50, b"TAG" + bytes(125)])
def test_junk_after_the_last_box_is_no_cut(zoo: Zoo, junk: bytes) -> None:
    data = zoo("plain").path.read_bytes() + junk
    truncation.check(io.BytesIO(data), len(data))


def test_faststart_is_the_index_before_the_data(tmp_path: Path) -> None:
    late = make_clip(tmp_path / "late.mp4").path.read_bytes()
    early = make_clip(tmp_path / "early.mp4", container_options={"movflags": "faststart"}).path.read_bytes()
    assert not truncation.is_faststart(io.BytesIO(late), len(late))
    assert truncation.is_faststart(io.BytesIO(early), len(early))
