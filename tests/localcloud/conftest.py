"""One embedded cloud with toy steps for all tests here; each test brings its own state machine."""

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from localcloud.account import definition
from localcloud.cloud import Cloud
from tests.localcloud.toys import STEPS, machine, task

Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """Its own state machine echoes its input, so that an execution shows what the rule handed it."""
    own = machine(Echo=task("echo"))
    with Cloud(2, definition=json.dumps(own), steps=STEPS, bucket="toys", retry_wait_factor=0.01) as running:
        yield running


@pytest.fixture(scope="session")
def start(cloud: Cloud) -> Callable[..., str]:
    """start(definition, input) -> the ARN of an execution of a new state machine in the cloud."""
    numbers = itertools.count()
    names = {f"{name.capitalize()}Function": name for name in STEPS} | {"Bucket": cloud.bucket}

    def begin(asl: dict[str, Any], given: Any = None) -> str:
        made = cloud.sfn().create_state_machine(
            name=f"toy-{next(numbers)}",
            definition=definition(json.dumps(asl), names),
            roleArn=f"arn:aws:iam::{cloud.account}:role/toy",
        )
        arn = made["stateMachineArn"]
        return cloud.sfn().start_execution(stateMachineArn=arn, input=json.dumps(given or {}))["executionArn"]

    return begin


@pytest.fixture(scope="session")
def run(cloud: Cloud, start: Callable[..., str]) -> Run:
    """run(definition, input) -> the description of an execution that ended; its output is parsed."""

    def to_the_end(asl: dict[str, Any], given: Any = None, timeout: float = 20) -> dict[str, Any]:
        description = dict(cloud.wait(start(asl, given), timeout))
        if "output" in description:
            description["output"] = json.loads(description["output"])
        return description

    return to_the_end
