"""MergeTracks on a made-up hour: `python -m benchmarks.merge [--minutes 60] [--people 5] [--every 1] [--folder F]`.

Writes the documents that Detect leaves under work/<job>/ into a folder (a temporary one, or F, which is used again
where it is there), then runs the step's own entry point on them in a fresh process. Shown by part: CPU and wall
seconds, and the peak memory of the process by the end of that part.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

import redactor.merge as merge_step
from benchmarks import hour
from containers.worker import merge as entry_point
from redactor import entry
from redactor import work as names
from redactor.detect import SegmentDetections
from redactor.job import Job, Pinned
from redactor.jsonable import decode
from redactor.preset import Preset
from redactor.store import Object, Store
from redactor.work import Work

_JOB, _EXECUTION = "hour", "by hand"
# Function of redactor.merge -> the part that it belongs to.
_PARTS = {
    "_frame_table": "frame table, embeddings",
    "lasting": "frame table, embeddings",
    "track": "track",
    "survivors": "thumbnails, coverage",
    "_thumbs": "thumbnails, coverage",
    "_coverage": "thumbnails, coverage",
    "_pruned": "thumbnails, coverage",
    "_annotations": "annotations",
}


class Folder(Store):
    """A store that is a folder on this machine."""

    def __init__(self, root: Path) -> None:
        self.bucket, self._root = root.name, root

    def head(self, key: str, version: str | None = None) -> Object | None:
        return None

    def read(self, key: str, version: str | None = None) -> bytes:
        return (self._root / key).read_bytes()

    def write(self, key: str, data: bytes, **_: Any) -> Object:
        path = self._root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return Object(key, "null", "", len(data), {})

    def keys(self, prefix: str, *, deep: bool = True) -> Iterator[str]:
        return iter(sorted(str(path.relative_to(self._root)) for path in (self._root / prefix).glob("*")))

    def open(self, source: Object) -> Any:
        return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--people", type=int, default=5)
    parser.add_argument("--every", type=int, default=1, help="one frame in so many was looked at; usually two")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(_measured(given.measure)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch)
        if not any(folder.glob("work/*")):
            _write(Folder(folder), given.minutes * 60 * hour.RATE, given.people, given.every)
        command = [sys.executable, "-m", "benchmarks.merge", "--measure", str(folder)]
        *_, told = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.splitlines()  # after the log
    _show(json.loads(told))


def _write(store: Store, frames: int, people: int, every: int = 1) -> None:
    work, plan = Work(store, _JOB), hour.plan(frames)
    source = Pinned("input/hour.mp4", "null", "", 0)
    work.save(names.JOB, Job(_JOB, store.bucket, source, source, Preset(), "default", None, None, _EXECUTION))
    work.save_timed(names.PLAN, plan)
    work.save(names.SEGMENTS, hour.segments(frames))
    for found in hour.found(frames, people, every=every):
        n = found.detections.n
        work.save(names.templates_name(n), found.templates)
        work.save_timed(names.detections_name(n), found.detections)


class _Clock:
    """CPU and wall seconds by part, parts inside others taken out of these; peak MB by the end of each. Mutable."""

    def __init__(self) -> None:
        self.parts: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
        self._inside = [[0.0, 0.0]]

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        before = (time.process_time(), time.monotonic())
        self._inside.append([0.0, 0.0])
        yield
        taken = (time.process_time() - before[0], time.monotonic() - before[1])
        inner, part = self._inside.pop(), self.parts[name]
        for n in (0, 1):
            part[n] += taken[n] - inner[n]
            self._inside[-1][n] += taken[n]
        part[2] = _peak()

    def timed(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        def run(*arguments: Any, **keywords: Any) -> Any:
            with self.part(name):
                return function(*arguments, **keywords)

        return run


def _peak() -> float:
    """MB that this process has held at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def _measured(folder: Path) -> Mapping[str, Any]:
    """One run of the entry point. There is no video to cut missing portraits out of: they are counted."""
    clock, store, start = _Clock(), Folder(folder), _peak()
    missing = mock.Mock(return_value=b"")
    with ExitStack() as patched:

        def patch(where: object, name: str, new: object) -> None:
            patched.enter_context(mock.patch.object(where, name, new))

        for name, part in _PARTS.items():
            patch(merge_step, name, clock.timed(getattr(merge_step, name), part))
        patch(names, "decode", clock.timed(decode, "decode"))
        for name in ("save", "save_timed"):
            patch(Work, name, clock.timed(getattr(Work, name), "frames.json, merge.json"))
        patch(merge_step, "_from_source", missing)
        patch(entry_point, "merge", clock.timed(merge_step.merge, "the rest"))
        patch(entry_point, "open_source", lambda file, size: nullcontext())
        patch(entry, "store", lambda: store)
        patch(entry, "check_claim", lambda *_: None)
        with clock.part("the rest"):
            answer = entry_point.handler({"job": _JOB, "execution": _EXECUTION}, None)
    boxes = _boxes(Work(store, _JOB))
    return {"start": start, "parts": clock.parts, "answer": answer, "boxes": boxes, "missing": missing.call_count}


def _boxes(work: Work) -> int:
    """Detections in all documents."""
    found = work.load_all_timed(SegmentDetections, work.names("detections/"))
    return sum(len(one.value.frames.score) for one in found)


def _show(told: Mapping[str, Any]) -> None:
    frames, ids = told["answer"]["frames"], told["answer"]["faces"]
    print(f"{told['boxes']:,} detections in {frames:,} frames, {ids} ids")
    print(f"not measured: the portraits of {told['missing']} of them, which would be read from the video")
    print("| part | CPU s | wall s | peak MB by its end |")
    print("|---|---|---|---|")
    print(f"| libraries loaded | | | {told['start']:.0f} |")
    parts = told["parts"]
    for name, (cpu, wall, peak) in parts.items():
        print(f"| {name} | {cpu:.2f} | {wall:.2f} | {peak:.0f} |")
    cpus, walls, peaks = zip(*parts.values(), strict=True)
    print(f"| **all** | {sum(cpus):.2f} | {sum(walls):.2f} | {max(peaks):.0f} |")


if __name__ == "__main__":
    main()
