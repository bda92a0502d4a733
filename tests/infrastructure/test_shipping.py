"""What is locked and what is shipped: every pin hashed, no registry named, every licence told."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def pins(lock: str) -> dict[str, set[str]]:
    """Package -> the versions that a lock file names (one for each range of Python versions)."""
    found: dict[str, set[str]] = {}
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    for name, version in re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==([\w.]+)", text, re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def wanted(group: list[object]) -> set[str]:
    """The packages that pyproject.toml asks for directly."""
    return {re.split(r"[\[<>=~! ]", entry)[0] for entry in group if isinstance(entry, str)} - {"redactor"}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_pin_has_its_hashes_and_no_file_names_a_registry(lock: Path) -> None:
    entries = re.split(r"^(?=[\w.-]+(?:\[[\w,]+\])?==)", lock.read_text(), flags=re.MULTILINE)
    assert entries[0] == ""
    assert [entry for entry in entries[1:] if "--hash=sha256:" not in entry] == []
    assert not re.search(r"://|^-", lock.read_text(), re.MULTILINE)


def test_every_node_package_has_its_hash_and_no_registry_is_named() -> None:
    folder = ROOT / "requirements" / "node"
    lock = json.loads((folder / "package-lock.json").read_text())["packages"]
    asked = json.loads((folder / "package.json").read_text())["dependencies"]
    assert lock.pop("")["dependencies"] == asked
    assert {name: lock[f"node_modules/{name}"]["version"] for name in asked} == asked
    assert [name for name, entry in lock.items() if not entry["integrity"].startswith("sha512-")] == []
    assert [name for name, entry in lock.items() if "resolved" in entry or "hasInstallScript" in entry] == []


def test_the_locks_hold_what_the_project_asks_for() -> None:
    doc = tomllib.loads((ROOT / "pyproject.toml").read_text())
    base, extras, groups = (
        doc["project"]["dependencies"],
        doc["project"]["optional-dependencies"],
        doc["dependency-groups"],
    )
    asked = {
        "functions": base,
        "worker": base + extras["pixels"] + extras["worker"],
        "gpu": base + extras["pixels"] + extras["gpu"],
        "local": base + extras["pixels"] + extras["worker"] + extras["client"] + extras["local"] + groups["build"],
        "dev": base
        + extras["pixels"]
        + extras["worker"]
        + extras["client"]
        + extras["local"]
        + groups["build"]
        + groups["dev"],
    }
    assert {lock.stem for lock in LOCKS} == asked.keys()
    assert [(name, missing) for name, group in asked.items() if (missing := wanted(group) - pins(name).keys())] == []


@pytest.mark.parametrize("lock", ["functions", "worker", "local"])
def test_what_runs_is_what_was_tested(lock: str) -> None:
    tested = pins("dev")
    assert {name: versions for name, versions in pins(lock).items() if not versions <= tested.get(name, set())} == {}


def test_the_gpu_image_is_the_worker_image_but_for_what_runs_the_networks() -> None:
    worker, gpu = ((ROOT / "containers" / kind / "Dockerfile").read_text() for kind in ("worker", "gpu"))
    steps = [text[text.index("ARG BASE") :].replace("gpu.txt", "worker.txt").splitlines() for text in (worker, gpu)]
    own = [line.strip(" \\") for line in steps[1] if line.strip(" \\") not in {one.strip(" \\") for one in steps[0]}]
    assert own == ["REDACTOR_DEVICE=gpu", "NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_DRIVER_CAPABILITIES=compute,utility"]
    tested = pins("worker")
    others = {name for name, versions in pins("gpu").items() if versions != tested.get(name)}
    assert others - {name for name in others if name.startswith("nvidia-")} == {"onnxruntime-gpu"}


@pytest.mark.parametrize("lock", ["functions", "worker", "gpu"])
def test_the_notices_name_every_package_that_is_shipped(lock: str) -> None:
    page = (ROOT / "docs" / "notices.md").read_text()
    assert [name for name in pins(lock) if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", page)] == []


def test_the_notices_say_what_matters_most() -> None:
    page = (ROOT / "docs" / "notices.md").read_text()
    for fact in ("x264", "GPL", "WIDER FACE", "YuNet", "CenterFace", "moto"):
        assert fact in page


def test_our_licence_is_apache_2_in_full() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
