"""Entry point of Prove: one stretch of a large MP4, for Verify."""

from functools import partial
from pathlib import Path
from typing import Any

from redactor import work as names
from redactor.entry import step
from redactor.media.streams import Segment
from redactor.output import Output
from redactor.plan import Plan
from redactor.prove import Handed, Stretch, prove
from redactor.work import Work

# Seconds that it waits for the stretch before: that one reads as long as this one, if it runs at all.
_PATIENCE = 60.0


@step("prove")
def handler(work: Work, n: int, scratch: Path) -> dict[str, Any]:
    plan, segments = work.load_timed(Plan, names.PLAN).value, work.load(list[Segment], names.SEGMENTS)
    cut, made = work.load(list[Stretch], names.STRETCHES), work.found(names.REDACTED)
    output = Output(work.store.open(made), made.size, partial(work.store.blocks, [made]))

    def before() -> Handed | None:
        return work.awaited(Handed, names.handed_name(n - 1), lambda one: one.version == made.version, _PATIENCE)

    for one in prove(output, plan, segments, cut, n, version=made.version, before=before):
        if isinstance(one, Handed):
            work.save(names.handed_name(n), one)
        else:
            work.save_timed(names.proof_name(n), one)
    return {"stretch": n}
