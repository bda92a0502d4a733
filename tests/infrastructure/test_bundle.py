"""The zip of accept, publish and report: complete, pure Python, and without anything that touches pixels."""

import hashlib
import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import pytest

from infrastructure import bundle as bundling
from infrastructure.steps import STEPS

ZIPPED = [step for step in STEPS.values() if step.kind == "zip"]
# What Lambda's own Python brings along.
RUNTIME = ("boto3", "botocore", "s3transfer", "dateutil", "six.py", "urllib3", "jmespath")
HEAVY = {"numpy", "cv2", "av", "scipy", "onnxruntime", "localcloud", "moto", "typer", "aws_cdk"}

IMPORTS = """
import importlib, json, sys
sys.path[:0] = sys.argv[1:3]
module, _, function = sys.argv[3].rpartition(".")
assert callable(getattr(importlib.import_module(module), function))
print(json.dumps([sorted({name.partition(".")[0] for name in sys.modules}), sys.modules["redactor"].__file__]))
"""


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing but the packages of Lambda's Python."""
    folder = tmp_path_factory.mktemp("runtime")
    installed = Path(str(importlib.metadata.distribution("boto3").locate_file("")))
    for name in RUNTIME:
        (folder / name).symlink_to(installed / name)
    return folder


@pytest.mark.parametrize("step", ZIPPED, ids=lambda step: step.name)
def test_a_handler_imports_from_the_zip_alone_and_loads_nothing_that_touches_pixels(
    step: object, bundle: Path, runtime: Path
) -> None:
    command = [sys.executable, "-B", "-I", "-S", "-c", IMPORTS, str(bundle), str(runtime), step.handler]  # type: ignore[attr-defined]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    loaded, package = json.loads(answer)
    assert not HEAVY & set(loaded)
    assert Path(package).is_relative_to(bundle)


def test_the_zip_holds_no_compiled_code_and_nothing_heavy(bundle: Path) -> None:
    assert not [path for path in bundle.rglob("*") if path.suffix in {".so", ".pyd", ".pyc"}]
    assert not HEAVY & {path.name for path in bundle.iterdir()}
    assert sum(path.stat().st_size for path in bundle.rglob("*") if path.is_file()) < 20_000_000


def test_the_zip_names_no_path_of_its_builder(bundle: Path) -> None:
    records = {"RECORD", "direct_url.json", "INSTALLER", "REQUESTED"}
    assert not [path for path in bundle.rglob("*") if path.name in records]


def test_the_same_sources_give_the_same_zip(bundle: Path, tmp_path: Path) -> None:
    assert _contents(bundling.bundle(tmp_path / "functions")) == _contents(bundle)


def test_a_bundle_is_made_once_and_anew_when_a_source_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "functions.txt"
    lock.write_text(bundling.LOCK.read_text())
    made: list[Path] = []
    monkeypatch.setattr(bundling, "ROOT", Path("/"))
    monkeypatch.setattr(bundling, "LOCK", lock)
    monkeypatch.setattr(bundling, "_make", lambda target: (target.mkdir(exist_ok=True), made.append(target)))

    for _ in range(2):
        bundling.bundle(tmp_path / "functions")
    assert len(made) == 1
    lock.write_text("")
    bundling.bundle(tmp_path / "functions")
    assert len(made) == 2


def _contents(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
