"""The embedded cloud: one bucket, one state machine, worker processes and the rules between them, on loopback.

with Cloud(workers=2) as cloud:
    cloud.s3().upload_file("foo.mp4", cloud.bucket, "input/foo.mp4")
    execution = cloud.started("input/foo.mp4")
    print(cloud.wait(execution, timeout=600)["status"])
"""

import itertools
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from infrastructure.kinds import NOWHERE, SUBSTITUTIONS, TASKS, substitution
from infrastructure.rules import RULES, Rule, substitute
from infrastructure.steps import FANNED_OUT, STEPS
from localcloud import account as accounts
from localcloud.bridge import Bridge
from localcloud.clients import CREDENTIALS, REGION, client
from localcloud.gate import Gate
from localcloud.journal import ExecutionStarted, FanOut, Finished, Happening, Journal, Observer, Started
from localcloud.patches import install
from localcloud.patches.hooks import HOOKS, Hooks
from localcloud.server import Server
from localcloud.tasks import Kind, Tasks
from localcloud.workers import Function, Pool, Reply
from redactor.client.stack import STACK
from redactor.flow import successor
from redactor.store import Store

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

DEFINITION = Path(__file__).resolve().parent.parent / "statemachine" / "redaction.asl.json"
# moto keeps all data of a process together, by account: each cloud has one of its own.
_ACCOUNTS = itertools.count(123456789012)


class Cloud:
    """Context manager; leaving it stops running executions and kills the workers.

    workers: processes, default one a core. port: default any free one; raises OSError where it is taken.
    definition: the ASL text, or the file that holds it. steps: name -> step; `${NameFunction}` stands for it.
    tasks: kind -> container task; `${KindTask}` stands for it.
    environment: variables for every handler, beside those that lead to this cloud. bucket: its name, unique in the
    process. observer: called for every happening, from any thread. retry_wait_factor: what Retry's waits are
    multiplied with. log: the file that gets what handlers print; default one that is removed in the end.
    """

    def __init__(
        self,
        workers: int | None = None,
        port: int = 0,
        *,
        definition: str | Path = DEFINITION,
        steps: Mapping[str, Function] = STEPS,
        tasks: Mapping[str, Kind] = TASKS,
        environment: Mapping[str, str] | None = None,
        rules: Sequence[Rule] = RULES,
        bucket: str = "redactor",
        observer: Observer | None = None,
        retry_wait_factor: float = 0.05,
        log: Path | None = None,
    ) -> None:
        self._workers, self._port = workers or os.cpu_count() or 1, port
        self._definition, self._steps, self._kinds, self._rules = definition, steps, tasks, rules
        self._environment, self._factor, self._log = dict(environment or {}), retry_wait_factor, log
        self.bucket = bucket
        self.account = f"{next(_ACCOUNTS):012d}"
        self.journal = Journal(observer)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        # Whatever fails or is interrupted half-way takes down what already stands.
        with ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stack.close()

    @property
    def endpoint(self) -> str:
        """URL for any S3 or Step Functions client; the credentials do not matter."""
        return self._server.endpoint

    @property
    def state_machine(self) -> str:
        """Its ARN."""
        return f"arn:aws:states:{REGION}:{self.account}:stateMachine:{self.bucket}"

    @property
    def outputs(self) -> dict[str, str]:
        """What the deployed stack would tell of itself, as far as it exists here; docs/client.md."""
        return {
            "BucketName": self.bucket,
            "StateMachineArn": self.state_machine,
            "DefaultPreset": self._environment.get("REDACTOR_DEFAULT_PRESET", "{}"),
        }

    @property
    def environment(self) -> dict[str, str]:
        """What a handler, or any AWS client, needs in its environment to find this cloud."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            **CREDENTIALS,
            "REDACTOR_BUCKET": self.bucket,
            "REDACTOR_STATE_MACHINE": self.state_machine,
            # What outlasts a function's 15 minutes runs as a task here too.
            "REDACTOR_COMPUTE": "auto",
            **self._environment,
        }

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """The worker processes that are alive."""
        return self._pool.pids

    @property
    def task_pids(self) -> tuple[int, ...]:
        """The container tasks that run."""
        return self._tasks.pids

    def s3(self) -> "S3Client":
        made: S3Client = client("s3", self.endpoint)
        return made

    def sfn(self) -> "SFNClient":
        made: SFNClient = client("stepfunctions", self.endpoint)
        return made

    def started(self, key: str, version: str | None = None, timeout: float = 10.0) -> str:
        """The ARN of the first execution that an upload of the key (in that version) started; raises TimeoutError."""

        def wanted(one: Happening) -> bool:
            return isinstance(one, ExecutionStarted) and one.key == key and version in (None, one.version)

        happening = self.journal.await_happening(wanted, timeout)
        assert isinstance(happening, ExecutionStarted)
        return happening.execution

    def wait(self, execution: str, timeout: float) -> "DescribeExecutionOutputTypeDef":
        """The description of the execution once it ended and, where it failed, Report was called; raises TimeoutError.

        Raises ClientError for an execution that does not exist.
        """
        status = self._sfn.describe_execution(executionArn=execution)["status"]
        if not self._bridge.wait_until_settled(execution, timeout):
            raise TimeoutError(f"{execution} is still {status} after {timeout} s")
        return self._sfn.describe_execution(executionArn=execution)

    def successor(self, execution: str) -> str | None:
        """The execution that took over the job of this one, which failed."""
        return successor(Store(self.bucket, self.s3()), execution)

    def _start(self, stack: ExitStack) -> None:
        install()
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="redactor-", ignore_cleanup_errors=True)))
        stack.callback(accounts.forget, self.account, self.bucket)
        self._server = Server(self.account, self._port, stack=STACK, outputs=self.outputs)
        stack.callback(self._server.close)
        self._sfn = self.sfn()
        self._pool = Pool(
            self._workers,
            self._steps,
            self.environment,
            folder,
            self._log or folder / "handlers.log",
            # What many workers do at once; merge alone brings 50 MB of libraries with it.
            ahead=[name for name in FANNED_OUT if name in self._steps],
        )
        self._tasks = Tasks(self._kinds, self.environment, folder, self._log or folder / "handlers.log", self.journal)
        stack.callback(self._tasks.close)
        self._bridge = self._make_bridge()
        stack.callback(self._bridge.close)
        stack.callback(self._pool.close)
        HOOKS[self.account] = self._hooks()
        stack.callback(HOOKS.pop, self.account)
        self._create()
        stack.callback(accounts.stop_executions, self.account)
        stack.callback(self._bridge.stop)

    def _create(self) -> None:
        functions = {f"{name.capitalize()}Function": name for name in self._steps}
        tasks = dict.fromkeys(SUBSTITUTIONS, NOWHERE) | {substitution(kind): kind for kind in self._kinds}
        accounts.create(
            self.s3(),
            self._sfn,
            bucket=self.bucket,
            state_machine=self.state_machine,
            definition=accounts.definition(self._definition, {"Bucket": self.bucket} | functions | tasks),
        )

    def _make_bridge(self) -> Bridge:
        names = {"Bucket": self.bucket, "StateMachine": self.state_machine}
        return Bridge(
            [replace(rule, pattern=substitute(rule.pattern, names)) for rule in self._rules],
            account=self.account,
            region=REGION,
            start=self._start_execution,
            invoke=self._call,
            journal=self.journal,
            retry_wait_factor=self._factor,
        )

    def _hooks(self) -> Hooks:
        return Hooks(
            invoke=self._invoke,
            run_task=self._tasks.run,
            turn=Gate(self._workers).turn,
            fan_out=lambda execution, state, items: self.journal.write(FanOut(execution, state, items)),
            dropped=self._bridge.dropped,
            ended=self._bridge.ended,
            children=2 * self._workers,
            retry_wait_factor=self._factor,
        )

    def _invoke(self, execution: str, function: str, payload: bytes, wanted: Callable[[], bool]) -> Reply:
        given = json.loads(payload)
        self.journal.write(Started(execution, function, given))
        reply = self._pool.invoke(function, payload, wanted)
        message = reply.payload["errorMessage"] if reply.failed else ""
        self.journal.write(Finished(execution, function, given, reply.seconds, reply.error, message))
        return reply

    def _call(self, function: str, payload: bytes) -> Reply:
        """A rule's own call of a step, about the execution that its event tells of."""
        return self._invoke(json.loads(payload)["detail"]["executionArn"], function, payload, lambda: True)

    def _start_execution(self, handed: str) -> str:
        return self._sfn.start_execution(stateMachineArn=self.state_machine, input=handed)["executionArn"]
