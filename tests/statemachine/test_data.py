"""What flows between the states: every argument exists, every path leads to something, and nothing grows too large."""

import pytest

from tests.statemachine.data import CHECKS, outcomes
from tests.statemachine.definition import MACHINE, TEXT


@pytest.mark.parametrize("check", CHECKS)
def test_nothing_in_the_definition_is(check: str) -> None:
    assert CHECKS[check](MACHINE) == []


def test_the_outcomes_that_a_choice_must_know_are_read_from_the_steps() -> None:
    assert outcomes("accept") == {"accepted", "duplicate", "ignored", "waiting", "superseded"}
    assert outcomes("publish") == {"published", "superseded"}


def test_the_definition_is_small_enough_to_deploy() -> None:
    assert len(TEXT.encode()) < 1_048_576
