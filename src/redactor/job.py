"""A job: one video version, one preset, the sidecars as they stood, and the id that names them all."""

import hashlib
import json
from dataclasses import dataclass

from redactor import __version__
from redactor.bucket import Results
from redactor.jsonable import dump
from redactor.preset import Mode, Preset
from redactor.store import Object, Store

# Metadata that Publish puts on every result: the job's id.
MARK = "redactor-job"


@dataclass(frozen=True)
class Pinned:
    """One version of one object: all that a job ever reads of it."""

    key: str
    version: str
    etag: str
    size: int

    @classmethod
    def of(cls, found: Object) -> "Pinned":
        return cls(found.key, found.version, found.etag, found.size)

    def object(self) -> Object:
        return Object(self.key, self.version, self.etag, self.size, {})


@dataclass(frozen=True)
class Job:
    """What Accept decided, frozen for all later steps (work/<job>/job.json).

    trigger: the object whose arrival started it (the video, a sidecar). execution: who claimed it.
    annotations: given by a person or an earlier analysis; set exactly in mode redact. id_list: None hides everyone.
    """

    id: str
    bucket: str
    source: Pinned
    trigger: Pinned
    preset: Preset
    preset_from: str
    annotations: Pinned | None
    id_list: Pinned | None
    execution: str

    @property
    def mode(self) -> Mode:
        return self.preset.mode

    @property
    def results(self) -> Results:
        return Results(self.source.key)

    def superseded(self, store: Store) -> bool:
        """Whether the video or what triggered the job has a newer version by now. A deleted one has none."""
        stand = [(store.head(pinned.key), pinned.version) for pinned in {self.source, self.trigger}]
        return any(now is not None and now.version != version for now, version in stand)


def job_id(
    bucket: str,
    source: Pinned,
    preset: Preset,
    sidecars: tuple[Pinned | None, ...],
    again: str = "",
) -> str:
    """The same work gives the same id: a hash over all that decides the result. again: a salt that starts afresh."""
    facts = [
        bucket,
        source.key,
        source.version,
        dump(preset),
        [(s.key, s.version) if s else None for s in sidecars],
        __version__,
        again,
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]
