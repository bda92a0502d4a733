"""Our own pipeline on one clip, in this process where its parts can be timed, and whole for the redacted video."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest import mock

import redactor.detect as detect_step
from redactor import detectors
from redactor.detect import Found, detect
from redactor.identity import weights
from redactor.media.decode import decode
from redactor.media.source import Source, open_source
from redactor.media.streams import Segment
from redactor.merge import Merged, merge
from redactor.plan import Plan, plan
from redactor.preset import Experimental, Preset
from redactor.work import Timed

_WHOLE = Fraction(86400)


@dataclass
class Seconds:
    """CPU seconds of this process by part. rest: pictures, signatures, crops, suppression."""

    decode: float = 0.0
    network: float = 0.0
    embedding: float = 0.0
    rest: float = 0.0
    merge: float = 0.0
    frames: int = 0

    def a_frame(self, part: str) -> float:
        """Milliseconds."""
        return 1000 * float(getattr(self, part)) / max(1, self.frames)


@dataclass(frozen=True)
class Analysis:
    """What combined mode finds in a clip, and what it costs."""

    merged: Merged
    seconds: Seconds = field(default_factory=Seconds)


def analyse(video: Path, preset: Preset | None = None) -> Analysis:
    """Plan, Detect on one segment, MergeTracks."""
    preset = preset or Preset(experimental=Experimental(segment_seconds=_WHOLE))
    seconds = Seconds()
    with video.open("rb") as file:
        planned, segments = plan(file, video.stat().st_size, preset)
        with open_source(file, video.stat().st_size) as source:
            found = _detected(source, planned, segments, preset, seconds)
            with _timed(seconds, "merge"):
                timed = (Timed(0.0, one.detections) for one in found)
                templates = (template for one in found for template in one.templates or ())
                merged = merge(timed, templates, source, planned, segments)
    return Analysis(merged, seconds)


def _detected(source: Source, planned: Plan, segments: list[Segment], preset: Preset, seconds: Seconds) -> list[Found]:
    """Everything else is timed inside; decoding by doing it once more alone."""
    video, found = planned.streams.video, list[Found]()
    with _timed(seconds, "decode"):
        seconds.frames = sum(1 for segment in segments for _ in decode(source, video, segment))
    with _watched(seconds), _timed(seconds, "rest"):
        found += [detect(source, planned, segment, preset) for segment in segments]
    seconds.rest -= seconds.decode + seconds.network + seconds.embedding
    return found


@contextmanager
def _timed(seconds: Seconds, part: str) -> Iterator[None]:
    start = time.process_time()
    yield
    setattr(seconds, part, getattr(seconds, part) + time.process_time() - start)


@contextmanager
def _watched(seconds: Seconds) -> Iterator[None]:
    """Detect with its network and its embedder timed."""

    def opening(load: Callable[..., Any], method: str, part: str) -> Callable[..., Any]:
        def opened(*arguments: Any) -> Any:
            return _Watched(load(*arguments), method, part, seconds)

        return opened

    network = opening(detectors.load, "detect_all", "network")
    embedder = opening(weights.open_embedder, "embed", "embedding")
    with mock.patch.object(detect_step, "load", network), mock.patch.object(detect_step, "open_embedder", embedder):
        yield


class _Watched:
    """Something of which one method is timed."""

    def __init__(self, inner: Any, method: str, part: str, seconds: Seconds) -> None:
        self._inner, self._method, self._part, self._seconds = inner, method, part, seconds

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name != self._method:
            return found

        def timed(*arguments: Any) -> Any:
            with _timed(self._seconds, self._part):
                return found(*arguments)

        return timed


COMMAND = (sys.executable, "-c", "from redactor.cli import main; main()")


def redacted(video: Path, annotations: bytes, folder: Path) -> Path:
    """The video with these boxes filled with black, by the whole flow. Raises CalledProcessError."""
    folder.mkdir(parents=True, exist_ok=True)
    given = folder / f"{video.stem}_annotations.json"
    given.write_bytes(annotations)
    options = ["--annotations", str(given), "--blur-type", "Black", "--out", str(folder)]
    subprocess.run([*COMMAND, "run", *options, str(video)], check=True, stdout=subprocess.DEVNULL)
    return folder / f"{video.stem}_redacted.mp4"
