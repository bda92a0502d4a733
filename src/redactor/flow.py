"""Step Functions: what executions are doing, who holds a job's claim, and word to people when one fails.

And CloudFormation, for the one question where a stack's state machine and bucket are; and Lambda, for calls that nobody
waits for.
"""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from redactor.errors import LostClaim, TryAgain
from redactor.failures import execution_key
from redactor.many import AT_ONCE
from redactor.store import Conflict, Missing, Store, named
from redactor.work import claim_key

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

# An execution in one of these still owns its job.
_HOLDS = ("RUNNING", "SUCCEEDED", "PENDING_REDRIVE")
_ATTEMPTS = 5


@lru_cache(maxsize=1)
def _client() -> "SFNClient":
    return boto3.client("stepfunctions")


class Flow:
    """The Step Functions service as the steps need it."""

    def __init__(self, client: "SFNClient | None" = None) -> None:
        self._sfn = client or _client()

    def holds(self, execution: str) -> bool:
        """Whether the execution is running or has succeeded; one that no longer exists does not."""
        try:
            return self._sfn.describe_execution(executionArn=execution)["status"] in _HOLDS
        except self._sfn.exceptions.ExecutionDoesNotExist:
            return False
        except (ClientError, BotoCoreError) as error:
            raise TryAgain(f"cannot ask for {execution}: {error}") from error

    def describe(self, execution: str) -> Any:
        """DescribeExecution's answer: status, startDate, input and, at the end, output, error and cause."""
        with named(execution):
            return self._sfn.describe_execution(executionArn=execution)

    def states(self, execution: str) -> list[str]:
        """The names of the states entered so far, in order; those inside a Map are not among them."""
        pages = self._sfn.get_paginator("get_execution_history")
        with named(execution):
            events = [event for page in pages.paginate(executionArn=execution) for event in page["events"]]
        return [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]

    def executions(self, state_machine: str, limit: int, status: str | None = None) -> Iterator[str]:
        """The ARNs of the newest executions, newest first."""
        pages = self._sfn.get_paginator("list_executions")
        only: Any = {"statusFilter": status} if status else {}
        with named(state_machine):
            for page in pages.paginate(
                stateMachineArn=state_machine, PaginationConfig={"MaxItems": limit, "PageSize": min(limit, 100)}, **only
            ):
                yield from (one["executionArn"] for one in page["executions"])

    def stop(self, execution: str, cause: str) -> None:
        with named(execution):
            self._sfn.stop_execution(executionArn=execution, cause=cause)


class Functions:
    """Lambda as Warm needs it. arns: step -> its function. Made once, used by many threads."""

    def __init__(self, arns: Mapping[str, str], client: Any = None) -> None:
        self._arns = arns
        self._lambda = client or boto3.client("lambda", config=Config(max_pool_connections=AT_ONCE))

    def call(self, step: str, event: Mapping[str, Any]) -> None:
        """Leaves a call with Lambda, whose answer nobody hears; raises AccessDenied, TryAgain."""
        with named(step):
            self._lambda.invoke(FunctionName=self._arns[step], InvocationType="Event", Payload=json.dumps(event))


def stack_outputs(stack: str) -> dict[str, str]:
    """The outputs of a CloudFormation stack; raises AccessDenied, TryAgain, Missing where there is no such stack."""
    try:
        with named(f"the stack {stack}"):
            (found,) = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    except TryAgain as error:
        if "does not exist" in error.message:
            raise Missing(f"there is no stack {stack} in this account and region") from error
        raise
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def claim(store: Store, flow: Flow, job: str, execution: str) -> str:
    """Claims the job for the execution; returns the execution that holds it now (the caller's own, or another's).

    A claim whose execution failed, timed out or was aborted is taken over, conditionally on nobody else doing so.
    """
    key, mine = claim_key(job), json.dumps({"execution": execution}).encode()
    for _ in range(_ATTEMPTS):
        try:
            store.write(key, mine, only_new=True)
            return execution
        except Conflict:
            stands = store.head(key)
        try:
            holder = holder_of(store, job)
            if holder == execution or flow.holds(holder):
                return holder
            store.write(key, mine, replacing=stands.etag if stands else None)
            return execution
        except (Conflict, Missing):
            continue
    raise TryAgain(f"the claim of job {job} keeps changing hands")


def holder_of(store: Store, job: str) -> str:
    """The execution that the job's claim names; raises Missing where there is no claim."""
    holder: str = json.loads(store.read(claim_key(job)))["execution"]
    return holder


def successor(store: Store, execution: str) -> str | None:
    """The execution that took a job over from this one after it failed; None where none did.

    Each event of one set (video, annotations, id list) starts an execution for the same job, and one that comes to it
    after another failed tries again.
    """
    try:
        holder = holder_of(store, json.loads(store.read(execution_key(execution, "job.json")))["job"])
    except Missing:
        return None
    return holder if holder != execution else None


def check_claim(store: Store, job: str, execution: str) -> None:
    """Raises LostClaim where another execution took the job over."""
    try:
        holder = holder_of(store, job)
    except Missing:
        holder = "nobody"
    if holder != execution:
        raise LostClaim(f"job {job} is held by {holder}")


def notify(topic: str, subject: str, message: dict[str, Any]) -> None:
    """Publishes to the notification topic; raises TryAgain."""
    try:
        boto3.client("sns").publish(TopicArn=topic, Subject=subject[:100], Message=json.dumps(message))
    except (ClientError, BotoCoreError) as error:
        raise TryAgain(f"cannot notify {topic}: {error}") from error
