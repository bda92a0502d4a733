"""How executions end: the first ending stands, every ending is told, and none is left running."""

import datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped, ProgramTimedOut
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication
from moto.stepfunctions.parser.utils import TMP_THREADS
from moto.stepfunctions.responses import StepFunctionResponse

from localcloud.patches.hooks import HOOKS, Ended
from localcloud.patches.patch import Patch


def _first_ending_stands(original: Any) -> Any:
    """A task that fails after its execution was stopped or timed out would turn ABORTED or TIMED_OUT into FAILED."""

    def set_error(self: Any, error: Any) -> None:
        if not isinstance(self._program_state, ProgramStopped | ProgramTimedOut):
            original(self, error)

    return set_error


def _with_its_reason(original: Any) -> Any:
    """moto drops the error and cause of StopExecution."""

    def stop_execution(self: Any) -> Any:
        if self.current_account not in HOOKS:
            return original(self)
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        now = datetime.datetime.now(datetime.UTC)
        if execution.status == ExecutionStatus.RUNNING.value:
            execution.stop(stop_date=now, error=self._get_param("error"), cause=self._get_param("cause"))
        return ActionResult({"stopDate": execution.stop_date or now})

    return stop_execution


def _told(original: Any) -> Any:
    def terminated(self: Any) -> None:
        execution = self.execution
        hooks = HOOKS.get(execution.account_id)
        if hooks is None:
            original(self)
            return
        try:
            original(self)
            _keep_the_reason(execution)
        except Exception as error:  # noqa: BLE001  told as the execution's own failure
            # moto trips over an error without details and would leave the execution RUNNING for ever.
            execution.exec_status = ExecutionStatus.FAILED
            execution.error, execution.cause = "States.Runtime", str(error)
        TMP_THREADS[:] = [thread for thread in TMP_THREADS if thread.is_alive()]
        hooks.ended(_ended(execution))

    return terminated


def _keep_the_reason(execution: Any) -> None:
    """Of a stopped execution; moto keeps only that of a failed one."""
    state = execution.exec_worker.env.program_state()
    if isinstance(state, ProgramStopped):
        execution.error, execution.cause = state.error, state.cause


def _ended(execution: Any) -> Ended:
    succeeded = execution.exec_status == ExecutionStatus.SUCCEEDED
    return Ended(
        execution=execution.exec_arn,
        state_machine=execution.state_machine.arn,
        name=execution.name,
        status=execution.status,
        start=_milliseconds(execution.start_date),
        stop=_milliseconds(execution.stop_date or datetime.datetime.now(datetime.UTC)),
        input=to_json_str(execution.input_data, separators=(",", ":")),
        output=to_json_str(execution.output, separators=(",", ":")) if succeeded else None,
        error=execution.error,
        cause=execution.cause,
    )


def _milliseconds(moment: datetime.datetime) -> int:
    return round(moment.timestamp() * 1000)


PATCHES = (
    Patch("the first ending stands", Environment, "set_error", _first_ending_stands),
    Patch("StopExecution gives its reason", StepFunctionResponse, "stop_execution", _with_its_reason),
    Patch("every ending is told", BaseExecutionWorkerCommunication, "terminated", _told),
)
