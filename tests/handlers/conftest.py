"""The handlers of every step in this process, on a bucket that is gone after the test."""

import importlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infrastructure.steps import MAPPED, STEPS
from redactor import flow
from redactor.bucket import Results
from redactor.store import Store, objects
from redactor.work import Work
from tests.aws import BUCKET, REGION, versioned_bucket
from tests.media_factory import face_clip
from tests.unit.pipeline import weights

EXECUTION = f"arn:aws:states:{REGION}:123456789012:execution:redaction:one"
VIDEO = "input/a/foo.mp4"
# Bytes: of one part, and no more.
STRETCH = "15000"
ORDER = ("plan", "detect", "merge", "select", "redact", "join", "prove", "verify", "publish")


@dataclass(frozen=True)
class Functions:
    """All functions of the stack, called as Lambda calls them."""

    store: Store
    # Step -> the working files that it wrote for a job like `job`'s, by name.
    written: dict[str, dict[str, bytes]]

    def call(self, step: str, event: Any) -> Any:
        """What the step's handler answers; event and answer are JSON, as between the states."""
        module, name = STEPS[step].handler.rsplit(".", 1)
        handler = getattr(importlib.import_module(module), name)
        return json.loads(json.dumps(handler(json.loads(json.dumps(event)), None)))

    def accept(self, key: str = VIDEO, execution: str = EXECUTION, **more: Any) -> Any:
        return self.call("accept", {"input": {"key": key, **more}, "execution": execution})

    def step(self, step: str, job: str, execution: str = EXECUTION, **more: Any) -> Any:
        return self.call(step, {"job": job, "execution": execution, **more})

    def through(self, job: str, *steps: str) -> dict[str, list[Any]]:
        """The answers of these steps; some once for each segment or stretch, as the Maps call them."""
        return {step: [self.step(step, job, **more) for more in self.items(step, job)] for step in steps}

    def items(self, step: str, job: str) -> list[dict[str, int]]:
        """What a step is told beside its job, call by call."""
        if step not in MAPPED:
            return [{}]
        name = "stretches.json" if step == "prove" else "segments.json"
        listed = json.loads(self.store.read(self.work(job).key(name)))
        return [{"n": n} for n in range(len(listed))]

    def before(self, job: str, step: str) -> None:
        """All steps before this one are done, for `job`'s job: by their handlers once, then by what those wrote.

        But for prove and verify, whose word is of one version of one object.
        """
        work = self.work(job)
        for done in ORDER[: ORDER.index(step)]:
            if done in self.written and done not in ("prove", "verify"):
                for name, data in self.written[done].items():
                    self.store.write(work.key(name), data)
            else:
                there = set(work.names(""))
                self.through(job, done)
                new = set(work.names("")) - there
                self.written[done] = {name: self.store.read(work.key(name)) for name in new}

    def segments(self, job: str) -> list[Any]:
        return json.loads(self.store.read(self.work(job).key("segments.json")))

    def work(self, job: str) -> Work:
        return Work(self.store, job)

    def results(self, key: str = VIDEO) -> dict[str, bytes]:
        prefix = Results(key).prefix
        return {name.removeprefix(prefix): self.store.read(name) for name in self.store.keys(prefix)}


@pytest.fixture(scope="session")
def written() -> dict[str, dict[str, bytes]]:
    return {}


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch, written: dict[str, dict[str, bytes]]) -> Iterator[Functions]:
    """In an environment as the stack sets it; clients are made anew, since warm functions keep theirs.

    But for stretches: results are small here, and have two of them.
    """
    environment = {"REDACTOR_BUCKET": BUCKET, "AWS_DEFAULT_REGION": REGION, "REDACTOR_STRETCH": STRETCH, **weights()}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    clients = (objects._client, flow._client)
    with versioned_bucket() as bucket:
        for client in clients:
            client.cache_clear()
        yield Functions(bucket, written)
    for client in clients:
        client.cache_clear()


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """24 frames of two people in groups of 6, with sound."""
    path: Path = tmp_path_factory.mktemp("video") / "foo.mp4"
    face_clip(path, frames=24, width=320, height=160, face_height=56, faces=2, gop=6, audio="aac")
    return path.read_bytes()


@pytest.fixture
def job(functions: Functions, video: bytes) -> str:
    """An accepted job in combined mode, cut into segments of half a second."""
    functions.store.write("input/a/foo_preset.json", b'{"experimentalOptions": {"segmentSeconds": "1/2"}}')
    functions.store.write(VIDEO, video)
    return str(functions.accept()["job"])
