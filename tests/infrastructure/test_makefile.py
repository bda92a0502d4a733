"""The Makefile's interface: what a person writes arrives at the command line unharmed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

# Stands where the real command would: it writes down what it was called with.
RECORDER = f"""#!{sys.executable}
import json, os, sys
json.dump([sys.argv[1:], os.environ.get("REDACTOR_MODEL_PATH")], open("called.json", "w"))
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose set-up is done, under a path with a space."""
    folder = tmp_path / "my checkout"
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / "requirements").mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements/local.txt", "requirements/dev.txt"):
        shutil.copy(ROOT / name, folder / name)
    recorder = folder / ".venv" / "bin" / "redactor"
    recorder.write_text(RECORDER)
    recorder.chmod(0o755)
    for stamp in ("local", "dev"):
        (folder / ".venv" / stamp).touch()
    return folder


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "REDACTOR"))}
    return subprocess.run(
        ["make", *words], cwd=folder, env=ours, capture_output=True, text=True, timeout=60, check=False
    )


def called(folder: Path) -> tuple[list[str], str | None]:
    words, path = json.loads((folder / "called.json").read_text())
    return words, path


@pytest.mark.parametrize(
    "name", ["foo.mp4", "my clip.mp4", 'it\'s "it".mp4', "$HOME $(shell id) `id`.mp4", "-v.mp4", "a;b&c|d#e.mp4"]
)
def test_a_video_of_any_name_arrives_as_it_is(checkout: Path, name: str) -> None:
    assert make(checkout, "redact", f"VIDEO={name}").stderr == ""
    assert called(checkout)[0] == ["run", "--", name]


def test_every_choice_has_its_option(checkout: Path) -> None:
    choices = "OUT=a b,MODE=redact,BLUR=Black,IDS=1;4,ANNOTATIONS=x y.json,PRESET=p.json,WORKERS=2"
    make(checkout, "redact", "VIDEO=foo.mp4", *choices.split(","))
    options = ["--out", "a b", "--mode", "redact", "--blur-type", "Black", "--ids", "1;4"]
    options += ["--annotations", "x y.json", "--preset", "p.json", "--workers", "2"]
    assert called(checkout)[0] == ["run", *options, "--", "foo.mp4"]


def test_without_a_video_it_says_how_before_it_does_anything(checkout: Path) -> None:
    shutil.rmtree(checkout / ".venv")
    done = make(checkout, "redact")
    assert done.returncode != 0
    assert "make redact VIDEO=foo.mp4" in done.stderr
    assert not (checkout / ".venv").exists()


def test_weights_beside_the_checkout_are_used(checkout: Path) -> None:
    (checkout / "models").mkdir()
    (checkout.parent / "shared" / "models").mkdir(parents=True)
    make(checkout, "redact", "VIDEO=foo.mp4")
    assert called(checkout)[1] == f"{checkout}/models:{checkout}/../shared/models"


def test_without_such_weights_the_variable_is_not_set(checkout: Path) -> None:
    make(checkout, "redact", "VIDEO=foo.mp4")
    assert called(checkout)[1] is None


def test_without_a_new_enough_python_it_says_so(checkout: Path) -> None:
    (checkout / ".venv" / "local").unlink()
    done = make(checkout, "redact", "VIDEO=foo.mp4", "PYTHON=")
    assert done.returncode != 0
    assert "Python 3.11 or newer is needed" in done.stderr


def test_help_names_every_target(checkout: Path) -> None:
    targets = {line.split()[1] for line in make(checkout).stdout.splitlines()}
    assert targets >= {
        "redact",
        "test",
        "synth",
        "lint",
        "models",
        "serve",
        "lock",
        "clean",
        "build",
        "deploy",
        "help",
        "browsers",
    }
