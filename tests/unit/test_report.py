"""What a failed execution leaves for people to read."""

import json
from typing import Any

import pytest

from redactor.accept import Settings, accept, parse_request
from redactor.errors import DamagedVideo, InvalidPreset, TryAgain
from redactor.failures import execution_key, recorded
from redactor.job import MARK
from redactor.report import report
from redactor.store import Store
from redactor.work import Work, error_name
from tests.aws import FakeFlow

VIDEO = "input/a/foo.mp4"
ERROR = "output/a/foo.mp4/foo_error.json"


def detail(status: str = "FAILED", key: str = VIDEO, **more: str) -> dict[str, Any]:
    return {"executionArn": "run-1", "status": status, "input": json.dumps({"key": key}), **more}


def accepted(store: Store, flow: FakeFlow) -> Work:
    store.write(VIDEO, b"x")
    flow.statuses = {"run-1": "RUNNING"}
    answer = accept(parse_request({"key": VIDEO}, store.bucket), "run-1", store, flow, Settings("{}"))
    return Work(store, answer["job"])


def fail(work: Work, error: Exception, step: str = "detect", n: int = 3) -> None:
    with pytest.raises(type(error)), recorded(work.store, work.key(error_name(step, n)), step, n):
        raise error


def told(store: Store) -> Any:
    return json.loads(store.read(ERROR))


def test_the_error_names_what_failed_where_and_what_to_do(store: Store, flow: FakeFlow) -> None:
    work = accepted(store, flow)
    fail(work, DamagedVideo("a frame is corrupt", field="f", allowed=["a"]))
    report(detail(), store)
    assert told(store) | {"source": 0} == {
        "version": 1,
        "job": work.job,
        "source": 0,
        "code": "DamagedVideo",
        "message": "a frame is corrupt",
        "field": "f",
        "allowed": ["a"],
        "step": "detect",
        "segment": 3,
        "retryable": False,
        "whatToDo": DamagedVideo.advice,
        "execution": "run-1",
    }


def test_a_permanent_failure_is_told_before_a_passing_one(store: Store, flow: FakeFlow) -> None:
    work = accepted(store, flow)
    fail(work, TryAgain("slow down"), n=1)
    fail(work, DamagedVideo("corrupt"), n=2)
    report(detail(), store)
    assert told(store)["code"] == "DamagedVideo"


def test_an_unexpected_error_is_named_without_its_text_which_may_hold_paths(store: Store, flow: FakeFlow) -> None:
    fail(accepted(store, flow), ValueError("/home/somebody/foo.mp4"))
    report(detail(), store)
    assert told(store)["code"] == "ValueError"
    assert "somebody" not in json.dumps(told(store))


def test_a_failure_that_a_retry_mended_is_forgotten(store: Store, flow: FakeFlow) -> None:
    work = accepted(store, flow)
    fail(work, TryAgain("slow down"))
    with recorded(store, work.key(error_name("detect", 3)), "detect", 3):
        pass
    report(detail("TIMED_OUT"), store)
    assert told(store)["code"] == "TimedOut"


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        ("ABORTED", None, "Aborted"),
        ("TIMED_OUT", None, "TimedOut"),
        ("FAILED", "Runtime.ExitError", "Runtime.ExitError"),
    ],
)
def test_without_a_record_the_execution_itself_is_quoted(
    store: Store, flow: FakeFlow, status: str, error: str | None, code: str
) -> None:
    accepted(store, flow)
    report(detail(status) | {"error": error}, store)
    assert told(store)["code"] == code


def test_a_failure_of_accept_is_told_from_the_executions_input(store: Store) -> None:
    error = InvalidPreset("no such mode", field="mode", allowed=["combined"])
    with pytest.raises(InvalidPreset), recorded(store, execution_key("run-1", "accept.json"), "accept"):
        raise error
    report(detail(), store)
    assert (told(store)["code"], told(store)["field"], told(store)["job"]) == ("InvalidPreset", "mode", None)


def test_a_list_beside_the_results_has_its_error_there(store: Store) -> None:
    report(detail(key="output/a/foo.mp4/foo_IDList.txt", error="InvalidKey"), store)
    assert told(store)["code"] == "InvalidKey"


def test_an_execution_that_lost_its_job_tells_nothing(store: Store, flow: FakeFlow) -> None:
    accepted(store, flow)
    flow.statuses = {"run-1": "FAILED", "run-2": "RUNNING"}
    accept(parse_request({"key": VIDEO}, store.bucket), "run-2", store, flow, Settings("{}"))
    assert report(detail(), store) == {}
    assert store.head(ERROR) is None


def test_an_execution_that_loses_its_job_while_it_reads_tells_nothing(
    store: Store, flow: FakeFlow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next execution clears the records that the first one's report was about to read."""
    work = accepted(store, flow)
    fail(work, DamagedVideo("corrupt"))
    names = Work.names

    def taken_over(self: Work, prefix: str) -> list[str]:
        flow.statuses = {"run-1": "FAILED", "run-2": "RUNNING"}
        monkeypatch.setattr(Work, "names", names)
        accept(parse_request({"key": VIDEO}, store.bucket), "run-2", store, flow, Settings("{}"))
        return list(names(self, prefix))

    monkeypatch.setattr(Work, "names", taken_over)
    assert report(detail(), store) == {}
    assert store.head(ERROR) is None


def test_a_job_that_a_newer_version_overtook_tells_nothing_beside_the_newer_result(
    store: Store, flow: FakeFlow
) -> None:
    templates = accepted(store, flow).key("templates/00000.json")
    store.write(templates, b"[]")
    store.write(VIDEO, b"newer")
    assert report(detail(error="X"), store) == {}
    assert store.head(ERROR) is None
    assert store.head(templates) is None


def test_somebodys_own_file_is_not_replaced_by_an_error(store: Store) -> None:
    store.write(ERROR, b"mine")
    report(detail(error="X"), store)
    assert store.read(ERROR) == b"mine"


def test_the_error_carries_our_mark_so_that_a_later_job_may_remove_it(store: Store) -> None:
    report(detail(error="X"), store)
    stands = store.head(ERROR)
    assert stands is not None
    assert MARK in stands.metadata


@pytest.mark.parametrize("text", ["", "not json", "[]", '{"key": 7}', '{"key": "elsewhere"}'])
def test_input_that_names_nothing_of_ours_leaves_nothing(store: Store, text: str) -> None:
    assert report({"executionArn": "run-1", "status": "FAILED", "input": text, "error": "X"}, store) == {}
    assert list(store.keys("")) == []
