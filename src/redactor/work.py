"""The working files of one job under work/<job>/: their names, and typed reading and writing.

claim.json          who works on it          frames.json         every frame's pts and duration
job.json            what Accept decided      annotations.json    what Publish puts out
plan.json           streams, encoder         thumbs/<id>.jpg     portraits
segments.json       pts ranges, bare array   merge.json          coverage by id, pruned candidates
places.json         where each is worked on; a bare array, which both Maps read
detections/<n>      faces of one segment     select.json         who is hidden, who stays visible
templates/<n>       their embeddings, erased when the job ends
boxes/<n>           what Redact hides        parts/<n>.mp4       one segment redacted; parts/<n>.json its verdict
errors/<step>-<n>   what failed and why      redacted.mp4        the whole; join.json, verify.json its checks
stretches.json      of a large one: what each Prove looks at; a bare array, which the Map over them reads
stretches/<n>       its proof; stretches/<n>.handed.json the hashes that go on to the next
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from redactor.bucket import WORK
from redactor.costs import POLL
from redactor.errors import MissingResult, SourceChanged
from redactor.job import Pinned
from redactor.jsonable import decode, encode
from redactor.many import each, many
from redactor.spent import here
from redactor.store import Missing, Object, Store

T = TypeVar("T")

JOB, PLAN, SEGMENTS, PLACES, FRAMES = "job.json", "plan.json", "segments.json", "places.json", "frames.json"
MERGE, SELECT, JOIN, VERIFY = "merge.json", "select.json", "join.json", "verify.json"
STRETCHES = "stretches.json"
ANNOTATIONS, REDACTED, REPORT = "annotations.json", "redacted.mp4", "report.json"
THUMBS, ERRORS, TEMPLATES = "thumbs/", "errors/", "templates/"


def claim_key(job: str) -> str:
    """The object that names the execution working on a job."""
    return f"{WORK}{job}/claim.json"


def detections_name(n: int) -> str:
    return f"detections/{n:05d}.json"


def templates_name(n: int) -> str:
    return f"{TEMPLATES}{n:05d}.json"


def boxes_name(n: int) -> str:
    return f"boxes/{n:05d}.json"


def part_name(n: int) -> str:
    return f"parts/{n:05d}.mp4"


def verdict_name(n: int) -> str:
    return f"parts/{n:05d}.json"


def proof_name(n: int) -> str:
    return f"stretches/{n:05d}.json"


def handed_name(n: int) -> str:
    return f"stretches/{n:05d}.handed.json"


def thumb_name(face_id: int) -> str:
    return f"{THUMBS}{face_id:06d}.jpg"


def error_name(step: str, n: int) -> str:
    return f"{ERRORS}{step}-{n:05d}.json"


@dataclass(frozen=True)
class Timed(Generic[T]):
    """A step's result with the wall seconds it took and what it ran on (spent.here), for the report."""

    seconds: float
    value: T
    on: str = ""


class Work:
    """work/<job>/ of one job, in one store. Reading what is not there raises MissingResult."""

    def __init__(self, store: Store, job: str) -> None:
        self.store, self.job = store, job
        self._started = time.monotonic()

    def key(self, name: str) -> str:
        return f"{WORK}{self.job}/{name}"

    def save(self, name: str, value: object) -> None:
        self.store.write(self.key(name), encode(value))

    def load(self, cls: type[T], name: str) -> T:
        return decode(cls, self.store.result(self.key(name)))

    def awaited(self, cls: type[T], name: str, good: Callable[[T], bool], seconds: float) -> T | None:
        """What another function is about to write; None where nothing good is there after so many seconds."""
        until = time.monotonic() + seconds
        while True:
            with suppress(Missing):
                found = decode(cls, self.store.read(self.key(name)))
                if good(found):
                    return found
            if time.monotonic() > until:
                return None
            time.sleep(POLL)

    def save_all(self, values: Iterable[tuple[str, object]]) -> None:
        """Many at a time; the values are asked for as they are written."""
        each(lambda one: self.store.write(*one), ((self.key(name), encode(value)) for name, value in values))

    def save_thumb(self, face_id: int, jpeg: bytes) -> None:
        self.store.write(self.key(thumb_name(face_id)), jpeg, content_type="image/jpeg")

    def load_all(self, cls: type[T], names: Iterable[str]) -> Iterator[T]:
        """In the order of the names; many are read at a time, few ahead of what is asked for."""
        return (decode(cls, data) for data in many(self.store.result, map(self.key, names)))

    def save_timed(self, name: str, value: object) -> None:
        """Saves a step's result with the seconds since its entry point began."""
        self.save(name, Timed(round(time.monotonic() - self._started, 3), value, here()))

    def load_timed(self, cls: type[T], name: str) -> Timed[T]:
        return self.load(Timed[cls], name)  # type: ignore[valid-type]

    def load_all_timed(self, cls: type[T], names: Iterable[str]) -> Iterator[Timed[T]]:
        return self.load_all(Timed[cls], names)  # type: ignore[valid-type]

    def forget_faces(self) -> None:
        """Erases all embeddings, earlier versions too: the job is over."""
        self.store.erase(self.key(TEMPLATES))

    def names(self, folder: str) -> list[str]:
        """The names under a folder of the job, in order."""
        return [key.removeprefix(self.key("")) for key in self.store.keys(self.key(folder))]

    def pinned(self, sidecar: Pinned) -> bytes:
        """A sidecar in the version that the job was given; raises SourceChanged where it is gone."""
        try:
            return self.store.read(sidecar.key, sidecar.version)
        except Missing as error:
            raise SourceChanged(f"{sidecar.key!r} is no longer there in the version that this job was given") from error

    def found(self, name: str) -> Object:
        """The object that an earlier step wrote."""
        found = self.store.head(self.key(name))
        if found is None:
            raise MissingResult(f"{name} is not there")
        return found
