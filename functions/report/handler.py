"""Entry point of Report: what a failed, timed out or aborted execution leaves for people to read."""

import os
from collections.abc import Mapping
from typing import Any

from redactor.entry import store
from redactor.flow import notify
from redactor.report import report


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    told = report(event["detail"], store())
    topic = os.environ.get("REDACTOR_TOPIC")
    if topic and told:
        notify(topic, f"Redaction failed: {told['code']}", told)
    return told
