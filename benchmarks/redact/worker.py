"""One worker's Redact: `python -m benchmarks.redact.worker VIDEO PART`, a whole video as one segment; prints JSON."""

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest import mock

import redactor.redact as step
from redactor.annotations import Face, FaceTable, write_annotations
from redactor.covering import Rect, covered
from redactor.media.decode import decode
from redactor.media.source import open_source
from redactor.media.streams import FrameTime
from redactor.plan import Plan, plan
from redactor.preset import BlurType, Experimental, Mode, Preset
from redactor.recheck import seen
from redactor.select import select

PRESET = Preset(mode=Mode.REDACT, experimental=Experimental(segment_seconds=Fraction(86400)))
# Two faces in every frame, each 200 x 200 pixels at 1280 x 720.
FACES = (Face(1, 0.2, 0.2, 200 / 1280, 200 / 720), Face(2, 0.6, 0.3, 200 / 1280, 200 / 720))


@dataclass(frozen=True)
class Spent:
    """CPU seconds of making the part and of looking at it again; peak: memory of the process, MB, and before: that of
    the same process when all was ready to begin."""

    frames: int
    redact: float
    recheck: float
    peak: float
    before: float


def rects(width: int, height: int) -> list[Rect]:
    """What is covered in a frame of this size."""
    return [rect for face in FACES if (rect := covered(face, width, height))]


def redacted(video: Path, part: Path) -> Spent:
    size = video.stat().st_size
    with video.open("rb") as file:
        planned, segments = plan(file, size, PRESET)
        with open_source(file, size) as source:
            table = [one.time for one in decode(source, planned.streams.video, segments[0])]
    boxes = select(_annotations(planned, table), b"", planned, segments, table).boxes[0]
    before = _memory()
    with video.open("rb") as file, open_source(file, size) as source, _timed() as rechecks:
        begun = time.process_time()
        step.redact(source, planned, segments[0], boxes, blur=BlurType.MED, part=part)
        spent = time.process_time() - begun
    return Spent(len(table), spent - sum(rechecks), sum(rechecks), _memory(), before)


def _annotations(planned: Plan, table: list[FrameTime]) -> bytes:
    return write_annotations(planned.streams.video, table, FaceTable.of([FACES] * len(table)), planned.fingerprint)


@contextmanager
def _timed() -> Iterator[list[float]]:
    """CPU seconds of each part of the second look that is taken inside: what is noted of every frame as it is handed to
    the encoder, whose own threads work meanwhile and do not count here, and the part decoded and compared."""
    seconds: list[float] = []

    def timed(work: Callable[..., Any], clock: Callable[[], float]) -> Callable[..., Any]:
        def timing(*given: Any) -> Any:
            begun = clock()
            try:
                return work(*given)
            finally:
                seconds.append(clock() - begun)

        return timing

    with (
        mock.patch.object(step, "seen", timed(seen, time.thread_time)),
        mock.patch.object(step, "recheck", timed(step.recheck, time.process_time)),
    ):
        yield seconds


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    print(json.dumps(asdict(redacted(Path(sys.argv[1]), Path(sys.argv[2])))))
