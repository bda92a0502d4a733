"""The state machine's definition as a graph: nothing unreachable, nothing unbounded, nothing that hides a failure."""

import pytest

from infrastructure.steps import STEPS
from tests.conftest import ROOT
from tests.statemachine.definition import MACHINE
from tests.statemachine.graph import CHECKS


@pytest.mark.parametrize("check", CHECKS)
def test_the_graph_has_no_state_that_is(check: str) -> None:
    assert CHECKS[check](MACHINE) == []


@pytest.mark.parametrize("step", STEPS)
def test_a_step_has_one_word_for_its_module_its_entry_point_and_its_test(step: str) -> None:
    module = STEPS[step].handler.rpartition(".")[0].replace(".", "/")
    assert (ROOT / f"{module}.py").is_file()
    assert (ROOT / "src" / "redactor" / f"{step}.py").is_file()
    assert [*(ROOT / "tests").rglob(f"test_{step}.py")]
