"""Redact: one segment with its boxes hidden, encoded, decoded again and compared, frame by frame."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from redactor.annotations import SegmentBoxes
from redactor.blurs import obscure
from redactor.errors import OutputMismatch
from redactor.media.bitrate import bitrate
from redactor.media.decode import Decoded
from redactor.media.encode import PartWriter
from redactor.media.forms import Form
from redactor.media.gaps import seen_by
from redactor.media.parts import PartDigest, packets_digest, read_part
from redactor.media.planes import picture
from redactor.media.source import Source
from redactor.media.streams import FrameTime, Gap, Segment, VideoStream
from redactor.plan import Plan
from redactor.preset import BlurType
from redactor.recheck import Seen, compare, seen


@dataclass(frozen=True)
class Verdict:
    """parts/<n>.json: that the part was decoded again and found good, and what exactly was checked.

    frames: every frame of the segment, ticks. covered: number of rectangles obscured. digest: of the part's packets.
    gaps: those of the frames that could not be decoded and are black.
    """

    n: int
    frames: tuple[FrameTime, ...]
    covered: int
    digest: PartDigest
    gaps: tuple[Gap, ...] = ()


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
    rate = bitrate(source, video, segment) if plan.encoder.match else None

    def write(frames: Iterable[Decoded]) -> tuple[list[Seen], list[FrameTime]]:
        handed: list[Seen] = []
        times: list[FrameTime] = []
        with PartWriter(part, video, form, plan.encoder, rate) as writer:
            for decoded in frames:
                clear = picture(decoded, video, form)
                frame = clear.copied()
                rects = obscure(
                    frame.planes,
                    boxes.at(frame.time.pts),
                    blur,
                    interlaced=frame.interlaced,
                    full_range=form.full_range,
                    depth=form.depth,
                )
                handed.append(seen(frame, clear, rects))
                times.append(frame.time)
                writer.write(frame)
        return handed, times

    (handed, times), gaps = seen_by(write, source, video, segment, allowed=allow_gaps)
    boxes.check([time.pts for time in times])
    digest = recheck(part, video, form, handed)
    return Verdict(segment.n, tuple(times), sum(len(frame.rects) for frame in handed), digest, gaps)


def recheck(part: Path, video: VideoStream, form: Form, handed: list[Seen]) -> PartDigest:
    """Decodes the part from its file: each frame that was handed over is there, in its turn, and no other."""
    size, count = part.stat().st_size, 0
    with part.open("rb") as file:
        for decoded in read_part(file, size, video, form):
            if count == len(handed):
                raise OutputMismatch(f"the part shows more than the {len(handed)} frames that were encoded")
            compare(handed[count], decoded)
            count += 1
        if count != len(handed):
            raise OutputMismatch(f"the part shows {count} of {len(handed)} frames")
        file.seek(0)
        return packets_digest(file, size, video)
