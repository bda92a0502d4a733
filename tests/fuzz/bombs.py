"""Small files that would take a great deal: name -> the file, and the error that must be all that comes of it."""

import tempfile
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from tests.media_factory import make_clip

DAY = 24 * 3600


def _made(name: str, write: Callable[[Path], object]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write(path)
        return path.read_bytes()


def _tracks(path: Path) -> None:
    """Two hundred tracks of sound beside one picture track."""
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=24)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        sounds = [out.add_stream("aac", rate=48000, layout="mono") for _ in range(200)]
        frame = av.VideoFrame(64, 64, "yuv420p")
        frame.pts, frame.time_base = 0, Fraction(1, 24)
        out.mux([*video.encode(frame), *video.encode(None)])
        for sound in sounds:
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            silence.sample_rate, silence.pts = 48000, 0
            out.mux([*sound.encode(silence), *sound.encode(None)])


def _picture(path: Path, size: int, told: int) -> None:
    """One white JPEG of size x size pixels; the header says told x told."""
    data = cv2.imencode(".jpg", np.full((size, size), 255, np.uint8))[1].tobytes()
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = told, told, "yuvj420p"
        packet = av.Packet(data)
        packet.stream, packet.pts, packet.dts, packet.time_base = stream, 0, 0, Fraction(1, 25)
        out.mux(packet)


def _hours(path: Path) -> None:
    """Three frames, 100 hours apart."""
    make_clip(path, frames=3, steps=(100 * 3600 * 24 * 2,), ticks=2, bframes=0)


# FFmpeg's decoders refuse more than 64 million pixels, whatever we say: then no frame is decoded.
BOMBS: Mapping[str, tuple[str, Callable[[], bytes]]] = {
    "200 tracks in mp4": ("VideoTooLarge", lambda: _made("a.mp4", _tracks)),
    "200 tracks in mkv": ("VideoTooLarge", lambda: _made("a.mkv", _tracks)),
    "200 tracks in ts": ("VideoTooLarge", lambda: _made("a.ts", _tracks)),
    "81 million pixels": ("DamagedVideo", lambda: _made("a.avi", lambda path: _picture(path, 9000, 9000))),
    "49 million pixels": ("VideoTooLarge", lambda: _made("a.mov", lambda path: _picture(path, 7000, 7000))),
    "49 million pixels called 64 x 64": (
        "VideoTooLarge",
        lambda: _made("a.avi", lambda path: _picture(path, 7000, 64)),
    ),
    "200 hours": ("VideoTooLarge", lambda: _made("a.mp4", _hours)),
}
