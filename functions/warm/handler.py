"""Entry point of Warm: from EventBridge's word of a working file to machines for the steps of many calls."""

import json
import os
from collections.abc import Mapping
from typing import Any

from redactor.entry import store
from redactor.flow import Functions
from redactor.places import Stack
from redactor.telemetry import observed
from redactor.warm import warm


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    functions = Functions(json.loads(os.environ["REDACTOR_FUNCTIONS"]))
    with observed("warm") as answer:
        key = event["detail"]["object"]["key"]
        answer.update(warm(key, store(), Stack.of(os.environ), functions.call))
    return answer
