"""Which executions work on a video, and how each of them stands."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import dirname
from typing import Any

from redactor.bucket import OUTPUT, Kind, fits, job_index, name, video_of_output
from redactor.client.stack import Deployed
from redactor.flow import Flow
from redactor.store import Store

# What an execution that succeeded may say it came to, beside a finished job.
QUIET = ("duplicate", "ignored", "waiting", "superseded")


@dataclass(frozen=True)
class Execution:
    """One execution as Step Functions describes it. given, answer: its input and output, {} where there is none yet."""

    arn: str
    status: str
    started: Any
    given: dict[str, Any]
    answer: dict[str, Any]
    error: str | None
    cause: str | None

    @classmethod
    def of(cls, told: Any) -> "Execution":
        return cls(
            arn=told["executionArn"],
            status=told["status"],
            started=told["startDate"],
            given=_document(told.get("input")),
            answer=_document(told.get("output")),
            error=told.get("error"),
            cause=told.get("cause"),
        )

    @property
    def running(self) -> bool:
        return self.status in ("RUNNING", "PENDING_REDRIVE")

    @property
    def key(self) -> str:
        """The object that started it."""
        return str(self.given.get("key", ""))

    @property
    def outcome(self) -> str:
        """running, published, duplicate, ignored, waiting, superseded, failed, timed out or aborted."""
        if self.status != "SUCCEEDED":
            return self.status.lower().replace("_", " ")
        published = self.answer.get("publish") or {}
        return str(published.get("outcome") or self.answer.get("outcome") or "succeeded")

    @property
    def reason(self) -> str:
        """Why it ended without a job."""
        newer = "a newer version of the video or its sidecars has a job of its own"
        return str(self.answer.get("reason") or (newer if self.outcome == "superseded" else ""))


class Jobs:
    """The executions of one stack.

    window: how many of the newest are looked through for one that has no entry in the bucket.
    """

    def __init__(self, stack: Deployed, store: Store, flow: Flow, window: int = 100) -> None:
        self._stack, self._store, self._flow, self._window = stack, store, flow, window
        self._known: dict[str, Execution] = {}

    def execution(self, arn: str) -> Execution:
        """As it is at this moment; one that has ended is asked for once."""
        known = self._known.get(arn)
        if known is None or known.running:
            self._known[arn] = known = Execution.of(self._flow.describe(arn))
        return known

    def newest(self, limit: int, status: str | None = None) -> Iterator[Execution]:
        """Newest first; one that was seen running may have ended since."""
        for arn in self._flow.executions(self._stack.state_machine, limit, status):
            yield self._known.get(arn) or self.execution(arn)

    def of_version(self, key: str, version: str) -> Execution | None:
        """The execution that works on what this version of an object started; None where there is none yet.

        Where Accept took it up, the bucket says so; one that waits, was ignored or failed before is among the newest.
        """
        return self._indexed(key, version) or self._listed(key, version)

    def of_video(self, key: str) -> Execution | None:
        """The newest execution about a video as it stands in the bucket, whatever started it."""
        stands = self._store.head(key)
        found = self._indexed(key, stands.version) if stands else None
        return found or next((one for one in self.newest(self._window) if concerns(one.key, key)), None)

    def running(self, key: str) -> list[Execution]:
        """All that are at work on a video, in whatever version."""
        return [one for one in self.newest(self._window, "RUNNING") if concerns(one.key, key)]

    def _indexed(self, key: str, version: str) -> Execution | None:
        entries = [json.loads(self._store.read(entry)) for entry in self._store.keys(job_index(key, version))]
        found = [self.execution(entry["execution"]) for entry in entries]
        return max(found, key=lambda one: one.started, default=None)

    def _listed(self, key: str, version: str) -> Execution | None:
        for one in self.newest(self._window):
            if (one.key, one.given.get("version")) == (key, version):
                found = self.execution(one.arn)
                holder = found.answer.get("holder") if found.outcome == "duplicate" else None
                return self.execution(holder) if holder else found
        return None


def concerns(key: str, video_key: str) -> bool:
    """Whether an object is the video, or a sidecar of it."""
    if key == video_key:
        return True
    given = name(key)
    if given.kind in (Kind.VIDEO, Kind.OTHER):
        return False
    if key.startswith(OUTPUT):
        return video_of_output(given.folder) == video_key
    return given.folder == f"{dirname(video_key)}/" and fits(given, video_key)


def _document(text: str | None) -> dict[str, Any]:
    """An execution's input is whatever somebody gave it."""
    try:
        doc = json.loads(text or "{}")
    except ValueError:
        return {}
    return doc if isinstance(doc, dict) else {}
