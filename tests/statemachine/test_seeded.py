"""Every check sees what it is there for: the definition is broken in one place, and the check named must say so."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tests.statemachine import data, graph
from tests.statemachine.definition import Definition
from tests.statemachine.seeds import add, broken, change, drop, state

CHECKS = {**graph.CHECKS, **data.CHECKS}


class Seed(NamedTuple):
    """A defect: the check that must see it, and what breaks the definition."""

    name: str
    check: str
    plant: Callable[[Definition], Any]


def _inline(machine: Definition) -> None:
    state(machine, "DetectSegments")["ItemProcessor"]["ProcessorConfig"] = {"Mode": "INLINE"}


def _orphan(machine: Definition) -> None:
    machine["States"]["Lost"] = {"Type": "Succeed", "Comment": "Nothing leads here."}


def _caught(kind: str) -> Callable[[Definition], None]:
    def plant(machine: Definition) -> None:
        machine["States"]["Failed"] = {"Type": kind, "Comment": "A failure ends here."}
        state(machine, "Join")["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": "Failed"}]

    return plant


def _caught_in_child(machine: Definition) -> None:
    """A segment that failed and is taken for done."""
    states = machine["States"]["RedactSegments"]["ItemProcessor"]["States"]
    states["Skipped"] = {"Type": "Succeed", "Comment": "Quietly."}
    states["Redact"]["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": "Skipped"}]


def _first(name: str) -> Callable[[Definition], None]:
    """A retry of everything before the others."""

    def plant(machine: Definition) -> None:
        state(machine, name)["Retry"].insert(0, {"ErrorEquals": ["States.ALL"], "JitterStrategy": "FULL"})

    return plant


def _unmarked(machine: Definition) -> None:
    payload = state(machine, "Join")["Parameters"]["Payload"]
    payload["job"] = payload.pop("job.$")


def _task(parameters: dict[str, Any]) -> Callable[[Definition], None]:
    """Detect as a container task, with these arguments."""

    def plant(machine: Definition) -> None:
        state(machine, "Detect").update(Resource="arn:aws:states:::ecs:runTask.sync", Parameters=parameters)

    return plant


SEEDS = [
    Seed("a state that nothing leads to", "unreachable", _orphan),
    Seed("a target that there is not", "unreachable", change("Verify", "Next", to="Publihs")),
    Seed("a start that there is not", "unreachable", lambda m: m.update(StartAt="Begin")),
    Seed("a step that is left out", "unreachable", change("Join", "Next", to="Publish")),
    Seed("a state that does not go on", "dead_ends", drop("Join", "Next")),
    Seed("a state that goes on and ends", "dead_ends", change("Join", "End", to=True)),
    Seed("a state without a word", "uncommented", drop("Join", "Comment")),
    Seed("a catch that leads to a failure", "hidden_failures", _caught("Fail")),
    Seed("a catch that leads to success", "hidden_failures", _caught("Succeed")),
    Seed("a segment that fails quietly", "hidden_failures", _caught_in_child),
    Seed("a task without a retry", "not_retried", drop("Detect", "Retry")),
    Seed("a task without a limit", "unlimited", drop("Redact", "TimeoutSeconds")),
    Seed("a task that ends before its function", "unlimited", change("Redact", "TimeoutSeconds", to=600)),
    Seed("a machine without a limit", "unlimited", lambda m: m.pop("TimeoutSeconds")),
    Seed(
        "a retry of what no retry mends",
        "wrongly_retried",
        add("Plan", "Retry", 0, "ErrorEquals", what="InvalidPreset"),
    ),
    Seed(
        "a retry under a name that there is not",
        "wrongly_retried",
        change("Plan", "Retry", 1, "ErrorEquals", 1, to="Lambda.Throttled"),
    ),
    Seed("a throttle that is not waited out", "impatient", change("Detect", "Retry", 1, "MaxAttempts", to=3)),
    Seed("a queue that ends a job", "gives_up", change("Redact", "Retry", 0, "MaxAttempts", to=9)),
    Seed("all segments retried in step", "impatient", drop("Detect", "Retry", 0, "JitterStrategy")),
    Seed("a retry of everything that is not last", "everything_not_last", _first("Join")),
    Seed(
        "a retry of everything that is not alone",
        "everything_not_last",
        add("Join", "Retry", 1, "ErrorEquals", what="States.ALL"),
    ),
    Seed("an inline map over segments", "not_distributed", _inline),
    Seed(
        "express children",
        "not_distributed",
        change("RedactSegments", "ItemProcessor", "ProcessorConfig", "ExecutionType", to="EXPRESS"),
    ),
    Seed("items from the state", "not_distributed", drop("RedactSegments", "ItemReader")),
    Seed(
        "a map that tolerates a failed segment",
        "tolerant",
        change("RedactSegments", "ToleratedFailurePercentage", to=5),
    ),
    Seed("children that return what they were given", "talkative", drop("Detect", "OutputPath")),
    Seed("a map that keeps its results", "talkative", drop("DetectSegments", "ResultPath")),
    Seed("children that return too much", "too_large", drop("Redact", "OutputPath")),
    Seed(
        "a step that is called twice", "misnamed", change("Join", "Parameters", "FunctionName", to="${VerifyFunction}")
    ),
    Seed(
        "a function that is not deployed",
        "unknown_substitutions",
        change("Join", "Parameters", "FunctionName", to="${JoinerFunction}"),
    ),
    Seed("a place that no state serves", "misplaced", drop("RedactWhere", "Choices", 2)),
    Seed("a place that is guessed", "misplaced", change("DetectWhere", "Default", to="Detect")),
    Seed("a gpu on Fargate", "misplaced", change("DetectOnGpu", "Parameters", "LaunchType", to="FARGATE")),
    Seed("a time-out that moves to a function", "misplaced", change("DetectInTime", "Catch", 0, "Next", to="Detect")),
    Seed("a move that forgets its segment", "misplaced", drop("RedactInTime", "Catch", 0, "ResultPath")),
    Seed("a task that is not tried again", "wrongly_retried", drop("RedactOnFargate", "Retry", 1)),
    Seed("no room that is not waited for", "impatient", change("DetectOnGpu", "Retry", 0, "MaxAttempts", to=2)),
    Seed(
        "a task of another step",
        "other_commands",
        change(
            "RedactOnFargate",
            "Parameters",
            "Overrides",
            "ContainerOverrides",
            0,
            "Command.$",
            to="States.Array('-m', 'containers.worker', 'detect', $.job)",
        ),
    ),
    Seed("an argument that there is not", "unknown_arguments", change("Join", "Parameters", "Qualifer", to="1")),
    Seed(
        "an argument of the reader that there is not",
        "unknown_arguments",
        change("DetectSegments", "ItemReader", "Parameters", "Prefix", to="work/"),
    ),
    Seed(
        "an argument deep inside that there is not",
        "unknown_arguments",
        _task({"TaskDefinition": "x", "NetworkConfiguration": {"AwsVpcConfiguration": {"Subnets": ["x"]}}}),
    ),
    Seed("a payload that lacks the segment", "other_payloads", drop("Redact", "Parameters", "Payload", "n.$")),
    Seed(
        "a payload that is too rich",
        "other_payloads",
        change("Join", "Parameters", "Payload", "frames.$", to="$.merge.frames"),
    ),
    Seed("a path that is taken for a word", "literal_paths", _unmarked),
    Seed(
        "an answer that there is not", "not_answered", change("Join", "ResultSelector", "bytes.$", to="$.Payload.size")
    ),
    Seed(
        "a path to nothing",
        "leading_nowhere",
        change("DetectSegments", "ItemReader", "Parameters", "Key.$", to="$.segmnets"),
    ),
    Seed(
        "a child that reads what its map does not select",
        "leading_nowhere",
        change("Redact", "Parameters", "Payload", "n.$", to="$.index"),
    ),
    Seed(
        "a result that only one mode has",
        "leading_nowhere",
        change("Join", "Parameters", "Payload", "frames.$", to="$.merge.frames"),
    ),
    Seed("a path that is taken for a word in a list", "literal_paths", _task({"Tasks": [{"Name": "$.job"}]})),
    Seed("an outcome that no choice knows", "undecided", drop("Outcome", "Choices", 3)),
    Seed(
        "a choice of what is never answered", "undecided", change("Published", "Choices", 0, "StringEquals", to="done")
    ),
]


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_a_check_sees(seed: Seed) -> None:
    assert CHECKS[seed.check](broken(seed.plant)) != []


def test_every_check_has_something_to_see() -> None:
    assert CHECKS.keys() == {seed.check for seed in SEEDS}
