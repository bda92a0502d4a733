"""What a dropped object starts: one job, or a quiet end, or a refusal by name."""

import json
from typing import Any

import pytest

from redactor.accept import Settings, accept, parse_request
from redactor.errors import AmbiguousSidecar, InvalidKey, InvalidPreset, OutputInTheWay, SourceChanged
from redactor.job import MARK, Job
from redactor.preset import BlurType, Mode, describe
from redactor.store import Store
from redactor.work import JOB, Work, error_name
from tests.aws import FakeFlow

SETTINGS = Settings(default_preset="{}")
VIDEO = "input/a/foo.mp4"
RESULTS = "output/a/foo.mp4/"


def drop(store: Store, key: str, data: bytes = b"x", **metadata: str) -> dict[str, str]:
    """Puts an object and gives the event that S3 sends for it."""
    return {"bucket": store.bucket, "key": key, "version": store.write(key, data, metadata=metadata).version}


def run(store: Store, flow: FakeFlow, event: dict[str, Any], execution: str = "run-1") -> dict[str, Any]:
    flow.statuses.setdefault(execution, "RUNNING")
    return accept(parse_request(event, store.bucket), execution, store, flow, SETTINGS)


def job_of(store: Store, answer: dict[str, Any]) -> Job:
    return Work(store, answer["job"]).load(Job, JOB)


def preset(mode: str) -> bytes:
    return json.dumps({"version": "1.0", "options": {"mode": mode, "blurType": "High"}}).encode()


def test_a_video_starts_a_combined_job_on_its_version(store: Store, flow: FakeFlow) -> None:
    event = drop(store, VIDEO)
    answer = run(store, flow, event)
    job = job_of(store, answer)
    assert answer["outcome"] == "accepted"
    assert (job.mode, job.source.version, job.trigger.version) == (Mode.COMBINED, event["version"], event["version"])


def test_the_same_event_again_is_a_duplicate_that_names_the_first(store: Store, flow: FakeFlow) -> None:
    event = drop(store, VIDEO)
    first = run(store, flow, event)
    second = run(store, flow, event, "run-2")
    assert second == {"outcome": "duplicate", "job": first["job"], "holder": "run-1"}


def test_the_same_execution_passes_again(store: Store, flow: FakeFlow) -> None:
    event = drop(store, VIDEO)
    assert run(store, flow, event) == run(store, flow, event)


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_a_job_whose_execution_ended_badly_is_taken_over_with_a_clean_slate(
    store: Store, flow: FakeFlow, status: str
) -> None:
    event = drop(store, VIDEO)
    work = Work(store, run(store, flow, event)["job"])
    store.write(work.key(error_name("plan", 0)), b"{}")
    flow.statuses["run-1"] = status
    answer = run(store, flow, event, "run-2")
    assert answer["outcome"] == "accepted"
    assert job_of(store, answer).execution == "run-2"
    assert work.names("errors/") == []


def test_again_starts_afresh(store: Store, flow: FakeFlow) -> None:
    event = drop(store, VIDEO)
    first = run(store, flow, event)
    second = run(store, flow, {**event, "again": True}, "run-2")
    assert second["outcome"] == "accepted"
    assert second["job"] != first["job"]


def test_an_event_that_a_newer_version_overtook_is_superseded(store: Store, flow: FakeFlow) -> None:
    old = drop(store, VIDEO)
    drop(store, VIDEO, b"newer")
    assert run(store, flow, old)["outcome"] == "superseded"


def test_a_video_deleted_since_fails_by_name(store: Store, flow: FakeFlow) -> None:
    event = drop(store, VIDEO)
    store.delete(VIDEO)
    with pytest.raises(SourceChanged):
        run(store, flow, event)


@pytest.mark.parametrize("key", ["input/a/preset.json", "input/a/", "input/a/notes.txt", "input/a/foo_preset.json"])
def test_everything_else_is_ignored_and_writes_nothing(store: Store, flow: FakeFlow, key: str) -> None:
    event = drop(store, key)
    assert run(store, flow, event)["outcome"] == "ignored"
    assert list(store.keys("work/")) == []


def test_a_result_of_ours_is_ignored_wherever_it_was_copied_to(store: Store, flow: FakeFlow) -> None:
    assert run(store, flow, drop(store, VIDEO, **{MARK: "some-job"}))["outcome"] == "ignored"


def test_a_video_named_as_a_result_is_refused_unless_the_preset_says_again(store: Store, flow: FakeFlow) -> None:
    event = drop(store, "input/a/foo_redacted.mp4")
    with pytest.raises(InvalidKey) as caught:
        run(store, flow, event)
    assert caught.value.allowed == ("redactAgain: true",)
    drop(store, "input/a/foo_redacted_preset.json", b'{"experimentalOptions": {"redactAgain": true}}')
    assert run(store, flow, event)["outcome"] == "accepted"


def test_the_preset_beside_the_video_beats_the_nearest_one_above(store: Store, flow: FakeFlow) -> None:
    drop(store, "input/preset.json", preset("analyze"))
    event = drop(store, VIDEO)
    assert job_of(store, run(store, flow, event)).preset_from == "input/preset.json"
    drop(store, "input/a/foo_preset.json", preset("combined"))
    job = job_of(store, run(store, flow, event, "run-2"))
    assert (job.preset_from, job.mode, job.preset.blur) == ("input/a/foo_preset.json", Mode.COMBINED, BlurType.HIGH)


def test_a_preset_that_cannot_be_read_is_refused_by_name(store: Store, flow: FakeFlow) -> None:
    drop(store, "input/a/foo_preset.json", preset("combine"))
    with pytest.raises(InvalidPreset) as caught:
        run(store, flow, drop(store, VIDEO))
    assert set(caught.value.allowed) == {"combined", "analyze", "redact"}


def test_redact_by_preset_starts_once_when_video_and_annotations_are_there(store: Store, flow: FakeFlow) -> None:
    drop(store, "input/a/foo_preset.json", preset("redact"))
    video = drop(store, VIDEO)
    assert run(store, flow, video)["outcome"] == "waiting"
    annotations = drop(store, "input/a/foo_annotations.json")
    answer = run(store, flow, annotations, "run-2")
    job = job_of(store, answer)
    assert job.annotations is not None
    assert (job.mode, job.annotations.version, job.id_list) == (Mode.REDACT, annotations["version"], None)
    assert run(store, flow, video, "run-3")["outcome"] == "duplicate"


def test_annotations_beside_a_video_that_is_not_to_be_redacted_by_hand_are_ignored(
    store: Store, flow: FakeFlow
) -> None:
    drop(store, VIDEO)
    assert run(store, flow, drop(store, "input/a/foo_annotations.json"))["outcome"] == "ignored"


@pytest.mark.parametrize(
    "key", ["input/a/foo_IDList.txt", "input/a/idlist.txt", RESULTS + "foo_idlist.TXT", RESULTS + "idlist.txt"]
)
def test_an_id_list_starts_redact_with_the_preset_of_its_video(store: Store, flow: FakeFlow, key: str) -> None:
    drop(store, "input/a/preset.json", preset("analyze"))
    drop(store, VIDEO)
    drop(store, RESULTS + "foo_annotations.json", **{MARK: "earlier"})
    job = job_of(store, run(store, flow, drop(store, key, b"1\n")))
    assert job.id_list is not None
    assert job.annotations is not None
    assert (job.mode, job.preset.blur, job.id_list.key, job.source.key) == (Mode.REDACT, BlurType.HIGH, key, VIDEO)


def test_an_id_list_takes_the_annotations_of_its_own_folder_first(store: Store, flow: FakeFlow) -> None:
    drop(store, VIDEO)
    drop(store, RESULTS + "foo_annotations.json", **{MARK: "earlier"})
    drop(store, "input/a/foo_annotations.json")
    job = job_of(store, run(store, flow, drop(store, "input/a/foo_IDList.txt")))
    assert job.annotations is not None
    assert job.annotations.key == "input/a/foo_annotations.json"


def test_a_second_list_starts_another_job(store: Store, flow: FakeFlow) -> None:
    drop(store, VIDEO)
    drop(store, RESULTS + "foo_annotations.json", **{MARK: "earlier"})
    first = run(store, flow, drop(store, "input/a/foo_IDList.txt", b"1"))
    second = run(store, flow, drop(store, "input/a/foo_IDList.txt", b"2"), "run-2")
    assert second["outcome"] == "accepted"
    assert second["job"] != first["job"]


@pytest.mark.parametrize("sidecar", ["input/a/foo_IDList.txt", "input/a/foo_annotations.json"])
def test_an_incomplete_set_waits(store: Store, flow: FakeFlow, sidecar: str) -> None:
    assert run(store, flow, drop(store, sidecar))["outcome"] == "waiting"


def test_a_list_that_fits_two_videos_fails_by_name(store: Store, flow: FakeFlow) -> None:
    drop(store, VIDEO)
    drop(store, "input/a/foo.mov")
    with pytest.raises(AmbiguousSidecar):
        run(store, flow, drop(store, "input/a/foo_IDList.txt"))


@pytest.mark.parametrize("sidecar", ["idlist.txt", "annotations.json"])
def test_a_sidecar_without_a_name_beside_two_videos_fails_by_name(store: Store, flow: FakeFlow, sidecar: str) -> None:
    drop(store, "input/a/preset.json", preset("redact"))
    drop(store, "input/a/foo_annotations.json")
    drop(store, "input/a/bar.mp4")
    drop(store, f"input/a/{sidecar}")
    if sidecar == "annotations.json":
        store.delete("input/a/foo_annotations.json")
    with pytest.raises(AmbiguousSidecar) as caught:
        run(store, flow, drop(store, VIDEO))
    assert caught.value.field == f"input/a/{sidecar}"


def test_an_id_list_takes_annotations_without_a_name_beside_it(store: Store, flow: FakeFlow) -> None:
    drop(store, VIDEO)
    drop(store, RESULTS + "foo_annotations.json", **{MARK: "earlier"})
    drop(store, "input/a/annotations.json")
    job = job_of(store, run(store, flow, drop(store, "input/a/idlist.txt")))
    assert job.annotations is not None
    assert job.annotations.key == "input/a/annotations.json"


def test_an_id_list_keeps_the_blur_of_an_analysis_that_was_started_by_hand(store: Store, flow: FakeFlow) -> None:
    drop(store, VIDEO)
    by_hand = {"key": VIDEO, "preset": json.loads(preset("analyze"))}
    analysis = job_of(store, run(store, flow, by_hand))
    report = {"preset": {**describe(analysis.preset), "from": analysis.preset_from}}
    drop(store, RESULTS + "foo_report.json", json.dumps(report).encode(), **{MARK: analysis.id})
    drop(store, RESULTS + "foo_annotations.json", **{MARK: analysis.id})
    job = job_of(store, run(store, flow, drop(store, RESULTS + "foo_IDList.txt", b"1"), "run-2"))
    assert (job.mode, job.preset.blur, job.preset_from, job.preset.warnings) == (
        Mode.REDACT,
        BlurType.HIGH,
        "input",
        (),
    )


def test_somebodys_own_file_under_an_output_name_stops_the_job_before_any_work(store: Store, flow: FakeFlow) -> None:
    drop(store, RESULTS + "foo_redacted.mp4")
    with pytest.raises(OutputInTheWay) as caught:
        run(store, flow, drop(store, VIDEO))
    assert caught.value.field == RESULTS + "foo_redacted.mp4"


def test_the_console_names_a_key_and_brings_its_preset(store: Store, flow: FakeFlow) -> None:
    version = drop(store, VIDEO)["version"]
    job = job_of(store, run(store, flow, {"key": VIDEO, "preset": json.loads(preset("analyze"))}))
    assert (job.mode, job.source.version, job.preset_from) == (Mode.ANALYZE, version, "input")


@pytest.mark.parametrize(
    "doc",
    [
        [],
        None,
        "input/a/foo.mp4",
        {},
        {"key": 7},
        {"key": "work/x.mp4"},
        {"key": VIDEO, "bucket": "other"},
        {"key": VIDEO, "preset": "analyze"},
    ],
)
def test_input_that_names_no_object_of_ours_is_refused(doc: object) -> None:
    with pytest.raises((InvalidKey, InvalidPreset)):
        parse_request(doc, "redactor")


def test_a_client_finds_its_job_by_the_version_it_uploaded(store: Store, flow: FakeFlow) -> None:
    event = drop(store, VIDEO)
    answer = run(store, flow, event)
    (found,) = store.keys("work/jobs/")
    assert json.loads(store.read(found)) == {"job": answer["job"], "execution": "run-1", "mode": "combined"}
