"""The state machine's definition as a graph: nothing unreachable, nothing unbounded, nothing that hides a failure."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from containers.worker.__main__ import STEPS as TASK_STEPS
from infrastructure.kinds import CONTAINER, SUBSTITUTIONS, TASKS, substitution
from infrastructure.steps import FANNED_OUT, STEPS
from redactor import errors
from redactor.places import Place
from tests.conftest import ROOT

TEXT = (ROOT / "statemachine" / "redaction.asl.json").read_text()
MACHINE: dict[str, Any] = json.loads(TEXT)

LAMBDA, ECS = "arn:aws:states:::lambda:invoke", "arn:aws:states:::ecs:runTask.sync"
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
# What RunTask itself fails with where ECS has no room or no time, and what it calls every bad end of a task.
ECS_THROTTLES, ECS_FAILED = (
    {"ECS.AmazonECSException", "ECS.ServerException", "ECS.ThrottlingException"},
    "States.TaskFailed",
)


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
CALLS = [state for state in STATES if state.body["Type"] == "Task"]
FUNCTIONS = [state for state in CALLS if state.body["Resource"] == LAMBDA]
CONTAINERS = [state for state in CALLS if state.body["Resource"] == ECS]
# Functions with Fargate behind them.
MOVING = [state for state in FUNCTIONS if "Catch" in state.body]
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


def command(state: State) -> list[str]:
    """What a container task is told, after its entry point, as the intrinsic function's arguments."""
    (override,) = state.body["Parameters"]["Overrides"]["ContainerOverrides"]
    assert override.keys() == {"Name", "Command.$"}
    (arguments,) = re.findall(r"^States\.Array\((.*)\)$", override["Command.$"])
    return [word.strip("'") for word in arguments.split(", ") if word]


def step_of(state: State) -> str:
    """The step that a task calls, by its command or by the substitution that names its function."""
    if state.body["Resource"] == ECS:
        return command(state)[2]
    by_substitution = {f"${{{step.substitution}}}": step.name for step in STEPS.values()}
    return by_substitution[state.body["Parameters"]["FunctionName"]]


def test_every_substitution_stands_for_something_the_stack_deploys() -> None:
    known = {"Bucket", *SUBSTITUTIONS, *(step.substitution for step in STEPS.values())}
    assert set(re.findall(r"\$\{(\w+)\}", TEXT)) == known - {STEPS["report"].substitution}


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
    goes_on = "Next" in state.body or "Choices" in state.body
    ends = state.body.get("End", False) or state.body["Type"] in TERMINAL
    assert goes_on != ends


@each(STATES)
def test_every_state_says_what_it_does(state: State) -> None:
    assert state.body["Comment"].endswith(".")


def test_nothing_turns_one_failure_into_another() -> None:
    """A Catch that ends in a Fail would make a redrive useless, so the failure of the state itself is what is seen."""
    kinds = {state.body["Type"] for state in STATES}
    assert "Fail" not in kinds


def test_the_only_catch_leads_from_a_function_to_the_same_step_on_fargate() -> None:
    assert [state.name for state in STATES if "Catch" in state.body] == [state.name for state in MOVING]
    assert {step_of(state) for state in MOVING} == set(FANNED_OUT)
    by_name = {state.name: state for state in STATES}
    for state in MOVING:
        (catch,) = state.body["Catch"]
        target = by_name[catch["Next"]]
        assert (target.graph, step_of(target)) == (state.graph, step_of(state))
        assert target.body["Parameters"]["TaskDefinition"] == f"${{{substitution('fargate')}}}"
        # What the function was given goes on to the task.
        assert catch["ResultPath"] is None


def test_each_place_of_the_plan_has_its_state() -> None:
    for step, graph in (("detect", "DetectSegments"), ("redact", "RedactSegments")):
        body = graphs()[graph]
        where = body["States"][body["StartAt"]]
        ways = {rule["StringEquals"]: body["States"][rule["Next"]] for rule in where["Choices"]}
        # A place that nobody knows is a failure, not a guess.
        assert "Default" not in where
        assert ways.keys() == set(Place) - ({Place.GPU} if step == "redact" else set())
        assert "Catch" not in ways[Place.LAMBDA]
        assert "Catch" in ways[Place.EITHER]
        for kind in TASKS.keys() & ways.keys():
            assert ways[kind]["Parameters"]["TaskDefinition"] == f"${{{substitution(kind)}}}"


@each(FUNCTIONS)
def test_a_call_outlasts_its_function_and_is_retried(state: State) -> None:
    assert state.body["TimeoutSeconds"] > STEPS[step_of(state)].timeout
    assert state.body["Retry"]


@each(FUNCTIONS)
def test_only_passing_faults_are_retried_each_by_a_name_that_exists(state: State) -> None:
    family = {name: cls for name, cls in vars(errors).items() if isinstance(cls, type)}
    ours = {name for name, cls in family.items() if getattr(cls, "retryable", False)}
    caught = {name for catch in state.body.get("Catch", []) for name in catch["ErrorEquals"]}
    assert retried(state.body) | caught == ours | THROTTLES | CRASHES


@each(MOVING)
def test_what_outlasted_its_function_is_not_tried_there_again(state: State) -> None:
    assert set(state.body["Catch"][0]["ErrorEquals"]) == CRASHES
    assert not retried(state.body) & {"Sandbox.Timedout", "States.Timeout"}


@each(CONTAINERS)
def test_a_container_task_is_told_the_step_the_job_and_the_segment_and_no_more(state: State) -> None:
    (override,) = state.body["Parameters"]["Overrides"]["ContainerOverrides"]
    assert override["Name"] == CONTAINER
    assert step_of(state) in TASK_STEPS
    assert override["Command.$"] == (
        f"States.Array('-m', 'containers.worker', '{step_of(state)}', $.job, States.Format('{{}}', $.n), "
        "$.execution, States.Format('{}', $$.State.RetryCount))"
    )


@each(CONTAINERS)
def test_a_container_task_serves_the_steps_of_its_kind(state: State) -> None:
    (kind,) = [kind for kind in TASKS if f"${{{substitution(kind)}}}" == state.body["Parameters"]["TaskDefinition"]]
    assert step_of(state) in TASKS[kind].steps
    # Fargate has no GPU; what has one stands on instances, which want a capacity provider and no launch type.
    assert ("LaunchType" in state.body["Parameters"]) == (TASKS[kind].gpus == 0)
    assert ("CapacityProviderStrategy" in state.body["Parameters"]) == (TASKS[kind].gpus > 0)


@each(CONTAINERS)
def test_every_bad_end_of_a_container_task_is_retried_but_running_out_of_time(state: State) -> None:
    assert retried(state.body) == ECS_THROTTLES | {ECS_FAILED}
    # States.TaskFailed stands for every name but States.Timeout, so it comes last.
    assert state.body["Retry"][-1]["ErrorEquals"] == [ECS_FAILED]
    assert max(STEPS[step].timeout for step in FANNED_OUT) < state.body["TimeoutSeconds"] < MACHINE["TimeoutSeconds"]


@each(CALLS)
def test_throttles_are_waited_out_for_two_minutes_with_jitter(state: State) -> None:
    throttles = THROTTLES if state.body["Resource"] == LAMBDA else ECS_THROTTLES
    (retrier,) = [r for r in state.body["Retry"] if set(r["ErrorEquals"]) >= throttles]
    delays = [retrier["IntervalSeconds"] * retrier["BackoffRate"] ** n for n in range(retrier["MaxAttempts"])]
    assert sum(min(delay, retrier["MaxDelaySeconds"]) for delay in delays) >= 120
    assert all(r["JitterStrategy"] == "FULL" for r in state.body["Retry"])


@each(CALLS)
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


def test_every_step_but_report_is_called_under_its_own_word() -> None:
    assert {step_of(call) for call in CALLS} == STEPS.keys() - {"report"}
    assert [call.name for call in CALLS if not call.name.lower().startswith(step_of(call))] == []
    once = [step_of(call) for call in CALLS if not call.graph]
    assert len(once) == len(set(once))


@pytest.mark.parametrize("step", STEPS)
def test_a_step_has_one_word_for_its_module_its_entry_point_and_its_test(step: str) -> None:
    module = STEPS[step].handler.rpartition(".")[0].replace(".", "/")
    assert (ROOT / f"{module}.py").is_file()
    assert (ROOT / "src" / "redactor" / f"{step}.py").is_file()
    assert [*(ROOT / "tests").rglob(f"test_{step}.py")]
