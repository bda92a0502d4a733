"""Entry point of Plan: plan.json and segments.json, and places.json, which both Maps read."""

import os
from pathlib import Path
from typing import Any

from redactor import work as names
from redactor.entry import step
from redactor.job import Job
from redactor.places import Stack, concurrency, placed
from redactor.plan import plan
from redactor.work import Work


@step("plan")
def handler(work: Work, n: int, scratch: Path) -> dict[str, Any]:
    job, stack = work.load(Job, names.JOB), Stack.of(os.environ)
    planned, segments = plan(work.store.open(job.source.object()), job.source.size, job.preset)
    wanted = job.preset.experimental.compute
    items = placed(segments, planned.streams.video, planned.estimate, stack=stack, wanted=wanted)
    work.save(names.SEGMENTS, segments)
    work.save(names.PLACES, items)
    work.save_timed(names.PLAN, planned)
    return {
        "segments": len(segments),
        "places": work.key(names.PLACES),
        "concurrency": concurrency(items, stack),
    }
