"""Verify: the joined MP4 against the frame table, the plan and every verdict; packets only, so that it scales.

Redact has decoded each part and compared it with what was encoded. Here the published packets are proved to be those
very packets, all of them, at the times of the source's frames, in a file that holds nothing else.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from redactor.annotations import SegmentBoxes
from redactor.errors import MissingResult, OutputMismatch
from redactor.join import title
from redactor.media.inspection import OutputFacts, Range, inspect_output
from redactor.media.orientation import fields
from redactor.media.source import open_source
from redactor.media.streams import FrameTime, Gap, Segment
from redactor.output import Output
from redactor.plan import Plan
from redactor.preset import BlurType
from redactor.prove import Proof, proved
from redactor.redact import Verdict
from redactor.untouched import Tally, check_untouched, source_digests, tally


@dataclass(frozen=True)
class Verified:
    """verify.json. sha256, bytes: of the MP4. redact_seconds: the sum over all segments; redact_on: what Redact ran
    on -> its seconds there. gaps: what is black in the MP4.

    copied: groups of pictures that were not encoded, None where nothing may be copied.
    version: of the working file that was looked at, the only one that Publish puts out.
    prove_seconds, prove_on: as redact's, empty where Verify read the file alone.
    """

    frames: int
    sha256: str
    bytes: int
    redact_seconds: float
    copied: Tally | None = None
    version: str = ""
    redact_on: dict[str, float] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    prove_seconds: float = 0.0
    prove_on: dict[str, float] = field(default_factory=dict)


class _Hash:
    """Of a file whose bytes come in order."""

    def __init__(self) -> None:
        self.size, self._digest = 0, hashlib.sha256()

    def enter(self, block: bytes) -> None:
        self.size += len(block)
        self._digest.update(block)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def verify(
    output: Output,
    source: Output,
    plan: Plan,
    segments: Sequence[Segment],
    verdicts: Sequence[Verdict],
    *,
    frames: Sequence[FrameTime] | None,
    blur: BlurType,
    gaps: Sequence[Gap] | None = None,
    boxes: Sequence[SegmentBoxes] = (),
    sound: Sequence[str | None] = (),
    version: str = "",
    proofs: Sequence[Proof] = (),
) -> Verified:
    """Raises OutputMismatch naming the first thing that is not as it must be, MissingResult where a verdict is absent.

    The output is read once, or not at all where proofs are of all of it in this version. source: is only read where
    frames were copied from it.
    frames, gaps: the frame table of our own analysis and what nobody could look at in it; None in mode redact, where
    the frames that Redact decoded, each of them checked against the annotations, are the table. boxes: of every
    segment, where the plan lets frames be copied. sound: what Join read of each track (join.Joined).
    """
    if [verdict.n for verdict in verdicts] != [segment.n for segment in segments]:
        raise MissingResult(f"{len(verdicts)} verdicts for {len(segments)} segments")
    decoded = [time.pts for verdict in verdicts for time in verdict.frames]
    _equal("the frames that were redacted", decoded, decoded if frames is None else [time.pts for time in frames])
    _equal("the index's number of frames", len(decoded), plan.streams.video.expected_frames or len(decoded))
    black = [gap for verdict in verdicts for gap in verdict.gaps]
    _equal("the frames that are black", black, black if gaps is None else list(gaps))
    for gap in black:
        held = bisect_left(decoded, gap.end) - bisect_left(decoded, gap.start)
        _equal(f"the number of black frames from pts {gap.start} on", held, gap.frames)
    ranges = [(segment.start, segment.end) for segment in segments]
    runs = [(run.start, run.end) for verdict in verdicts for run in verdict.untouched.runs]
    facts, sha256 = proved(proofs, output.size, version) or _read(output, plan, ranges, runs)
    for what, found, wanted in _claims(facts, plan, verdicts, decoded, blur):
        _equal(what, found, wanted)
    _check_sound(facts, sound, plan)
    copied = _check_copied(facts, source, plan, segments=segments, verdicts=verdicts, boxes=boxes)
    return Verified(len(decoded), sha256, output.size, 0.0, gaps=tuple(black), copied=copied, version=version)


def _read(output: Output, plan: Plan, ranges: Sequence[Range], runs: Sequence[Range]) -> tuple[OutputFacts, str]:
    """The facts of the file and its sha256, read by this function alone."""
    read = _Hash()
    with output.through(read.enter) as file:
        facts = inspect_output(file, output.size, plan.streams.video, ranges, runs)
    _equal("the bytes that were read", read.size, output.size)
    return facts, read.sha256


def _claims(
    facts: OutputFacts, plan: Plan, verdicts: Sequence[Verdict], decoded: list[int], blur: BlurType
) -> Iterable[tuple[str, object, object]]:
    """What must hold of the output: (what, found, wanted)."""
    video, audio = plan.streams.video, plan.streams.audio
    name = title(blur)
    yield "the frames' times", list(facts.pts), decoded
    yield "the packets of the segments", facts.ranges, tuple(verdict.digest.sha256 for verdict in verdicts)
    yield "the decoder configuration", {v.digest.extradata for v in verdicts}, {facts.extradata}
    yield "the codec", (facts.codec, facts.pix_fmt), ("h264", plan.form.pix_fmt)
    yield "the size", (facts.width, facts.height), plan.form.coded_size(video)
    yield "the rotation", facts.rotation, video.rotation
    yield "the mirroring", facts.mirrored, video.mirrored
    yield "the fields", facts.fields, fields(interlaced=video.interlaced, top_first=video.top_first)
    yield "the pixel aspect", facts.sample_aspect, video.sample_aspect
    yield "the colour tags", facts.color, plan.form.color
    yield "the mastering data of HDR", facts.mastering, plan.form.mastering
    yield "the streams", [kind for kind, _, _ in facts.streams], ["video", *("audio" for _ in audio)]
    yield "the metadata", facts.metadata, {"title": name} if name else {}
    yield "the chapters", facts.chapters, 0
    yield "the place of the index", facts.faststart, True


def _check_sound(facts: OutputFacts, sound: Sequence[str | None], plan: Plan) -> None:
    """A copied track has the source's packets; one that was encoded is AAC and has no digest to compare."""
    tracks = plan.streams.audio
    if [digest is not None for digest in sound] != [track.copied for track in tracks]:
        raise MissingResult(f"what Join read of the sound is not told of {len(tracks)} tracks")
    codecs = [codec for kind, codec, _ in facts.streams if kind == "audio"]
    _equal("the sound's codecs", codecs, [track.codec if track.copied else "aac" for track in tracks])
    for track, found, wanted in zip(tracks, facts.audio, sound, strict=True):
        if wanted is not None:
            _equal(f"the packets of audio track {track.index}", found, wanted)


def _check_copied(
    facts: OutputFacts,
    source: Output,
    plan: Plan,
    *,
    segments: Sequence[Segment],
    verdicts: Sequence[Verdict],
    boxes: Sequence[SegmentBoxes],
) -> Tally | None:
    """No frame with a box was copied, and what was copied is the source's, unit by unit."""
    found = [verdict.untouched for verdict in verdicts]
    runs = [run for one in found for run in one.runs]
    if plan.copying is None:
        _equal("the groups of pictures that were copied", runs, [])
        return None
    for one, segment, verdict, cut in zip(found, segments, verdicts, boxes, strict=True):
        check_untouched(one, segment, verdict.frames, cut)
    if runs:
        with source.through() as file, open_source(file, source.size) as opened:
            _equal("the packets that were copied", facts.copied, source_digests(opened, plan, runs))
    return tally(found)


def _equal(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise OutputMismatch(f"{what}: {_short(found)} instead of {_short(wanted)}")


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 200 else f"{text[:197]}..."
