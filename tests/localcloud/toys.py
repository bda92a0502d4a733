"""Toy state machines and steps, as data."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Toy:
    """A step of the toy flow: same shape as infrastructure.steps.Step. does: the function in handlers.py."""

    does: str
    timeout: float = 30
    memory: int = 128

    @property
    def handler(self) -> str:
        return f"tests.localcloud.handlers.{self.does}"


STEPS = {
    "describe": Toy("describe"),
    "echo": Toy("echo"),
    "dying": Toy("die_once"),
    "failing": Toy("fail"),
    "hasty": Toy("sleep", timeout=0.5),
    "large": Toy("large"),
    "leaving": Toy("leave"),
    "missing": Toy("nothing_of_the_kind"),
    "parental": Toy("spawn_and_sleep", timeout=2),
    "report": Toy("report"),
    "segment": Toy("segment"),
    "sleeping": Toy("sleep"),
    "status": Toy("status"),
    "stumbling": Toy("stumble"),
    "swelling": Toy("swell"),
    "unmarshallable": Toy("unmarshallable"),
}


def task(step: str, **fields: Any) -> dict[str, Any]:
    """A task that hands its input to a toy step; its output is the step's. It ends unless fields say what is next."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": f"${{{step.capitalize()}Function}}", "Payload.$": "$"},
        "OutputPath": "$.Payload",
        **({} if "Next" in fields else {"End": True}),
        **fields,
    }


def container(*words: str, kind: str = "fargate", **fields: Any) -> dict[str, Any]:
    """A container task that runs `python -m tests.localcloud.commands WORD…`; a word that is a path is looked up."""
    command = ", ".join(word if word.startswith(("$", "States.")) else f"'{word}'" for word in words)
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::ecs:runTask.sync",
        "Parameters": {
            "Cluster": "toys",
            "TaskDefinition": kind,
            "Overrides": {
                "ContainerOverrides": [
                    {"Name": "worker", "Command.$": f"States.Array('-m', 'tests.localcloud.commands', {command})"}
                ]
            },
        },
        **({} if "Next" in fields else {"End": True}),
        **fields,
    }


def retry(*errors: str, attempts: int = 3, interval: int = 1) -> list[dict[str, Any]]:
    return [{"ErrorEquals": list(errors), "IntervalSeconds": interval, "MaxAttempts": attempts, "BackoffRate": 2}]


def machine(*, timeout: int = 60, **states: dict[str, Any]) -> dict[str, Any]:
    """A definition that starts at the first of the states."""
    return {"StartAt": next(iter(states)), "TimeoutSeconds": timeout, "States": states}


def distributed(child: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A distributed Map over the JSON array of the object `$.segments`; a child gets {job, n, fails, seconds}."""
    return {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {"Bucket": "${Bucket}", "Key.$": "$.segments"},
        },
        "ItemSelector": {
            "job.$": "$.job",
            "n.$": "$$.Map.Item.Value",
            "fails.$": "$.fails",
            "seconds.$": "$.seconds",
        },
        "MaxConcurrency": 0,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Child",
            "States": {"Child": child},
        },
        "ResultPath": None,
        **({} if "Next" in fields else {"End": True}),
        **fields,
    }


def inline(child: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """An inline Map over its input."""
    return {"Type": "Map", "ItemProcessor": {"StartAt": "Child", "States": {"Child": child}}, "End": True, **fields}


FAIL = {"Type": "Fail", "Error": "States.DataLimitExceeded", "Cause": "made up"}
PASS = {"Type": "Pass", "End": True}
