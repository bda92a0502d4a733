"""What must hold of the data between the states. A check takes any definition and returns what is wrong with it."""

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import boto3
from botocore.model import ListShape, Shape, StructureShape

from containers.worker.__main__ import STEPS as TASK_STEPS
from infrastructure.kinds import CONTAINER
from infrastructure.steps import MAPPED, STEPS
from redactor import accept, gather, publish
from redactor.media import cuts
from tests.conftest import ROOT
from tests.statemachine.definition import (
    Definition,
    State,
    children,
    containers,
    graphs,
    invocations,
    override,
    states,
    step_of,
    targets,
)

# Step Functions takes 256 KiB of state.
LIMIT = 256 * 1024
# What a task's payload may hold: Accept is given the execution's input, all others a claimed job.
PAYLOADS = {"accept": {"input", "execution"}} | {
    step: {"job", "execution"} | ({"n"} if step in MAPPED else set()) for step in STEPS if step != "accept"
}
# The pattern that tells Step Functions to wait is no part of the call.
_PATTERNS = (".sync", ".waitForTaskToken")


@lru_cache
def _input(service: str, operation: str) -> Shape:
    model = boto3.client(service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x").meta
    return model.service_model.operation_model(operation[0].upper() + operation[1:]).input_shape


def call(resource: str) -> Shape:
    """What the call that `arn:aws:states:::service:operation` makes takes, from AWS's own model of it."""
    named = resource.removeprefix("arn:aws:states:::")
    for pattern in _PATTERNS:
        named = named.removesuffix(pattern)
    service, operation = named.split(":")
    return _input(service, operation)


def unknown(shape: Shape, arguments: Any) -> Iterator[str]:
    """The names among a call's arguments that it does not have, at any depth; Step Functions begins all in capitals."""
    if isinstance(shape, StructureShape) and isinstance(arguments, dict):
        members = {name[0].upper() + name[1:]: part for name, part in shape.members.items()}
        for name in unpathed(arguments):
            if name not in members:
                yield name
            elif name in arguments:
                yield from unknown(members[name], arguments[name])
    elif isinstance(shape, ListShape) and isinstance(arguments, list):
        for one in arguments:
            yield from unknown(shape.member, one)


def unpathed(arguments: Mapping[str, Any]) -> set[str]:
    return {name.removesuffix(".$") for name in arguments}


def paths(value: Any) -> set[str]:
    """Every JSONPath into the state's own data, but not into the context object."""
    if isinstance(value, dict):
        return {path for part in value.values() for path in paths(part)}
    if isinstance(value, list):
        return {path for part in value for path in paths(part)}
    if isinstance(value, str) and value.startswith("States."):
        return set(re.findall(r"(?<!\$)\$\.\w+", value))
    return {value} if isinstance(value, str) and re.match(r"\$(\.|$)", value) else set()


def answered(step: str) -> set[str]:
    """The names in the dictionaries that a step's entry point returns."""
    return {name for answer in _answers(step) for name in answer}


def outcomes(step: str) -> set[str]:
    """The words that a step may answer as its outcome; Accept raises some of them, in its own module and in gather."""
    words = {word for answer in _answers(step) for word in answer.get("outcome", ())}
    raised = "".join(map(inspect.getsource, (accept, gather))) if step == "accept" else ""
    return words | set(re.findall(r'raise Quiet\("(\w+)"', raised))


def _answers(step: str) -> list[dict[str, set[str]]]:
    """Of each dictionary that a step returns: its names -> the words that stand there."""
    functions = {"accept": accept.accept, "publish": publish.publish}
    source = inspect.getsource(functions[step]) if step in functions else None
    path = ROOT / f"{STEPS[step].handler.rpartition('.')[0].replace('.', '/')}.py"
    returned = [node.value for node in ast.walk(ast.parse(source or path.read_text())) if isinstance(node, ast.Return)]
    return [
        {key.value: _words(value) for key, value in zip(answer.keys, answer.values, strict=True)}  # type: ignore[union-attr]
        for answer in returned
        if isinstance(answer, ast.Dict)
    ]


def _words(value: ast.expr) -> set[str]:
    either = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
    return {one.value for one in either if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def unknown_arguments(machine: Definition) -> list[str]:
    """Arguments that the call of a task, or of the reader of a Map, does not have."""
    calls = [(task.name, task.body) for task in states(machine, "Task")]
    calls += [(one.name, one.body["ItemReader"]) for one in states(machine, "Map") if "ItemReader" in one.body]
    return [f"{where}: {name}" for where, one in calls for name in unknown(call(one["Resource"]), one["Parameters"])]


def literal_paths(machine: Definition) -> list[str]:
    """Paths under a name that does not end in `.$`: they would be handed on as they stand."""
    fields = ("Parameters", "ItemSelector", "ResultSelector", "ItemReader")
    return [
        f"{state.name}: {name}"
        for state in states(machine)
        for field in fields
        for name in _literal(state.body.get(field, {}))
    ]


def _literal(value: Any) -> Iterator[str]:
    for part in value if isinstance(value, list) else ():
        yield from _literal(part)
    for name, part in value.items() if isinstance(value, dict) else ():
        if isinstance(part, str) and part.startswith(("$", "States.")) and not name.endswith(".$") and "${" not in part:
            yield name
        yield from _literal(part)


def other_payloads(machine: Definition) -> list[str]:
    """Invocations whose payload is not what the step reads."""
    tasks = [(task, step) for task in invocations(machine) if (step := step_of(task))]
    return [task.name for task, step in tasks if unpathed(task.body["Parameters"]["Payload"]) != PAYLOADS[step]]


def other_commands(machine: Definition) -> list[str]:
    """Container tasks that are told anything but what a function is given, and how often it was tried before."""
    words = "'-m', 'containers.worker', '{step}', $.job, States.Format('{{}}', $.n), $.execution"
    tried = "States.Format('{}', $$.State.RetryCount)"
    return [
        task.name
        for task in containers(machine)
        if step_of(task) not in TASK_STEPS
        or override(task)
        != {"Name": CONTAINER, "Command.$": f"States.Array({words.format(step=step_of(task))}, {tried})"}
    ]


def not_answered(machine: Definition) -> list[str]:
    """What a state keeps of an answer although the step does not answer it."""
    return [
        f"{task.name}: {path}"
        for task in states(machine, "Task")
        if (step := step_of(task))
        for path in paths(task.body.get("ResultSelector", {}))
        if path.removeprefix("$.Payload.") not in answered(step)
    ]


def leading_nowhere(machine: Definition) -> list[str]:
    """Paths to what does not stand there on every way that leads to the state.

    At first what Accept answered stands there, in a child what its Map selects; every state adds its own result.
    """
    selected = {one.name: unpathed(one.body.get("ItemSelector", {})) for one in states(machine, "Map")}
    there = {name: _there(graph, selected.get(name, {""})) for name, graph in graphs(machine).items()}
    return [
        f"{state.name}: {path}"
        for state in states(machine)
        for path in sorted(_read(state))
        if path.partition("$.")[2].split(".")[0] not in there[state.graph].get(state.name, set())
    ]


def _read(state: State) -> set[str]:
    outside = {"ResultSelector", "OutputPath", "ResultPath", "ItemProcessor"}
    return paths({name: part for name, part in state.body.items() if name not in outside})


def _there(graph: Definition, given: set[str]) -> dict[str, set[str]]:
    """State -> the names that stand in its input whichever way it was reached; given: those of the first."""
    known, ahead = {graph["StartAt"]: given}, [graph["StartAt"]]
    while ahead:
        name = ahead.pop()
        body = graph["States"].get(name, {})
        for target in targets(body):
            after = _after(State(name, "", body), known[name])
            met = known.get(target, after) & after
            if met != known.get(target):
                known[target] = met
                ahead.append(target)
    return known


def _after(state: State, before: set[str]) -> set[str]:
    """A step whose answer becomes everything replaces what stood there; any other result comes to it."""
    step = step_of(state)
    if step and state.body.get("OutputPath") == "$.Payload":
        return answered(step)
    return before | ({state.body["ResultPath"][2:]} if state.body.get("ResultPath") else set())


def undecided(machine: Definition) -> list[str]:
    """Outcomes of a step for which the choice that asks for them has no way on: the execution would fail there."""
    wrong = []
    for choice in states(machine, "Choice"):
        rules = choice.body["Choices"]
        asked = {rule.get("Variable") for rule in rules}
        steps = {"$.outcome": "accept", "$.publish.outcome": "publish"}
        for variable, step in steps.items():
            if variable in asked and "Default" not in choice.body:
                there = {rule.get("StringEquals") for rule in rules}
                wrong += [f"{choice.name}: {word}" for word in sorted(outcomes(step) ^ there)]
    return wrong


def too_large(machine: Definition) -> list[str]:
    """Maps whose children, as many as Plan may make, return more than a state may hold.

    The array of all outputs counts even where nothing is kept of it: `{}` for each child that returns nothing.
    """

    def silent(one: State) -> bool:
        return all(c.body.get("OutputPath", "") is None for c in children(machine, one) if c.body.get("End"))

    return [one.name for one in states(machine, "Map") if not (silent(one) and cuts._MOST * len("{},") < LIMIT)]


CHECKS: Mapping[str, Callable[[Definition], list[str]]] = {
    check.__name__: check
    for check in (
        unknown_arguments,
        literal_paths,
        other_payloads,
        other_commands,
        not_answered,
        leading_nowhere,
        undecided,
        too_large,
    )
}
