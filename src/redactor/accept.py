"""Accept: what a dropped object means, which job it starts, and that the job starts once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redactor.bucket import INPUT, OUTPUT, Kind, Results, is_result_name, job_index, name
from redactor.errors import InvalidKey, OutputInTheWay, SourceChanged
from redactor.failures import execution_key
from redactor.flow import Flow, claim
from redactor.gather import Presets, Quiet, Set, gather
from redactor.job import MARK, Job, Pinned, job_id
from redactor.jsonable import encode
from redactor.many import each
from redactor.preset import Mode
from redactor.store import Object, Store
from redactor.work import ERRORS, JOB, Work

_RESULTS = {
    Mode.COMBINED: ("redacted", "annotations", "report"),
    Mode.ANALYZE: ("annotations", "report"),
    Mode.REDACT: ("redacted", "report"),
}


@dataclass(frozen=True)
class Request:
    """What the rule or the console asks for. version None: whatever stands there now. again: start afresh."""

    key: str
    version: str | None
    preset: Mapping[str, Any] | None
    again: bool


@dataclass(frozen=True)
class Settings:
    """What the deployment has decided for all jobs."""

    default_preset: str


def parse_request(doc: object, bucket: str) -> Request:
    """The execution's input; raises InvalidKey naming the field that is wrong."""
    if not isinstance(doc, Mapping):
        raise InvalidKey("the input must be an object in braces", allowed=['{"key": "input/<path>/<video>"}'])
    key, preset = doc.get("key"), doc.get("preset")
    if not isinstance(key, str) or not key.startswith((INPUT, OUTPUT)):
        raise InvalidKey(f'"key" must name an object under {INPUT}', field="key", allowed=[f"{INPUT}<path>/<video>"])
    if doc.get("bucket", bucket) != bucket:
        raise InvalidKey(f"this stack works on the bucket {bucket}", field="bucket", allowed=[bucket])
    if preset is not None and not isinstance(preset, Mapping):
        raise InvalidKey('"preset" must be an object', field="preset")
    return Request(key, doc.get("version") or None, preset, doc.get("again") is True)


def accept(request: Request, execution: str, store: Store, flow: Flow, settings: Settings) -> dict[str, Any]:
    """Decides and claims; returns what the state machine goes on with.

    outcome: accepted, duplicate (holder names the execution), ignored, waiting or superseded (reason says why).
    Raises InputError for a set that cannot be a job, OutputInTheWay, SourceChanged.
    """
    try:
        trigger = _trigger(request, store)
        found = gather(trigger, Presets(request.preset, settings.default_preset), store)
    except Quiet as end:
        return {"outcome": end.outcome, "reason": end.reason}
    _refuse(found, store)
    job = _job(found, trigger, execution, store.bucket, again=request.again)
    holder = claim(store, flow, job.id, execution)
    if holder != execution:
        return {"outcome": "duplicate", "job": job.id, "holder": holder}
    _open(Work(store, job.id), job)
    return {
        "outcome": "accepted",
        "job": job.id,
        "mode": str(job.mode),
    }


def _trigger(request: Request, store: Store) -> Object:
    """The object as it stands, if it is still the version that the event spoke of."""
    if name(request.key).kind in (Kind.OTHER, Kind.PRESET):
        raise Quiet("ignored", "the object is no video and no annotations or id list of one")
    stands = store.head(request.key)
    if stands is None:
        raise SourceChanged(f"{request.key!r} is no longer there", field="key")
    if request.version not in (None, stands.version):
        raise Quiet("superseded", "a newer version of the object stands in the bucket")
    if name(request.key).kind is Kind.VIDEO and MARK in stands.metadata:
        raise Quiet("ignored", "the video is a result of ours")
    return stands


def _refuse(found: Set, store: Store) -> None:
    """A redacted video dropped again by mistake, or somebody's own file where a result would go."""
    key = found.source.key
    if is_result_name(key) and not found.preset.experimental.redact_again:
        raise InvalidKey(
            f"{key!r} is named as a result; to redact it again say so", field="key", allowed=["redactAgain: true"]
        )
    results = Results(key)
    for result in _RESULTS[found.preset.mode]:
        stands = store.head(getattr(results, result))
        if stands and MARK not in stands.metadata:
            raise OutputInTheWay(f"{stands.key!r} is not ours to replace", field=stands.key)


def _job(found: Set, trigger: Object, execution: str, bucket: str, *, again: bool) -> Job:
    source = Pinned.of(found.source)
    annotations, id_list = (Pinned.of(s) if s else None for s in (found.annotations, found.id_list))
    salt = execution if again else ""
    return Job(
        id=job_id(bucket, source, found.preset, (annotations, id_list), salt),
        bucket=bucket,
        source=source,
        trigger=Pinned.of(trigger),
        preset=found.preset,
        preset_from=found.preset_from,
        annotations=annotations,
        id_list=id_list,
        execution=execution,
    )


def _open(work: Work, job: Job) -> None:
    """Writes the job, where a client looks for it, and clears what a failed execution of it left."""
    each(work.store.delete, map(work.key, work.names(ERRORS)))
    work.save(JOB, job)
    index = encode({"job": job.id, "execution": job.execution, "mode": str(job.mode)})
    places = [f"{job_index(pinned.key, pinned.version)}{job.id}.json" for pinned in {job.source, job.trigger}]
    for key in (*places, execution_key(job.execution, "job.json")):
        work.store.write(key, index)
