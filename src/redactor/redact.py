"""Redact: one segment with its boxes hidden, encoded, decoded again and compared, frame by frame."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from redactor.annotations import SegmentBoxes
from redactor.blurs import obscure
from redactor.errors import OutputMismatch
from redactor.media.bitrate import bitrate
from redactor.media.decode import Decoded
from redactor.media.encode import PartWriter
from redactor.media.forms import Form
from redactor.media.gaps import Spared, seen_by
from redactor.media.parts import PartDigest, packets_digest, read_part
from redactor.media.patchwork import Patchwork
from redactor.media.planes import Canvas, Picture, picture
from redactor.media.source import Source
from redactor.media.streams import FrameTable, FrameTime, Gap, Segment, VideoStream
from redactor.plan import Plan
from redactor.preset import BlurType
from redactor.recheck import compare, compare_exactly, samples, seen
from redactor.untouched import Untouched, check_untouched, untouched

Check = Callable[[Picture], None]


@dataclass(frozen=True)
class Verdict:
    """parts/<n>.json: that the part was decoded again and found good, and what exactly was checked.

    frames: every frame of the segment, ticks. covered: number of rectangles obscured. digest: of the part's packets.
    gaps: those of the frames that could not be decoded and are black. untouched: the groups of pictures that were
    copied.
    """

    n: int
    frames: FrameTable
    covered: int
    digest: PartDigest
    gaps: tuple[Gap, ...] = ()
    untouched: Untouched = field(default_factory=Untouched)


def redact(
    source: Source,
    plan: Plan,
    segment: Segment,
    boxes: SegmentBoxes,
    *,
    blur: BlurType,
    part: Path,
    allow_gaps: bool = False,
) -> Verdict:
    """Writes the part and checks it. allow_gaps: what cannot be decoded may come out black.

    Raises DamagedVideo, InvalidAnnotations (a frame without an event, an event without a frame), OutputMismatch (the
    part does not show what was encoded).
    """
    video, form = plan.streams.video, plan.form
    stays = untouched(source, plan, segment, boxes, blur)

    def write(frames: Iterable[Decoded]) -> tuple[list[Check], list[FrameTime], int, Untouched]:
        checks: list[Check] = []
        times: list[FrameTime] = []
        covered, canvas = 0, Canvas(video, form)
        # What is black must not be copied: of a segment with damage, nothing is.
        kept = Untouched() if isinstance(frames, Spared) else stays
        with _writer(source, plan, segment, kept, part) as writer:
            for decoded in frames:
                clear = picture(decoded, video, form)
                times.append(clear.time)
                if kept.holds(clear.time.pts):
                    checks.append(partial(compare_exactly, clear.time.pts, samples(clear)))
                    continue
                frame = canvas.of(clear)
                rects = obscure(
                    frame.planes,
                    boxes.at(frame.time.pts),
                    blur,
                    interlaced=frame.interlaced,
                    full_range=form.full_range,
                    depth=form.depth,
                )
                checks.append(partial(compare, seen(frame, clear, rects)))
                covered += len(rects)
                writer.write(frame)
        return checks, times, covered, kept

    (checks, times, covered, kept), gaps = seen_by(write, source, video, segment, allowed=allow_gaps)
    boxes.check([time.pts for time in times])
    check_untouched(kept, segment, times, boxes)
    digest = recheck(part, video, form, checks)
    return Verdict(segment.n, FrameTable(times), covered, digest, gaps, kept)


def _writer(source: Source, plan: Plan, segment: Segment, stays: Untouched, part: Path) -> PartWriter | Patchwork:
    video = plan.streams.video
    if plan.copying is None:
        rate = bitrate(source, video, segment) if plan.encoder.match else None
        return PartWriter(part, video, plan.form, plan.encoder, rate)
    return Patchwork(
        part,
        source,
        video=video,
        form=plan.form,
        encoder=plan.encoder,
        segment=segment,
        copying=plan.copying,
        runs=stays.runs,
    )


def recheck(part: Path, video: VideoStream, form: Form, checks: list[Check]) -> PartDigest:
    """Decodes the part from its file: each frame that was handed over is there, in its turn, and no other."""
    size, count = part.stat().st_size, 0
    with part.open("rb") as file:
        for decoded in read_part(file, size, video, form):
            if count == len(checks):
                raise OutputMismatch(f"the part shows more than the {len(checks)} frames that were encoded")
            checks[count](decoded)
            count += 1
        if count != len(checks):
            raise OutputMismatch(f"the part shows {count} of {len(checks)} frames")
        file.seek(0)
        return packets_digest(file, size, video)
