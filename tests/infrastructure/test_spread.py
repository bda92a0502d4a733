"""Tests in two processes fail, say and leave out what they would in one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.spread import group

KILLS = """
import os, signal
def test_before(): pass
def test_kills(): os.kill(os.getpid(), signal.SIGKILL)
def test_behind(): pass
"""
TELLS = """
import pytest
def test_tells(tell): tell("the one line")
@pytest.mark.of_set("rows", sampled=False)
def test_not_sampled(): pass
@pytest.mark.of_set("rows", sampled=True)
def test_sampled(): pass
"""
SKIPS = "import pytest\ndef test_skips(): pytest.skip('today')\n"
SETTINGS = "[pytest]\nmarkers =\n    of_set(name, sampled):\n"


def run(folder: Path, processes: int, *options: str, **files: str) -> tuple[int, str]:
    """Exit code and output of pytest with these tests and the hooks of ours."""
    (folder / "pytest.ini").write_text(SETTINGS)
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", f"-n{processes}", "-rA", *options]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "src")))}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout


def told_once(said: str) -> bool:
    lines = ("the one line", "rows: sampled, 1 of 2", "failed, as here every test must run: 1 skipped")
    return all(said.splitlines().count(line) == 1 for line in lines)


def test_a_process_that_dies_is_one_failure_and_the_rest_is_run_and_told(tmp_path: Path) -> None:
    code, said = run(tmp_path, 2, "--all-tools", kills=KILLS, tells=TELLS, skips=SKIPS)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "1 failed, 4 passed, 1 skipped, 1 deselected in" in said
    assert "PASSED test_kills.py::test_behind" in said
    assert told_once(said), said


def test_a_skipped_test_fails_the_run_where_all_must_run(tmp_path: Path) -> None:
    code, said = run(tmp_path, 0, "--all-tools", tells=TELLS, skips=SKIPS)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "2 passed, 1 skipped, 1 deselected in" in said
    assert told_once(said), said


def test_what_shares_something_dear_stays_together() -> None:
    assert group("tests/image/test_image.py::test_a") == group("tests/image/test_other.py::test_b")
    assert group("tests/unit/test_a.py::test_a[x::y]") == group("tests/unit/test_a.py::test_b")
    assert group("tests/unit/test_a.py::test_a") != group("tests/unit/test_b.py::test_a")
