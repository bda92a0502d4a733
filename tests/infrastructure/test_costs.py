"""Costs are counted by the sizes that are deployed and the states that are passed."""

import json
from typing import Any

import pytest

from infrastructure.rules import KEPT, WARMED
from infrastructure.settings import Settings, project_context
from infrastructure.steps import AHEAD, FANNED_OUT, MAPPED, STEPS
from redactor import costs
from redactor.preset import Mode
from tests.conftest import ROOT

DEFINITION: dict[str, Any] = json.loads((ROOT / "statemachine" / "redaction.asl.json").read_text())


@pytest.mark.parametrize("step", [*costs.FUNCTIONS, "warm"])
def test_a_function_has_the_size_that_production_gives_it(step: str) -> None:
    production = Settings.of({**project_context(), "redactor:profile": "production"})
    deployed = STEPS[step]
    machine = {**costs.FUNCTIONS, "warm": costs.WARM}[step]
    assert (machine.memory, machine.disk) == (min(deployed.memory, production.memory_limit), deployed.disk)
    assert machine.limit == deployed.timeout
    assert production.tasks_at_once == costs.TASKS_AT_ONCE
    assert (step in costs.ZIPPED) == (deployed.kind == "zip")
    assert (FANNED_OUT, MAPPED, AHEAD) == (costs.FANNED_OUT, costs.MAPPED, costs.AHEAD)
    assert (WARMED.steps, KEPT.steps, production.warm_ahead) == (costs.WARMED, costs.KEPT, True)


def test_a_task_has_the_size_that_is_deployed() -> None:
    from infrastructure.tasks import TASKS  # noqa: PLC0415  after JSII_NODE is set

    task = TASKS["fargate"]
    assert (costs.TASK.vcpus * 1024, costs.TASK.memory, costs.TASK.disk) == (task.cpu, task.memory, task.disk * 1024)
    assert task.steps == costs.FANNED_OUT


@pytest.mark.parametrize("mode", Mode)
def test_the_states_of_a_job_are_those_of_the_definition(mode: Mode) -> None:
    passed = list(walked(mode))
    own, maps = costs.STATES[mode]
    assert own == len(passed) + 1  # the start is a transition too
    assert maps == sum(state["Type"] == "Map" for state in passed)
    for state in passed:
        if state["Type"] == "Map":
            # Its start and its task; a choice before it may come or go.
            assert abs(costs.CHILD_STATES - 1 - len(happy(state["ItemProcessor"]))) <= 1


def walked(mode: Mode) -> list[dict[str, Any]]:
    """The states that a job of the mode passes when nothing goes wrong."""
    answers = {"$.outcome": "accepted", "$.mode": str(mode), "$.publish.outcome": "published", "$.join.proved": "alone"}
    name, passed = DEFINITION["StartAt"], []
    while name:
        state = DEFINITION["States"][name]
        passed.append(state)
        chosen = [
            choice["Next"]
            for choice in state.get("Choices", [])
            if choice["StringEquals"] == answers[choice["Variable"]]
        ]
        name = next((other for other in (*chosen, state.get("Next"), state.get("Default")) if other), None)
    return passed


def happy(machine: dict[str, Any]) -> list[str]:
    """The states of a child on its shortest way: a choice takes its default."""
    name, passed = machine["StartAt"], []
    while name:
        passed.append(name)
        state = machine["States"][name]
        name = state.get("Next") or state.get("Default")
    return passed
