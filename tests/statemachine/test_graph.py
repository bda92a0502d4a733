"""The state machine's definition as a graph: nothing unreachable, nothing unbounded, nothing that hides a failure."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from infrastructure.steps import STEPS
from redactor import errors
from tests.conftest import ROOT

TEXT = (ROOT / "statemachine" / "redaction.asl.json").read_text()
MACHINE: dict[str, Any] = json.loads(TEXT)

LAMBDA = "arn:aws:states:::lambda:invoke"
TERMINAL = ("Succeed", "Fail")
# Names that AWS gives to failures of an invocation (Lambda's, its runtime's, Step Functions' own).
THROTTLES = {
    "Lambda.AWSLambdaException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.EC2ThrottledException",
    "Lambda.EC2UnexpectedException",
    "Lambda.ENILimitReachedException",
    "Lambda.ResourceNotReadyException",
    "Lambda.SdkClientException",
    "Lambda.ServiceException",
    "Lambda.TooManyRequestsException",
}
CRASHES = {"Lambda.Unknown", "Runtime.ExitError", "Sandbox.Timedout", "States.Timeout"}


class State(NamedTuple):
    """One state, with the graph it stands in ("" for the machine itself, else the Map's name)."""

    name: str
    graph: str
    body: dict[str, Any]


def graphs() -> dict[str, dict[str, Any]]:
    """The machine's own graph and that of every Map."""
    maps = {name: body["ItemProcessor"] for name, body in MACHINE["States"].items() if body["Type"] == "Map"}
    return {"": MACHINE, **maps}


STATES = [State(name, graph, body) for graph, doc in graphs().items() for name, body in doc["States"].items()]
TASKS = [state for state in STATES if state.body["Type"] == "Task"]
MAPS = [state for state in STATES if state.body["Type"] == "Map"]


def each(states: list[State]) -> Any:
    return pytest.mark.parametrize("state", states, ids=lambda state: state.name)


def targets(body: dict[str, Any]) -> Iterator[str]:
    """Where a state may go next."""
    rules = [body, *body.get("Choices", []), *body.get("Catch", [])]
    yield from (rule["Next"] for rule in rules if "Next" in rule)
    if "Default" in body:
        yield body["Default"]


def retried(body: dict[str, Any]) -> set[str]:
    return {name for retrier in body["Retry"] for name in retrier["ErrorEquals"]}


def step_of(state: State) -> str:
    """The step that a task calls, by the substitution that names its function."""
    by_substitution = {f"${{{step.substitution}}}": step.name for step in STEPS.values()}
    return by_substitution[state.body["Parameters"]["FunctionName"]]


def test_every_substitution_stands_for_something_the_stack_deploys() -> None:
    assert set(re.findall(r"\$\{(\w+)\}", TEXT)) <= {"Bucket", *(step.substitution for step in STEPS.values())}


@pytest.mark.parametrize("graph", graphs().values(), ids=[name or "machine" for name in graphs()])
def test_every_state_is_reached_and_every_target_exists(graph: dict[str, Any]) -> None:
    reached, ahead = set(), [graph["StartAt"]]
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += targets(graph["States"][name])
    assert reached == graph["States"].keys()


@each(STATES)
def test_every_state_goes_on_or_ends(state: State) -> None:
    goes_on = list(targets(state.body))
    ends = state.body.get("End", False) or state.body["Type"] in TERMINAL
    assert bool(goes_on) != ends


@each(STATES)
def test_every_state_says_what_it_does(state: State) -> None:
    assert state.body["Comment"].endswith(".")


def test_nothing_turns_one_failure_into_another() -> None:
    """A Catch that ends in a Fail would make a redrive useless, so the failure of the state itself is what is seen."""
    kinds = {state.body["Type"] for state in STATES}
    caught = [state.name for state in STATES if state.graph == "" and "Catch" in state.body]
    assert "Fail" not in kinds
    assert caught == []


@each(TASKS)
def test_a_task_outlasts_its_function_and_is_retried(state: State) -> None:
    assert state.body["Resource"] == LAMBDA
    assert state.body["TimeoutSeconds"] > STEPS[step_of(state)].timeout
    assert state.body["Retry"]


@each(TASKS)
def test_only_passing_faults_are_retried_each_by_a_name_that_exists(state: State) -> None:
    family = {name: cls for name, cls in vars(errors).items() if isinstance(cls, type)}
    ours = {name for name, cls in family.items() if getattr(cls, "retryable", False)}
    assert retried(state.body) == ours | THROTTLES | CRASHES


@each(TASKS)
def test_throttles_are_waited_out_for_two_minutes_with_jitter(state: State) -> None:
    (retrier,) = [r for r in state.body["Retry"] if set(r["ErrorEquals"]) >= THROTTLES]
    delays = [retrier["IntervalSeconds"] * retrier["BackoffRate"] ** n for n in range(retrier["MaxAttempts"])]
    assert sum(min(delay, retrier["MaxDelaySeconds"]) for delay in delays) >= 120
    assert all(r["JitterStrategy"] == "FULL" for r in state.body["Retry"])


@each(TASKS)
def test_a_retry_of_everything_would_stand_alone_and_last(state: State) -> None:
    wild = [n for n, retrier in enumerate(state.body["Retry"]) if "States.ALL" in retrier["ErrorEquals"]]
    assert wild in ([], [len(state.body["Retry"]) - 1])


@each(MAPS)
def test_a_map_is_distributed_reads_its_items_from_the_bucket_and_tolerates_no_failure(state: State) -> None:
    body = state.body
    assert body["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    assert body["ItemReader"]["Resource"] == "arn:aws:states:::s3:getObject"
    assert body["ItemReader"]["Parameters"]["Bucket"] == "${Bucket}"
    assert not [key for key in body if key.startswith("Tolerated")]


@each(MAPS)
def test_what_the_children_of_a_map_return_never_counts_against_the_state_size(state: State) -> None:
    children = [child for child in STATES if child.graph == state.name]
    assert state.body["ResultPath"] is None
    assert all(child.body["OutputPath"] is None for child in children if child.body.get("End"))


def test_every_step_but_report_is_one_task_under_its_own_word() -> None:
    called = {step_of(task): task.name for task in TASKS}
    assert called.keys() == STEPS.keys() - {"report"}
    assert len(called) == len(TASKS)
    assert [name for step, name in called.items() if not name.lower().startswith(step)] == []


@pytest.mark.parametrize("step", STEPS)
def test_a_step_has_one_word_for_its_module_its_entry_point_and_its_test(step: str) -> None:
    module = STEPS[step].handler.rpartition(".")[0].replace(".", "/")
    assert (ROOT / f"{module}.py").is_file()
    assert (ROOT / "src" / "redactor" / f"{step}.py").is_file()
    assert [*(ROOT / "tests").rglob(f"test_{step}.py")]
