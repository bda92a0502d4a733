import io
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redactor.errors import RedactorError, SourceChanged, TryAgain, UnreadableVideo
from redactor.media.decode import decode
from redactor.media.probe import probe
from redactor.media.source import open_source
from redactor.media.streams import Segment
from tests.media_factory import Clip
from tests.unit.media.conftest import ZOO

Zoo = Callable[[str], Clip]
WHOLE = Segment(0, None, None, None)
SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"


class FailingFile(io.BytesIO):
    """Fails from the nth read on, as a range reader does whose object is gone."""

    def __init__(self, data: bytes, reads: int, error: Exception) -> None:
        super().__init__(data)
        self.reads = reads
        self.error = error

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads -= 1
        if self.reads < 0:
            raise self.error
        return super().read(size)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"just some words, nothing else\n" * 20, "text file"),
        (bytes(4000), "nothing but zeros"),
        (b"\xff\xd8\xff\xe0" + bytes(400), "JPEG"),
        (b"RIFF\x24\0\0\0WAVEfmt " + bytes(400), "WAV"),
        (SDP.encode(), "SDP"),
    ],
)
def test_what_is_no_video_is_refused_by_its_own_name(content: bytes, words: str) -> None:
    with pytest.raises(UnreadableVideo, match=words), open_source(io.BytesIO(content), len(content)):
        pass


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ffconcat version 1.0\nfile '{path}'\n", "ffconcat"),
        ("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{path}\n#EXT-X-ENDLIST\n", "m3u8"),
        ("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n", "m3u8"),
    ],
)
def test_lists_of_other_files_are_refused(zoo: Zoo, text: str, words: str) -> None:
    content = text.format(path=zoo("plain").path).encode()
    with pytest.raises(UnreadableVideo, match=words), open_source(io.BytesIO(content), len(content)):
        pass


@pytest.mark.parametrize("name", ZOO)
def test_every_welcome_container_opens_by_content_alone(zoo: Zoo, name: str) -> None:
    data = zoo(name).path.read_bytes()
    with open_source(io.BytesIO(data), len(data)) as source:
        assert source.container.streams.video


@pytest.mark.parametrize("error", [TryAgain("throttled"), SourceChanged("replaced")], ids=lambda e: e.code)
@pytest.mark.parametrize("name", ["plain", "ts", "matroska", "avi", "wmv"])
def test_a_failing_file_is_that_failure_and_never_a_shorter_video(zoo: Zoo, name: str, error: Exception) -> None:
    data = zoo(name).path.read_bytes()
    whole = _frames(io.BytesIO(data), len(data))
    for reads in range(40):
        file = FailingFile(data, reads, error)
        outcome = _outcome(file, len(data))
        assert outcome == whole if file.reads >= 0 else outcome is error


def test_rewinding_gives_the_first_packet_again(zoo: Zoo) -> None:
    data = zoo("ts").path.read_bytes()
    with open_source(io.BytesIO(data), len(data)) as source:
        index = source.container.streams.video[0].index
        first = [(packet.pts, packet.dts) for packet in source.packets(source.video(index))]
        source.rewind()
        assert [(packet.pts, packet.dts) for packet in source.packets(source.video(index))] == first


def test_a_stream_that_is_no_picture_is_refused(zoo: Zoo) -> None:
    data = zoo("plain").path.read_bytes()
    with open_source(io.BytesIO(data), len(data)) as source, pytest.raises(UnreadableVideo, match="not a video"):
        source.video(source.container.streams.audio[0].index)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(["plain", "ts", "matroska", "avi", "wmv", "flv"]), data=st.data())
def test_a_damaged_file_ends_by_name_whatever_the_damage(zoo: Zoo, name: str, data: st.DataObject) -> None:
    content = bytearray(zoo(name).path.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=20)):
        content[place] ^= data.draw(st.integers(1, 255))
    with suppress(RedactorError):
        _frames(io.BytesIO(bytes(content)), len(content))


def _outcome(file: io.BytesIO, size: int) -> list[int] | RedactorError:
    try:
        return _frames(file, size)
    except RedactorError as error:
        return error


def _frames(file: io.BytesIO, size: int) -> list[int]:
    with open_source(file, size) as source:
        return [frame.time.pts for frame in decode(source, probe(source).video, WHOLE)]


def test_nothing_is_read_from_a_path(zoo: Zoo, tmp_path: Path) -> None:
    """A name with %03d would be read as a sequence of images; our file objects have no name at all."""
    path = tmp_path / "a%03d.mp4"
    path.write_bytes(zoo("plain").path.read_bytes())
    with path.open("rb") as file, open_source(file, path.stat().st_size) as source:
        assert source.container.name == "source"
