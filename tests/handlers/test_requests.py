"""What each step asks of S3 is what its cost is counted by."""

from collections import Counter
from typing import Any

import pytest

from redactor import costs
from redactor.costs import CALLS, STEPS, Footage, count
from redactor.preset import Mode
from redactor.store import objects
from tests.handlers.conftest import Functions

WRITES = ("Put", "Copy", "Post", "List", "Create", "Complete", "Upload")


@pytest.fixture
def asked(functions: Functions) -> Counter[str]:
    """Requests since the last look, by what S3 charges for them."""
    counted = Counter[str]()

    def count(event_name: str, **_: Any) -> None:
        operation = event_name.rpartition(".")[2]
        if not operation.startswith("Delete"):  # free
            counted["writes" if operation.startswith(WRITES) else "reads"] += 1

    objects._client().meta.events.register_first("before-send.s3", count)
    return counted


def test_a_step_asks_about_as_much_as_is_counted(
    functions: Functions, asked: Counter[str], job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(costs, "STRETCH", 5_000)
    filmed = Footage(320 * 160, 24, 2, functions.store.head("input/a/foo.mp4").size, 10_000)
    for step in STEPS[Mode.COMBINED][1:]:
        asked.clear()
        functions.through(job, step)
        calls, call = count(step, filmed), CALLS[step](filmed)
        assert asked["reads"] / calls == pytest.approx(call.gets, abs=2), step
        assert asked["writes"] / calls == pytest.approx(call.puts, abs=2), step
