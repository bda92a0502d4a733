"""python -m benchmarks.plan: two hours of video planned, by container: seconds, and what is read of the file.

The video is one minute of ffmpeg's test picture with a tone, put in a loop; it is made in a temporary folder that must
have room for 4 GB. The bytes are those that Plan asks of its file object; its reader fetches them in blocks.
"""

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from redactor.plan import plan
from redactor.preset import Mode, Preset

HOURS, LOOP_SECONDS = 2, 60
MOST_SECONDS, MOST_SHARE = 2.0, 0.05
_SOURCE = (
    f"-f lavfi -i testsrc2=s=1280x720:r=30:d={LOOP_SECONDS} -f lavfi -i sine=440:d={LOOP_SECONDS} "
    "-c:v libx264 -preset ultrafast -b:v 1500k -maxrate 1500k -bufsize 3M -g 60 -bf 2 -c:a aac -b:a 96k"
)
# Container -> file name and what ffmpeg is told.
CONTAINERS = {
    "mp4, index last": ("last.mp4", ""),
    "mp4, index first": ("first.mp4", "-movflags +faststart"),
    "mkv": ("a.mkv", ""),
    "ts": ("a.ts", ""),
}


class Counting(FileIO):
    """A file that counts what is read of it."""

    total = calls = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(-1 if size is None else size) or b""
        self.total += len(data)
        self.calls += 1
        return data


@dataclass(frozen=True)
class Row:
    """seconds: wall. read: bytes asked for; calls: in how many pieces."""

    container: str
    size: int
    seconds: float
    read: int
    calls: int
    segments: int

    @property
    def good(self) -> bool:
        return self.seconds <= MOST_SECONDS and self.read <= MOST_SHARE * self.size

    def __str__(self) -> str:
        file = f"{self.container:18} {self.size / 1e6:7.0f} MB {self.segments:5}"
        words = f"{file} {self.seconds:6.2f} s {self.read / 1e6:7.1f} MB {self.read / self.size:6.1%} {self.calls:7}"
        return words if self.good else f"{words}  TOO MUCH"


def measured(container: str, path: Path) -> Row:
    """One plan, as the worker makes it but for the weights, which have nothing to do with the video."""
    size = path.stat().st_size
    with Counting(path) as file:
        started = time.perf_counter()
        _, segments = plan(file, size, Preset(mode=Mode.REDACT))
        return Row(container, size, time.perf_counter() - started, file.total, file.calls, len(segments))


def made(folder: Path, name: str, options: str) -> Path:
    """Two hours in a container, from the minute in the folder."""
    loops = HOURS * 3600 // LOOP_SECONDS - 1
    _ffmpeg(f"-stream_loop {loops} -i minute.mp4 -map 0 -c copy {options} {name}", folder)
    return folder / name


def main() -> bool:
    print(f"{'container':18} {'size':>10} {'parts':>5} {'time':>8} {'read':>10} {'share':>6} {'reads':>7}")
    good = True
    with tempfile.TemporaryDirectory() as made_in:
        folder = Path(made_in)
        _ffmpeg(f"{_SOURCE} minute.mp4", folder)
        for container, (name, options) in CONTAINERS.items():
            path = made(folder, name, options)
            row = measured(container, path)
            print(row, flush=True)
            good = good and row.good
            path.unlink()
    return good


def _ffmpeg(arguments: str, folder: Path) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments.split()], cwd=folder, check=True)


if __name__ == "__main__":
    sys.exit(not main())
