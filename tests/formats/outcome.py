"""One odd video through the flow's own steps in this process, and what tools that are not ours see in the result."""

import hashlib
import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from redactor.annotations import FaceTable, write_annotations
from redactor.annotations.faces import Face
from redactor.media.decode import decode
from redactor.media.streams import FrameTime, Gap, Segment
from redactor.preset import BlurType, preset_from
from redactor.select import Selection, select
from tests.formats.make import counter
from tests.formats.video import CLICK
from tests.unit.pipeline import Pipeline

Luma = NDArray[np.uint8]

# In the lower half, clear of the blocks that carry the frame's number.
FACE = Face(1, 0.4, 0.5, 0.2, 0.3)


class Flow(Pipeline):
    """A pipeline whose annotations somebody gave: one face that stands still in every frame, hidden by black.

    covered: the positions of the frames that it is in.
    """

    covered = range(1_000_000)

    @cached_property
    def seen(self) -> list[tuple[FrameTime, str]]:
        """When each frame is shown and a hash of its pixels, as the workers see them: every segment on its own."""
        return [found for segment in self.segments for found in self._seen(segment)]

    def _seen(self, segment: Segment) -> Iterator[tuple[FrameTime, str]]:
        for decoded in decode(self.source, self.plan.streams.video, segment):
            yield decoded.time, _hash(decoded.frame)

    @property
    def frames(self) -> tuple[FrameTime, ...]:
        return tuple(time for time, _ in self.seen)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return ()

    @cached_property
    def selection(self) -> Selection:
        faces = [[FACE] if n in self.covered else [] for n in range(len(self.frames))]
        given = write_annotations(self.plan.streams.video, self.frames, FaceTable.of(faces), self.plan.fingerprint)
        return select(given, b"", self.plan, self.segments, self.frames)


@dataclass(frozen=True)
class Outcome:
    """source, output: files. segments: how many. hashes: of the frames that the workers saw; times: when they are shown
    by the source's clock, and shift: how much later by the output's, seconds. warnings: for the report."""

    source: Path
    output: Path
    stream: int
    segments: int
    hashes: list[str]
    times: list[Fraction]
    shift: Fraction
    warnings: str


def outcome(source: Path, folder: Path, options: Mapping[str, object]) -> Outcome:
    """Every step but detection, each with its own checks; Verify's too. options: experimental ones of the preset.
    Raises what they raise."""
    folder.mkdir()
    preset = preset_from({"mode": "redact", "experimentalOptions": {"segmentSeconds": "1/2", **options}}, "the table")
    assert not preset.warnings
    with Flow(source, folder, preset=preset, blur=BlurType.BLACK) as flow:
        video = flow.plan.streams.video
        flow.verify(flow.out)
        return Outcome(
            source,
            flow.out,
            video.index,
            len(flow.segments),
            [pixels for _, pixels in flow.seen],
            [time.pts * video.time_base for time in flow.frames],
            video.shift * video.time_base,
            "; ".join((*flow.plan.warnings, *flow.joined[0].warnings)),
        )


@contextmanager
def copied(source: Path, folder: Path) -> Iterator[Flow]:
    """A video of 40 frames whose face is in the third ten, everything else copied where it can be."""
    folder.mkdir()
    options = {"segmentSeconds": "1/2", "copyUntouched": True}
    preset = preset_from({"mode": "redact", "experimentalOptions": options}, "the table")

    class Partly(Flow):
        covered = range(22, 27)

    with Partly(source, folder, preset=preset, blur=BlurType.BLACK) as flow:
        yield flow


def hashes(path: Path, stream: int) -> list[str]:
    """Of every frame as FFmpeg decodes them in one go, without any code of ours."""
    with av.open(str(path)) as container:
        return [_hash(frame) for frame in container.decode(container.streams[stream])]


def lumas(path: Path, stream: int = 0) -> Iterator[Luma]:
    """The luma of every frame in order of presentation, height x width, full range."""
    with av.open(str(path)) as container:
        for frame in container.decode(container.streams[stream]):
            yield np.asarray(frame.to_ndarray(format="gray"), np.uint8)


@dataclass(frozen=True)
class Probed:
    """What ffprobe says. times: seconds of each frame that it shows, None where it does not know. picture: fields of
    its track. kinds: of all tracks, and a word for each chapter. tags: of the file and the picture."""

    times: list[Fraction | None]
    picture: dict[str, Any]
    kinds: list[str]
    tags: dict[str, str]


def ffprobe(path: Path, stream: int = 0) -> Probed:
    told = _told(path)
    streams, picture = told["streams"], told["streams"][stream]
    base = Fraction(picture["time_base"])
    shown = [frame for frame in told["frames"] if frame.get("stream_index") == stream]
    stated = [frame.get("best_effort_timestamp") for frame in shown]
    side = {key: value for data in picture.get("side_data_list", []) for key, value in data.items()}
    return Probed(
        [None if ticks is None else int(ticks) * base for ticks in stated],
        {**picture, **side},
        [*(one["codec_type"] for one in streams), *("chapter" for _ in told["chapters"])],
        told["format"].get("tags", {}) | picture.get("tags", {}),
    )


def sound(path: Path, n: int) -> str:
    """A hash of the packets of the n-th audio track, without the headers that only transport streams have."""
    codecs = [one["codec_name"] for one in _told(path)["streams"] if one["codec_type"] == "audio"]
    bare = ["-bsf:a", "aac_adtstoasc"] if codecs[n] == "aac" else []
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), "-map", f"0:a:{n}", "-c", "copy", *bare]
    return subprocess.run([*command, "-f", "hash", "-"], check=True, capture_output=True, text=True).stdout


def lags(path: Path) -> list[Fraction]:
    """For each audio track, seconds from when frame CLICK is first shown to when the click is first heard."""
    with av.open(str(path)) as container:
        shown = next(_time(f) for f in container.decode(video=0) if counter(f.to_ndarray(format="gray")) == CLICK)
        tracks = len(container.streams.audio)
    return [_click(path, n) - shown for n in range(tracks)]


def _click(path: Path, n: int) -> Fraction:
    with av.open(str(path)) as container:
        frames = [(_time(f), f.sample_rate, _loudness(f)) for f in container.decode(audio=n)]
    peak = max(loud.max(initial=0) for _, _, loud in frames)
    for start, rate, loud in frames:
        above = np.flatnonzero(loud > peak / 2)
        if above.size:
            return start + Fraction(int(above[0]), rate)
    raise AssertionError("no click is heard")


def _loudness(frame: Any) -> Any:
    resampler = av.AudioResampler("fltp", "mono", frame.sample_rate)
    return np.abs(np.concatenate([part.to_ndarray()[0] for part in resampler.resample(frame)]))


def _time(frame: Any) -> Fraction:
    return frame.pts * frame.time_base


def _hash(frame: Any) -> str:
    return hashlib.sha256(b"".join(_rows(plane) for plane in frame.planes)).hexdigest()


def _rows(plane: Any) -> bytes:
    """A plane's lines up to where their samples end for certain: padding is anything."""
    lines = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return lines[: plane.height, : plane.width].tobytes()


@cache
def _told(path: Path) -> dict[str, Any]:
    """All that ffprobe is asked for, once of each file: nobody writes it again."""
    entries = "frame=stream_index,best_effort_timestamp:stream:format:stream_side_data:chapter"
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_entries", entries, str(path)]
    told: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return told
