"""What flows between the states: every argument exists, every path leads to something, and nothing grows too large."""

import ast
import inspect
import json
import re
from typing import Any

import boto3
import pytest
from statelint.linter import Linter

from infrastructure.steps import STEPS
from redactor import accept, publish
from redactor.media import cuts
from tests.conftest import ROOT
from tests.statemachine.test_graph import (
    CALLS,
    CONTAINERS,
    FUNCTIONS,
    MACHINE,
    MAPS,
    STATES,
    TEXT,
    State,
    command,
    each,
    step_of,
)

# Step Functions takes 256 KiB of state.
LIMIT = 256 * 1024
# What a task's payload may hold: Accept is given the execution's input, all others a claimed job.
PAYLOADS = {"accept": {"input", "execution"}} | {
    step: {"job", "execution"} | ({"n"} if step in ("detect", "redact") else set())
    for step in STEPS
    if step != "accept"
}
# statelint does not know the readers of a distributed Map yet.
UNKNOWN_TO_STATELINT = re.compile(r'Field "InputType" not allowed in .*ItemReader\.ReaderConfig$')


def members(resource: str) -> set[str]:
    """The arguments of the call that `arn:aws:states:::service:operation` makes, from AWS's own model of it."""
    service, operation = resource.removeprefix("arn:aws:states:::").removesuffix(".sync").split(":")
    model = boto3.client(service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x").meta
    shape = model.service_model.operation_model(operation[0].upper() + operation[1:]).input_shape
    return {name[0].upper() + name[1:] for name in shape.members}


def unpathed(arguments: dict[str, Any]) -> set[str]:
    return {name.removesuffix(".$") for name in arguments}


def paths(value: Any) -> set[str]:
    """Every JSONPath into the state's own data, but not into the context object."""
    if isinstance(value, dict):
        return {path for part in value.values() for path in paths(part)}
    if isinstance(value, list):
        return {path for part in value for path in paths(part)}
    if isinstance(value, str) and value.startswith("States."):
        return set(re.findall(r"(?<![\w$])\$\.\w+", value))
    return {value} if isinstance(value, str) and re.match(r"\$(\.|$)", value) else set()


def unknown(shape: Any, value: Any) -> list[str]:
    """The names in a value, at any depth, that AWS's own model of a call does not have."""
    if shape.type_name == "list":
        return [name for part in value for name in unknown(shape.member, part)] if isinstance(value, list) else []
    if shape.type_name != "structure":
        return []
    found = {name[0].upper() + name[1:]: member for name, member in shape.members.items()}
    named = {name.removesuffix(".$"): part for name, part in value.items()}
    inside = [deep for name, part in named.items() if name in found for deep in unknown(found[name], part)]
    return [*(named.keys() - found.keys()), *inside]


def answered(step: str) -> set[str]:
    """The names in the dictionaries that a step's entry point returns."""
    functions = {"accept": accept.accept, "publish": publish.publish}
    source = inspect.getsource(functions[step]) if step in functions else None
    path = ROOT / f"{STEPS[step].handler.rpartition('.')[0].replace('.', '/')}.py"
    tree = ast.parse(source or path.read_text())
    returned = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return)]
    return {key.value for value in returned if isinstance(value, ast.Dict) for key in value.keys}


@each(CALLS)
def test_every_argument_of_a_call_exists(state: State) -> None:
    assert unpathed(state.body["Parameters"]) <= members(state.body["Resource"])


@each(FUNCTIONS)
def test_the_payload_is_what_the_step_reads(state: State) -> None:
    assert unpathed(state.body["Parameters"]["Payload"]) == PAYLOADS[step_of(state)]


@each(CONTAINERS)
def test_what_a_container_task_is_told_is_what_a_function_is_given(state: State) -> None:
    assert {path.removeprefix("$.") for path in paths(state.body["Parameters"]["Overrides"])} == PAYLOADS[
        step_of(state)
    ]
    assert command(state)[:2] == ["-m", "containers.worker"]


@each(CONTAINERS)
def test_every_field_of_a_container_tasks_surroundings_exists(state: State) -> None:
    """Step Functions writes ECS's own names with a capital."""
    arguments = state.body["Parameters"]
    client = boto3.client("ecs", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    shape = client.meta.service_model.operation_model("RunTask").input_shape
    assert unknown(shape, arguments) == []


@each(MAPS)
def test_every_argument_of_the_call_that_reads_the_items_exists(state: State) -> None:
    reader = state.body["ItemReader"]
    assert unpathed(reader["Parameters"]) <= members(reader["Resource"])


@each(CALLS)
def test_what_is_kept_of_an_answer_is_in_the_answer(state: State) -> None:
    kept = {path.removeprefix("$.Payload.") for path in paths(state.body.get("ResultSelector", {}))}
    assert kept <= answered(step_of(state))


@each(STATES)
def test_every_path_leads_to_what_stands_there(state: State) -> None:
    """In a child: what its Map selects. Else: what Accept answered, or an earlier state's result."""
    if state.graph:
        (parent,) = [one for one in MAPS if one.name == state.graph]
        known = unpathed(parent.body["ItemSelector"])
    else:
        known = answered("accept") | {s.body["ResultPath"][2:] for s in STATES if s.body.get("ResultPath")}
    outside = {"ResultSelector", "OutputPath", "ResultPath", "ItemProcessor"}
    read = paths({name: part for name, part in state.body.items() if name not in outside})
    if state.name == MACHINE["StartAt"]:
        read.discard("$")
    assert {path.split(".")[1] for path in read} <= known


@each(MAPS)
def test_no_map_over_segments_returns_more_than_a_state_may_hold(state: State) -> None:
    """The array of all children's outputs counts even where nothing is kept of it: `{}` for each."""
    outputs = [child.body["OutputPath"] for child in STATES if child.graph == state.name and child.body.get("End")]
    assert set(outputs) == {None}
    assert cuts._MOST * len("{},") < LIMIT


def test_the_definition_is_small_enough_to_deploy() -> None:
    assert len(TEXT.encode()) < 1_048_576


def problems(text: str) -> list[str]:
    """What statelint says of a definition, with an ARN where the stack puts one."""
    deployed = re.sub(r"\$\{\w+Function\}", "arn:aws:lambda:us-east-1:123456789012:function:x", text)
    found: list[str] = Linter.validate(json.loads(deployed))
    return [line for line in found if "should be a Float" not in line and not UNKNOWN_TO_STATELINT.search(line)]


def test_statelint_finds_nothing() -> None:
    assert problems(TEXT) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('"Next": "Publish"', '"Next": "Publihs"'),
        ('"TimeoutSeconds": 930', '"TimeoutSeconds": "930"'),
        ('"MaxAttempts": 7', '"MaxAttempts": -7'),
        ('"ResultPath": "$.plan"', '"ResultPath": "plan"'),
        ('"StringEquals": "accepted"', '"StringEqual": "accepted"'),
        ('"Type": "Succeed"', '"Type": "Success"'),
    ],
)
def test_statelint_sees_what_is_wrong(right: str, wrong: str) -> None:
    assert right in TEXT
    assert problems(TEXT.replace(right, wrong)) != []
