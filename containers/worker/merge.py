"""Entry point of MergeTracks: all detections in, annotations and thumbnails out."""

from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from redactor import work as names
from redactor.detect import SegmentDetections
from redactor.entry import step
from redactor.identity.sampling import Template
from redactor.job import Job
from redactor.many import each
from redactor.media.source import open_source
from redactor.media.streams import Segment
from redactor.merge import merge
from redactor.plan import Plan
from redactor.work import Work


@step("merge")
def handler(work: Work, n: int, scratch: Path) -> dict[str, Any]:
    job, plan = work.load(Job, names.JOB), work.load_timed(Plan, names.PLAN).value
    segments = work.load(list[Segment], names.SEGMENTS)
    found = work.load_all_timed(SegmentDetections, (names.detections_name(s.n) for s in segments))
    templates = chain.from_iterable(work.load_all(tuple[Template, ...], work.names(names.TEMPLATES)))
    with open_source(work.store.open(job.source.object()), job.source.size) as source:
        merged = merge(found, templates, source, plan, segments, framed=partial(work.save, names.FRAMES))
    work.store.write(work.key(names.ANNOTATIONS), merged.annotations)
    each(lambda face: work.save_thumb(*face), merged.thumbs.items())
    work.save_timed(names.MERGE, merged.told)
    return {"frames": len(merged.frames), "faces": len(merged.thumbs)}
