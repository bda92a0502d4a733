"""A Retry's wait is scaled by the cloud's factor, after back-off, MaxDelaySeconds and jitter.

The definition itself stays as deployed: its grammar wants whole seconds, and a quoted substitution is refused.
"""

from typing import Any

from moto.stepfunctions.parser.asl.component.common.retry.jitter_strategy_decl import JitterStrategyDecl

from localcloud.patches.hooks import hooks_of
from localcloud.patches.patch import Patch


def _scaled(original: Any) -> Any:
    """Jitter is the last thing the interpreter does to the wait, which it leaves on the stack."""

    def evaluate(self: Any, env: Any) -> None:
        original(self, env)
        hooks = hooks_of(env)
        if hooks is not None:
            env.stack.append(env.stack.pop() * hooks.retry_wait_factor)

    return evaluate


PATCHES = (Patch("Retry waits are shortened", JitterStrategyDecl, "_eval_body", _scaled),)
