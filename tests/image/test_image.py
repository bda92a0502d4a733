"""The worker image as AWS will run it: as a function under the runtime interface, and as a container task."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infrastructure.steps import STEPS
from redactor import work
from tests.image.conftest import Builder, Done
from tests.image.runtime import runtime

pytestmark = [pytest.mark.buildah, pytest.mark.slow, pytest.mark.timeout(900)]

# A function's image may have 10 GB; each one is pulled by every function that starts cold.
LARGEST = 1_000_000_000


def test_it_says_what_it_is(config: dict[str, Any], builder: Builder, container: str) -> None:
    own = config["config"]
    assert (config["architecture"], config["os"]) == ("amd64", "linux")
    assert own["User"] == "65534:65534"
    assert own["Entrypoint"] == ["python", "-m", "awslambdaric"]
    assert own["Cmd"] == [STEPS["plan"].handler]
    assert own["Volumes"] == {"/tmp": {}}
    assert "REDACTOR_MODEL_FETCH=0" in own["Env"]
    root = Path(builder("mount", container))
    assert sorted(path.name for path in (root / "opt" / "redactor").iterdir()) == [
        "LICENSE",
        "containers",
        "models",
        "notices.md",
        "redactor",
        "requirements",
    ]
    # What the build was told of indexes and certificates is gone.
    assert not (root / "etc" / "pip.conf").exists() or not (root / "etc" / "pip.conf").read_text()
    assert not [path for path in (root / "run" / "secrets").rglob("*") if path.is_file() and path.stat().st_size]


def test_nobody_may_write_but_to_scratch(builder: Builder, container: str, tmp_path: Path) -> None:
    program = (
        "import os, tempfile\n"
        "tempfile.TemporaryFile()\n"
        "writable = [f for f, _, _ in os.walk('/opt') if os.access(f, os.W_OK)]\n"
        "assert (os.getuid(), writable) == (65534, []), writable"
    )
    with builder.running(container, ["python", "-c", program], {}, tmp_path / "log") as process:
        assert process.wait(60) == 0, (tmp_path / "log").read_text()


def test_a_sha256_can_be_handed_on(builder: Builder, container: str, tmp_path: Path) -> None:
    """Else Verify reads large results alone."""
    program = "from redactor.running import possible\nassert possible()"
    with builder.running(container, ["python", "-c", program], {}, tmp_path / "log") as process:
        assert process.wait(60) == 0, (tmp_path / "log").read_text()


def test_as_a_function_it_detects_what_this_machine_detects(  # noqa: PLR0917  fixtures
    builder: Builder,
    container: str,
    config: dict[str, Any],
    done: Done,
    surroundings: dict[str, str],
    tmp_path: Path,
    tell: Callable[[str], None],
) -> None:
    name = work.detections_name(0)
    here = json.loads(done.read(name))["value"]
    done.forget(name)
    with runtime() as api:
        told = {**surroundings, "AWS_LAMBDA_RUNTIME_API": api.address}
        words, log, began = (
            [*config["config"]["Entrypoint"], STEPS["detect"].handler],
            tmp_path / "log",
            time.monotonic(),
        )
        with builder.running(container, words, told, log):
            api.wait_until_ready(120)
            ready = api.first - began
            kind, answer = api.invoke(done.event, 120)
            first = time.monotonic() - began
            assert (kind, answer) == ("response", {"frames": 24}), log.read_text()
            refused = api.invoke({**done.event, "execution": "another"}, 60)
    assert json.loads(done.read(name))["value"] == here
    assert sum(count or 0 for count in here["frames"]["counts"]) > 0
    # An error keeps the name by which the state machine retries.
    assert (refused[0], refused[1]["errorType"]) == ("error", "LostClaim")
    tell(f"worker image: cold start {ready:.1f} s until it asks for work, {first:.1f} s to its first answer")


def test_as_a_task_it_writes_the_bytes_that_this_machine_writes(
    builder: Builder, container: str, done: Done, surroundings: dict[str, str], tmp_path: Path
) -> None:
    name = work.part_name(0)
    here, log = done.read(name), tmp_path / "log"
    done.forget(name)
    words = ["python", "-m", "containers.worker", "redact", done.job, "0", done.execution, "0"]
    with builder.running(container, words, surroundings, log) as process:
        assert process.wait(120) == 0, log.read_text()
    assert done.read(name) == here


def test_a_task_that_fails_says_so(
    builder: Builder, container: str, done: Done, surroundings: dict[str, str], tmp_path: Path
) -> None:
    done.forget(work.boxes_name(0))
    words = ["python", "-m", "containers.worker", "redact", done.job, "0", done.execution, "0"]
    with builder.running(container, words, surroundings, tmp_path / "log") as process:
        assert process.wait(120) == 1
    assert json.loads(done.read(work.error_name("redact", 0)))["code"] == "MissingResult"


def test_it_is_no_larger_than_need_be(builder: Builder, image: str, tell: Callable[[str], None]) -> None:
    (told,) = [one for one in json.loads(builder("images", "--json")) if f"{image}:latest" in (one["names"] or ())]
    megabytes = float(told["size"].split()[0])
    assert told["size"].endswith("MB")
    assert megabytes * 1e6 < LARGEST
    tell(f"worker image: {told['size']}")
