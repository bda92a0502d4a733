"""The working files of a job: their names, and that what is not there is never taken for something else."""

from collections.abc import Callable

import pytest

from redactor import work as names
from redactor.errors import AccessDenied, MissingResult, SourceChanged
from redactor.job import Pinned
from redactor.media.streams import FrameTable, FrameTime, Segment
from redactor.store import Store
from redactor.work import Timed, Work

FRAMES = FrameTable([FrameTime(0, 512), FrameTime(512, 511)])


@pytest.fixture
def work(store: Store) -> Work:
    return Work(store, "job-1")


def test_a_value_comes_back_as_it_was_saved(work: Work) -> None:
    work.save(names.FRAMES, FRAMES)
    assert work.load(FrameTable, names.FRAMES) == FRAMES


def test_a_result_is_saved_with_the_seconds_it_took(work: Work) -> None:
    work.save_timed(names.PLAN, Segment(0, None, 7, None))
    timed = work.load_timed(Segment, names.PLAN)
    assert timed.value == Segment(0, None, 7, None)
    assert 0 <= timed.seconds < 60
    assert timed == work.load(Timed[Segment], names.PLAN)


def test_many_values_come_back_in_the_order_of_their_names(work: Work) -> None:
    work.save_all((names.boxes_name(n), n) for n in range(70))
    asked = [names.boxes_name(n) for n in reversed(range(70))]
    assert list(work.load_all(int, asked)) == list(reversed(range(70)))
    work.save_timed(names.PLAN, 5)
    assert [one.value for one in work.load_all_timed(int, [names.PLAN])] == [5]


def test_of_many_values_the_first_that_lacks_is_named(work: Work) -> None:
    work.save_all((names.boxes_name(n), n) for n in (0, 1, 3))
    with pytest.raises(MissingResult, match=names.boxes_name(2)):
        list(work.load_all(int, map(names.boxes_name, range(50))))


def test_jobs_do_not_see_each_other(store: Store, work: Work) -> None:
    work.save(names.FRAMES, FRAMES)
    with pytest.raises(MissingResult):
        Work(store, "job-2").load(FrameTable, names.FRAMES)


@pytest.mark.parametrize(
    "read",
    [
        lambda work: work.load(int, names.PLAN),
        lambda work: work.load_timed(int, names.PLAN),
        lambda work: work.found(names.REDACTED),
        lambda work: work.found(names.part_name(0)),
    ],
)
def test_what_an_earlier_step_did_not_write_is_missing(work: Work, read: Callable[[Work], object]) -> None:
    with pytest.raises(MissingResult):
        read(work)


def test_names_of_segments_sort_as_their_numbers_and_never_meet() -> None:
    for name in (names.detections_name, names.boxes_name, names.part_name, names.verdict_name, names.thumb_name):
        listed = [name(n) for n in (0, 2, 10, 999, 99_999)]
        assert listed == sorted(listed)
    kinds = [f(7) for f in (names.detections_name, names.boxes_name, names.part_name, names.verdict_name)]
    assert len(set(kinds)) == 4
    assert names.error_name("detect", 1) != names.error_name("redact", 1)


def test_a_thumbnail_has_six_digits_as_in_its_public_name() -> None:
    assert names.thumb_name(42) == "thumbs/000042.jpg"


def test_the_names_in_a_folder_come_in_order_and_from_it_alone(work: Work) -> None:
    for n in (10, 2):
        work.save(names.thumb_name(n), n)
    work.save(names.PLAN, 0)
    assert work.names(names.THUMBS) == [names.thumb_name(2), names.thumb_name(10)]
    assert work.names(names.ERRORS) == []


def test_every_version_of_every_embedding_is_gone_when_faces_are_forgotten(work: Work) -> None:
    for _ in range(2):
        work.save_all((names.templates_name(n), n) for n in range(20))
    work.store.delete(work.key(names.templates_name(3)))
    work.save(names.PLAN, 0)
    work.forget_faces()
    left = work.store._s3.list_object_versions(Bucket=work.store.bucket)
    assert [one["Key"] for one in left["Versions"]] == [work.key(names.PLAN)]
    assert "DeleteMarkers" not in left
    work.forget_faces()


def test_an_embedding_that_stays_is_a_failure(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    work.save(names.templates_name(0), 0)
    refused = {"Errors": [{"Key": "templates/0", "Code": "AccessDenied", "Message": "no"}]}
    monkeypatch.setattr(work.store._s3, "delete_objects", lambda **_: refused)
    with pytest.raises(AccessDenied, match="templates/0"):
        work.forget_faces()


def test_a_sidecar_is_read_in_the_version_that_the_job_was_given(store: Store, work: Work) -> None:
    old = Pinned.of(store.write("input/foo_IDList.txt", b"1"))
    store.write("input/foo_IDList.txt", b"2")
    assert work.pinned(old) == b"1"


def test_a_sidecar_whose_version_is_gone_is_a_changed_source(store: Store, work: Work) -> None:
    old = Pinned.of(store.write("input/foo_IDList.txt", b"1"))
    store._s3.delete_object(Bucket=store.bucket, Key=old.key, VersionId=old.version)
    with pytest.raises(SourceChanged, match="foo_IDList"):
        work.pinned(old)
