"""Objects pinned by version, conditional writes, and uploads of which nothing is left."""

import pytest

from redactor.errors import MissingResult
from redactor.store import Conflict, Missing, Store


def test_a_version_is_read_after_it_was_overwritten_and_deleted(store: Store) -> None:
    first = store.write("a", b"first")
    store.write("a", b"second")
    store.delete("a")
    assert store.read("a", first.version) == b"first"
    assert store.head("a") is None
    with pytest.raises(Missing):
        store.read("a")


def test_a_result_that_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(MissingResult, match="work/plan"):
        store.result("work/plan.json")


def test_only_new_writes_where_nothing_stands(store: Store) -> None:
    store.write("a", b"first", only_new=True)
    with pytest.raises(Conflict):
        store.write("a", b"second", only_new=True)
    assert store.read("a") == b"first"


def test_replacing_writes_only_over_the_object_that_was_seen(store: Store) -> None:
    seen = store.write("a", b"first")
    store.write("a", b"second")
    with pytest.raises(Conflict):
        store.write("a", b"third", replacing=seen.etag)
    assert store.read("a") == b"second"


@pytest.mark.parametrize("size", [1, 5 * 1024 * 1024, 70 * 1024 * 1024])
def test_a_copy_is_whole_whatever_its_size_and_leaves_no_upload(store: Store, size: int) -> None:
    source = store.write("a", bytes(size - 1) + b"z")
    store.copy(source, "b", only_new=True, metadata={"m": "1"}, tags={"t": "2"})
    assert store.read("b") == store.read("a")
    copied = store.head("b")
    assert copied is not None
    assert copied.metadata == {"m": "1"}
    assert "Uploads" not in store._s3.list_multipart_uploads(Bucket=store.bucket)


def test_a_copy_whose_condition_breaks_changes_nothing_and_leaves_no_upload(store: Store) -> None:
    source = store.write("a", b"new")
    store.write("b", b"old")
    with pytest.raises(Conflict):
        store.copy(source, "b", only_new=True)
    assert store.read("b") == b"old"
    assert "Uploads" not in store._s3.list_multipart_uploads(Bucket=store.bucket)


def test_parts_that_come_in_any_order_make_one_object(store: Store) -> None:
    parts = {n: bytes([n]) * (5 * 1024 * 1024 if n < 7 else 3) for n in range(1, 8)}
    with store.in_parts("a") as send:
        for n in (2, 3, 4, 5, 6, 7, 1):
            send(n, parts[n])
        assert store.head("a") is None
    assert store.read("a") == b"".join(parts[n] for n in sorted(parts))
    assert "Uploads" not in store._s3.list_multipart_uploads(Bucket=store.bucket)


def test_parts_after_which_something_fails_make_none(store: Store) -> None:
    with pytest.raises(MissingResult), store.in_parts("a") as send:
        send(1, store.result("b"))
    assert store.head("a") is None
    assert "Uploads" not in store._s3.list_multipart_uploads(Bucket=store.bucket)


def test_keys_of_a_folder_are_not_those_below_it(store: Store) -> None:
    for key in ("f/a", "f/b", "f/sub/c"):
        store.write(key, b"")
    assert list(store.keys("f/", deep=False)) == ["f/a", "f/b"]
    assert list(store.keys("f/")) == ["f/a", "f/b", "f/sub/c"]
