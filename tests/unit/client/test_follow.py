"""Following a job to its end, whatever end that is."""

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from redactor.bucket import Results, job_index
from redactor.cli import follow as module
from redactor.cli.board import Board
from redactor.cli.cloud import Remote
from redactor.cli.follow import Followed, Follower
from redactor.client.following import Following
from redactor.client.jobs import Jobs
from redactor.client.stack import Deployed
from redactor.errors import TryAgain
from redactor.failures import execution_key
from redactor.store import Store
from redactor.work import claim_key
from tests.unit.client.test_jobs import Executions, given

ACCEPTED = {"outcome": "accepted", "job": "mine", "publish": {"outcome": "published"}}
REPORT = {
    "job": "mine",
    "output": {"sha256": None},
    "ids": {"hidden": [], "visible": []},
    "coverage": [{}, {}],
    "blur": None,
    "seconds": {"plan": 0.1},
    "warnings": ["be careful"],
}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST", 0.0)
    monkeypatch.setattr(module, "_LONGEST", 0.0)


@dataclass
class Bench:
    """A follower over made-up executions, and what it prints."""

    store: Store
    key: str
    flow: Executions = field(default_factory=Executions)
    out: io.StringIO = field(default_factory=io.StringIO)
    errors: io.StringIO = field(default_factory=io.StringIO)

    def follow(self, **more: Any) -> bool:
        stack = Deployed("S", self.store.bucket, "machine", "{}")
        jobs = Jobs(stack, self.store, self.flow)
        remote = Remote(stack, self.store, self.flow, jobs, Following(self.store, self.flow))
        consoles = [Console(file=file, width=200) for file in (self.out, self.errors)]
        with Board(consoles[1]) as board:
            followed = Followed("foo.mp4", self.key, started_by=(self.key, "1"), **more)
            return Follower(remote, *consoles, board).to_the_end([followed])


@pytest.fixture
def bench(bucket: Store, folder: str) -> Bench:
    return Bench(bucket, f"input/{folder}foo.mp4")


def test_a_job_that_is_done_is_told_by_its_report(bench: Bench) -> None:
    bench.flow.add("arn", "SUCCEEDED", given(bench.key), ACCEPTED)
    bench.flow.entered = ["Accept", "Outcome", "Plan"]
    bench.store.write(Results(bench.key).report, json.dumps(REPORT).encode())
    assert bench.follow() is True
    assert bench.errors.getvalue() == "foo.mp4: Accept\nfoo.mp4: Plan\n"
    assert "foo.mp4: done\n" in bench.out.getvalue()
    assert "note: be careful" in bench.out.getvalue()


def test_results_that_another_job_replaced_are_not_called_done(bench: Bench) -> None:
    bench.flow.add("arn", "SUCCEEDED", given(bench.key), ACCEPTED)
    bench.store.write(Results(bench.key).report, json.dumps({**REPORT, "job": "newer"}).encode())
    assert bench.follow() is False
    assert "foo.mp4: Replaced: " in bench.errors.getvalue()


@pytest.mark.parametrize("outcome", ["waiting", "ignored", "superseded"])
def test_a_quiet_end_is_told_with_its_reason_and_is_no_success(bench: Bench, outcome: str) -> None:
    bench.flow.add("arn", "SUCCEEDED", given(bench.key), {"outcome": outcome, "reason": "because"})
    assert bench.follow() is False
    assert f"foo.mp4: {outcome}: because\n" in bench.errors.getvalue()


def test_one_that_turns_out_a_duplicate_while_it_is_followed_leads_to_the_holder(bench: Bench) -> None:
    holder = bench.flow.add("holder", "SUCCEEDED", given(f"{bench.key}_IDList.txt"), ACCEPTED)
    entry = json.dumps({"job": "mine", "execution": "second", "mode": "redact"}).encode()
    bench.store.write(f"{job_index(bench.key, '1')}mine.json", entry)
    bench.flow.add("second", "SUCCEEDED", given(bench.key), {"outcome": "duplicate", "holder": holder})
    bench.store.write(Results(bench.key).report, json.dumps(REPORT).encode())
    assert bench.follow() is True


def test_a_failure_is_told_as_report_wrote_it(bench: Bench, tmp_path: Path) -> None:
    bench.flow.add("arn", "FAILED", given(bench.key), error="States.TaskFailed")
    told = {"execution": "arn", "code": "InvalidIdList", "message": "no id 7", "allowed": ["1"], "whatToDo": "Mend it."}
    bench.store.write(Results(bench.key).error, json.dumps(told).encode())
    assert bench.follow(out=tmp_path / "out") is False
    assert "foo.mp4: InvalidIdList: no id 7\nallowed: 1\nMend it.\n" in bench.errors.getvalue()
    assert json.loads((tmp_path / "out" / "foo_error.json").read_text()) == told


def test_a_failed_job_that_another_execution_took_over_is_followed_to_its_end(bench: Bench) -> None:
    bench.flow.add("first", "FAILED", given(bench.key), error="TryAgain")
    bench.flow.add("second", "SUCCEEDED", given(f"{bench.key}_IDList.txt"), ACCEPTED)
    bench.store.write(execution_key("first", "job.json"), json.dumps({"job": "mine"}).encode())
    bench.store.write(claim_key("mine"), json.dumps({"execution": "second"}).encode())
    bench.store.write(Results(bench.key).report, json.dumps(REPORT).encode())
    assert bench.follow() is True


def test_a_failure_that_report_never_told_is_told_by_its_execution(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_REPORT", 0.0)
    bench.flow.add("arn", "TIMED_OUT", given(bench.key), error="States.Timeout", cause="a day")
    assert bench.follow() is False
    assert "foo.mp4: States.Timeout: a day\n" in bench.errors.getvalue()


def test_a_fault_of_the_network_is_borne_for_a_while_and_not_for_ever(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.flow.add("arn", "SUCCEEDED", given(bench.key), {"outcome": "ignored", "reason": "because"})
    faults = iter(range(5))
    describe = Executions.describe

    def shaky(self: Executions, execution: str) -> Any:
        if next(faults, None) is not None:
            raise TryAgain("the line is dead")
        return describe(self, execution)

    monkeypatch.setattr(Executions, "describe", shaky)
    assert bench.follow() is False
    assert "ignored: because" in bench.errors.getvalue()
    faults = iter(range(1000))
    with pytest.raises(TryAgain):
        bench.follow()


def test_a_drop_that_starts_nothing_is_told_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LATE", -1.0)
    looks = iter(range(3))

    def executions(self: Executions, state_machine: str, limit: int, status: str | None = None) -> Any:
        if next(looks, None) is None:
            raise KeyboardInterrupt
        return iter(())

    monkeypatch.setattr(Executions, "executions", executions)
    with pytest.raises(KeyboardInterrupt):
        bench.follow()
    assert bench.errors.getvalue().count("nothing has started yet") == 1
