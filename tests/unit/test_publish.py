"""Results under their public names: conditional, complete, the report last."""

import json

import pytest

from redactor import work as names
from redactor.errors import MissingResult, OutputInTheWay
from redactor.job import MARK, Job, Pinned
from redactor.jsonable import encode
from redactor.preset import BlurType, Experimental, Mode, Preset
from redactor.publish import PERSONAL, publish
from redactor.store import Store
from redactor.work import Work

VIDEO = "input/foo.mp4"
OUT = "output/foo.mp4/"
PLAN = {
    "streams": {
        "video": {"width": 1280, "height": 720, "time_base": "1/90000"},
        "audio": [{"codec": "aac", "index": 1, "copied": True}],
        "dropped": [],
    },
    "warnings": [],
    "models": {},
    "identity": {},
}
MERGED = {
    "frames": 3,
    "faces": 1,
    "coverage": [],
    "pruned": [],
    "warnings": [],
    "detect_seconds": 1.5,
    "detect_on": {"lambda 1769": 1.5},
    "smallest_face": 16.0,
    "gaps": [],
}
VERIFIED = {
    "frames": 3,
    "sha256": "ab",
    "bytes": 5,
    "redact_seconds": 2.5,
    "redact_on": {"lambda 3538": 1.0, "fargate": 1.5},
    "gaps": [],
}
DOCUMENTS = {
    names.PLAN: PLAN,
    names.MERGE: MERGED,
    names.SELECT: {"hidden": [1], "visible": [2], "warnings": ["odd"]},
    names.JOIN: {"warnings": []},
    names.VERIFY: VERIFIED,
}


def finished(store: Store, mode: Mode = Mode.COMBINED, job_id: str = "job-1", **preset: object) -> Work:
    """A job whose every step is done."""
    video = store.head(VIDEO) or store.write(VIDEO, b"video")
    pinned = Pinned(video.key, video.version, video.etag, 5)
    job = Job(job_id, store.bucket, pinned, pinned, Preset(mode=mode, **preset), "default", None, None, "run-1")
    work = Work(store, job_id)
    work.save(names.JOB, job)
    made = store.write(work.key(names.REDACTED), b"mp4 of " + job_id.encode())
    for name, value in DOCUMENTS.items():
        version = {"version": made.version} if name == names.VERIFY else {}
        store.write(work.key(name), encode({"seconds": 0.5, "value": {**value, **version}, "on": "lambda 1769"}))
    work.save(names.SEGMENTS, [{"n": 0}])
    store.write(work.key(names.ANNOTATIONS), job_id.encode())
    store.write(work.key(names.thumb_name(1)), b"jpeg")
    return work


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (Mode.COMBINED, {"foo_annotations.json", "foo_redacted.mp4", "foo_report.json"}),
        (Mode.ANALYZE, {"foo_annotations.json", "foo_thumb000001.jpg", "foo_report.json"}),
        (Mode.REDACT, {"foo_redacted.mp4", "foo_report.json"}),
    ],
)
def test_each_mode_puts_out_its_results_and_nothing_else(store: Store, mode: Mode, expected: set[str]) -> None:
    assert publish(finished(store, mode)) == {"outcome": "published", "prefix": OUT}
    assert {key.removeprefix(OUT) for key in store.keys(OUT)} == expected


def test_combined_puts_out_thumbnails_when_asked(store: Store) -> None:
    publish(finished(store, experimental=Experimental(thumbnails=True)))
    assert store.read(OUT + "foo_thumb000001.jpg") == b"jpeg"


def test_what_shows_or_locates_people_is_tagged_so_that_it_expires(store: Store) -> None:
    publish(finished(store, Mode.ANALYZE))
    for name in ("foo_annotations.json", "foo_thumb000001.jpg"):
        tags = store._s3.get_object_tagging(Bucket=store.bucket, Key=OUT + name)["TagSet"]
        assert {tag["Key"]: tag["Value"] for tag in tags} == PERSONAL


def test_repeating_it_replaces_nothing_but_the_report(store: Store) -> None:
    work = finished(store)
    publish(work)
    before = store.head(OUT + "foo_redacted.mp4")
    publish(work)
    assert store.head(OUT + "foo_redacted.mp4") == before


def test_a_second_result_replaces_the_first(store: Store) -> None:
    publish(finished(store))
    publish(finished(store, job_id="job-2"))
    assert store.read(OUT + "foo_redacted.mp4") == b"mp4 of job-2"


def test_somebodys_own_file_is_never_replaced(store: Store) -> None:
    store.write(OUT + "foo_redacted.mp4", b"mine")
    with pytest.raises(OutputInTheWay):
        publish(finished(store))
    assert store.read(OUT + "foo_redacted.mp4") == b"mine"


def test_one_file_in_the_way_keeps_all_results_back(store: Store) -> None:
    store.write(OUT + "foo_thumb000001.jpg", b"mine")
    with pytest.raises(OutputInTheWay):
        publish(finished(store, Mode.ANALYZE))
    assert list(store.keys(OUT)) == [OUT + "foo_thumb000001.jpg"]


def test_results_of_a_video_that_is_named_as_our_thumbnails_stay(store: Store) -> None:
    """input/foo.mp4/foo_thumbs.mp4 has its results below the folder of input/foo.mp4."""
    others = OUT + "foo_thumbs.mp4/foo_thumbs_redacted.mp4"
    store.write(others, b"another's", metadata={MARK: "another"})
    publish(finished(store, Mode.ANALYZE))
    assert store.read(others) == b"another's"


def test_an_older_job_never_replaces_a_newer_ones_result(store: Store) -> None:
    old = finished(store)
    store.write(VIDEO, b"newer video")
    publish(finished(store, job_id="job-2"))
    assert publish(old)["outcome"] == "superseded"
    assert store.read(OUT + "foo_redacted.mp4") == b"mp4 of job-2"


def test_a_job_whose_video_was_deleted_still_publishes(store: Store) -> None:
    work = finished(store)
    store.delete(VIDEO)
    assert publish(work)["outcome"] == "published"


@pytest.mark.parametrize("name", [names.ANNOTATIONS, names.VERIFY])
def test_without_every_result_nothing_is_put_out(store: Store, name: str) -> None:
    work = finished(store)
    store.delete(work.key(name))
    with pytest.raises(MissingResult):
        publish(work)
    assert list(store.keys(OUT)) == []


def test_only_the_version_that_was_verified_is_put_out(store: Store) -> None:
    work = finished(store)
    store.write(work.key(names.REDACTED), b"written over it since")
    publish(work)
    assert store.read(OUT + "foo_redacted.mp4") == b"mp4 of job-1"


def test_where_that_version_is_gone_nothing_is_put_out(store: Store) -> None:
    work = finished(store)
    key = work.key(names.REDACTED)
    store._s3.delete_object(Bucket=store.bucket, Key=key, VersionId=work.found(names.REDACTED).version)
    with pytest.raises(MissingResult):
        publish(work)
    assert list(store.keys(OUT)) == []


def test_stale_thumbnails_and_the_error_of_an_earlier_job_go(store: Store) -> None:
    store.write(OUT + "foo_error.json", b"{}", metadata={MARK: "old"})
    store.write(OUT + "foo_thumb000009.jpg", b"old", metadata={MARK: "old"})
    store.write(OUT + "foo_thumb_mine.jpg", b"mine")
    publish(finished(store, Mode.ANALYZE))
    left = {key.removeprefix(OUT) for key in store.keys(OUT)}
    assert left == {"foo_annotations.json", "foo_thumb000001.jpg", "foo_report.json", "foo_thumb_mine.jpg"}


def test_box_says_not_redacted_in_the_metadata_and_the_report(store: Store) -> None:
    publish(finished(store, blur=BlurType.BOX))
    found = store.head(OUT + "foo_redacted.mp4")
    assert found is not None
    assert found.metadata["redactor-notice"] == "NOT REDACTED"
    assert json.loads(store.read(OUT + "foo_report.json"))["blur"]["notice"] == "NOT REDACTED"


def test_no_upload_is_left_open_when_a_condition_breaks(store: Store) -> None:
    store.write(OUT + "foo_redacted.mp4", b"mine")
    with pytest.raises(OutputInTheWay):
        publish(finished(store))
    assert "Uploads" not in store._s3.list_multipart_uploads(Bucket=store.bucket)


def test_the_report_tells_what_was_done(store: Store) -> None:
    publish(finished(store, blur=BlurType.BLACK, blur_from="preset"))
    told = json.loads(store.read(OUT + "foo_report.json"))
    assert told["blur"] == {"type": "Black", "from": "preset", "irreversible": True}
    assert told["frames"] == {"in": 3, "out": 3}
    assert told["ids"] == {"hidden": [1], "visible": [2]}
    assert told["streams"]["kept"] == ["aac 1"]
    assert told["seconds"]["detect"] == MERGED["detect_seconds"]
    assert told["cost"]["steps"].keys() == told["seconds"].keys()
    assert all(cost > 0 for cost in told["cost"]["steps"].values())
    assert "odd" in told["warnings"]
    assert any("Voices are not redacted" in line for line in told["warnings"])


@pytest.mark.parametrize("superseded", [False, True])
def test_face_embeddings_are_erased_for_good_whatever_the_outcome(store: Store, superseded: bool) -> None:
    work = finished(store)
    for data in (b"earlier", b"later"):
        store.write(work.key(names.templates_name(0)), data)
    version = store.head(work.key(names.templates_name(0))).version
    if superseded:
        store.write(VIDEO, b"newer video")
    assert publish(work)["outcome"] == ("superseded" if superseded else "published")
    assert work.names(names.TEMPLATES) == []
    assert store.head(work.key(names.templates_name(0)), version) is None
