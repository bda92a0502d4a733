"""What a job has cost: by what each step ran on, and nothing where that is not known."""

import pytest

from redactor.costs import FUNCTIONS, TASK, Footage, other
from redactor.machines import Machine
from redactor.preset import Mode
from redactor.spent import EMBEDDED, here, spent

FILMED = Footage(pixels=921_600, frames=600, segments=2, source=5_000_000, output=4_000_000)


def test_a_function_says_how_much_memory_it_has_and_a_task_where_it_stands() -> None:
    assert (
        here({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "3008", "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13"}) == "lambda 3008"
    )
    assert here({"AWS_EXECUTION_ENV": "AWS_ECS_FARGATE"}) == "fargate"
    assert here({}) == ""


def test_seconds_are_paid_by_the_memory_that_was_there() -> None:
    ran = {"plan": {"lambda 1769": 2.0}, "redact": {"lambda 3008": 30.0}}
    told = spent(ran, FILMED, Mode.REDACT, {})
    disk = FUNCTIONS["redact"].disk
    assert told["steps"]["plan"] == pytest.approx(Machine.function(1769).dollars(2.0), abs=1e-7)
    assert told["steps"]["redact"] == pytest.approx(2 * Machine.function(3008, disk).dollars(15.0), abs=1e-7)
    beside = other(FILMED, Mode.REDACT)
    assert told["other"] == pytest.approx(beside, abs=1e-7)
    assert told["total"] == pytest.approx(sum(told["steps"].values()) + sum(beside.values()), abs=1e-6)


def test_a_step_that_ran_in_functions_and_tasks_costs_both() -> None:
    told = spent({"detect": {"lambda 1769": 10.0, "fargate": 600.0}}, FILMED, Mode.ANALYZE, {})
    assert told["steps"]["detect"] == pytest.approx(
        Machine.function(1769).dollars(10.0) + 2 * TASK.dollars(300.0), abs=1e-7
    )


@pytest.mark.parametrize("place", ["", "gpu", "lambda", "lambda much"])
def test_where_no_price_is_known_none_is_told(place: str) -> None:
    told = spent({"plan": {"lambda 1769": 1.0}, "detect": {place: 600.0}}, FILMED, Mode.ANALYZE, {})
    assert told["steps"]["plan"] > 0
    assert (told["steps"]["detect"], told["total"]) == (None, None)


def test_the_embedded_cloud_tells_what_it_would_have_cost_and_says_so() -> None:
    ran = {"plan": {"lambda 1769": 1.0}}
    assert "would have cost on Lambda" in spent(ran, FILMED, Mode.ANALYZE, {"AWS_EXECUTION_ENV": EMBEDDED})["of"]
    assert "would" not in spent(ran, FILMED, Mode.ANALYZE, {"AWS_EXECUTION_ENV": "AWS_Lambda_python3.13"})["of"]


def test_a_step_of_no_time_is_no_division_by_nothing() -> None:
    assert spent({"redact": {"lambda 3538": 0.0}}, FILMED, Mode.REDACT, {})["steps"]["redact"] is not None
