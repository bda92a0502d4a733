"""Writing a part of which some groups of pictures are encoded and others copied from the source."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import numpy as np
from av.error import FFmpegError
from av.packet import Packet

from redactor.errors import OutputMismatch
from redactor.media.copying import Copying, Run, copied_packets
from redactor.media.encode import Encoder, PartWriter, muxer_options
from redactor.media.forms import Form
from redactor.media.mux import DecodingTimes
from redactor.media.parts import video_packets
from redactor.media.planes import Picture
from redactor.media.source import Source, open_source
from redactor.media.streams import FrameTime, Segment, VideoStream


@dataclass(frozen=True)
class Stretch:
    """Encoded pictures between two copied groups, in a file of their own. start: pts of the first."""

    start: int
    path: Path


class Patchwork:
    """Context manager like PartWriter: takes the pictures that are encoded, and copies the runs itself.

    The pictures before, between and after the runs get an encoder each, so that none refers to another's. Raises as
    PartWriter does.
    """

    def __init__(
        self,
        path: Path,
        source: Source,
        *,
        video: VideoStream,
        form: Form,
        encoder: Encoder,
        segment: Segment,
        copying: Copying,
        runs: Sequence[Run],
    ) -> None:
        self._path = path
        self._source, self._video, self._form, self._encoder = source, video, form, encoder
        self._segment, self._copying, self._runs = segment, copying, runs
        self._stretches: list[Stretch] = []
        self._writer: PartWriter | None = None
        self._starts = [run.start for run in runs]
        self._passed = 0

    def __enter__(self) -> Self:
        self._files = ExitStack()
        return self

    def write(self, picture: Picture) -> None:
        pts = picture.time.pts
        passed = bisect_right(self._starts, pts)
        if self._writer is None or passed > self._passed:
            self._close()
            stretch = Stretch(pts, self._piece(len(self._stretches)))
            self._stretches.append(stretch)
            self._writer = PartWriter(stretch.path, self._video, self._form, self._encoder)
            self._writer.__enter__()
        self._passed = passed
        self._writer.write(picture)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._files:
            if error is None:
                self._close()
                self._assemble()
            elif self._writer is not None:
                self._writer.__exit__(kind, error, trace)

    def _piece(self, n: int | str) -> Path:
        """A file that is gone in the end."""
        path = self._path.with_name(f"{self._path.name}.{n}.mp4")
        self._files.callback(path.unlink, missing_ok=True)
        return path

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.__exit__(None, None, None)
            self._writer = None

    def _assemble(self) -> None:
        stub = self._stub()
        try:
            with (
                stub.open("rb") as file,
                open_source(file, stub.stat().st_size) as opened,
                av.open(str(self._path), "w", format="mp4", container_options=muxer_options(self._video)) as out,
            ):
                stream = out.add_stream_from_template(opened.video(0), opaque=True)
                stream.time_base = Fraction(1, self._video.time_base.denominator)
                stream.codec_context.extradata = bytes.fromhex(self._copying.record)
                clock = DecodingTimes.of(self._video, self._copying.reorder)
                for packet in self._packets():
                    packet.dts = clock.next(packet)
                    packet.stream = stream
                    out.mux(packet)
        except FFmpegError as error:
            self._path.unlink(missing_ok=True)
            raise OutputMismatch(f"the part cannot be completed: {error}") from error
        except BaseException:
            self._path.unlink(missing_ok=True)
            raise

    def _stub(self) -> Path:
        """One encoded picture, by which the muxer knows the track, with nothing of the source in it."""
        path = self._piece("stub")
        width, height = self._form.coded_size(self._video)
        y, chroma = np.zeros((height, width), np.uint8), np.full((height // 2, width // 2), 128, np.uint8)
        with PartWriter(path, self._video, self._form, self._encoder) as writer:
            writer.write(Picture(FrameTime(self._video.start or 0, 1), y, chroma, chroma, interlaced=False))
        return path

    def _packets(self) -> "Iterator[Packet[Any]]":
        """All of the part in decoding order, on the part's clock, but for decoding times."""
        waiting = list(reversed(self._stretches))
        runs = copied_packets(self._source, self._video, self._segment, self._runs) if self._runs else ()
        for copied in runs:
            while waiting and waiting[-1].start < copied.pts:
                yield from _encoded(waiting.pop())
            packet: Packet[Any] = Packet(copied.payload)
            scale, clock = self._video.time_base.numerator, self._video.time_base.denominator
            packet.time_base = Fraction(1, clock)
            packet.pts, packet.duration = (copied.pts + self._video.shift) * scale, copied.duration * scale
            packet.is_keyframe = copied.key
            yield packet
        while waiting:
            yield from _encoded(waiting.pop())


def _encoded(stretch: Stretch) -> "Iterator[Packet[Any]]":
    with stretch.path.open("rb") as file, open_source(file, stretch.path.stat().st_size) as opened:
        yield from video_packets(opened, 0)
