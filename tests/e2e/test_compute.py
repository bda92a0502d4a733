"""Where a segment is worked on changes nothing in the result, and no failure there is lost."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from infrastructure.steps import STEPS
from localcloud.cloud import Cloud
from localcloud.journal import Finished, Happening, Started
from redactor import models
from tests.e2e.conftest import Bench, Outcome
from tests.media_factory import FaceClip

FARGATE = {"experimentalOptions": {"compute": "fargate", "segmentSeconds": "1/2"}}
SAME = ("_redacted.mp4", "_annotations.json")


@pytest.fixture(scope="module")
def clip(faces: Callable[..., FaceClip]) -> Path:
    """Two segments."""
    return faces(name="placed.mp4", frames=24, gop=6).path


@pytest.fixture(scope="module")
def on_lambda(bench: Bench, clip: Path) -> Outcome:
    return bench.run(clip, {"experimentalOptions": {"compute": "lambda", "segmentSeconds": "1/2"}})


def since(cloud: Cloud, mark: int) -> list[Happening]:
    return list(cloud.journal.happenings[mark:])


def on(happenings: list[Happening], step: str, place: str | None) -> list[Finished]:
    """Invocations of a step that ended, in functions (None) or in one kind of task."""
    ended = [one for one in happenings if isinstance(one, Finished) and one.function == step]
    return [one for one in ended if one.payload.get("place") == place]


def test_a_job_on_fargate_gives_the_bytes_of_one_on_lambda(bench: Bench, clip: Path, on_lambda: Outcome) -> None:
    mark = len(bench.cloud.journal.happenings)
    outcome = bench.run(clip, FARGATE)
    assert outcome.status == "SUCCEEDED", outcome
    for ending in SAME:
        assert outcome.file(ending) == on_lambda.file(ending)
    happened = since(bench.cloud, mark)
    for step in ("detect", "redact"):
        assert len(on(happened, step, "fargate")) == 2
        assert on(happened, step, None) == []


def test_a_task_that_is_killed_is_tried_again(bench: Bench, clip: Path, on_lambda: Outcome) -> None:
    mark = len(bench.cloud.journal.happenings)
    killed: list[int] = []

    def kill_the_first_task() -> None:
        def is_task(one: Happening) -> bool:
            return (
                isinstance(one, Started) and one.payload.get("place") == "fargate" and one in since(bench.cloud, mark)
            )

        bench.cloud.journal.await_happening(is_task, 60)
        while not (found := bench.cloud.task_pids):
            time.sleep(0.01)
        os.kill(found[0], signal.SIGKILL)
        killed.append(found[0])

    thread = threading.Thread(target=kill_the_first_task)
    thread.start()
    outcome = bench.run(clip, {**FARGATE, "blurType": "Med"})
    thread.join()
    assert killed
    assert outcome.status == "SUCCEEDED", outcome
    assert outcome.file("_redacted.mp4") == on_lambda.file("_redacted.mp4")
    errors = [one.error for one in on(since(bench.cloud, mark), "detect", "fargate")]
    assert sorted(map(str, errors)) == ["None", "None", "States.TaskFailed"]


def test_what_fails_for_good_in_a_task_ends_the_job_by_its_name(bench: Bench, clip: Path) -> None:
    data = bytearray(clip.read_bytes())
    # The picture of a frame in the middle, not the index.
    at = data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2
    data[at : at + 1500] = b"\xff" * 1500
    folder, mark = bench.folder(), len(bench.cloud.journal.happenings)
    bench.put(f"{folder}preset.json", b'{"experimentalOptions": {"compute": "fargate"}}')
    outcome = bench.drop(f"{folder}foo.mp4", bytes(data))
    assert outcome.status == "FAILED"
    error = outcome.json("_error.json")
    assert (error["code"], error["step"], error["retryable"]) == ("DamagedVideo", "detect", False)
    first, *repeats = on(since(bench.cloud, mark), "detect", "fargate")
    # ECS has one name for every bad end, so it is repeated; but what is known to be for good does no work again.
    assert [one.error for one in (first, *repeats)] == ["States.TaskFailed"] * 3
    assert [one.payload["command"][-1] for one in (first, *repeats)] == ["0", "1", "2"]


@pytest.fixture(scope="module")
def hasty(model_path: str) -> Iterator[Bench]:
    """A cloud whose functions stop Detect before it can be done."""
    steps = {**STEPS, "detect": replace(STEPS["detect"], timeout=0.05)}
    with Cloud(2, steps=steps, bucket="hasty", environment={models.PATH_VARIABLE: model_path}) as cloud:
        yield Bench(cloud)


def test_a_segment_that_outlasts_its_function_moves_to_fargate(hasty: Bench, clip: Path, on_lambda: Outcome) -> None:
    outcome = hasty.run(clip, {"experimentalOptions": {"segmentSeconds": "1/2"}})
    assert outcome.status == "SUCCEEDED", outcome
    assert outcome.file("_redacted.mp4") == on_lambda.file("_redacted.mp4")
    happened = since(hasty.cloud, 0)
    assert [one.error for one in on(happened, "detect", None)] == ["Sandbox.Timedout"] * 2
    assert [one.error for one in on(happened, "detect", "fargate")] == [None] * 2
    assert [one.error for one in on(happened, "redact", None)] == [None] * 2


def test_who_asks_for_functions_alone_gets_nothing_else(hasty: Bench, clip: Path) -> None:
    mark = len(hasty.cloud.journal.happenings)
    outcome = hasty.run(clip, {"experimentalOptions": {"compute": "lambda"}})
    assert outcome.status == "FAILED"
    assert len(on(since(hasty.cloud, mark), "detect", None)) == 3
    assert on(since(hasty.cloud, mark), "detect", "fargate") == []


def test_a_gpu_job_without_a_gpu_ends_by_name_and_not_on_the_cpu(bench: Bench, clip: Path) -> None:
    mark = len(bench.cloud.journal.happenings)
    outcome = bench.run(clip, {"experimentalOptions": {"compute": "gpu"}})
    assert outcome.status == "FAILED"
    assert outcome.json("_error.json")["code"] == "GpuMissing"
    assert len(on(since(bench.cloud, mark), "detect", "gpu")) == 3
    assert on(since(bench.cloud, mark), "detect", None) == []
