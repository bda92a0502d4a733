"""What calls a person, and what a person looks at."""

import json
import re
from typing import Any

import pytest

from infrastructure.steps import STEPS
from redactor import telemetry
from tests.conftest import ROOT
from tests.infrastructure.conftest import STACK, Assembly

OPERATIONS = (ROOT / "docs" / "operations.md").read_text()


def alarms(assembly: Assembly) -> dict[str, dict[str, Any]]:
    """The alarm's name in observability.py -> its properties."""
    found = assembly.of("AWS::CloudWatch::Alarm")
    return {assembly.names({"Ref": name}).removeprefix("Observability"): alarm for name, alarm in found.items()}


def board(assembly: Assembly) -> list[dict[str, Any]]:
    _, dashboard = assembly.one("AWS::CloudWatch::Dashboard")
    return json.loads(assembly.names(dashboard["DashboardBody"]))["widgets"]


@pytest.mark.parametrize(
    ("name", "least"), [("DeadLettersForgotten", 2 * 86_400), ("DeadLetters", 0), ("JobsFailed", 0)]
)
def test_an_alarm_has_the_threshold_that_its_word_says(assembly: Assembly, name: str, least: int) -> None:
    assert alarms(assembly)[name]["Threshold"] == least


def test_the_operations_page_says_what_each_alarm_means(assembly: Assembly) -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", OPERATIONS.partition("## Alarms")[2].partition("\n## ")[0], re.MULTILINE))
    assert rows == alarms(assembly).keys()


def test_the_dashboard_shows_jobs_failures_segments_faces_and_seconds_by_step(assembly: Assembly) -> None:
    titles = {widget["properties"]["title"] for widget in board(assembly)}
    assert titles >= {
        "Jobs",
        "Failed attempts by step",
        "Segments",
        "Faces",
        "Seconds by step, average",
        "Dead letters",
    }


def test_the_dashboard_reads_what_the_steps_count(assembly: Assembly) -> None:
    counted = {name.capitalize() for name in (*telemetry._NUMBERS, "accepted", "published", "seconds", "failed")}
    ours = [m for w in board(assembly) for m in w["properties"]["metrics"] if m[0] == "FaceRedaction"]
    assert ours
    for _, metric, *dimensions in ours:
        pairs = dict(zip(dimensions[:-1:2], dimensions[1:-1:2], strict=True))
        assert metric in counted
        assert pairs["service"] == STACK
        assert pairs["step"] in STEPS
