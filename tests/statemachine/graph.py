"""What must hold of a definition as a graph. A check takes any definition and returns what is wrong with it."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from infrastructure.kinds import SUBSTITUTIONS, TASKS, substitution
from infrastructure.steps import BY_RULE, FANNED_OUT, MAPPED, STEPS
from redactor import errors
from redactor.places import Place
from tests.statemachine.definition import (
    ECS,
    TERMINAL,
    Definition,
    State,
    children,
    containers,
    graphs,
    invocations,
    states,
    step_of,
    targets,
)

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
}
# No function is free: other jobs are at work.
QUEUED = "Lambda.TooManyRequestsException"
CRASHES = {"Lambda.Unknown", "Runtime.ExitError", "Sandbox.Timedout", "States.Timeout"}
# Of RunTask itself, where ECS has no room or no time; and of every end of a task but a good one.
ECS_THROTTLES = {"ECS.AmazonECSException", "ECS.ServerException", "ECS.ThrottlingException"}
ECS_FAILED = "States.TaskFailed"


def _ours() -> set[str]:
    """The errors of the family that a retry may mend."""
    family = {name: cls for name, cls in vars(errors).items() if isinstance(cls, type)}
    return {name for name, cls in family.items() if getattr(cls, "retryable", False)}


def unknown_substitutions(machine: Definition) -> list[str]:
    """Names in `${…}` that the stack does not fill in."""
    known = {"Bucket", *SUBSTITUTIONS, *(step.substitution for step in STEPS.values())}
    return sorted(set(re.findall(r"\$\{(\w+)\}", json.dumps(machine))) - known)


def unreachable(machine: Definition) -> list[str]:
    """States that nothing leads to, and targets that there are not."""
    wrong = []
    for graph in graphs(machine).values():
        reached, ahead = set[str](), [graph["StartAt"]]
        while ahead:
            name = ahead.pop()
            if name not in reached:
                reached.add(name)
                ahead += targets(graph["States"].get(name, {}))
        wrong += sorted(reached ^ graph["States"].keys())
    return wrong


def dead_ends(machine: Definition) -> list[str]:
    """States that neither go on nor end, or do both."""

    def ends(state: State) -> bool:
        return state.body.get("End", False) or state.body["Type"] in TERMINAL

    def goes_on(state: State) -> bool:
        return "Next" in state.body or "Choices" in state.body

    return [state.name for state in states(machine) if goes_on(state) == ends(state)]


def uncommented(machine: Definition) -> list[str]:
    return [state.name for state in states(machine) if not state.body.get("Comment", "").endswith(".")]


def hidden_failures(machine: Definition) -> list[str]:
    """A Fail state, and a Catch outside a child or to anything but another try.

    A Catch that ends in a Fail, or in a quiet end, would make a redrive useless and hide the failure itself.
    """
    wrong = [state.name for state in states(machine, "Fail")]
    kinds = {(state.graph, state.name): state.body["Type"] for state in states(machine)}
    for state in states(machine):
        caught = [rule["Next"] for rule in state.body.get("Catch", [])]
        if caught and not (state.graph and all(kinds.get((state.graph, name)) == "Task" for name in caught)):
            wrong.append(state.name)
    return wrong


def not_retried(machine: Definition) -> list[str]:
    return [task.name for task in states(machine, "Task") if not task.body.get("Retry")]


def unlimited(machine: Definition) -> list[str]:
    """Tasks without a limit in time, or with one that ends before the function's own."""

    def outlasts(task: State) -> bool:
        step = step_of(task)
        return task.body.get("TimeoutSeconds", 0) > (STEPS[step].timeout if step else 0)

    timed = [task.name for task in states(machine, "Task") if not (outlasts(task) or "TimeoutSecondsPath" in task.body)]
    return timed if machine.get("TimeoutSeconds") else ["the machine", *timed]


def wrongly_retried(machine: Definition) -> list[str]:
    """Invocations that are tried again, there or elsewhere, for anything but passing faults, or not for each of them.

    Of container tasks every bad end is, as ECS has one name for them all; but not of one that ran out of time.
    """
    function, container = _ours() | THROTTLES | {QUEUED} | CRASHES, ECS_THROTTLES | {ECS_FAILED}
    wanted = [(task, function) for task in invocations(machine)] + [(task, container) for task in containers(machine)]
    return [f"{task.name}: {', '.join(sorted(wrong))}" for task, right in wanted if (wrong := _again(task) ^ right)]


def _again(task: State) -> set[str]:
    rules = [*task.body.get("Retry", []), *task.body.get("Catch", [])]
    return {name for rule in rules for name in rule["ErrorEquals"]}


def impatient(machine: Definition) -> list[str]:
    """Calls whose throttles are not waited out for two minutes, all with jitter."""

    def waits(task: State) -> bool:
        retriers = task.body.get("Retry", [])
        throttles = ECS_THROTTLES if task.body["Resource"] == ECS else THROTTLES
        longest = sum(_longest_wait(retrier, throttles) for retrier in retriers)
        return longest >= 120 and all(r.get("JitterStrategy") == "FULL" for r in retriers)

    return [task.name for task in (*invocations(machine), *containers(machine)) if not waits(task)]


def gives_up(machine: Definition) -> list[str]:
    """Invocations that do not wait for a free function for as long as the machine may run: a queue is no failure."""
    limit = machine.get("TimeoutSeconds", 0)

    def waits(task: State) -> bool:
        return sum(_longest_wait(retrier, {QUEUED}) for retrier in task.body.get("Retry", [])) >= limit

    return [task.name for task in invocations(machine) if not waits(task)]


def _longest_wait(retrier: Mapping[str, Any], throttles: set[str]) -> float:
    """Seconds that a retrier of throttles waits in all, jitter aside; 0 for any other."""
    if not set(retrier["ErrorEquals"]) >= throttles:
        return 0
    delays = [retrier["IntervalSeconds"] * retrier["BackoffRate"] ** n for n in range(retrier["MaxAttempts"])]
    return sum(min(delay, retrier["MaxDelaySeconds"]) for delay in delays)


def everything_not_last(machine: Definition) -> list[str]:
    """A Retry or Catch of States.ALL, or of States.TaskFailed (all but time-outs), that is not alone and last."""
    listed = [(f"{s.name}.{field}", s.body.get(field, [])) for s in states(machine) for field in ("Retry", "Catch")]
    return [
        where
        for where, rules in listed
        for n, rule in enumerate(rules)
        if {"States.ALL", ECS_FAILED} & {*rule["ErrorEquals"]} and (len(rule["ErrorEquals"]) > 1 or n < len(rules) - 1)
    ]


def not_distributed(machine: Definition) -> list[str]:
    """Maps that are not distributed over standard children, or read their items from anywhere but the bucket.

    An inline Map works on 40 at a time and shares the 25,000 events of its execution.
    """
    wanted = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}

    def right(body: Definition) -> bool:
        reader = body.get("ItemReader", {})
        from_bucket = reader.get("Resource") == "arn:aws:states:::s3:getObject"
        bucket = reader.get("Parameters", {}).get("Bucket")
        return body["ItemProcessor"].get("ProcessorConfig") == wanted and from_bucket and bucket == "${Bucket}"

    return [one.name for one in states(machine, "Map") if not right(one.body)]


def tolerant(machine: Definition) -> list[str]:
    """Maps that go on although a segment failed."""
    return [one.name for one in states(machine, "Map") if any(key.startswith("Tolerated") for key in one.body)]


def talkative(machine: Definition) -> list[str]:
    """Maps that keep what their children return, and children that return something."""
    return [
        one.name
        for one in states(machine, "Map")
        if one.body.get("ResultPath", "") is not None
        or any(child.body.get("OutputPath", "") is not None for child in children(machine, one) if _ends(child))
    ]


def _ends(state: State) -> bool:
    return bool(state.body.get("End"))


def misnamed(machine: Definition) -> list[str]:
    """Steps that no invocation calls, that two call, or that one calls under another word."""
    tasks = states(machine, "Task")
    called = [(step, task) for task in tasks if (step := step_of(task))]
    missing = STEPS.keys() - {*BY_RULE} - {step for step, _ in called}
    # In a child, each place of a segment has a call of its own.
    once = [step for step, task in called if not task.graph]
    twice = [step for step in STEPS if once.count(step) > 1 or (step in once and step in MAPPED)]
    nobody = [task.name for task in tasks if step_of(task) is None]
    wrong = [task.name for step, task in called if not task.name.lower().startswith(step)]
    return [*sorted(missing), *twice, *nobody, *wrong]


def misplaced(machine: Definition) -> list[str]:
    """Places of segments that have no state, or one that runs elsewhere; and a Catch that does not move to Fargate.

    A place that nobody knows is a failure, not a guess: there is no default.
    """
    graphs = {one.name: one.body["ItemProcessor"] for one in states(machine, "Map")}
    placed = {name: graph for name, graph in graphs.items() if name.lower().startswith(FANNED_OUT)}
    return [f"{name}: {what}" for name, graph in placed.items() for what in _misplaced(graph)]


def _misplaced(graph: Definition) -> list[str]:
    where, bodies = graph["States"].get(graph["StartAt"], {}), graph["States"]
    ways = {rule.get("StringEquals"): rule["Next"] for rule in where.get("Choices", [])}
    gpu = {place for place in Place if place is Place.GPU and graph["StartAt"].lower().startswith("redact")}
    wrong = sorted(map(str, ways.keys() ^ (set(Place) - gpu)))
    wrong += ["a default"] if "Default" in where else []
    for place, name in ways.items():
        body = bodies.get(name, {})
        caught = [(rule["Next"], rule.get("ResultPath", ""), {*rule["ErrorEquals"]}) for rule in body.get("Catch", [])]
        moves = [(ways.get(Place.FARGATE), None, CRASHES)] if place == Place.EITHER else []
        definition = f"${{{substitution(str(place))}}}" if place in TASKS else None
        gpus = TASKS[str(place)].gpus if place in TASKS else 0
        parameters = body.get("Parameters", {})
        right = (
            caught == moves
            and parameters.get("TaskDefinition") == definition
            # Fargate has no GPU; what has one stands on instances, which want a provider and no launch type.
            and ("LaunchType" in parameters) == (place == Place.FARGATE)
            and ("CapacityProviderStrategy" in parameters) == (gpus > 0)
        )
        wrong += [] if right else [name]
    return wrong


CHECKS: Mapping[str, Callable[[Definition], list[str]]] = {
    check.__name__: check
    for check in (
        unknown_substitutions,
        unreachable,
        dead_ends,
        uncommented,
        hidden_failures,
        not_retried,
        unlimited,
        wrongly_retried,
        impatient,
        gives_up,
        everything_not_last,
        not_distributed,
        tolerant,
        talkative,
        misnamed,
        misplaced,
    )
}
