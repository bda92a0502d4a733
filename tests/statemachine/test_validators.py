"""Two validators by others find nothing, and each sees defects in the language itself that the other does not."""

from typing import NamedTuple

import pytest

from tests.statemachine.definition import Definition
from tests.statemachine.seeds import Plant, broken, change, drop, rename
from tests.statemachine.validators import asl_validator, statelint

BOTH = frozenset({"statelint", "asl-validator"})
STATELINT, ASL_VALIDATOR = (frozenset({name}) for name in ("statelint", "asl-validator"))


class Seed(NamedTuple):
    """A defect that only somebody who knows the whole language sees: by whom, and what breaks the definition."""

    name: str
    seen_by: frozenset[str]
    plant: Plant


def _twice(machine: Definition) -> None:
    inside = machine["States"]["DetectSegments"]["ItemProcessor"]["States"]
    inside["Detect"]["Next"] = "Join"
    del inside["Detect"]["End"]
    inside["Join"] = {"Type": "Succeed"}


def _long(machine: Definition) -> None:
    machine["States"]["D" * 81] = machine["States"].pop("Done")
    machine["States"]["Published"]["Choices"][0]["Next"] = "D" * 81


SEEDS = [
    Seed("a target that there is not", BOTH, change("Verify", "Next", to="Publihs")),
    Seed("a number as text", BOTH, change("Join", "TimeoutSeconds", to="930")),
    Seed("no time at all", BOTH, change("Join", "TimeoutSeconds", to=0)),
    Seed("a number of attempts that there is not", BOTH, change("Join", "Retry", 0, "MaxAttempts", to=-7)),
    Seed("a backoff that grows shorter", STATELINT, change("Join", "Retry", 0, "BackoffRate", to=0.5)),
    Seed("a jitter that there is not", STATELINT, change("Join", "Retry", 0, "JitterStrategy", to="full")),
    Seed("a retry of nothing", STATELINT, change("Join", "Retry", 0, "ErrorEquals", to=[])),
    Seed("a retry without errors", BOTH, drop("Join", "Retry", 0, "ErrorEquals")),
    Seed("a result that is put nowhere", BOTH, change("Plan", "ResultPath", to="plan")),
    Seed("an output that is no path", ASL_VALIDATOR, change("Accept", "OutputPath", to="Payload")),
    Seed("a path that is none", BOTH, change("Join", "Parameters", "Payload", "job.$", to="job")),
    Seed(
        "a function that there is not",
        BOTH,
        change("Join", "Parameters", "Payload", "job.$", to="States.Fromat('{}', $.job)"),
    ),
    Seed("a name twice", ASL_VALIDATOR, change("Join", "Parameters", "Payload", "job", to="x")),
    Seed("a field that there is not", BOTH, rename("Join", "TimeoutSeconds", to="TimeoutSecond")),
    Seed("a field of another type", BOTH, change("Outcome", "Retry", to=[{"ErrorEquals": ["x"]}])),
    Seed("a limit in two ways", BOTH, change("Join", "TimeoutSecondsPath", to="$.job")),
    Seed("a comparison that there is not", BOTH, rename("Outcome", "Choices", 0, "StringEquals", to="StringEqual")),
    Seed("a choice of nothing", BOTH, drop("Outcome", "Choices", 0, "Variable")),
    Seed("a choice that leads nowhere", BOTH, drop("Outcome", "Choices", 0, "Next")),
    Seed("a type that there is not", BOTH, change("Done", "Type", to="Success")),
    Seed(
        "a mode that there is not",
        ASL_VALIDATOR,
        change("DetectSegments", "ItemProcessor", "ProcessorConfig", "Mode", to="DISTRIBUTE"),
    ),
    Seed("a call that is none", BOTH, change("Join", "Resource", to="join")),
    Seed("a machine without a start", BOTH, lambda machine: machine.pop("StartAt")),
    Seed("a state's name twice", BOTH, _twice),
    Seed("a name that is too long", ASL_VALIDATOR, _long),
]
GOOD = Seed("nothing wrong", frozenset(), lambda machine: None)


@pytest.mark.parametrize("seed", [GOOD, *SEEDS], ids=lambda seed: seed.name)
def test_statelint_sees(seed: Seed) -> None:
    assert bool(statelint(broken(seed.plant))) == ("statelint" in seed.seen_by)


@pytest.fixture(scope="module")
def told() -> dict[str, list[str]]:
    """Seed -> what asl-validator says of it; it starts once for all of them."""
    seeds = [GOOD, *SEEDS]
    return dict(zip((seed.name for seed in seeds), asl_validator([broken(seed.plant) for seed in seeds]), strict=True))


@pytest.mark.npm
@pytest.mark.parametrize("seed", [GOOD, *SEEDS], ids=lambda seed: seed.name)
def test_asl_validator_sees(seed: Seed, told: dict[str, list[str]]) -> None:
    assert bool(told[seed.name]) == ("asl-validator" in seed.seen_by)


def test_no_defect_is_there_that_neither_sees_and_each_sees_some_alone() -> None:
    seen = {seed.seen_by for seed in SEEDS}
    assert seen == {BOTH, STATELINT, ASL_VALIDATOR}
