"""Entry point of Redact: one segment with its boxes hidden, and the verdict on it."""

from pathlib import Path
from typing import Any

from redactor import work as names
from redactor.annotations import SegmentBoxes
from redactor.entry import step
from redactor.job import Job
from redactor.media.source import open_source
from redactor.media.streams import Segment
from redactor.plan import Plan
from redactor.redact import redact
from redactor.work import Work


@step("redact")
def handler(work: Work, n: int, scratch: Path) -> dict[str, Any]:
    job, plan = work.load(Job, names.JOB), work.load_timed(Plan, names.PLAN).value
    segment, boxes = work.load(list[Segment], names.SEGMENTS)[n], work.load(SegmentBoxes, names.boxes_name(n))
    part = scratch / "part.mp4"
    with open_source(work.store.open(job.source.object()), job.source.size) as source:
        gaps = job.preset.experimental.allow_gaps
        verdict = redact(source, plan, segment, boxes, blur=job.preset.blur, part=part, allow_gaps=gaps)
    work.store.upload(work.key(names.part_name(n)), part)
    work.save_timed(names.verdict_name(n), verdict)
    return {"frames": len(verdict.frames)}
