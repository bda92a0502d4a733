"""What the embedded cloud costs over the bare steps: `python -m benchmarks.overhead VIDEO [--workers 2] [--runs 3]`.

Bare: the same step functions on local files, segments spread over as many processes as the cloud has workers, which are
started before the clock. Cloud: from the upload to the result, its start-up shown apart. Medians over the runs.
"""

import argparse
import os
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from localcloud.cloud import Cloud
from redactor import models
from redactor.annotations import SegmentBoxes
from redactor.cli.weights import environment
from redactor.detect import Found, detect
from redactor.join import join
from redactor.media.mux import PartFile
from redactor.media.source import open_source
from redactor.media.streams import Segment
from redactor.merge import merge
from redactor.output import Output
from redactor.plan import Plan, plan
from redactor.preset import Preset
from redactor.redact import Verdict, redact
from redactor.select import select
from redactor.verify import verify
from redactor.work import Timed

PRESET = Preset()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", type=Path)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    bare, start_up, cloud = [], [], []
    for _ in range(given.runs):
        bare.append(_bare(given.video, given.workers))
        begun, taken = _cloud(given.video, given.workers)
        start_up.append(begun)
        cloud.append(taken)
    plain, clouded = statistics.median(bare), statistics.median(cloud)
    print(f"{given.video.name}, {given.workers} workers, medians of {given.runs} runs")
    print("| bare steps | embedded cloud | overhead | allowed (5 s + 10 %) | start-up |")
    print("|---|---|---|---|---|")
    allowed = 5 + plain / 10
    print(
        f"| {plain:.1f} s | {clouded:.1f} s | {clouded - plain:.1f} s | {allowed:.1f} s | "
        f"{statistics.median(start_up):.1f} s |"
    )


def _bare(video: Path, workers: int) -> float:
    """Seconds for all steps, one after another, segments in parallel."""
    size = video.stat().st_size
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(workers) as pool:
        list(pool.map(_warm, range(workers)))
        started = time.monotonic()
        with video.open("rb") as file:
            planned, segments = plan(file, size, PRESET)
        found = list(pool.map(_detect, *zip(*[(video, planned, one) for one in segments], strict=True)))
        with video.open("rb") as file, open_source(file, size) as source:
            timed = [Timed(0.0, one.detections) for one in found]
            templates = [template for one in found for template in one.templates or ()]
            merged = merge(timed, templates, source, planned, segments)
        chosen = select(merged.annotations, b"", planned, segments, merged.frames)
        parts = [Path(folder) / f"{one.n}.mp4" for one in segments]
        work = [(video, planned, *row) for row in zip(segments, chosen.boxes, parts, strict=True)]
        verdicts = list(pool.map(_redact, *zip(*work, strict=True)))
        out = Path(folder) / "out.mp4"
        _finish(video, planned, segments, parts, verdicts, out)
        return time.monotonic() - started


def _finish(
    video: Path, planned: Plan, segments: list[Segment], parts: list[Path], verdicts: list[Verdict], out: Path
) -> None:
    size = video.stat().st_size
    files = [PartFile.at(n, path) for n, path in enumerate(parts)]
    with video.open("rb") as file, open_source(file, size) as source:
        sound = join(files, verdicts, segments, source, plan=planned, blur=PRESET.blur, out=out).sound
    with out.open("rb") as made, video.open("rb") as file:
        output, source_file = Output(made, out.stat().st_size), Output(file, size)
        verify(output, source_file, planned, segments, verdicts, frames=None, blur=PRESET.blur, sound=sound)


def _warm(_: int) -> None:
    """A worker that has its libraries loaded, as the cloud's have."""
    time.sleep(0.1)


def _detect(video: Path, planned: Plan, segment: Segment) -> Found:
    with video.open("rb") as file, open_source(file, video.stat().st_size) as source:
        return detect(source, planned, segment, PRESET)


def _redact(video: Path, planned: Plan, segment: Segment, boxes: SegmentBoxes, part: Path) -> Verdict:
    with video.open("rb") as file, open_source(file, video.stat().st_size) as source:
        return redact(source, planned, segment, boxes, blur=PRESET.blur, part=part)


def _cloud(video: Path, workers: int) -> tuple[float, float]:
    """Seconds until the cloud stands, and from the upload to the end of the job."""
    begun = time.monotonic()
    with Cloud(workers, environment=environment()) as cloud:
        started = time.monotonic()
        key = f"input/{video.name}"
        cloud.s3().upload_file(str(video), cloud.bucket, key)
        end = cloud.wait(cloud.started(key), 3600)
        taken = time.monotonic() - started
    if end["status"] != "SUCCEEDED":
        raise SystemExit(f"the job ended as {end['status']}")
    return started - begun, taken


if __name__ == "__main__":
    models.choose()
    main()
