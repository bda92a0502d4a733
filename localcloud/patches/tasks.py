"""ecs:runTask.sync runs the task's command to its end (moto's own calls of ECS go nowhere), in its turn."""

from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_ecs import (
    StateTaskServiceEcs,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

from localcloud.patches.hooks import execution_of, hooks_of
from localcloud.patches.invocation import waits_its_turn
from localcloud.patches.patch import Patch
from localcloud.tasks import TaskFailed


def _runs_the_command(original: Any) -> Any:
    def evaluate(self: Any, env: Any, normalised_parameters: dict[str, Any], **more: Any) -> None:
        hooks = hooks_of(env)
        if hooks is None:
            original(self, env=env, normalised_parameters=normalised_parameters, **more)
            return
        try:
            env.stack.append(hooks.run_task(execution_of(env), normalised_parameters, env.is_running))
        except TaskFailed as error:
            raise _failure(env, str(error)) from error

    return evaluate


def _failure(env: Any, cause: str) -> FailureEventException:
    name = StatesErrorName(StatesErrorNameType.StatesTaskFailed)
    details = TaskFailedEventDetails(
        error=name.error_name or "", cause=cause, resource="runTask.sync", resourceType="ecs"
    )
    event = EventDetails(taskFailedEventDetails=details)  # type: ignore[typeddict-item]  # one of many
    return FailureEventException(FailureEvent(env, name, HistoryEventType.TaskFailed, event))


def _has_ended(original: Any) -> Any:
    """moto would ask ECS how the task is doing, and wait for a token that nobody sends."""

    def evaluate(self: Any, env: Any, **more: Any) -> None:
        if hooks_of(env) is None:
            original(self, env=env, **more)

    return evaluate


PATCHES = (
    Patch("runTask runs the real command", StateTaskServiceEcs, "_eval_service_task", _runs_the_command),
    Patch("a task that was run has ended", StateTaskServiceEcs, "_eval_integration_pattern", _has_ended),
    Patch("a container task waits its turn", StateTaskServiceEcs, "_evaluate_with_timeout", waits_its_turn),
)
