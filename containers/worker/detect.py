"""Entry point of Detect: the faces of one segment."""

from pathlib import Path
from typing import Any

from redactor import work as names
from redactor.detect import detect
from redactor.entry import step
from redactor.job import Job
from redactor.media.source import open_source
from redactor.media.streams import Segment
from redactor.plan import Plan
from redactor.work import Work


@step("detect")
def handler(work: Work, n: int, scratch: Path) -> dict[str, Any]:
    job, plan = work.load(Job, names.JOB), work.load_timed(Plan, names.PLAN).value
    segment = work.load(list[Segment], names.SEGMENTS)[n]
    with open_source(work.store.open(job.source.object()), job.source.size) as source:
        found = detect(source, plan, segment, job.preset)
    if found.templates is not None:
        work.save(names.templates_name(n), found.templates)
    work.save_timed(names.detections_name(n), found.detections)
    return {"frames": len(found.detections.frames.pts)}
