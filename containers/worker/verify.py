"""Entry point of Verify: the joined MP4 against the frame table and every verdict, without decoding."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from redactor import work as names
from redactor.annotations import SegmentBoxes
from redactor.entry import step
from redactor.job import Job
from redactor.join import Joined
from redactor.media.streams import FrameTable, Segment
from redactor.merge import MergeTold
from redactor.output import Output
from redactor.plan import Plan
from redactor.preset import Mode
from redactor.prove import Proof, Stretch
from redactor.redact import Verdict
from redactor.verify import verify
from redactor.work import Timed, Work


@step("verify")
def handler(work: Work, n: int, scratch: Path) -> dict[str, Any]:
    job, plan = work.load(Job, names.JOB), work.load_timed(Plan, names.PLAN).value
    segments = work.load(list[Segment], names.SEGMENTS)
    timed = list(work.load_all_timed(Verdict, (names.verdict_name(s.n) for s in segments)))
    ours = job.mode is not Mode.REDACT
    frames = work.load(FrameTable, names.FRAMES) if ours else None
    gaps = work.load_timed(MergeTold, names.MERGE).value.gaps if ours else None
    proofs = list(
        work.load_all_timed(Proof, map(names.proof_name, range(len(work.load(list[Stretch], names.STRETCHES)))))
    )
    made, source = work.found(names.REDACTED), job.source.object()
    told = verify(
        Output(work.store.open(made), made.size, partial(work.store.blocks, [made])),
        Output(work.store.open(source), source.size, partial(work.store.blocks, [source])),
        plan,
        segments,
        [one.value for one in timed],
        frames=frames,
        blur=job.preset.blur,
        boxes=list(work.load_all(SegmentBoxes, (names.boxes_name(s.n) for s in segments))) if plan.copying else (),
        gaps=gaps,
        sound=work.load_timed(Joined, names.JOIN).value.sound,
        version=made.version,
        proofs=[one.value for one in proofs],
    )
    (redact, redact_on), (prove, prove_on) = _spent(timed), _spent(proofs)
    told = replace(told, redact_seconds=redact, redact_on=redact_on, prove_seconds=prove, prove_on=prove_on)
    work.save_timed(names.VERIFY, told)
    return {"frames": told.frames}


def _spent(timed: Sequence[Timed[Any]]) -> tuple[float, dict[str, float]]:
    """Seconds, and those by what was run on."""
    ran = {on: sum(one.seconds for one in timed if one.on == on) for on in {one.on for one in timed}}
    return round(sum(one.seconds for one in timed), 3), ran
