"""Entry point of Join: the parts and the source's sound as one MP4."""

import os
from functools import partial
from pathlib import Path
from typing import Any

from redactor import work as names
from redactor.entry import step
from redactor.inorder import STRETCH
from redactor.job import Job
from redactor.join import join
from redactor.many import many
from redactor.media.fronted import Fronted
from redactor.media.mux import PartFile
from redactor.media.source import open_source
from redactor.media.streams import Segment
from redactor.plan import Plan
from redactor.prove import stretches
from redactor.redact import Verdict
from redactor.work import Work


@step("join")
def handler(work: Work, n: int, scratch: Path) -> dict[str, Any]:
    job, plan = work.load(Job, names.JOB), work.load_timed(Plan, names.PLAN).value
    segments = work.load(list[Segment], names.SEGMENTS)
    verdicts = [one.value for one in work.load_all_timed(Verdict, (names.verdict_name(s.n) for s in segments))]
    made = list(many(lambda s: work.found(names.part_name(s.n)), segments))
    with (
        work.store.in_parts(work.key(names.REDACTED)) as send,
        work.store.in_order(made) as part,
        work.store.in_order([job.source.object()]) as whole,
    ):
        out = Fronted(send)
        parts = [PartFile(n, found.size, partial(part, n)) for n, found in enumerate(made)]
        with open_source(whole(0), job.source.size) as source:
            told = join(parts, verdicts, segments, source, plan=plan, blur=job.preset.blur, out=out)
    sizes, frames = [part.size for part in parts], [len(one.digest.pts) for one in verdicts]
    cut = stretches(sizes, frames, _stretch(), copying=plan.copying is not None)
    work.save(names.STRETCHES, cut)
    work.save_timed(names.JOIN, told)
    return {"bytes": out.size, "proved": "apart" if cut else "alone", "stretches": work.key(names.STRETCHES)}


def _stretch() -> int:
    return int(os.environ.get("REDACTOR_STRETCH", STRETCH))
