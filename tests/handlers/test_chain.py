"""From a dropped video to its results by calling the handlers in the order of the state machine."""

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import boto3
import jsonschema
import pytest

from infrastructure.rules import KEPT
from infrastructure.steps import STEPS
from redactor import verify
from redactor.bucket import Results
from redactor.errors import InvalidPreset
from tests.conftest import ROOT
from tests.damage import broken
from tests.handlers.conftest import EXECUTION, VIDEO, Functions

ANALYSIS = ("plan", "detect", "merge")
REDACTION = ("select", "redact", "join", "prove", "verify")


def pictures(data: bytes, folder) -> list[bytes]:
    path = folder / "x.mp4"
    path.write_bytes(data)
    with av.open(str(path)) as made:
        return [frame.to_ndarray(format="yuv420p").tobytes() for frame in made.decode(video=0)]


def test_combined_ends_with_all_results(functions: Functions, job: str) -> None:
    answers = functions.through(job, *ANALYSIS, *REDACTION, "publish")
    assert answers == {
        "plan": [{"segments": 2, "places": f"work/{job}/places.json", "concurrency": {"detect": 40, "redact": 40}}],
        "detect": [{"frames": 12}, {"frames": 12}],
        "merge": [{"frames": 24, "faces": 2}],
        "select": [{"hidden": 2, "visible": 0}],
        "redact": [{"frames": 12}, {"frames": 12}],
        "join": [
            {
                "bytes": len(functions.results()["foo_redacted.mp4"]),
                "proved": "apart",
                "stretches": f"work/{job}/stretches.json",
            }
        ],
        "prove": [{"stretch": 0}, {"stretch": 1}],
        "verify": [{"frames": 24}],
        "publish": [{"outcome": "published", "prefix": "output/a/foo.mp4/"}],
    }
    assert functions.results().keys() == {"foo_redacted.mp4", "foo_annotations.json", "foo_report.json"}
    report = json.loads(functions.results()["foo_report.json"])
    assert report["frames"] == {"in": 24, "out": 24}
    assert report["seconds"].keys() == {"plan", "detect", "merge", "select", "redact", "join", "prove", "verify"}
    # The handlers were called by hand: on nothing whose price is known.
    assert report["cost"]["steps"] == dict.fromkeys(report["seconds"])
    assert report["cost"]["total"] is None
    assert functions.work(job).names("errors/") == []


def test_in_one_stretch_or_in_many_the_results_are_the_same(
    functions: Functions, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def done() -> tuple[Any, dict[str, bytes]]:
        answers = functions.through(job, *REDACTION[2:], "publish")
        report = json.loads(functions.results()["foo_report.json"])
        return (answers["join"][0]["proved"], len(answers["prove"])), {
            name: report[name] for name in ("output", "frames")
        }

    functions.through(job, *ANALYSIS, *REDACTION[:2])
    apart = done()
    monkeypatch.delenv("REDACTOR_STRETCH")
    alone = done()
    assert (apart[0], alone[0]) == (("apart", 2), ("alone", 0))
    assert apart[1] == alone[1]
    assert "prove" not in json.loads(functions.results()["foo_report.json"])["seconds"]
    found = functions.results()["foo_redacted.mp4"]
    assert alone[1]["output"] == {"sha256": hashlib.sha256(found).hexdigest(), "bytes": len(found)}


def test_what_was_proved_is_not_read_again(functions: Functions, job: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By Verify, if it is of this very version; of another one it is no proof."""
    functions.through(job, *ANALYSIS, *REDACTION[:-1])

    def read(*_: object) -> None:
        raise AssertionError

    with monkeypatch.context() as here:
        here.setattr(verify, "inspect_output", read)
        functions.step("verify", job)
        functions.step("join", job)
        with pytest.raises(AssertionError):
            functions.step("verify", job)
    assert functions.through(job, "prove", "verify", "publish")["publish"][0]["outcome"] == "published"


def test_accept_hands_on_what_the_choices_need(
    functions: Functions, video: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDACTOR_DEFAULT_PRESET", '{"mode": "analyze"}')
    functions.store.write(VIDEO, video)
    answer = functions.accept()
    assert (answer["outcome"], answer["mode"]) == ("accepted", "analyze")


@pytest.mark.parametrize(
    ("compute", "place", "most"),
    [("lambda", "lambda", (5, 6)), ("auto", "lambda or fargate", (5, 6)), ("fargate", "fargate", (1, 1))],
)
def test_plan_hands_on_what_the_maps_need(
    functions: Functions, job: str, compute: str, place: str, most: tuple[int, int]
) -> None:
    told = {"REDACTOR_COMPUTE": compute, "REDACTOR_CONCURRENCY": '{"detect": 5, "redact": 6, "tasks": 1}'}
    with pytest.MonkeyPatch.context() as environment:
        for name, value in told.items():
            environment.setenv(name, value)
        answer = functions.step("plan", job)
    assert answer["concurrency"] == dict(zip(("detect", "redact"), most, strict=True))
    items = json.loads(functions.store.read(answer["places"]))
    assert items == [{"n": n, "detect": place, "redact": place} for n in range(2)]


def test_a_place_that_the_deployment_has_not_ends_in_plan_by_name(functions: Functions, video: bytes) -> None:
    functions.store.write("input/a/foo_preset.json", b'{"experimentalOptions": {"compute": "gpu"}}')
    functions.store.write(VIDEO, video)
    job = functions.accept()["job"]
    with pytest.raises(InvalidPreset, match="compute gpu"):
        functions.step("plan", job)
    record = json.loads(functions.store.read(f"work/{job}/errors/plan-00000.json"))
    assert (record["code"], record["field"]) == ("InvalidPreset", "experimentalOptions.compute")
    assert record["allowed"] == ["lambda", "auto"]


def test_analyze_and_then_redact_without_edits_is_combined(
    functions: Functions, video: bytes, job: str, tmp_path
) -> None:
    functions.through(job, *ANALYSIS, *REDACTION, "publish")
    combined = functions.results()
    functions.store.write("input/b/foo.mp4", video)
    functions.store.write(
        "input/b/foo_preset.json", b'{"mode":"analyze","experimentalOptions":{"segmentSeconds":"1/2"}}'
    )
    first = functions.accept("input/b/foo.mp4")["job"]
    functions.through(first, *ANALYSIS, "publish")
    analysed = functions.results("input/b/foo.mp4")
    assert analysed["foo_annotations.json"] == combined["foo_annotations.json"]
    assert {"foo_thumb000001.jpg", "foo_thumb000002.jpg"} < analysed.keys()
    assert "foo_redacted.mp4" not in analysed
    functions.store.write("output/b/foo.mp4/foo_IDList.txt", b"")
    second = functions.accept("output/b/foo.mp4/foo_IDList.txt")
    assert second["mode"] == "redact"
    functions.through(second["job"], "plan", *REDACTION, "publish")
    redacted = functions.results("input/b/foo.mp4")["foo_redacted.mp4"]
    assert pictures(redacted, tmp_path) == pictures(combined["foo_redacted.mp4"], tmp_path)


def test_what_cannot_be_decoded_is_black_and_in_the_report_where_the_preset_allows_it(
    functions: Functions, video: bytes, tmp_path: Path
) -> None:
    (tmp_path / "foo.mp4").write_bytes(video)
    functions.store.write("input/c/foo.mp4", broken(tmp_path / "foo.mp4", 13).read_bytes())
    options = b'"experimentalOptions":{"segmentSeconds":"1/2","allowGaps":true}'
    functions.store.write("input/c/foo_preset.json", b'{"mode":"combined",%s}' % options)
    functions.through(functions.accept("input/c/foo.mp4")["job"], *ANALYSIS, *REDACTION, "publish")
    report = json.loads(functions.results("input/c/foo.mp4")["foo_report.json"])
    assert [gap["frames"] for gap in report["gaps"]] == [6]
    assert (report["gaps"][0]["start"], report["gaps"][0]["end"]) == (0.5, 0.75)
    assert any(line.startswith("6 frames in 1 places could not be decoded") for line in report["warnings"])
    jsonschema.validate(report, json.loads((ROOT / "docs/schemas/report.schema.json").read_text()))
    shown = pictures(functions.results("input/c/foo.mp4")["foo_redacted.mp4"], tmp_path)
    dark = [max(frame[: len(frame) * 2 // 3]) < 24 for frame in shown]
    assert dark == [False] * 12 + [True] * 6 + [False] * 6


def test_an_id_list_leaves_the_others_visible(functions: Functions, job: str) -> None:
    functions.through(job, *ANALYSIS, *REDACTION, "publish")
    functions.store.write("output/a/foo.mp4/foo_IDList.txt", b"2")
    second = functions.accept("output/a/foo.mp4/foo_IDList.txt")["job"]
    answers = functions.through(second, "plan", *REDACTION, "publish")
    assert answers["select"] == [{"hidden": 1, "visible": 1}]
    assert json.loads(functions.results()["foo_report.json"])["ids"] == {"hidden": [2], "visible": [1]}


def test_a_step_done_twice_gives_the_same_results(functions: Functions, job: str) -> None:
    functions.through(job, *ANALYSIS, *REDACTION, "publish")
    first = functions.results()
    functions.through(job, *ANALYSIS, *REDACTION, "publish")
    for name in ("foo_redacted.mp4", "foo_annotations.json"):
        assert functions.results()[name] == first[name]


def test_a_failure_becomes_the_error_file(functions: Functions) -> None:
    functions.store.write(VIDEO, b"a text that says it is a video")
    job = functions.accept()["job"]
    with pytest.raises(Exception, match="not a video"):
        functions.step("plan", job)
    detail = {"executionArn": EXECUTION, "status": "FAILED", "input": json.dumps({"key": VIDEO})}
    told = functions.call("report", {"detail": detail})
    assert functions.results().keys() == {"foo_error.json"}
    assert json.loads(functions.store.read(Results(VIDEO).error)) == told
    assert (told["code"], told["step"], told["job"]) == ("UnreadableVideo", "plan", job)


def test_machines_are_asked_for_by_the_functions_names_once_plan_has_written(
    functions: Functions, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[dict[str, Any]] = []
    lambda_ = SimpleNamespace(invoke=lambda **asked: calls.append(asked))
    monkeypatch.setattr(boto3, "client", lambda name, **_: {"lambda": lambda_}[name])
    monkeypatch.setenv("REDACTOR_FUNCTIONS", '{"redact": "arn:redact", "prove": "arn:prove"}')
    monkeypatch.setenv("REDACTOR_CONCURRENCY", '{"detect": 2, "redact": 2, "tasks": 1}')
    functions.through(job, "plan")
    event = {"detail": {"object": {"key": functions.work(job).key("plan.json")}}}
    assert functions.call("warm", event) == {"redact": 2, "prove": 0}
    assert [(call["FunctionName"], call["InvocationType"]) for call in calls] == [("arn:redact", "Event")] * 2
    for call in calls:
        assert functions.call("redact", json.loads(call["Payload"])) == {}


def test_who_keeps_a_machine_of_the_first_two_steps_starts_no_job(functions: Functions) -> None:
    assert KEPT.input
    for step in KEPT.steps:
        assert functions.call(step, json.loads(KEPT.input)) == {}
    assert list(functions.store.keys("")) == []


def test_every_step_of_the_table_has_a_handler_that_was_called_here() -> None:
    assert STEPS.keys() == {"accept", *ANALYSIS, *REDACTION, "publish", "report", "warm"}
