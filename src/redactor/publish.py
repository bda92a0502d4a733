"""Publish: the results under their public names, conditionally, the video late and the report last."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from redactor import work as names
from redactor.errors import MissingResult, OutputInTheWay, TryAgain
from redactor.job import MARK, Job
from redactor.many import each, many
from redactor.preset import BlurType, Mode
from redactor.report import success
from redactor.store import Conflict, Missing, Object, Store
from redactor.work import Work

# Thumbnails and annotations show or locate people; the bucket's lifecycle expires what carries this tag.
PERSONAL = {"redactor": "personal-data"}
# Metadata: which version of which working file a result was copied from.
_ORIGIN = "redactor-origin"
_ATTEMPTS = 5


@dataclass(frozen=True)
class Placing:
    """One object on its way from the job's working files to its public name."""

    source: Object
    key: str
    content_type: str
    tags: Mapping[str, str] | None = None


def publish(work: Work) -> dict[str, Any]:
    """Puts out all results of the job's mode; returns the outcome and where they stand.

    outcome: published, or superseded where a newer version of the video or of the trigger has come: then nothing is
    replaced. Either way the job is over and its face embeddings are erased. Repeating it is harmless. Raises
    OutputInTheWay, MissingResult.
    """
    job = work.load(Job, names.JOB)
    prefix = job.results.prefix
    work.store.write(work.key(names.REPORT), success(work, job))
    batches = _batches(work, job)
    # All of them before the first is placed: a refusal leaves no half of a result.
    each(lambda placing: _standing(work.store, placing.key), chain.from_iterable(batches))
    published = all(all(many(lambda placing: _place(work.store, placing, job), batch)) for batch in batches)
    if published:
        _tidy(work, job)
    work.forget_faces()
    return {"outcome": "published" if published else "superseded", "prefix": prefix}


def _batches(work: Work, job: Job) -> list[list[Placing]]:
    """In the order of publishing: each batch stands before the next is begun."""
    results, batches = job.results, list[list[Placing]]()
    if job.mode is not Mode.REDACT:
        annotations = Placing(work.found(names.ANNOTATIONS), results.annotations, "application/json", PERSONAL)
        batches.append([annotations, *many(lambda name: _thumb(work, job, name), _thumbs(work, job))])
    if job.mode is not Mode.ANALYZE:
        batches.append([Placing(_verified(work), results.redacted, "video/mp4")])
    return [*batches, [Placing(work.found(names.REPORT), results.report, "application/json")]]


def _thumb(work: Work, job: Job, name: str) -> Placing:
    return Placing(work.found(name), job.results.thumb(_face(name)), "image/jpeg", PERSONAL)


def _face(name: str) -> int:
    """Whose portrait a working file is."""
    return int(name.removeprefix(names.THUMBS).removesuffix(".jpg"))


def _verified(work: Work) -> Object:
    """The very version that Verify has looked at: a worker given up for dead may have written another since."""
    version = json.loads(work.store.result(work.key(names.VERIFY)))["value"]["version"]
    found = work.store.head(work.key(names.REDACTED), version)
    if found is None:
        raise MissingResult(f"{names.REDACTED} is not there in the version that was verified")
    return found


def _thumbs(work: Work, job: Job) -> list[str]:
    wanted = job.mode is Mode.ANALYZE or job.preset.experimental.thumbnails
    return work.names(names.THUMBS) if wanted else []


def _metadata(job: Job) -> dict[str, str]:
    """What every result carries. The notice stands where the faces do: in Box they stay visible."""
    mark = {MARK: job.id, "redactor-source-version": job.source.version}
    drawn = job.mode is not Mode.ANALYZE
    return {**mark, "redactor-notice": "NOT REDACTED"} if drawn and job.preset.blur is BlurType.BOX else mark


def _place(store: Store, placing: Placing, job: Job) -> bool:
    """Where nothing stood it must still be so; what stands must be ours, and still that object when it is replaced.

    False where the job is superseded. That is asked after the look at what stands: a newer job's result is then either
    seen together with its cause, or breaks the condition.
    """
    metadata = _metadata(job)
    for _ in range(_ATTEMPTS):
        stands = _standing(store, placing.key)
        if job.superseded(store):
            return False
        if stands is not None and _same(stands, placing.source, job):
            return True
        try:
            store.copy(
                placing.source,
                placing.key,
                only_new=stands is None,
                replacing=stands.etag if stands else None,
                metadata={**metadata, _ORIGIN: placing.source.version},
                tags=placing.tags,
                content_type=placing.content_type,
            )
        except (Conflict, Missing):
            continue
        return True
    raise TryAgain(f"{placing.key} keeps changing")


def _standing(store: Store, key: str) -> Object | None:
    """What stands under a public name, if it is ours; raises OutputInTheWay for somebody's own file."""
    stands = store.head(key)
    if stands is not None and MARK not in stands.metadata:
        raise OutputInTheWay(f"{key!r} is not ours to replace", field=key)
    return stands


def _same(stands: Object, source: Object, job: Job) -> bool:
    """A retry finds its own work done."""
    return stands.metadata.get(MARK) == job.id and stands.metadata.get(_ORIGIN) == source.version


def _tidy(work: Work, job: Job) -> None:
    """Removes what earlier jobs left and this one makes untrue: their error, thumbnails of ids that are no more."""
    results, store = job.results, work.store
    stale = [results.error]
    if job.mode is not Mode.REDACT:
        mine = {results.thumb(_face(name)) for name in _thumbs(work, job)}
        stale += [key for key in store.keys(results.thumbs, deep=False) if key not in mine]
    each(lambda key: _remove(store, key), stale)


def _remove(store: Store, key: str) -> None:
    """If it is ours."""
    stands = store.head(key)
    if stands is not None and MARK in stands.metadata:
        store.delete(key)
