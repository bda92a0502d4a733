"""Entry point of Accept: from an EventBridge event or console input to a claimed job."""

import os
from collections.abc import Mapping
from typing import Any

from redactor.accept import Settings, accept, parse_request
from redactor.entry import store, warmed
from redactor.failures import execution_key, recorded
from redactor.flow import Flow
from redactor.telemetry import observed


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    bucket, flow = store(), Flow()
    if warmed(event):
        return {}
    execution = event["execution"]
    settings = Settings(default_preset=os.environ.get("REDACTOR_DEFAULT_PRESET", "{}"))
    with observed("accept") as answer, recorded(bucket, execution_key(execution, "accept.json"), "accept"):
        answer.update(accept(parse_request(event["input"], bucket.bucket), execution, bucket, flow, settings))
    return answer
