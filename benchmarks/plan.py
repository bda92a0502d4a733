"""python -m benchmarks.plan [VIDEO]: two hours and 25 minutes planned, by container: seconds, and what is read.

The video is one minute of ffmpeg's test picture with a tone, or a given one, put in a loop; it is made in a temporary
folder that must have room for 4 GB. Each is planned from a local file, then through the product's reader by ranges from
a bucket that answers after 30 ms: first the bytes that Plan asks of its file object, then those that are transferred.
The bucket is a process of its own, whose computing is in the seconds and not in the CPU's.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import FileIO
from itertools import product
from multiprocessing import Pipe, Process
from pathlib import Path
from typing import BinaryIO

import av
from botocore.awsrequest import AWSPreparedRequest

from benchmarks import reading
from redactor.plan import plan
from redactor.preset import Mode, Preset
from redactor.store import Object, Store

MINUTES, LOOP_SECONDS = (120, 25), 60
# S3's answer within a region, seconds, and what a Lambda function gets, bytes a second.
LATENCY, RATE = 0.03, 75e6
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
    """seconds: wall; cpu: of them, what this process computed. read: bytes asked for; calls: in how many pieces."""

    what: str
    size: int
    seconds: float
    cpu: float
    read: int
    calls: int
    segments: int

    @property
    def good(self) -> bool:
        return self.seconds <= MOST_SECONDS and self.read <= MOST_SHARE * self.size

    def __str__(self) -> str:
        file = f"{self.what:32} {self.size / 1e6:7.0f} MB {self.segments:5}"
        took = f"{self.seconds:6.2f} s {self.cpu:6.2f} s"
        words = f"{file} {took} {self.read / 1e6:7.1f} MB {self.read / self.size:6.1%} {self.calls:7}"
        return words if self.good else f"{words}  TOO MUCH"


def planned(file: BinaryIO, size: int) -> tuple[float, float, int]:
    """One plan, as the worker makes it but for the weights, which have nothing to do with the video: seconds, those
    that were computed, parts."""
    started, computed = time.perf_counter(), time.process_time()
    _, segments = plan(file, size, Preset(mode=Mode.REDACT))
    return time.perf_counter() - started, time.process_time() - computed, len(segments)


def measured(what: str, path: Path) -> Iterator[Row]:
    size = path.stat().st_size
    with Counting(path) as file:
        seconds, cpu, segments = planned(file, size)
        yield Row(f"{what}, local", size, seconds, cpu, file.total, file.calls, segments)
    ranges: list[int] = []

    def count(request: AWSPreparedRequest, **_: object) -> None:
        start, last = str(request.headers["Range"]).removeprefix("bytes=").split("-")
        ranges.append(int(last) + 1 - int(start))

    ours, theirs = Pipe()
    server = Process(target=reading.serve, args=(theirs, path, LATENCY, RATE), daemon=True)
    server.start()
    try:
        client = reading.client(ours.recv())
        client.meta.events.register("before-send.s3.GetObject", count)
        seconds, cpu, segments = planned(Store("bucket", client).open(Object("video", "null", '"x"', size, {})), size)
        yield Row(f"{what}, bucket", size, seconds, cpu, sum(ranges), len(ranges), segments)
    finally:
        server.terminate()
        server.join()


def made(folder: Path, video: Path, minutes: int, name: str, options: str) -> Path:
    """The video, so often that it lasts as long, in a container."""
    with av.open(str(video)) as container:
        loops = round(minutes * 60 * av.time_base / (container.duration or av.time_base)) - 1
    _ffmpeg(f"-stream_loop {loops} -i {video} -map 0:v:0 -map 0:a? -c copy {options} {name}", folder)
    return folder / name


def main(given: Sequence[str]) -> bool:
    print(f"{'video':32} {'size':>10} {'parts':>5} {'time':>8} {'CPU':>8} {'read':>10} {'share':>6} {'reads':>7}")
    good = True
    with tempfile.TemporaryDirectory() as made_in:
        folder = Path(made_in)
        video = Path(given[0]).resolve() if given else folder / "minute.mp4"
        if not given:
            _ffmpeg(f"{_SOURCE} {video.name}", folder)
        for minutes, (container, (name, options)) in product(MINUTES, CONTAINERS.items()):
            path = made(folder, video, minutes, name, options)
            for row in measured(f"{minutes} min, {container}", path):
                print(row, flush=True)
                good = good and row.good
            path.unlink()
    return good


def _ffmpeg(arguments: str, folder: Path) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments.split()], cwd=folder, check=True)


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1:]))
