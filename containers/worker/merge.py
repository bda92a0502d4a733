"""Entry point of MergeTracks: all detections in, annotations and thumbnails out."""

from pathlib import Path
from typing import Any

from redactor import work as names
from redactor.entry import step
from redactor.identity.sampling import Template
from redactor.job import Job
from redactor.media.source import open_source
from redactor.media.streams import Segment
from redactor.merge import SegmentSightings, merge
from redactor.plan import Plan
from redactor.work import Work


@step("merge")
def handler(work: Work, n: int, scratch: Path) -> dict[str, Any]:
    job, plan = work.load(Job, names.JOB), work.load_timed(Plan, names.PLAN).value
    segments = work.load(list[Segment], names.SEGMENTS)
    found = (work.load_timed(SegmentSightings, names.detections_name(s.n)) for s in segments)
    templates = (one for name in work.names(names.TEMPLATES) for one in work.load(tuple[Template, ...], name))
    with open_source(work.store.open(job.source.object()), job.source.size) as source:
        merged = merge(found, templates, source, plan, segments)
    work.save(names.FRAMES, merged.frames)
    work.store.write(work.key(names.ANNOTATIONS), merged.annotations)
    for face_id, jpeg in merged.thumbs.items():
        work.store.write(work.key(names.thumb_name(face_id)), jpeg, content_type="image/jpeg")
    work.save_timed(names.MERGE, merged.told)
    return {"frames": len(merged.frames), "faces": len(merged.thumbs)}
