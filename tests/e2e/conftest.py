"""One embedded cloud with the real steps for all tests here: real video, real weights, the real state machine."""

import itertools
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from localcloud.cloud import Cloud
from redactor import models
from redactor.bucket import Results
from tests.conftest import shared
from tests.media_factory import FaceClip, face_clip

TIMEOUT = 240.0


@dataclass(frozen=True)
class Outcome:
    """How an execution ended. results: the files under the video's output prefix, by name."""

    status: str
    answer: Mapping[str, Any]
    results: Mapping[str, bytes]

    def json(self, ending: str) -> Any:
        return json.loads(self.file(ending))

    def file(self, ending: str) -> bytes:
        (name,) = [name for name in self.results if name.endswith(ending)]
        return self.results[name]


class Bench:
    """Drops things into the cloud's bucket and looks at what comes out."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._folders = itertools.count()

    def folder(self) -> str:
        """A folder under input/ that no other test uses."""
        return f"input/{next(self._folders)}/"

    def put(self, key: str, data: bytes) -> str:
        return self.cloud.s3().put_object(Bucket=self.cloud.bucket, Key=key, Body=data)["VersionId"]

    def drop(self, key: str, data: bytes) -> Outcome:
        """Drops what starts a job and waits for its end."""
        return self.end(self.cloud.started(key, self.put(key, data)), key)

    def run(self, video: Path, preset: Mapping[str, Any] | None = None, folder: str = "", **sidecars: bytes) -> Outcome:
        """Sidecars (annotations, idlist) and preset first, then the video."""
        folder = folder or self.folder()
        if preset is not None:
            self.put(f"{folder}{video.stem}_preset.json", json.dumps(preset).encode())
        for name, data in sidecars.items():
            self.put(f"{folder}{video.stem}_{name}.{'txt' if name == 'IDList' else 'json'}", data)
        return self.drop(folder + video.name, video.read_bytes())

    def start(self, given: Mapping[str, Any]) -> Outcome:
        """An execution by hand, as from the console."""
        arn = self.cloud.sfn().start_execution(stateMachineArn=self.cloud.state_machine, input=json.dumps(given))
        return self.end(arn["executionArn"], given["key"])

    def end(self, execution: str, key: str) -> Outcome:
        description = self.cloud.wait(execution, TIMEOUT)
        answer = json.loads(description.get("output") or "{}")
        holder = answer["holder"] if answer.get("outcome") == "duplicate" else self.cloud.successor(execution)
        if holder:
            return self.end(holder, key)
        return Outcome(description["status"], answer, self.results(key))

    def results(self, key: str) -> dict[str, bytes]:
        """What stands under the output prefix of a video."""
        if not key.startswith("input/"):
            return {}
        s3, prefix = self.cloud.s3(), Results(key).prefix
        found = s3.list_objects_v2(Bucket=self.cloud.bucket, Prefix=prefix).get("Contents", [])
        return {
            entry["Key"].removeprefix(prefix): s3.get_object(Bucket=self.cloud.bucket, Key=entry["Key"])["Body"].read()
            for entry in found
        }

    def invocations(self, execution_key: str, function: str) -> int:
        """How often a function ran for executions that this key started."""
        return sum(execution_key in json.dumps(one.payload) for one in self.cloud.journal.invocations(function))


@pytest.fixture(scope="session")
def model_path() -> str:
    """Folders of weights for everybody; fetches them once where they are not there yet."""
    folders = [os.environ.get(models.PATH_VARIABLE, ""), str(shared("models"))]
    path = os.pathsep.join(
        str(Path(folder).resolve()) for joined in folders for folder in joined.split(os.pathsep) if folder
    )
    models.choose(env={**os.environ, models.PATH_VARIABLE: path})
    return path


@pytest.fixture(scope="session")
def bench(model_path: str) -> Iterator[Bench]:
    with Cloud(2, environment={models.PATH_VARIABLE: model_path}) as cloud:
        yield Bench(cloud)


@pytest.fixture(scope="session")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., FaceClip]:
    """faces(**how) -> a clip with a real face, made once for each way."""
    made: dict[str, FaceClip] = {}

    def make(name: str = "foo.mp4", **how: Any) -> FaceClip:
        key = f"{name}{sorted(how.items())}"
        if key not in made:
            made[key] = face_clip(tmp_path_factory.mktemp("clips") / name, **how)
        return made[key]

    return make
