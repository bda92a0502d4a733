"""Entry point of SelectFaces: the annotations and the id list, checked, as boxes by segment."""

from pathlib import Path
from typing import Any

from redactor import work as names
from redactor.entry import step
from redactor.job import Job
from redactor.media.streams import FrameTable, Segment
from redactor.plan import Plan
from redactor.preset import Mode
from redactor.select import select
from redactor.work import Work


@step("select")
def handler(work: Work, n: int, scratch: Path) -> dict[str, Any]:
    job, plan = work.load(Job, names.JOB), work.load_timed(Plan, names.PLAN).value
    given, wanted = job.annotations, job.id_list
    annotations = work.pinned(given) if given else work.store.result(work.key(names.ANNOTATIONS))
    id_list = work.pinned(wanted) if wanted else b""
    frames = None if job.mode is Mode.REDACT else work.load(FrameTable, names.FRAMES)
    selection = select(annotations, id_list, plan, work.load(list[Segment], names.SEGMENTS), frames)
    work.save_all((names.boxes_name(boxes.n), boxes) for boxes in selection.boxes)
    work.save_timed(names.SELECT, selection.told)
    return {"hidden": len(selection.told.hidden), "visible": len(selection.told.visible)}
