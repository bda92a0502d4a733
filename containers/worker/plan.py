"""Entry point of Plan: plan.json, and segments.json, which both Maps read."""

from pathlib import Path
from typing import Any

from redactor import work as names
from redactor.entry import step
from redactor.job import Job
from redactor.plan import plan
from redactor.work import Work


@step("plan")
def handler(work: Work, n: int, scratch: Path) -> dict[str, Any]:
    job = work.load(Job, names.JOB)
    planned, segments = plan(work.store.open(job.source.object()), job.source.size, job.preset)
    work.save(names.SEGMENTS, segments)
    work.save_timed(names.PLAN, planned)
    return {"segments": len(segments)}
