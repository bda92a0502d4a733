"""What a job has cost: the seconds that its steps took, by what they ran on, at list prices."""

import os
from collections.abc import Mapping
from typing import Any

from redactor.costs import FUNCTIONS, TASK, Footage, count, other
from redactor.machines import Machine
from redactor.preset import Mode
from redactor.prices import DATE, REGION

# Says in what an AWS program runs; the embedded cloud has a word of its own for it.
_RUNS_IN, _MEMORY = "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"
EMBEDDED = "embedded_cloud"
_WOULD = f"what this job would have cost on Lambda, as it ran on one machine: list prices of {REGION}, {DATE}"
_DID = f"list prices of {REGION}, {DATE}"
_DIGITS = 7


def here(env: Mapping[str, str] = os.environ) -> str:
    """What this process runs on: "lambda 3538" (MB of memory), "fargate", or nothing where no price is known."""
    if _MEMORY in env:
        return f"lambda {env[_MEMORY]}"
    return "fargate" if env.get(_RUNS_IN) == "AWS_ECS_FARGATE" else ""


def spent(
    ran: Mapping[str, Mapping[str, float]], footage: Footage, mode: Mode, env: Mapping[str, str] = os.environ
) -> dict[str, Any]:
    """The report's `cost`. ran: step -> what it ran on -> seconds there, those of all segments together."""
    steps = {step: _dollars(step, places, footage) for step, places in ran.items()}
    beside = other(footage, mode)
    known = [cost for cost in steps.values() if cost is not None]
    total = sum(known) + sum(beside.values()) if len(known) == len(steps) else None
    return {
        "currency": "USD",
        "of": _WOULD if env.get(_RUNS_IN) == EMBEDDED else _DID,
        "steps": {step: _rounded(cost) for step, cost in steps.items()},
        "other": {name: _rounded(cost) for name, cost in beside.items()},
        "total": _rounded(total),
    }


def _dollars(step: str, places: Mapping[str, float], footage: Footage) -> float | None:
    """None where one of the places has no price. Calls are shared out by seconds."""
    calls = count(step, footage)
    machines = {place: _machine(step, place) for place in places}
    whole, cost = sum(places.values()), 0.0
    for place, machine in machines.items():
        if machine is None:
            return None
        share = max(1, round(calls * places[place] / whole)) if whole else calls
        cost += share * machine.dollars(places[place] / share)
    return cost


def _machine(step: str, place: str) -> Machine | None:
    kind, _, memory = place.partition(" ")
    if kind == "lambda" and memory.isdigit():
        return Machine.function(int(memory), FUNCTIONS[step].disk)
    return TASK if kind == "fargate" else None


def _rounded(dollars: float | None) -> float | None:
    return None if dollars is None else round(dollars, _DIGITS)
