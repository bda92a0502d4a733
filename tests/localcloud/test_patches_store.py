"""One contract test for each patch of the store: what holds with it, and that moto alone still needs it."""

import base64
import hashlib
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.s3.models import FakeKey, FakeMultipart, S3Backend, _VersionedKeyStore, s3_backends
from moto.s3.responses import S3Response

from localcloud.cloud import Cloud
from localcloud.journal import ExecutionStarted
from localcloud.patches import without


def test_a_multipart_upload_starts_one_execution(cloud: Cloud) -> None:
    def executions(key: str) -> int:
        multipart(cloud, key, [b"a" * 5_300_000, b"b"])
        time.sleep(0.3)
        return sum(isinstance(one, ExecutionStarted) and one.key == key for one in cloud.journal.happenings)

    assert executions("input/once.mp4") == 1
    with without("created objects are told once and complete"):
        assert executions("input/never.mp4") == 0


def multipart(cloud: Cloud, key: str, parts: list[bytes], **complete: Any) -> dict[str, Any]:
    s3, at = cloud.s3(), {"Bucket": cloud.bucket, "Key": key}
    upload = s3.create_multipart_upload(**at, Metadata={"colour": "green"})["UploadId"]
    done = [
        {"PartNumber": n, "ETag": s3.upload_part(**at, UploadId=upload, PartNumber=n, Body=body)["ETag"]}
        for n, body in enumerate(parts, 1)
    ]
    answer = s3.complete_multipart_upload(**at, UploadId=upload, MultipartUpload={"Parts": done}, **complete)
    return dict(answer)


@contextmanager
def together(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, parties: int = 3) -> Iterator[None]:
    """Whoever calls waits for the others to come as well, or for some seconds."""
    original, barrier = getattr(owner, name), threading.Barrier(parties)

    def rendezvous(*args: Any, **kwargs: Any) -> Any:
        with suppress(threading.BrokenBarrierError):
            barrier.wait(3)
        return original(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, rendezvous)
        yield


@contextmanager
def slowly(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, seconds: float) -> Iterator[threading.Event]:
    """Widens a moment in which two requests can meet. Gives what is set when the first is there."""
    original, there = getattr(owner, name), threading.Event()

    def slow(*args: Any, **kwargs: Any) -> Any:
        there.set()
        time.sleep(seconds)
        return original(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, slow)
        yield there


def at_once(action: Callable[[], Any], times: int = 3) -> int:
    """How many of them succeed; all others must be refused with 412."""
    codes: list[str] = []

    def attempt() -> None:
        try:
            action()
            codes.append("ok")
        except ClientError as error:
            codes.append(error.response["Error"]["Code"])

    threads = [threading.Thread(target=attempt) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(codes) <= {"ok", "PreconditionFailed"}
    return codes.count("ok")


def test_of_many_that_claim_a_key_one_gets_it(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    def claim(key: str) -> int:
        s3 = cloud.s3()
        with together(monkeypatch, S3Response, "_get_checksum"):
            return at_once(lambda: s3.put_object(Bucket=cloud.bucket, Key=key, Body=b"me", IfNoneMatch="*"))

    assert claim("work/claim") == 1
    with without("conditional puts are atomic"):
        assert claim("work/claim-of-many") > 1


def test_of_many_that_publish_one_does(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    def publish(key: str) -> int:
        with together(monkeypatch, S3Backend, "complete_multipart_upload"):
            return at_once(lambda: multipart(cloud, key, [b"result"], IfNoneMatch="*"))

    assert publish("output/one") == 1
    multipart(cloud, "output/replaced", [b"first"])
    with pytest.raises(ClientError, match="PreconditionFailed"):
        multipart(cloud, "output/replaced", [b"second"], IfMatch='"wrong"')
    stands = cloud.s3().head_object(Bucket=cloud.bucket, Key="output/replaced")["ETag"]
    multipart(cloud, "output/replaced", [b"third"], IfMatch=stands)
    with without("CompleteMultipartUpload is atomic and knows If-Match"):
        assert publish("output/many") > 1
        multipart(cloud, "output/replaced", [b"second"], IfMatch='"wrong"')


def test_a_delete_that_meets_a_put_is_not_lost(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    def markers(key: str) -> int:
        s3, at = cloud.s3(), {"Bucket": cloud.bucket, "Key": key}
        s3.put_object(**at, Body=b"1")
        with slowly(monkeypatch, _VersionedKeyStore, "setlist", 0.5) as there:
            put = threading.Thread(target=lambda: s3.put_object(**at, Body=b"2"))
            put.start()
            assert there.wait(10)
            s3.delete_object(**at)
            put.join()
        return len(s3.list_object_versions(Bucket=cloud.bucket, Prefix=key).get("DeleteMarkers", []))

    assert markers("work/deleted") == 1
    with without("deletes do not get lost among puts"):
        assert markers("work/resurrected") == 0


def key_of(value: bytes, cloud: Cloud) -> FakeKey:
    return FakeKey("k", value, account_id=cloud.account, region_name="us-east-1")


def test_reading_an_object_does_not_disturb_another_reader(cloud: Cloud) -> None:
    def disturbed(size: int) -> bool:
        key = key_of(b"x" * size, cloud)
        key._value_buffer.seek(3)
        assert key.value == b"x" * size
        moved = key._value_buffer.tell() != 3
        key.dispose()
        return moved

    assert not disturbed(10)
    assert not disturbed(3_000_000)
    with without("objects are read by position"):
        assert disturbed(10)


def peak(action: Callable[[], Any]) -> int:
    """Bytes of Python memory in use at the worst moment of the action, above what was before.

    Of the whole process: a table that happens to grow meanwhile counts too, so take the least of several.
    """
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        action()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


PART = 6_000_000


def test_a_multipart_upload_is_not_held_in_memory(cloud: Cloud) -> None:
    backend = s3_backends[cloud.account]["aws"]

    def completing(key: str) -> int:
        upload = backend.create_multipart_upload(cloud.bucket, key, {}, "STANDARD", {}, None, "AES256", "")
        parts = [(n, upload.set_part(n, bytes([n]) * PART).etag) for n in (1, 2, 3)]
        return peak(lambda: backend.complete_multipart_upload(cloud.bucket, upload.id, iter(parts)))

    assert min(completing("work/joined") for _ in range(2)) < PART
    whole = b"".join(bytes([n]) * PART for n in (1, 2, 3))
    made = cloud.s3().get_object(Bucket=cloud.bucket, Key="work/joined")
    assert made["Body"].read() == whole
    digests = b"".join(hashlib.md5(bytes([n]) * PART).digest() for n in (1, 2, 3))
    assert made["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-3"'
    with without("a multipart upload is joined on disk"):
        assert completing("work/joined-in-memory") > 3 * PART


def test_a_multipart_upload_keeps_its_metadata_and_its_rules(cloud: Cloud) -> None:
    multipart(cloud, "work/kept", [b"a" * 5_242_880, b"b"])
    assert cloud.s3().head_object(Bucket=cloud.bucket, Key="work/kept")["Metadata"] == {"colour": "green"}
    at = {"Bucket": cloud.bucket, "Key": "work/gone", "UploadId": "gone"}
    with pytest.raises(ClientError, match="NoSuchUpload"):
        cloud.s3().complete_multipart_upload(**at, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": "x"}]})
    with pytest.raises(ClientError, match="EntityTooSmall"):
        multipart(cloud, "work/refused", [b"a", b"b"])
    made = FakeMultipart("k", {}, cloud.account, "us-east-1")  # type: ignore[arg-type]
    made.set_part(1, b"a")
    with pytest.raises(Exception, match="One or more of the specified parts could not be found"):
        made.complete(iter([(1, "other")]))
    made.dispose()


def test_copying_a_part_reads_only_its_range(cloud: Cloud) -> None:
    s3, at = cloud.s3(), {"Bucket": cloud.bucket, "Key": "work/copied"}
    s3.put_object(Bucket=cloud.bucket, Key="work/source", Body=bytes(range(256)) * 40_000)
    upload = s3.create_multipart_upload(**at)["UploadId"]
    source = {"Bucket": cloud.bucket, "Key": "work/source"}

    def copy() -> None:
        backend = s3_backends[cloud.account]["aws"]
        backend.upload_part_copy(cloud.bucket, upload, 1, cloud.bucket, "work/source", None, 1, 300)

    assert min(peak(copy) for _ in range(3)) < 3_000_000
    part = s3.upload_part_copy(**at, UploadId=upload, PartNumber=1, CopySource=source, CopySourceRange="bytes=1-300")
    parts = [{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}]
    with without("a part is copied by its range"):
        assert peak(copy) > 10_000_000
    s3.complete_multipart_upload(**at, UploadId=upload, MultipartUpload={"Parts": parts})
    assert s3.get_object(**at)["Body"].read() == (bytes(range(256)) * 2)[1:301]


def test_an_object_above_a_megabyte_is_in_a_file(cloud: Cloud) -> None:
    def in_a_file() -> bool:
        key = key_of(b"x" * 2_000_000, cloud)
        rolled: bool = key._value_buffer._rolled
        key.dispose()
        return rolled

    assert in_a_file()
    with without("large objects are in files"):
        assert not in_a_file()


def test_parts_are_listed_with_their_sha256_and_the_whole_has_that_of_its_parts(cloud: Cloud) -> None:
    s3, at = cloud.s3(), {"Bucket": cloud.bucket, "Key": "sums.mp4"}
    upload = s3.create_multipart_upload(**at, ChecksumAlgorithm="SHA256")["UploadId"]
    bodies = [b"a" * 5_300_000, b"b"]
    sums = [base64.b64encode(hashlib.sha256(body).digest()).decode() for body in bodies]
    parts = []
    for n, (body, told) in enumerate(zip(bodies, sums, strict=True), 1):
        put = s3.upload_part(**at, UploadId=upload, PartNumber=n, Body=body, ChecksumSHA256=told)
        parts.append({"PartNumber": n, "ETag": put["ETag"], "ChecksumSHA256": told})
    listed = s3.list_parts(**at, UploadId=upload)["Parts"]
    assert [part["ChecksumSHA256"] for part in listed] == sums
    with without("parts are listed with their SHA-256"):
        assert "ChecksumSHA256" not in s3.list_parts(**at, UploadId=upload)["Parts"][0]
    s3.complete_multipart_upload(**at, UploadId=upload, MultipartUpload={"Parts": parts})
    whole = base64.b64encode(hashlib.sha256(b"".join(map(base64.b64decode, sums))).digest()).decode()
    assert s3.head_object(**at, ChecksumMode="ENABLED")["ChecksumSHA256"] == f"{whole}-2"
    assert s3.get_object(**at, ChecksumMode="ENABLED")["Body"].read() == b"".join(bodies)
