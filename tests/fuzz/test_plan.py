"""A sample of the mutated files of `make fuzz`, always the same: planned or refused by name in time and memory."""

import os
import subprocess
import sys
from collections.abc import Callable

from tests.conftest import ROOT

SAMPLE = 100


def fuzzed(argument: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "src")))}
    command = [sys.executable, "-m", "tests.fuzz", argument]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_a_mutated_file_is_planned_or_refused_by_name(tell: Callable[[str], None]) -> None:
    done = fuzzed(str(SAMPLE))
    *rest, closing = done.stdout.splitlines() or [""]
    tell(closing)
    assert (done.returncode, rest) == (0, []), done.stdout + done.stderr[-2000:]
    assert closing.startswith(f"{SAMPLE} of 1000 mutated files (sample)")


def test_a_small_file_that_would_take_a_great_deal_is_too_large() -> None:
    done = fuzzed("bombs")
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
