"""lambda:invoke runs the real handler (moto echoes the payload), and its clock starts when a worker is free."""

import json
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_lambda import (
    StateTaskServiceLambda,
)

from localcloud.patches.hooks import execution_of, hooks_of
from localcloud.patches.patch import Patch


def _runs_the_handler(original: Any) -> Any:
    def execute(env: Any, parameters: dict[str, Any], region: str, state_credentials: Any) -> None:
        hooks = hooks_of(env)
        if hooks is None:
            original(env, parameters, region, state_credentials)
            return
        payload: bytes = parameters.get("Payload") or b"{}"
        reply = hooks.invoke(execution_of(env), parameters["FunctionName"], payload, env.is_running)
        if reply.failed:
            text = json.dumps(reply.payload, separators=(",", ":"))
            raise lambda_eval_utils.LambdaFunctionErrorException("Unhandled", text)
        env.stack.append({"ExecutedVersion": "$LATEST", "Payload": reply.payload, "StatusCode": 200})

    return execute


def waits_its_turn(original: Any) -> Any:
    """Queueing for one of a few workers is no part of TimeoutSeconds: on AWS nothing queues."""

    def evaluate(self: Any, env: Any) -> None:
        hooks = hooks_of(env)
        if hooks is None:
            original(self, env)
            return
        with hooks.turn(execution_of(env), env.is_running) as granted:
            if granted:
                original(self, env)

    return evaluate


PATCHES = (
    Patch(
        "lambda invoke runs the real handler",
        lambda_eval_utils,
        "execute_lambda_function_integration",
        _runs_the_handler,
    ),
    Patch(
        "a task's clock starts when a worker is free",
        StateTaskServiceLambda,
        "_evaluate_with_timeout",
        waits_its_turn,
    ),
)
