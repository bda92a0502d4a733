"""One short face clip through all steps in this process, every value between them kept: what the tests of steps share.

The clip is cut into several segments, so that what belongs to one can be mistaken for what belongs to another.
"""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Self
from unittest.mock import patch

from redactor import models
from redactor.detect import Found, SegmentDetections, detect
from redactor.identity.sampling import Template
from redactor.join import Joined, join
from redactor.media.audio import SoundDigests
from redactor.media.mux import PartFile
from redactor.media.source import Source, open_source
from redactor.media.streams import FrameTime, Gap, Segment, Streams
from redactor.merge import Merged, merge
from redactor.output import Output
from redactor.plan import Plan, plan
from redactor.preset import BlurType, Experimental, Preset
from redactor.prove import Proof
from redactor.redact import Verdict, redact
from redactor.select import Selection, select
from redactor.verify import Verified, verify
from redactor.work import Timed
from tests.conftest import shared

HALF_A_SECOND = Preset(experimental=Experimental(segment_seconds=Fraction(1, 2)))
WHOLE = Preset()


def read_sound(source: Source, streams: Streams) -> tuple[str | None, ...]:
    """Digests of the source's sound by a reading of their own that passes over no stream."""
    source.rewind()
    digests = SoundDigests(streams)
    for packet in source.packets(*source.container.streams):
        digests.enter(packet)
    return digests.found()


def weights() -> dict[str, str]:
    """Variables by which a model is found where there is one, without fetching: unit tests stay off the net."""
    folders = [os.environ.get(models.PATH_VARIABLE, ""), str(shared("models"))]
    return {models.PATH_VARIABLE: os.pathsep.join(filter(None, folders)), models.FETCH_VARIABLE: "0"}


@dataclass
class Pipeline:
    """A video on its way. Each step runs when its result is first asked for, and once; folder: for parts and output.

    A context manager: the video is open inside. blur: as Redact draws; ids: as an id list says it.
    """

    path: Path
    folder: Path
    preset: Preset = HALF_A_SECOND
    blur: BlurType = BlurType.MED
    ids: bytes = b""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(patch.dict(os.environ, weights()))
            self.file: BinaryIO = stack.enter_context(self.path.open("rb"))
            self.size = self.path.stat().st_size
            self.source: Source = stack.enter_context(open_source(self.file, self.size))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @cached_property
    def planned(self) -> tuple[Plan, list[Segment]]:
        with self.path.open("rb") as file:
            return plan(file, self.size, self.preset)

    @property
    def plan(self) -> Plan:
        return self.planned[0]

    @property
    def segments(self) -> list[Segment]:
        return self.planned[1]

    @cached_property
    def detected(self) -> list[Found]:
        return [detect(self.source, self.plan, segment, self.preset) for segment in self.segments]

    @property
    def found(self) -> list[Timed[SegmentDetections]]:
        return [Timed(0.5, one.detections) for one in self.detected]

    @property
    def templates(self) -> list[Template]:
        return [template for one in self.detected for template in one.templates or ()]

    @cached_property
    def merged(self) -> Merged:
        return self.merge(self.found, self.plan)

    def merge(self, found: Sequence[Timed[SegmentDetections]], plan: Plan) -> Merged:
        """The people in these detections."""
        return merge(found, self.templates, self.source, plan, self.segments)

    @property
    def frames(self) -> tuple[FrameTime, ...]:
        return self.merged.frames

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return self.merged.told.gaps

    @cached_property
    def selection(self) -> Selection:
        return select(self.merged.annotations, self.ids, self.plan, self.segments, self.frames)

    @cached_property
    def redacted(self) -> list[tuple[Verdict, Path]]:
        return [self.redact(n, self.folder / f"{n}.mp4") for n in range(len(self.segments))]

    def redact(self, n: int, part: Path) -> tuple[Verdict, Path]:
        """One segment, written to part."""
        boxes, allowed = self.selection.boxes[n], self.preset.experimental.allow_gaps
        segment = self.segments[n]
        return redact(self.source, self.plan, segment, boxes, blur=self.blur, part=part, allow_gaps=allowed), part

    @property
    def verdicts(self) -> list[Verdict]:
        return [verdict for verdict, _ in self.redacted]

    @property
    def parts(self) -> list[PartFile]:
        return [PartFile.at(n, path) for n, (_, path) in enumerate(self.redacted)]

    @cached_property
    def joined(self) -> tuple[Joined, Path]:
        return self.join(self.parts, self.verdicts, "out.mp4")

    @property
    def out(self) -> Path:
        return self.joined[1]

    def join(self, parts: Sequence[PartFile], verdicts: Sequence[Verdict], name: str) -> tuple[Joined, Path]:
        """These parts as an MP4 of this name in the folder."""
        out = self.folder / name
        told = join(parts, verdicts, self.segments, self.source, plan=self.plan, blur=self.blur, out=out)
        return told, out

    def verify(
        self,
        out: Path,
        *,
        ours: bool = True,
        verdicts: Sequence[Verdict] | None = None,
        sound: Sequence[str | None] | None = None,
        proofs: Sequence[Proof] = (),
        version: str = "",
        kind: type[Output] = Output,
    ) -> Verified:
        """An MP4 held against this pipeline. ours: with the frame table of our own analysis. sound: as Join says it."""
        given = self.verdicts if verdicts is None else verdicts
        frames, gaps = (self.frames, self.gaps) if ours else (None, None)
        with out.open("rb") as made, self.path.open("rb") as source:
            output, original = kind(made, out.stat().st_size), Output(source, self.size)
            boxes = self.selection.boxes if self.plan.copying else ()
            return verify(
                output,
                original,
                self.plan,
                self.segments,
                given,
                frames=frames,
                blur=self.blur,
                gaps=gaps,
                boxes=boxes,
                sound=read_sound(self.source, self.plan.streams) if sound is None else sound,
                version=version,
                proofs=proofs,
            )

    def again(self, folder: Path, **changes: object) -> "Pipeline":
        """The same video another way, nothing of it done yet."""
        folder.mkdir(exist_ok=True)
        return replace(self, folder=folder, **changes)
