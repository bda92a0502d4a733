"""What people read afterwards: foo_report.json of a job that is done, foo_error.json of one that is not."""

import json
from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from typing import Any

from redactor import __version__
from redactor import work as names
from redactor.bucket import INPUT, OUTPUT, Results, video_of_output
from redactor.costs import Footage
from redactor.errors import InvalidKey, RedactorError, TryAgain
from redactor.failures import execution_key
from redactor.flow import holder_of
from redactor.job import MARK, Job
from redactor.many import many
from redactor.preset import BlurType, Mode, describe
from redactor.spent import spent
from redactor.store import Conflict, Missing, Store
from redactor.work import Work

VERSION = 1
# A solid fill alone keeps nothing of what it covers.
_IRREVERSIBLE = {BlurType.BLACK}
_VOICES = "Voices are not redacted: the sound is the source's."
_STEPS = {"plan": names.PLAN, "merge": names.MERGE, "select": names.SELECT, "join": names.JOIN, "verify": names.VERIFY}


def success(work: Work, job: Job) -> bytes:
    """foo_report.json of a finished job, from what its steps left; raises MissingResult where one left nothing."""
    ran = _RAN[job.mode]
    docs = dict(zip(ran, many(lambda step: _document(work, _STEPS[step]), ran), strict=True))
    plan, merged = docs["plan"]["value"], docs.get("merge", {}).get("value", {})
    selected, verified = docs.get("select", {}).get("value", {}), docs.get("verify", {}).get("value", {})
    streams = plan["streams"]
    gaps = _gaps(docs, Fraction(streams["video"]["time_base"]))
    report = {
        "version": VERSION,
        "job": job.id,
        "product": __version__,
        "source": {"key": job.source.key, "version": job.source.version, "size": job.source.size},
        "preset": {**describe(job.preset), "from": job.preset_from},
        "warnings": [*job.preset.warnings, *plan["warnings"], *_warnings(docs), *_missing(gaps), _VOICES],
        "models": {**plan["models"], **plan["identity"]},
        "smallestFace": merged.get("smallest_face"),
        "blur": _blur(job),
        "frames": {"in": _frames_in(docs), "out": verified.get("frames")},
        "copied": verified.get("copied"),
        "gaps": gaps,
        "streams": {
            "kept": [f"{a['codec']} {a['index']}" for a in streams["audio"] if a["copied"]],
            "converted": [f"{a['codec']} {a['index']}" for a in streams["audio"] if not a["copied"]],
            "dropped": streams["dropped"],
        },
        "ids": {"hidden": selected.get("hidden", []), "visible": selected.get("visible", [])},
        "coverage": merged.get("coverage", []),
        "pruned": merged.get("pruned", []),
        "seconds": _seconds(docs),
        "cost": _cost(work, job, docs),
        "output": {"sha256": verified.get("sha256"), "bytes": verified.get("bytes")},
    }
    return json.dumps(report, ensure_ascii=False, indent=1, allow_nan=False).encode()


_RAN = {
    Mode.COMBINED: ("plan", "merge", "select", "join", "verify"),
    Mode.ANALYZE: ("plan", "merge"),
    Mode.REDACT: ("plan", "select", "join", "verify"),
}


def _document(work: Work, name: str) -> Any:
    return json.loads(work.store.result(work.key(name)))


def _warnings(docs: Mapping[str, Any]) -> list[str]:
    return [line for step in ("merge", "select", "join") if step in docs for line in docs[step]["value"]["warnings"]]


def _gaps(docs: Mapping[str, Any], time_base: Fraction) -> list[dict[str, Any]]:
    """What could not be decoded, in seconds."""
    source = docs.get("merge") or docs["verify"]
    return [
        {
            "start": round(float(gap["start"] * time_base), 3),
            "end": round(float(gap["end"] * time_base), 3),
            "frames": gap["frames"],
            "reason": gap["reason"],
        }
        for gap in source["value"]["gaps"]
    ]


def _missing(gaps: list[dict[str, Any]]) -> list[str]:
    if not gaps:
        return []
    frames, places = sum(gap["frames"] for gap in gaps), len(gaps)
    return [f"{frames} frames in {places} places could not be decoded and are black; nobody was looked for there"]


def _frames_in(docs: Mapping[str, Any]) -> int:
    source = docs.get("merge") or docs["verify"]
    frames: int = source["value"]["frames"]
    return frames


def _blur(job: Job) -> dict[str, Any] | None:
    """What was drawn, and whether it can be undone; None where nothing was."""
    if job.mode is Mode.ANALYZE:
        return None
    blur = job.preset.blur
    notice = {"notice": "NOT REDACTED"} if blur is BlurType.BOX else {}
    return {"type": str(blur), "from": job.preset.blur_from, "irreversible": blur in _IRREVERSIBLE, **notice}


def _seconds(docs: Mapping[str, Any]) -> dict[str, float]:
    """Wall seconds by step; those of the segments are sums over all workers."""
    own = {step: doc["seconds"] for step, doc in docs.items()}
    return own | {step: docs[doc]["value"][f"{step}_seconds"] for step, doc in _fanned(docs).items()}


def _fanned(docs: Mapping[str, Any]) -> dict[str, str]:
    """Of each step that ran many times: the one whose document says how long that took."""
    fanned = {step: doc for step, doc in (("detect", "merge"), ("redact", "verify")) if doc in docs}
    return fanned | ({"prove": "verify"} if docs.get("verify", {}).get("value", {}).get("prove_on") else {})


def _cost(work: Work, job: Job, docs: Mapping[str, Any]) -> dict[str, Any]:
    """What the seconds above cost, by where they were spent."""
    # A job that began before a deployment may have results that do not say what they ran on: no price is known.
    ran = {step: {doc.get("on", ""): doc["seconds"]} for step, doc in docs.items()}
    ran |= {step: docs[doc]["value"].get(f"{step}_on", {"": 0.0}) for step, doc in _fanned(docs).items()}
    video, verified = docs["plan"]["value"]["streams"]["video"], docs.get("verify", {}).get("value", {})
    filmed = Footage(
        pixels=video["width"] * video["height"],
        frames=_frames_in(docs),
        segments=len(_document(work, names.SEGMENTS)),
        source=job.source.size,
        output=verified.get("bytes", 0),
    )
    return spent(ran, filmed, job.mode)


def report(detail: Mapping[str, Any], store: Store) -> dict[str, Any]:
    """Writes foo_error.json for an execution that failed, timed out or was aborted; returns what it says.

    The job's face embeddings are erased: one that is redriven before MergeTracks goes on without them.

    detail: of the event "Step Functions Execution Status Change". Returns {} and writes nothing where the job is
    another execution's by now, where a newer version has a job of its own, or where there is no place to write to (the
    input named no key of ours).
    """
    execution = detail["executionArn"]
    job = _job_of(execution, store)
    if job is not None:
        if holder_of(store, job.id) != execution:
            return {}
        Work(store, job.id).forget_faces()
        if job.superseded(store):
            return {}
    place = _place(detail, job)
    if place is None:
        return {}
    told = {
        "version": VERSION,
        "job": job.id if job else None,
        "source": _source(detail, job),
        **_failure(detail, execution, job, store),
        "execution": execution,
    }
    # Who takes a failed job over clears its records first: what was just read may be half of them.
    if job is not None and holder_of(store, job.id) != execution:
        return {}
    _put(store, place, told)
    return told


def _source(detail: Mapping[str, Any], job: Job | None) -> dict[str, Any]:
    return {"key": job.source.key, "version": job.source.version} if job else {"key": _input(detail).get("key")}


def _job_of(execution: str, store: Store) -> Job | None:
    """The job that the execution claimed; None where Accept failed before."""
    try:
        job = json.loads(store.read(execution_key(execution, "job.json")))["job"]
    except Missing:
        return None
    return Work(store, job).load(Job, names.JOB)


def _input(detail: Mapping[str, Any]) -> dict[str, Any]:
    """The execution's input as far as it is one."""
    try:
        doc = json.loads(detail.get("input") or "{}")
    except ValueError:
        return {}
    return doc if isinstance(doc, dict) else {}


def _place(detail: Mapping[str, Any], job: Job | None) -> str | None:
    """Where the error goes: beside the results of the job's video, else of the object that the input names."""
    if job:
        return job.results.error
    key = _input(detail).get("key")
    if not isinstance(key, str) or not key.startswith((INPUT, OUTPUT)):
        return None
    video = video_of_output(key.rpartition("/")[0]) if key.startswith(OUTPUT) else key
    try:
        return Results(video).error
    except InvalidKey:
        return None


def _failure(detail: Mapping[str, Any], execution: str, job: Job | None, store: Store) -> dict[str, Any]:
    """The record that tells most: a permanent one before a passing one, else what the execution itself says."""
    if job:
        work = Work(store, job.id)
        keys = [work.key(name) for name in work.names(names.ERRORS)]
    else:
        keys = [execution_key(execution, "accept.json")]
    records = [json.loads(data) for data in many(partial(_there, store), keys) if data is not None]
    if not records:
        return _from_execution(detail)
    told = min(records, key=lambda record: record["retryable"])
    advice = told.pop("advice")
    return {**told, "whatToDo": advice}


def _there(store: Store, key: str) -> bytes | None:
    try:
        return store.read(key)
    except Missing:
        return None


def _from_execution(detail: Mapping[str, Any]) -> dict[str, Any]:
    """No step left a record: it was stopped from outside, ran out of time, or died."""
    status = detail["status"]
    code = detail.get("error") or {"ABORTED": "Aborted", "TIMED_OUT": "TimedOut"}.get(status, "Failed")
    return {
        "code": code,
        "message": f"the execution ended as {status} ({code})",
        "field": None,
        "allowed": [],
        "step": None,
        "segment": None,
        "retryable": status != "ABORTED",
        "whatToDo": RedactorError.advice,
    }


def _put(store: Store, key: str, told: Mapping[str, Any]) -> None:
    """Replaces an earlier error of ours, never somebody's own file."""
    stands = store.head(key)
    if stands is not None and MARK not in stands.metadata:
        return
    data = json.dumps(told, ensure_ascii=False, indent=1).encode()
    mark = {MARK: told["job"] or "none"}
    try:
        store.write(key, data, only_new=stands is None, replacing=stands.etag if stands else None, metadata=mark)
    except (Conflict, Missing) as error:
        raise TryAgain(f"{key} has just changed") from error
