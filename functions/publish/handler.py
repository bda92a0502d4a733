"""Entry point of Publish: the results under their public names."""

from pathlib import Path
from typing import Any

from redactor.entry import step
from redactor.publish import publish
from redactor.work import Work


@step("publish")
def handler(work: Work, n: int, scratch: Path) -> dict[str, Any]:
    return publish(work)
