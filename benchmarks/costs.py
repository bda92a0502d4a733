"""What a frame costs in each step: `python -m benchmarks.costs VIDEO [--lines 360 720 1080 2160] [--times 3]`.

The beginning of the video, scaled to each number of lines, goes through the steps' own functions on local files, one
after another in this process; merge and select, which a short video does not show, also see ten minutes made up by
benchmarks.hour. CPU seconds are those of all threads; wall seconds need a machine that does nothing else. What a step
does once, however long the video, is shown apart. src/redactor/measured.py holds the answers.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from itertools import chain, islice
from pathlib import Path
from statistics import median
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame

from benchmarks import hour
from benchmarks.clips import write
from redactor import models
from redactor.annotations import SegmentBoxes
from redactor.detect import SegmentDetections, detect
from redactor.detectors import load
from redactor.identity.sampling import Template
from redactor.identity.weights import open_embedder
from redactor.join import Joined, join
from redactor.jsonable import decode, encode
from redactor.looks import USUAL
from redactor.media.mux import PartFile
from redactor.media.parts import packets_digest
from redactor.media.source import open_source
from redactor.media.streams import FrameTable, FrameTime
from redactor.merge import Merged, merge
from redactor.output import Output
from redactor.plan import plan
from redactor.preset import Experimental, Preset
from redactor.prove import Proof, Stretch, prove
from redactor.redact import Verdict, redact
from redactor.running import Running
from redactor.select import select
from redactor.verify import verify
from redactor.work import Timed

_WHOLE = Preset(experimental=Experimental(segment_seconds=Fraction(86400)))
_PEOPLE = 5
_LIBRARIES = "import containers.worker.{step}"


@dataclass
class Clock:
    """CPU and wall seconds by step."""

    taken: dict[str, tuple[float, float]] = field(default_factory=dict)

    def run(self, step: str, work: Callable[[], Any]) -> Any:
        wall, cpu = time.monotonic(), time.process_time()
        answer = work()
        self.taken[step] = (time.process_time() - cpu, time.monotonic() - wall)
        return answer


@dataclass(frozen=True)
class Sizes:
    """Of one clip: pixels a frame, frames, bytes of the source and of what came out."""

    pixels: int
    frames: int
    source: int
    output: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("--lines", type=int, nargs="*", default=[360, 720, 1080, 2160])
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--minutes", type=int, default=10, help="made up, for merge and select")
    parser.add_argument("--times", type=int, default=1, help="medians of so many runs")
    given = parser.parse_args()
    models.choose()
    _starts()
    print("| pixels | frames | step | CPU ms a frame | wall ms a frame |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for lines in given.lines:
            clip = _scaled(given.video, Path(folder) / f"{lines}.mp4", lines, given.seconds)
            _show(*middle([measured(clip, Path(folder)) for _ in range(given.times)]))
        if given.minutes:
            _packets(Path(folder), given.times)
            _show(*middle([_long(given.minutes) for _ in range(given.times)]))


def middle(runs: Sequence[tuple[Clock, Sizes]]) -> tuple[Clock, Sizes]:
    """Of several runs of the same: by step the median of each."""
    clocks = [clock.taken for clock, _ in runs]
    steps = {step: tuple(zip(*(taken[step] for taken in clocks), strict=True)) for step in clocks[0]}
    return Clock({step: (median(cpu), median(wall)) for step, (cpu, wall) in steps.items()}), runs[0][1]


def measured(video: Path, folder: Path) -> tuple[Clock, Sizes]:
    """All steps on one clip in one segment. Models are open before the clock."""
    clock, size = Clock(), video.stat().st_size
    part, out = folder / "part.mp4", folder / "out.mp4"
    with video.open("rb") as file:
        planned, segments = clock.run("plan", lambda: plan(file, size, _WHOLE))
    with video.open("rb") as file, open_source(file, size) as source:
        load(tuple(planned.models)), open_embedder()
        found = clock.run("detect", lambda: detect(source, planned, segments[0], _WHOLE))
        sightings, templates = found.detections, found.templates or ()
        merged: Merged = clock.run(
            "merge", lambda: merge([Timed(0.0, sightings)], templates, source, planned, segments)
        )
        chosen = clock.run("select", lambda: select(merged.annotations, b"", planned, segments, merged.frames))
        boxes: SegmentBoxes = chosen.boxes[0]
        verdict = clock.run("redact", lambda: redact(source, planned, segments[0], boxes, blur=_WHOLE.blur, part=part))
        files = [PartFile.at(0, part)]
        joined: Joined = clock.run(
            "join", lambda: join(files, [verdict], segments, source, plan=planned, blur=_WHOLE.blur, out=out)
        )
        with out.open("rb") as made, video.open("rb") as again:
            output, original = Output(made, out.stat().st_size), Output(again, size)
            clock.run(
                "verify",
                lambda: verify(
                    output,
                    original,
                    planned,
                    segments,
                    [verdict],
                    frames=merged.frames,
                    blur=_WHOLE.blur,
                    sound=joined.sound,
                ),
            )
        video_stream = planned.streams.video
    pixels = video_stream.width * video_stream.height
    return clock, Sizes(pixels, len(verdict.frames), size, out.stat().st_size)


def _packets(folder: Path, times: int) -> None:
    """Join, prove and verify by frame and by megabyte read: a long video of next to nothing, and a short one of noise.

    Prove apart from the hashes that it goes on with.
    """
    still = _made(folder / "still.mp4", 18_000, (160, 96), noise=False)
    noise = _made(folder / "noise.mp4", 240, (1280, 720), noise=True)
    rows = [middle([_moved(video, count) for _ in range(times)]) for video, count in ((still, 18_000), (noise, 240))]
    print("| step | CPU ms a frame | CPU ms a MB read |\n|---|---|---|")
    for step in ("join", "prove", "verify"):
        known = np.array([(one.frames, one.output / 1e6) for _, one in rows])
        taken = np.array([clock.taken[step][0] for clock, _ in rows])
        a, b = np.linalg.solve(known, taken) * 1000
        print(f"| {step} | {a:.4f} | {b:.2f} |", flush=True)
    clock, one = rows[-1]
    print(f"| a hash that is gone on with | | {1e9 * clock.taken['handed'][0] / one.output:.2f} |", flush=True)


def _hashed(data: bytes) -> str:
    """As Prove does it when its turn has come."""
    taken = Running()
    taken.update(data)
    return taken.sha256


def _made(path: Path, count: int, size: tuple[int, int], *, noise: bool) -> Path:
    """A made-up video of so many frames."""
    rng, still = np.random.default_rng(0), np.zeros((size[1], size[0], 3), np.uint8)

    def frames() -> Iterator[VideoFrame]:
        for _ in range(count):
            picture = rng.integers(0, 256, still.shape, dtype=np.uint8) if noise else still
            yield VideoFrame.from_ndarray(picture, format="rgb24")

    write(frames(), Fraction(30), path)
    return path


def _moved(made: Path, count: int) -> tuple[Clock, Sizes]:
    """Join, prove and verify on a made-up video that is source and part at once, with the documents that they read and
    write."""
    out, clock = made.with_name("joined.mp4"), Clock()
    length = made.stat().st_size
    with made.open("rb") as file:
        planned, segments = plan(file, length, _WHOLE)
        video = planned.streams.video
        digest = packets_digest(file, length, video)
        verdict = Verdict(0, FrameTable(FrameTime(pts, 1) for pts in digest.pts), 0, digest)
    document, table = encode(Timed(0.0, verdict)), encode(verdict.frames)
    with made.open("rb") as file, open_source(file, length) as source:
        part = [PartFile.at(0, made)]

        def joining() -> Joined:
            told = decode(Timed[Verdict], document).value
            return join(part, [told], segments, source, plan=planned, blur=_WHOLE.blur, out=out)

        clock.run("join", joining)
    with out.open("rb") as joined, made.open("rb") as file:
        output, original = Output(joined, out.stat().st_size), Output(file, length)
        whole = (Stretch(0, 0, 1, 0),)

        def proving() -> bytes:
            *_, proof = prove(output, planned, segments, whole, 0, version="", before=lambda: None)
            return encode(proof)

        assert decode(Proof, clock.run("prove", proving)).facts is not None
        clock.run("handed", partial(_hashed, out.read_bytes()))
        (looked, wall), (handed, waited) = clock.taken["prove"], clock.taken["handed"]
        clock.taken["prove"] = (looked - handed, wall - waited)

        def verifying() -> None:
            told, frames = decode(Timed[Verdict], document).value, decode(FrameTable, table)
            verify(output, original, planned, segments, [told], frames=frames, blur=_WHOLE.blur)

        clock.run("verify", verifying)
    return clock, Sizes(video.width * video.height, count, length, out.stat().st_size)


def _show(clock: Clock, sizes: Sizes) -> None:
    for step, (cpu, wall) in clock.taken.items():
        print(
            f"| {sizes.pixels} | {sizes.frames} | {step} | {1000 * cpu / sizes.frames:.3f} | "
            f"{1000 * wall / sizes.frames:.3f} |",
            flush=True,
        )
    rate = f"{sizes.output / sizes.frames / sizes.pixels:.4f} bytes a pixel, {sizes.output / sizes.source:.2f} x source"
    print(f"| {sizes.pixels} | {sizes.frames} | output | {rate} | |")


def _long(minutes: int) -> tuple[Clock, Sizes]:
    """Merge and select on minutes of video, by frame, with the documents that they read and write."""
    frames, clock = minutes * 60 * hour.RATE, Clock()
    planned, segments = hour.plan(frames), hour.segments(frames)
    found = list(hour.found(frames, _PEOPLE, every=round(hour.RATE / USUAL)))
    documents = [encode(Timed(0.0, one.detections)) for one in found]
    faces = [encode(one.templates) for one in found if one.templates]
    del found
    source: Any = _NoSource()

    def merging() -> tuple[bytes, bytes]:
        seen = (decode(Timed[SegmentDetections], document) for document in documents)
        templates = chain.from_iterable(decode(tuple[Template, ...], document) for document in faces)
        merged = merge(seen, templates, source, planned, segments)
        return merged.annotations, encode(merged.frames)

    def selecting() -> list[bytes]:
        table = decode(FrameTable, frame_table)
        return [encode(boxes) for boxes in select(annotations, b"", planned, segments, table).boxes]

    annotations, frame_table = clock.run("merge", merging)
    clock.run("select", selecting)
    return clock, Sizes(hour.WIDTH * hour.HEIGHT, frames, 1, 1)


class _NoSource:
    """Every id of a made-up video has a portrait."""

    def __getattr__(self, name: str) -> Any:
        raise LookupError(f"a made-up video has no {name}")


def _starts() -> None:
    """What comes before the first frame: libraries, then models."""
    print("| what comes first | CPU s | wall s |\n|---|---|---|")
    for step in ("plan", "detect", "redact", "join"):
        code = f"import time; {_LIBRARIES.format(step=step)}; print(time.process_time())"
        began = time.monotonic()
        done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        print(f"| libraries of {step} | {float(done.stdout):.2f} | {time.monotonic() - began:.2f} |")
    clock = Clock()
    clock.run("detector", lambda: load(tuple(models.choose().models)))
    clock.run("embedder", open_embedder)
    for name, (cpu, wall) in clock.taken.items():
        print(f"| {name} opened | {cpu:.2f} | {wall:.2f} |", flush=True)


def _scaled(video: Path, out: Path, lines: int, seconds: int) -> Path:
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        rate = Fraction(stream.average_rate or 25)
        width, height = stream.width, stream.height

    def frames() -> Iterator[VideoFrame]:
        with av.open(str(video)) as container:
            for frame in islice(container.decode(video=0), int(seconds * rate)):
                yield frame.reformat(width=round(width * lines / height / 2) * 2, height=lines)

    write(frames(), rate, out)
    return out


if __name__ == "__main__":
    main()
