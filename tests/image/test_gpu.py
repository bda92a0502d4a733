"""The GPU image as a container task: without a GPU it refuses by name, and but for that it is the worker image."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from redactor import work
from redactor.detectors.session import VARIABLE
from tests.image.conftest import Builder, Done, built

# CUDA and its libraries are 3 GB to fetch: by `make images` only.
pytestmark = [
    pytest.mark.buildah,
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.of_set("GPU image's tests", sampled=False),
]


@pytest.fixture(scope="module")
def image(builder: Builder, base: str) -> str:
    return built(builder, base, "gpu")


@pytest.fixture(scope="module")
def container(builder: Builder, image: str) -> str:
    return builder("from", "--pull-never", image)


def _command(done: Done) -> list[str]:
    return ["python", "-m", "containers.worker", "detect", done.job, "0", done.execution, "0"]


def test_it_says_what_it_is(builder: Builder, image: str, tell: Callable[[str], None]) -> None:
    told: dict[str, Any] = json.loads(builder("inspect", "--type=image", image))["OCIv1"]
    own = told["config"]
    assert (told["architecture"], told["os"], own["User"]) == ("amd64", "linux", "65534:65534")
    assert {"REDACTOR_DEVICE=gpu", "REDACTOR_MODEL_FETCH=0", "NVIDIA_VISIBLE_DEVICES=all"} <= {*own["Env"]}
    (listed,) = [one for one in json.loads(builder("images", "--json")) if f"{image}:latest" in (one["names"] or ())]
    tell(f"GPU image: {listed['size']}")


def test_without_a_gpu_it_refuses_for_good(
    builder: Builder, container: str, done: Done, surroundings: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with builder.running(container, _command(done), surroundings, log) as process:
        assert process.wait(120) == 1, log.read_text()
    record = json.loads(done.read(work.error_name("detect", 0)))
    assert (record["code"], record["retryable"]) == ("GpuMissing", False)


def test_it_lacks_nothing_but_the_driver(builder: Builder, container: str, tmp_path: Path) -> None:
    """CUDA's own libraries are found, down to the one that comes with the instance."""
    program = (
        "import ctypes, onnxruntime, os, pathlib\n"
        "onnxruntime.preload_dlls()\n"
        "made = pathlib.Path(onnxruntime.__file__).parent / 'capi' / 'libonnxruntime_providers_cuda.so'\n"
        "try:\n"
        "    ctypes.CDLL(str(made))\n"
        "except OSError as error:\n"
        "    print(error)\n"
    )
    with builder.running(container, ["python", "-c", program], {}, tmp_path / "log") as process:
        assert process.wait(60) == 0, (tmp_path / "log").read_text()
    assert "libcuda.so.1" in (tmp_path / "log").read_text()


def test_on_the_cpu_it_detects_what_this_machine_detects(
    builder: Builder, container: str, done: Done, surroundings: dict[str, str], tmp_path: Path
) -> None:
    name, log = work.detections_name(0), tmp_path / "log"
    here = json.loads(done.read(name))["value"]
    done.forget(name)
    with builder.running(container, _command(done), {**surroundings, VARIABLE: "cpu"}, log) as process:
        assert process.wait(120) == 0, log.read_text()
    assert json.loads(done.read(name))["value"] == here
