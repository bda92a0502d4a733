"""Where the patches reach the clouds that run in this process: one entry for each account."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from localcloud.workers import Reply

Wanted = Callable[[], bool]


@dataclass(frozen=True)
class Dropped:
    """An object that was just created. sequencer: hexadecimal, grows with every write; reason: as AWS words it."""

    bucket: str
    key: str
    version: str
    etag: str
    size: int
    sequencer: str
    reason: str


@dataclass(frozen=True)
class Ended:
    """An execution that reached its terminal status. Dates are milliseconds since 1970; output: JSON text."""

    execution: str
    state_machine: str
    name: str
    status: str
    start: int
    stop: int
    input: str
    output: str | None
    error: str | None
    cause: str | None


@dataclass(frozen=True)
class Hooks:
    """What a cloud does for its account.

    invoke(execution, function, payload, wanted): runs a function. run_task(execution, parameters, wanted): runs a
    container task to its end and describes it, or raises TaskFailed. turn(execution, wanted): waits for a free worker.
    fan_out(execution, state, items): a Map begins. children: how many of a Map's children run at a time, at most.
    retry_wait_factor: what a Retry's wait is multiplied with.
    """

    invoke: Callable[[str, str, bytes, Wanted], Reply]
    run_task: Callable[[str, Mapping[str, Any], Wanted], dict[str, Any]]
    turn: Callable[[str, Wanted], AbstractContextManager[bool]]
    fan_out: Callable[[str, str, int], None]
    dropped: Callable[[Dropped], None]
    ended: Callable[[Ended], None]
    children: int
    retry_wait_factor: float


HOOKS: dict[str, Hooks] = {}


def hooks_of(env: Any) -> Hooks | None:
    """The hooks of the account that an interpreter's environment runs in."""
    return HOOKS.get(env.aws_execution_details.account)


def execution_of(env: Any) -> str:
    """The ARN of the execution that an interpreter's environment belongs to."""
    arn: str = env.states.context_object.context_object_data["Execution"]["Id"]
    return arn
