"""Making the odd videos of the table: a moving picture with its number in it and one click, through ffmpeg."""

import struct
import subprocess
import wave
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from tests.formats.paff import field_pictures
from tests.formats.video import CLICK, FRAMES, RATE, Video
from tests.media_factory import moving

Image = NDArray[np.uint8]

WIDTH, HEIGHT = 320, 240
AUDIO_RATE = 48000
BITS = 8
_TS_PACKET = 188
_CLUSTER = b"\x1f\x43\xb6\x75"
_FIELD_ROWS = 256  # field pictures come in 32 rows


def sources(folder: Path) -> None:
    """Writes what the rows are made of: pictures.y4m, clicks.wav, words.srt, chapters.txt, cover.png."""
    picture = moving(WIDTH, HEIGHT)
    with (folder / "pictures.y4m").open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{RATE}:1 Ip A1:1 C420jpeg\n".encode())
        for n in range(FRAMES):
            yuv = cv2.cvtColor(_numbered(cv2.blur(picture(n), (5, 5)), n), cv2.COLOR_BGR2YUV_I420)
            file.write(b"FRAME\n" + yuv.tobytes())
    _clicks(folder / "clicks.wav")
    (folder / "words.srt").write_text("1\n00:00:00,100 --> 00:00:01,000\nSomebody's name\n")
    (folder / "chapters.txt").write_text(";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=900\ntitle=One\n")
    cv2.imwrite(str(folder / "cover.png"), picture(0))


def _numbered(image: Image, n: int) -> Image:
    """The frame's number in the top quarter, most significant bit first."""
    marked = image.copy()
    for bit in range(BITS):
        left = bit * WIDTH // BITS
        marked[: HEIGHT // 4, left : left + WIDTH // BITS] = 235 if n >> (BITS - 1 - bit) & 1 else 16
    return marked


def counter(luma: Image) -> int:
    """The number that a frame carries, from its luma plane of any size."""
    height, width = luma.shape
    rows = luma[height // 16 : height * 3 // 16]
    bits = [
        rows[:, (4 * bit + 1) * width // (4 * BITS) : (4 * bit + 3) * width // (4 * BITS)].mean() > 128
        for bit in range(BITS)
    ]
    return int("".join("01"[bool(bit)] for bit in bits), 2)


def _clicks(path: Path) -> None:
    """Stereo silence but for 4 ms of 1 kHz when frame CLICK is shown."""
    samples = np.zeros(FRAMES * AUDIO_RATE // RATE)
    start, length = CLICK * AUDIO_RATE // RATE, AUDIO_RATE // 250
    samples[start : start + length] = 0.9 * np.sin(2 * np.pi * 1000 * np.arange(length) / AUDIO_RATE)
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, AUDIO_RATE, 0, "NONE", ""))
        file.writeframes((np.stack([samples, samples], 1) * 32767).astype("<i2").tobytes())


def build(video: Video, folder: Path) -> Path:
    """The row's file, made in a folder that `sources` has filled.

    A line of `make` is arguments for ffmpeg after its two inputs, and a name to write where it is not the last; one
    that starts with ! is a command of `_COMMANDS`.
    """
    *before, last = video.make.splitlines()
    inputs = ""
    for line in before:
        if line.startswith("!input "):
            inputs = line.removeprefix("!input ")
        else:
            _run(line, inputs, folder)
    _run(f"{last} {video.file}", inputs, folder)
    return folder / video.file


def _run(line: str, inputs: str, folder: Path) -> None:
    if line.startswith("!"):
        name, *rest = line[1:].split()
        _COMMANDS[name](rest, folder)
        return
    before, after = (inputs, "") if inputs.startswith("-itsoffset") else ("", inputs)
    maps = "" if "-map " in line else "-map 0:v" if "-an" in line.split() else "-map 0:v -map 1:a"
    _ffmpeg(f"{before} -i pictures.y4m -i clicks.wav {after} {maps} {line}".split(), folder)


def _ffmpeg(arguments: Sequence[str], folder: Path) -> None:
    common = ["ffmpeg", "-nostdin", "-v", "error", "-y"]
    done = subprocess.run([*common, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ffmpeg {' '.join(arguments)}: {done.stderr}")


def _cat(arguments: Sequence[str], folder: Path) -> None:
    """Files one after another; the last name is the result's."""
    *names, target = arguments
    (folder / target).write_bytes(b"".join((folder / name).read_bytes() for name in names))


def _head(arguments: Sequence[str], folder: Path) -> None:
    """The first so many bytes of a file."""
    name, length, target = arguments
    (folder / target).write_bytes((folder / name).read_bytes()[: int(length)])


def _from_key(arguments: Sequence[str], folder: Path) -> None:
    """A transport stream from a few packets before its n-th key frame on."""
    name, n, target = arguments
    data = (folder / name).read_bytes()
    with av.open(str(folder / name)) as container:
        keys = [packet.pos or 0 for packet in container.demux(video=0) if packet.is_keyframe]
    place = keys[int(n)] - 8 * _TS_PACKET
    (folder / target).write_bytes(data[place - place % _TS_PACKET :])


def _matrix(arguments: Sequence[str], folder: Path) -> None:
    """An MP4 with the first four numbers of the video track's display matrix as given: a b c d."""
    name, *numbers, target = arguments
    data = bytearray((folder / name).read_bytes())
    at = data.index(b"tkhd") + 4 + 40  # version 0. ISO/IEC 14496-12, 8.3.2
    a, b, c, d = (int(number) << 16 for number in numbers)
    struct.pack_into(">9i", data, at, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    (folder / target).write_bytes(data)


def _break_cluster(arguments: Sequence[str], folder: Path) -> None:
    """A Matroska file whose n-th cluster has lost its name."""
    name, n, target = arguments
    data = (folder / name).read_bytes().split(_CLUSTER)
    cut = int(n) + 1
    (folder / target).write_bytes(_CLUSTER.join(data[:cut]) + b"\0\0\0\0" + _CLUSTER.join(data[cut:]))


def _paff(arguments: Sequence[str], folder: Path) -> None:
    """The pictures as H.264 in field pictures, without sound: tff or bff, and a name."""
    order, target = arguments
    grey, chroma = (
        np.full((_FIELD_ROWS, WIDTH, 3), 110, np.uint8),
        np.full((_FIELD_ROWS // 2, WIDTH // 2), 128, np.uint8),
    )
    frames = ((_numbered(grey, n)[..., 0], chroma, chroma) for n in range(FRAMES))
    (folder / target).write_bytes(field_pictures(frames, top_first=order == "tff"))


_COMMANDS: Mapping[str, Callable[[Sequence[str], Path], None]] = {
    "ffmpeg": _ffmpeg,
    "break-cluster": _break_cluster,
    "cat": _cat,
    "from-key": _from_key,
    "head": _head,
    "matrix": _matrix,
    "paff": _paff,
}
