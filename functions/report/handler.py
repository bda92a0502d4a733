"""Entry point of Report: what a failed, timed out or aborted execution leaves for people to read."""

import os
from collections.abc import Mapping
from typing import Any

from redactor.entry import store
from redactor.flow import notify
from redactor.report import report
from redactor.telemetry import observed


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    topic = os.environ.get("REDACTOR_TOPIC")
    with observed("report") as told:
        told.update(report(event["detail"], store()))
        if topic and told:
            notify(topic, f"Redaction failed: {told['code']}", told)
    return told
