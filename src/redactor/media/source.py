"""Opening an untrusted video: real containers only, one file object, nothing else is ever opened.

Why a file object and never a path or URL: FFmpeg's own protocols follow playlists to other files and hosts, take
self-signed certificates and report a dropped connection as the end of the file.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO, NoReturn

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard, Stream
from av.video.stream import VideoStream as AvVideoStream

from redactor.errors import DamagedVideo, UnreadableVideo, VideoTooLarge
from redactor.media import sniff, truncation
from redactor.pieces import Hint, expect

CONTAINERS = "mov,mp4,matroska,webm,avi,mpegts,mpeg,asf,flv"
# A decoder refuses larger pictures whatever the header says; `probe.Limits` has the friendlier cap.
MAX_PIXELS = 64 << 20
# FFmpeg's own 1,000 take 800 MB; `probe.Limits` has the friendlier cap.
MAX_STREAMS = 128
# With frame threads a frame may be handed over before the thread that decodes it has found its errors: of damaged last
# frames one in eight was called sound, and on a busy machine now and then one in the middle.
DECODER_THREADS = 1
# What decoders are told that pass over damage in silence. Of 32 packets with noise in three quarters of each, HEVC's
# noticed 9 and MJPEG's 16, and so 22 and all.
_HEEDS: Mapping[str, dict[str, str]] = {"hevc": {"err_detect": "explode"}, "mjpeg": {"err_detect": "explode"}}
OPEN_SECONDS = 60
READ_SECONDS = 120
BUFFER = 1 << 15


class Source:
    """An open video. Every failure of the file object comes out of its methods as itself, never as an end.

    size: bytes. container: the open FFmpeg demuxer; another one after `rewind`.
    """

    def __init__(self, file: "_Guard", size: int) -> None:
        self._file = file
        self.size = size
        self._open()

    def packets(self, *streams: Stream) -> Iterator["Packet[Any]"]:
        """Packets in file order from where the reader stands, last an empty flush packet for each stream.

        Raises DamagedVideo where the container breaks, and whatever the file object raised.
        """
        self._touch()
        demuxed = self.container.demux(streams)
        while True:
            try:
                packet = next(demuxed, None)
            except Exception as error:  # a corrupt TS raises IndexError: anything at all may come out here
                self.check()
                raise DamagedVideo(f"the container breaks off: {error}") from error
            self.check()
            if packet is None:
                return
            yield packet

    def rewind(self) -> None:
        """Go to the very first packet, by opening the container anew: seeking before the start is not exact everywhere.

        Streams taken from the container before are no longer valid.
        """
        if self._fresh:
            return
        self.container.close()
        self._open()

    def seek(self, timestamp: int, stream: Stream, *, any_frame: bool = False) -> None:
        """Go to the last key packet at or before timestamp (ticks of the stream), as far as the container knows it;
        with any_frame to the last packet, whatever it needs to be decoded."""
        self._touch()
        try:
            self.container.seek(timestamp, stream=stream, backward=True, any_frame=any_frame)
        except Exception as error:
            self.check()
            raise DamagedVideo(f"seeking to {timestamp} failed: {error}") from error
        self.check()

    def seek_byte(self, place: int, stream: Stream) -> None:
        """Go to about this byte of the file, wherever packets begin again."""
        self._touch()
        try:
            self.container.seek(place, stream=stream, any_frame=True, unsupported_byte_offset=True)
        except Exception as error:
            self.check()
            raise DamagedVideo(f"seeking to byte {place} failed: {error}") from error
        self.check()

    @contextmanager
    def unread(self, places: range) -> Iterator[None]:
        """Inside, zeros stand in for these bytes of the file.

        FFmpeg may keep some of them, so what comes after it comes from a container opened anew: see `video`, `rewind`.
        """
        self._file.unread = range(places.start, min(places.stop, self.size))
        self._fresh = self._whole = False
        try:
            yield
        finally:
            self._file.unread = None

    def peek(self, place: int, count: int) -> bytes:
        """Bytes of the file itself. Raises whatever the file object does."""
        at = self._file.file.tell()
        self._file.file.seek(place)
        data = self._file.file.read(count)
        self._file.file.seek(at)
        return data

    def expect(self, hints: Iterable[Hint]) -> None:
        """Say what will be read of the file next. Raises whatever the file object does."""
        expect(self._file.file, hints)

    def leave_out(self, index: int) -> None:
        """From here on until `rewind` the packets of all streams but this one are passed over, unread where they can
        be."""
        self._touch()
        for stream in self.container.streams:
            if stream.index != index:
                stream.discard = Discard.all

    def video(self, index: int) -> AvVideoStream:
        """The stream with this index, its decoder set up the one way that every step uses.

        Opens the container anew where something was left unread.
        """
        if not self._whole:
            self.rewind()
        stream = self.container.streams[index]
        if not isinstance(stream, AvVideoStream):
            raise UnreadableVideo(f"stream {index} is not a video stream")
        context = stream.codec_context
        if not context.is_open:
            context.thread_count = DECODER_THREADS
            heeds = _HEEDS.get(context.name, {})
            context.options = {**context.options, "max_pixels": str(MAX_PIXELS), **heeds}
        return stream

    def _open(self) -> None:
        self._file.seek(0)
        head = self._file.read(sniff.HEAD)
        self._file.seek(0)
        self.check()
        try:
            self.container = _demuxer(self._file)
        except MemoryError as error:
            self.check()
            raise VideoTooLarge(f"the video has more than {MAX_STREAMS} streams, or an index without end") from error
        except Exception as error:
            self.check()
            raise UnreadableVideo(f"this is not a video that can be opened: {sniff.describe(head, error)}") from error
        self._fresh = self._whole = True
        self.check()

    def _touch(self) -> None:
        assert self._whole or self._file.unread is not None, "zeros may stand where nothing was read"
        self._fresh = False

    def check(self) -> None:
        """Raise what the file object raised, if it did."""
        if self._file.failure is not None:
            raise self._file.failure


@contextmanager
def open_source(file: BinaryIO, size: int) -> Iterator[Source]:
    """Open a video of `size` bytes; the container is decided by its content alone.

    Raises UnreadableVideo (naming what it is instead), TruncatedVideo where the file ends before its own boxes say,
    VideoTooLarge where its index or its streams would not fit into memory, and whatever the file object raises. The
    caller closes the file object.
    """
    if size <= 0:
        raise UnreadableVideo("the file is empty")
    truncation.check(file, size)
    source = Source(_Guard(file), size)
    try:
        yield source
    finally:
        source.container.close()


def _demuxer(guard: "_Guard") -> InputContainer:
    return av.open(
        guard,
        "r",
        options={
            "format_whitelist": CONTAINERS,
            "protocol_whitelist": "none",
            "max_pixels": str(MAX_PIXELS),
            "max_streams": str(MAX_STREAMS),
        },
        metadata_errors="replace",
        buffer_size=BUFFER,
        timeout=(OPEN_SECONDS, READ_SECONDS),
        io_open=_refuse,
    )


def _refuse(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    raise UnreadableVideo("the file refers to other files, which are never opened")


class _Guard:
    """The file object as FFmpeg sees it.

    A failure is kept and looks like the end of the file to FFmpeg, since an exception that crosses its C code may
    surface anywhere later in this thread; `Source` raises the kept failure before any packet read after it is used.
    """

    # A constant without a suffix: FFmpeg must not guess from a name, nor read `%03d` as a sequence of images.
    name = "source"

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.failure: Exception | None = None
        # Bytes for which zeros stand in; None where all are the file's own.
        self.unread: range | None = None
        # What is there at once, where a file can say: the rest may never be needed.
        self._some: Callable[[int], bytes] = getattr(file, "read1", file.read)

    def read(self, size: int) -> bytes:
        if self.failure is not None:
            return b""
        try:
            return self._some(size) if self.unread is None else self._around(self.unread, size)
        except Exception as error:  # noqa: BLE001 - whatever it is, `Source.check` raises it
            self.failure = error
            return b""

    def _around(self, unread: range, size: int) -> bytes:
        place = self.file.tell()
        if place in unread:
            count = min(size, unread.stop - place)
            self.file.seek(count, io.SEEK_CUR)
            return bytes(count)
        return self._some(min(size, unread.start - place) if place < unread.start else size)

    def seek(self, offset: int, whence: int = 0) -> int:
        if self.failure is not None:
            return -1
        try:
            return self.file.seek(offset, whence)
        except Exception as error:  # noqa: BLE001 - whatever it is, `Source.check` raises it
            self.failure = error
            return -1

    def tell(self) -> int:
        return self.file.tell()
