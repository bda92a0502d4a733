"""Files that name other files or hosts: none of those is ever opened, whatever becomes of the file itself."""

import ctypes
import os
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from redactor.errors import RedactorError, UnreadableVideo
from redactor.plan import plan
from redactor.preset import Mode, Preset
from tests.media_factory import Clip

Zoo = Callable[[str], Clip]
Make = Callable[[bytes, Path, int], bytes]
# inotify(7): any open of a file in the folder. fcntl.h: O_NONBLOCK.
_IN_OPEN = 0x20


class Watched:
    """A folder with a video in it, and a port of this machine that nobody has any business with."""

    def __init__(self, folder: Path, video: bytes) -> None:
        self.target = folder / "other.mp4"
        self.target.write_bytes(video)
        libc = ctypes.CDLL(None, use_errno=True)
        self._events = libc.inotify_init1(os.O_NONBLOCK)
        assert libc.inotify_add_watch(self._events, os.fsencode(folder), _IN_OPEN) >= 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]

    def close(self) -> None:
        os.close(self._events)
        self._listener.close()

    def was_touched(self) -> bool:
        """Since it was last asked."""
        touched = False
        with suppress(BlockingIOError):
            touched = bool(os.read(self._events, 4096))
        with suppress(BlockingIOError):
            self._listener.accept()[0].close()
            touched = True
        return touched


@pytest.fixture
def watched(zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """The working directory too, for names without a path."""
    monkeypatch.chdir(tmp_path)
    made = Watched(tmp_path, zoo("plain").path.read_bytes())
    yield made
    made.close()


def _text(template: str) -> Make:
    return lambda _, path, port: template.format(path=path, name=path.name, port=port).encode()


def _boxes(data: bytes, *kinds: bytes) -> Iterator[int]:
    """Where the boxes on the way to the last of these kinds start, each the first of its kind in the one before."""
    at = data.rindex(b"moov") - 4
    for kind in kinds:
        at = data.index(kind, at) - 4
        yield at


def _alias(video: bytes, path: Path, port: int) -> bytes:
    """An MP4 whose first track's samples lie in another file: a data reference of type alis (QuickTime)."""
    name = path.name.encode()
    where = str(path).replace("/", ":").encode()
    words = bytes(10) + bytes([3]) + b"Mac".ljust(27, b"\0") + bytes(12) + bytes([len(name)]) + name.ljust(63, b"\0")
    words += bytes(16) + struct.pack(">HH", 1, 1) + bytes(16)
    words += struct.pack(">HH", 2, len(where)) + where + bytes(len(where) % 2) + struct.pack(">HH", 0xFFFF, 0)
    return _with_reference(video, b"alis" + bytes(4) + words)


def _url(video: bytes, path: Path, port: int) -> bytes:
    """The same by a URL. ISO/IEC 14496-12, 8.7.2."""
    return _with_reference(video, b"url " + bytes(4) + f"http://127.0.0.1:{port}/x.mp4\0".encode())


def _with_reference(video: bytes, entry: bytes) -> bytes:
    data, entry = bytearray(video), struct.pack(">I", 4 + len(entry)) + entry
    around = list(_boxes(video, b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"))
    start = around[-1] + 16
    old = int.from_bytes(data[start : start + 4], "big")
    data[start : start + old] = entry
    for at in around:
        size = int.from_bytes(data[at : at + 4], "big") + len(entry) - old
        data[at : at + 4] = size.to_bytes(4, "big")
    return bytes(data)


def _element(ident: str, *content: bytes) -> bytes:
    """RFC 8794; sizes in eight bytes."""
    data = b"".join(content)
    return bytes.fromhex(ident) + (1 << 56 | len(data)).to_bytes(8, "big") + data


def _linked(video: bytes, path: Path, port: int) -> bytes:
    """A Matroska whose ordered chapters and neighbours are other files. RFC 9559, 5.1.7 and 17."""
    segment = _element("73a4", b"\1" * 16)
    neighbours = _element("3cb923", b"\2" * 16) + _element("3eb923", b"\3" * 16)
    names = _element("3c83ab", path.name.encode()) + _element("3e83bb", path.name.encode())
    times = _element("91", b"\0") + _element("92", b"\1" * 4)
    chapter = _element("b6", _element("73c4", b"\1"), times, _element("6e67", b"\2" * 16))
    chapters = _element("1043a770", _element("45b9", _element("45dd", b"\1"), chapter))
    more = chapters + _element("1549a966", segment, neighbours, names, _element("2ad7b1", b"\x0f\x42\x40"))
    at = video.index(b"\x18\x53\x80\x67") + 4
    size = (1 << 56) - 1 & int.from_bytes(video[at : at + 8], "big")
    return video[:at] + (1 << 56 | size + len(more)).to_bytes(8, "big") + video[at + 8 :] + more


SDP = (
    "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {port} RTP/AVP 96\na=rtpmap:96 H264/90000\n"
)
MPD = '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT9S">'
LISTS: dict[str, Make] = {
    "m3u8 file": _text("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{path}\n#EXT-X-ENDLIST\n"),
    "m3u8 name": _text("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{name}\n#EXT-X-ENDLIST\n"),
    "m3u8 http": _text("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:{port}/a.ts\n#EXT-X-ENDLIST\n"),
    "m3u8 key": _text('#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="http://127.0.0.1:{port}/k"\n#EXTINF:9,\n{path}\n'),
    "m3u8 after a BOM": _text("\ufeff#EXTM3U\n#EXTINF:9,\n{path}\n"),
    "ffconcat": _text("ffconcat version 1.0\nfile '{path}'\n"),
    "ffconcat name": _text("ffconcat version 1.0\nfile {name}\n"),
    "concat without a head": _text("file '{path}'\n"),
    "sdp": _text(SDP),
    "dash": _text(MPD + "<Period><BaseURL>http://127.0.0.1:{port}/</BaseURL></Period></MPD>"),
    "asx": _text('<asx version="3.0"><entry><ref href="http://127.0.0.1:{port}/a.wmv"/></entry></asx>'),
    "asf reference": _text("[Reference]\r\nRef1=http://127.0.0.1:{port}/a.wmv?MSWMExt=.asf\r\n"),
    "rtsp text": _text("RTSPtextrtsp://127.0.0.1:{port}/a\n"),
    "pattern": _text("{path}%03d.png\n"),
}
LINKS: dict[str, tuple[str, Make]] = {
    "mov alias": ("plain", _alias),
    "mov url": ("plain", _url),
    "mkv segment links": ("matroska", _linked),
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_of_other_files_are_refused_and_nothing_is_opened(watched: Watched, tmp_path: Path, name: str) -> None:
    content = LISTS[name](b"", watched.target, watched.port)
    with pytest.raises(UnreadableVideo):
        _plan(content, tmp_path)
    assert not watched.was_touched()


@pytest.mark.parametrize("name", LINKS)
def test_a_container_that_refers_to_other_files_has_nothing_of_theirs(
    zoo: Zoo, watched: Watched, tmp_path: Path, name: str
) -> None:
    clip, make = LINKS[name]
    content = make(zoo(clip).path.read_bytes(), watched.target, watched.port)
    with suppress(RedactorError):
        _plan(content, tmp_path)
    assert not watched.was_touched()


def test_the_watch_sees_what_is_opened(watched: Watched) -> None:
    watched.target.read_bytes()
    assert watched.was_touched()
    assert not watched.was_touched()
    socket.create_connection(("127.0.0.1", watched.port)).close()
    assert watched.was_touched()


def test_these_files_do_make_ffmpeg_open_others(watched: Watched, tmp_path: Path) -> None:
    """So that what the tests above see is our doing."""
    import av  # noqa: PLC0415

    path = tmp_path.parent / f"{tmp_path.name}.txt"
    path.write_bytes(LISTS["ffconcat"](b"", watched.target, watched.port))
    with path.open("rb") as file, av.open(file, options={"safe": "0"}):
        assert watched.was_touched()


def _plan(content: bytes, folder: Path) -> None:
    """From a file with a dangerous name outside the watched folder."""
    path = folder.parent / f"{folder.name}%03d.mp4"
    path.write_bytes(content)
    with path.open("rb") as file:
        plan(file, len(content), Preset(mode=Mode.REDACT))
