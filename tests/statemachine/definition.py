"""A state machine's definition, read: its graphs, its states, and what each of them calls."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from infrastructure.steps import STEPS
from tests.conftest import ROOT

TEXT = (ROOT / "statemachine" / "redaction.asl.json").read_text()
MACHINE: dict[str, Any] = json.loads(TEXT)

LAMBDA, ECS = "arn:aws:states:::lambda:invoke", "arn:aws:states:::ecs:runTask.sync"
TERMINAL = ("Succeed", "Fail")

Definition = dict[str, Any]


class State(NamedTuple):
    """One state, with the graph it stands in ("" for the machine itself, else the Map's name)."""

    name: str
    graph: str
    body: dict[str, Any]


def graphs(machine: Definition) -> dict[str, Definition]:
    """The machine's own graph and that of every Map."""
    maps = {name: body["ItemProcessor"] for name, body in machine["States"].items() if body["Type"] == "Map"}
    return {"": machine, **maps}


def states(machine: Definition, kind: str | None = None) -> list[State]:
    """All states, or those of one type."""
    found = [State(name, graph, body) for graph, doc in graphs(machine).items() for name, body in doc["States"].items()]
    return [state for state in found if kind in (None, state.body["Type"])]


def children(machine: Definition, parent: State) -> list[State]:
    return [state for state in states(machine) if state.graph == parent.name]


def targets(body: dict[str, Any]) -> Iterator[str]:
    """Where a state may go next."""
    rules = [body, *body.get("Choices", []), *body.get("Catch", [])]
    yield from (rule["Next"] for rule in rules if "Next" in rule)
    if "Default" in body:
        yield body["Default"]


def override(state: State) -> dict[str, Any]:
    """What a container task is told; nothing for any other task."""
    (found,) = state.body.get("Parameters", {}).get("Overrides", {}).get("ContainerOverrides", [{}])
    return found


def step_of(state: State) -> str | None:
    """The step that a task calls, by the substitution that names its function or by its command; None for others."""
    if state.body.get("Resource") == ECS:
        told = re.match(r"States\.Array\('-m', 'containers\.worker', '(\w+)'", override(state).get("Command.$", ""))
        return told[1] if told else None
    by_substitution = {f"${{{step.substitution}}}": step.name for step in STEPS.values()}
    return by_substitution.get(state.body.get("Parameters", {}).get("FunctionName", ""))


def invocations(machine: Definition) -> list[State]:
    """The tasks that call a function."""
    return [task for task in states(machine, "Task") if task.body["Resource"] == LAMBDA]


def containers(machine: Definition) -> list[State]:
    """The container tasks."""
    return [task for task in states(machine, "Task") if task.body["Resource"] == ECS]
