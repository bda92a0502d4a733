"""Objects pinned by version, conditional writes, and a reader that never hands out a short or foreign block."""

import pytest

from redactor.errors import MissingResult, SourceChanged
from redactor.store import Conflict, Missing, Object, Store


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


def test_reading_by_ranges_is_reading_the_file(store: Store) -> None:
    data = bytes(n % 251 for n in range(300_000))
    reader = store.open(store.write("a", data))
    for at, length in ((0, 10), (299_000, 5000), (150_000, 140_000), (32_760, 20), (300_000, 5), (400_000, 5)):
        reader.seek(at)
        assert reader.read(length) == data[at : at + length]


def test_the_reader_stays_on_its_version(store: Store) -> None:
    reader = store.open(store.write("a", b"first" * 100))
    store.write("a", b"other" * 100)
    assert reader.read(5) == b"first"


def test_files_that_are_read_one_after_another_are_what_was_pinned(store: Store) -> None:
    data = [bytes((n + m) % 251 for n in range(m * 5_000_000)) for m in (4, 0, 1)]
    sources = [store.write(f"part{m}", one) for m, one in enumerate(data)]
    for source in sources:
        store.write(source.key, b"other")
    with store.in_order(sources) as opened:
        for n, one in enumerate(data):
            with opened(n) as file:
                file.seek(len(one) // 2)
                assert file.read() == one[len(one) // 2 :]
                file.seek(0)
                assert file.read(100) == one[:100]


def test_a_version_that_goes_while_it_is_read_ahead_is_a_changed_source(store: Store) -> None:
    written = store.write("a", b"first" * 100)
    store._s3.delete_object(Bucket=store.bucket, Key="a", VersionId=written.version)
    with store.in_order([written]) as opened, opened(0) as file, pytest.raises(SourceChanged):
        file.read(5)


def test_a_version_that_is_gone_is_a_changed_source(store: Store) -> None:
    written = store.write("a", b"first" * 100)
    reader = store.open(written)
    store._s3.delete_object(Bucket=store.bucket, Key="a", VersionId=written.version)
    with pytest.raises(SourceChanged):
        reader.read(5)


def test_another_object_under_the_version_is_a_changed_source(store: Store) -> None:
    written = store.write("a", b"first")
    with pytest.raises(SourceChanged):
        store.open(Object("a", written.version, '"other"', written.size, {})).read(5)
