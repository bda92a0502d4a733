"""Uploads that go on where they stopped, and nothing in the bucket that is not the file."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor.client import transfers as module
from redactor.client.transfers import Local, Transfers
from redactor.errors import OutputMismatch, SourceChanged
from redactor.pieces import MIB
from redactor.store import Missing, Store

SIZE = 11 * MIB + 7


class Cut(Exception):
    """The line goes dead."""


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three parts of a file of SIZE, one after the other."""
    monkeypatch.setattr(module, "_PART", 5 * MIB)
    monkeypatch.setattr(module, "_AT_ONCE", 1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "foo.mp4"
    path.write_bytes(random.Random(1).randbytes(SIZE))
    return path


def nothing(size: int, kept: bool) -> None:
    pass


@contextmanager
def cut_at(part: int) -> Iterator[list[int]]:
    """The parts that are put; the given one and those after it fail."""
    put, original = list[int](), Transfers._put

    def cutting(self: Transfers, key: str, upload: str, n: int, *rest: bytes) -> str:
        if n >= part:
            raise Cut
        put.append(n)
        return original(self, key, upload, n, *rest)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Transfers, "_put", cutting)
        yield put


def uploads(bucket: Store, key: str) -> set[str]:
    found = bucket.client.list_multipart_uploads(Bucket=bucket.bucket, Prefix=key).get("Uploads", [])
    return {upload["UploadId"] for upload in found}


def test_an_upload_that_was_cut_goes_on_where_it_stopped(bucket: Store, folder: str, file: Path) -> None:
    key, kept = f"input/{folder}foo.mp4", list[bool]()
    with cut_at(3) as put, pytest.raises(Cut):
        Transfers(bucket).send(key, file, nothing)
    assert put == [1, 2]
    assert bucket.head(key) is None
    (begun,) = uploads(bucket, key)

    again = Transfers(bucket)
    with cut_at(4) as put:
        sent = again.send(key, file, lambda _, there: kept.append(there))
    assert (sent.upload, put, kept) == (begun, [3], [True, True, False])
    version = again.finish(sent)
    assert bucket.read(key, version) == file.read_bytes()
    assert uploads(bucket, key) == set()


def test_what_was_left_of_another_file_is_not_mixed_in(
    bucket: Store, transfers: Transfers, folder: str, file: Path
) -> None:
    key = f"input/{folder}foo.mp4"
    with cut_at(3), pytest.raises(Cut):
        transfers.send(key, file, nothing)
    left = uploads(bucket, key)
    file.write_bytes(random.Random(2).randbytes(SIZE))
    version = transfers.finish(transfers.send(key, file, nothing))
    assert bucket.read(key, version) == file.read_bytes()
    assert uploads(bucket, key) == left


def test_a_file_that_changes_while_it_is_read_is_not_uploaded(
    bucket: Store, transfers: Transfers, folder: str, file: Path
) -> None:
    key = f"input/{folder}foo.mp4"

    def change(size: int, kept: bool) -> None:
        file.write_bytes(bytes(SIZE))

    with pytest.raises(SourceChanged, match=r"foo\.mp4 was changed"):
        transfers.send(key, file, change)
    assert bucket.head(key) is None


def test_an_object_with_another_checksum_than_the_file_is_refused(
    transfers: Transfers, folder: str, file: Path
) -> None:
    sent = transfers.send(f"input/{folder}foo.mp4", file, nothing)
    with pytest.raises(OutputMismatch, match="another checksum"):
        transfers.finish(replace(sent, digests={n: bytes(32) for n in sent.digests}))


def test_whether_the_bucket_holds_this_very_file(bucket: Store, transfers: Transfers, folder: str, file: Path) -> None:
    key = f"input/{folder}foo.mp4"
    with pytest.raises(Missing):
        transfers.standing(key, file)
    transfers.finish(transfers.send(key, file, nothing))
    assert transfers.standing(key, file) is True
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    assert transfers.standing(key, file) is False
    file.write_bytes(data[:-1])
    assert transfers.standing(key, file) is False
    bucket.write(key, bytes(data[:-1]))
    # Somebody's own upload, of the right size: S3 tells no checksum of its parts.
    assert transfers.standing(key, file) is None


def test_what_is_fetched_is_hashed_as_it_arrives(bucket: Store, transfers: Transfers, tmp_path: Path) -> None:
    first = bucket.write("a", b"first")
    bucket.write("a", b"second")
    digest = transfers.fetch("a", first.version, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"first"
    assert digest == "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e"


@given(st.integers(1, 5 * 1024**4))
def test_parts_cover_a_file_of_any_size_within_the_limits_of_s3(size: int) -> None:
    local = Local(Path("foo.mp4"), size, 0)
    assert 1 <= len(local.parts) <= 10_000
    assert local.part >= 5 * MIB
    assert (len(local.parts) - 1) * local.part < size <= len(local.parts) * local.part
