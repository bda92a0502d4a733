"""What reading from S3 takes: `python -m benchmarks.reading [--megabytes 300] [--latency 0.03] [--rate 75e6]`.

A server on this machine stands in for S3: it answers after a latency and sends no more than so many bytes a second over
all connections, as one Lambda function gets them. First a small request, one and many at a time; then the look that
Verify takes at an MP4 of noise: read by ranges one after another and hashed after that, and once, blocks ahead.
Between the two stand the bytes at that rate, and the computing alone.
"""

import argparse
import hashlib
import multiprocessing
import re
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import av
import boto3
import numpy as np
from av.video.frame import VideoFrame
from botocore.config import Config

from benchmarks.clips import write
from redactor.many import AT_ONCE, each
from redactor.media.inspection import inspect_output
from redactor.media.streams import VideoStream
from redactor.output import Output
from redactor.plan import plan
from redactor.preset import Preset
from redactor.store import Object, Store

_CHUNK, _SMALL = 1 << 16, b"x" * 1000
# How many small objects are read one by one, and many at a time.
_SMALL_READS = (50, 1000)


@dataclass
class _Line:
    """What all connections share: bytes/s."""

    rate: float
    free: float = 0.0
    guard: threading.Lock = field(default_factory=threading.Lock)

    def pass_(self, count: int) -> None:
        with self.guard:
            self.free = max(self.free, time.monotonic()) + count / self.rate
            wait = self.free - time.monotonic()
        if wait > 0:
            time.sleep(wait)


def serve(pipe: Connection, path: Path, latency: float, rate: float) -> None:
    """Answers every GET with a range of the file, or with a small object where none is asked for; tells its port."""
    line, size = _Line(rate), path.stat().st_size

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Else the body waits for the header's acknowledgement, which the other side holds back for 40 ms.
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            time.sleep(latency)
            asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
            begin, end = (int(asked[1]), int(asked[2]) + 1) if asked else (0, len(_SMALL))
            status = f"206 OK\r\nContent-Range: bytes {begin}-{end - 1}/{size}" if asked else "200 OK"
            self.wfile.write(f'HTTP/1.1 {status}\r\nETag: "x"\r\nContent-Length: {end - begin}\r\n\r\n'.encode())
            if not asked:
                self.wfile.write(_SMALL)
                return
            with path.open("rb") as file:
                file.seek(begin)
                for at in range(begin, end, _CHUNK):
                    line.pass_(min(_CHUNK, end - at))
                    self.wfile.write(file.read(min(_CHUNK, end - at)))

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128  # of connections not yet taken: with fewer, some try again after a second

    server = Server(("127.0.0.1", 0), Answers)
    pipe.send(server.server_port)
    server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=300)
    parser.add_argument("--latency", type=float, default=0.03)
    parser.add_argument("--rate", type=float, default=75e6)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.mp4"
        video = _made(path, given.megabytes * 1_000_000)
        ours, theirs = multiprocessing.Pipe()
        server = multiprocessing.Process(target=serve, args=(theirs, path, given.latency, given.rate), daemon=True)
        server.start()
        try:
            store = Store("bucket", client(ours.recv()))
            _requests(store)
            _look(store, path, video, given.rate)
        finally:
            server.terminate()


def client(port: int) -> Any:
    """Of the server at this port."""
    config = Config(max_pool_connections=AT_ONCE, s3={"addressing_style": "path"})
    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106  nobody checks it
        config=config,
    )


def _requests(store: Store) -> None:
    print("| small requests at a time | CPU ms each | wall ms each |\n|---|---|---|")
    each(store.read, map(str, range(AT_ONCE)))  # connections are open before the clock
    for at_once, count in zip((1, AT_ONCE), _SMALL_READS, strict=True):
        cpu, wall = _timed(partial(each, store.read, map(str, range(count)), at_once))
        print(f"| {at_once} | {1000 * cpu / count:.2f} | {1000 * wall / count:.2f} |", flush=True)


def _look(store: Store, path: Path, video: VideoStream, rate: float) -> None:
    size = path.stat().st_size
    made = Object("made", "null", '"x"', size, {})

    def through(output: Output) -> None:
        digest = hashlib.sha256()
        with output.through(digest.update) as file:
            inspect_output(file, size, video)

    def plainly() -> None:
        with store.open(made) as file:
            inspect_output(file, size, video)
            file.seek(0)
            digest = hashlib.sha256()
            while block := file.read(4 << 20):
                digest.update(block)

    def locally() -> None:
        with path.open("rb") as file:
            through(Output(file, size))

    print(f"\n| a look at {size / 1e6:.0f} MB | CPU s | wall s |\n|---|---|---|")
    print(f"| the bytes at {rate / 1e6:.0f} MB/s | | {size / rate:.2f} |")
    ahead = Output(store.open(made), size, partial(store.blocks, [made]))
    looks: dict[str, Callable[[], object]] = {
        "of a local file": locally,
        "one range after another, and again for the hash": plainly,
        "once, blocks ahead": partial(through, ahead),
    }
    for what, act in looks.items():
        cpu, wall = _timed(act)
        print(f"| {what} | {cpu:.2f} | {wall:.2f} |", flush=True)


def _timed(act: Callable[[], object]) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.monotonic()
    act()
    return time.process_time() - cpu, time.monotonic() - wall


def _made(path: Path, size: int) -> VideoStream:
    """Sixteen frames of noise again and again, about so many bytes, written as Join writes: the index first."""
    rng = np.random.default_rng(0)
    pictures = (rng.integers(0, 256, (720, 1280, 3), dtype=np.uint8) for _ in range(16))
    late = path.with_name("late.mp4")
    write((VideoFrame.from_ndarray(picture, format="rgb24") for picture in pictures), Fraction(30), late)
    with av.open(str(late)) as source, av.open(str(path), "w", options={"movflags": "+faststart"}) as out:
        template = source.streams.video[0]
        stream = out.add_stream_from_template(template, opaque=True)
        packets = [packet for packet in source.demux(template) if packet.size]
        length = sum(packet.duration or 0 for packet in packets)
        for n in range(max(1, size // late.stat().st_size)):
            for packet in packets:
                again = av.Packet(bytes(packet))
                again.pts, again.dts = (packet.pts or 0) + n * length, (packet.dts or 0) + n * length
                again.duration, again.time_base, again.is_keyframe = (
                    packet.duration,
                    packet.time_base,
                    packet.is_keyframe,
                )
                again.stream = stream
                out.mux(again)
    with path.open("rb") as file:
        return plan(file, path.stat().st_size, Preset())[0].streams.video


if __name__ == "__main__":
    main()
