"""State machines run (moto's default only pretends to), and a definition is parsed once for all its executions."""

import uuid
from functools import lru_cache
from typing import Any

from moto.stepfunctions import responses
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.models import StepFunctionsParserBackend, stepfunctions_parser_backends

from localcloud.patches.hooks import HOOKS
from localcloud.patches.patch import Patch


def _interpreted(original: Any) -> Any:
    """moto has a switch for it, but for the whole process."""

    def get_backend(account: str, region: str) -> Any:
        return stepfunctions_parser_backends[account][region] if account in HOOKS else original(account, region)

    return get_backend


def _remembered(original: Any) -> Any:
    """What parsing makes holds no state of an execution."""
    return lru_cache(maxsize=32)(original)


def _named(original: Any) -> Any:
    """An execution that is started without a name gets one; moto would call every one of them None."""

    def start(self: Any, state_machine_arn: str, name: str | None = None, *args: Any, **kwargs: Any) -> Any:
        return original(self, state_machine_arn, name or str(uuid.uuid4()), *args, **kwargs)

    return start


PATCHES = (
    Patch("state machines are interpreted", responses, "get_backend", _interpreted),
    Patch("executions without a name get one", StepFunctionsParserBackend, "start_execution", _named),
    Patch("a definition is parsed once", AmazonStateLanguageParser, "parse", _remembered),
)
