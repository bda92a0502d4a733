"""A reader that never hands out a short or foreign block, by one signature for many ranges or, where that fails, by the
S3 client."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config

from redactor.errors import AccessDenied, RedactorError, SourceChanged, TryAgain
from redactor.many import many
from redactor.store import Object, Store, objects
from redactor.store.ranges import Ranges
from tests.unit.store.serving import Answers, refusal, served
from tests.unit.store.traceback import told

DATA = bytes(n % 251 for n in range(10_000))
VIDEO = Object("a b/ü.mp4", "v1", '"etag"', len(DATA), {})


@dataclass
class Answer:
    """A server's: told: of the range; sent: the part of what it announces that comes."""

    status: int = 206
    told: str | None = None
    data: bytes | None = None
    sent: float = 1.0
    code: str = ""


@dataclass
class Bucket:
    """S3 on this machine. quick, sure: how it answers what is signed in the address, and in a header."""

    quick: Answer = field(default_factory=Answer)
    sure: Answer = field(default_factory=Answer)
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    port: int = 0

    def ranges(self) -> Ranges:
        return Store("bucket", self.client()).ranges(VIDEO)

    def client(self, **options: Any) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name="us-east-1",
            aws_access_key_id="name",
            aws_secret_access_key="secret",
            config=Config(
                s3={"addressing_style": "path"}, signature_version="s3v4", retries={"total_max_attempts": 1}, **options
            ),
        )

    def signed(self) -> list[str]:
        """Addresses that were asked for by their own signature."""
        return [path for path, _ in self.seen if "X-Amz-Signature" in path]


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    here = Bucket()

    class Parts(Answers):
        def asked(self) -> None:
            here.seen.append((self.path, dict(self.headers)))
            answer = here.quick if "X-Amz-Signature" in self.path else here.sure
            start, last = map(int, re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers["Range"]).groups())  # type: ignore[union-attr]
            data = refusal(answer.code) if answer.code else DATA[start : last + 1]
            told = answer.told or f"bytes {start}-{last}/{len(DATA)}"
            self.answer(
                answer.status, {"Content-Range": told}, data if answer.data is None else answer.data, answer.sent
            )

    with served(Parts) as here.port:
        yield here


def test_one_signature_does_for_many_ranges(bucket: Bucket) -> None:
    ranges = bucket.ranges()
    spans = [(n * 100, n * 100 + 70) for n in range(100)]
    assert list(many(lambda span: ranges.fetch(*span), spans)) == [DATA[start:end] for start, end in spans]
    assert len(set(bucket.signed())) == 1
    assert len(bucket.signed()) == len(bucket.seen) == 100
    for path, headers in bucket.seen:
        assert path.startswith("/bucket/a%20b/%C3%BC.mp4?versionId=v1&")
        assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in path
        assert "X-Amz-SignedHeaders=host%3Bif-match" in path
        assert headers["If-Match"] == VIDEO.etag
        assert "Authorization" not in headers


SPOILT = {
    "the whole object": Answer(200, data=DATA),
    "what says that it is the whole": Answer(200),
    "another range": Answer(told=f"bytes 101-300/{len(DATA)}"),
    "of an object of another size": Answer(told=f"bytes 100-299/{len(DATA) + 1}"),
    "too little": Answer(data=DATA[100:299]),
    "too much": Answer(data=DATA[100:301]),
    "broken off": Answer(sent=0.5),
    "throttled": Answer(503, code="SlowDown"),
    "a fault": Answer(500, code="InternalError"),
    "moved": Answer(307, code="TemporaryRedirect"),
    "out of date": Answer(403, code="ExpiredToken"),
    "an old signature": Answer(400, code="InvalidArgument"),
    "another version": Answer(412, code="PreconditionFailed"),
}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_what_does_not_come_as_it_should_is_asked_of_the_client(bucket: Bucket, spoilt: str) -> None:
    bucket.quick = SPOILT[spoilt]
    ranges = bucket.ranges()
    for _ in range(3):
        assert ranges.fetch(100, 300) == DATA[100:300]
    assert (len(bucket.signed()), len(bucket.seen)) == (1, 4)


def test_a_server_that_cannot_be_reached_is_asked_of_the_client_too(bucket: Bucket) -> None:
    ranges = bucket.ranges()
    bucket.port, port = 1, bucket.port
    other = bucket.client()
    bucket.port = port
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranges._s3, "generate_presigned_url", other.generate_presigned_url)
        assert ranges.fetch(100, 300) == DATA[100:300]
    assert bucket.signed() == []


def test_a_proxy_is_used_where_the_client_would_use_it(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert bucket.ranges().fetch(100, 300) == DATA[100:300]
    assert len(bucket.signed()) == 1


def test_a_new_signature_is_made_in_time_and_is_given_another_try(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranges, now = bucket.ranges(), time.monotonic()
    bucket.quick = Answer(503, code="SlowDown")
    ranges.fetch(0, 1)
    bucket.quick = Answer()
    monkeypatch.setattr(time, "monotonic", lambda: now + 59)
    ranges.fetch(0, 1)
    assert len(bucket.signed()) == 1
    monkeypatch.setattr(time, "monotonic", lambda: now + 61)
    ranges.fetch(0, 1)
    ranges.fetch(1, 2)
    assert (len(bucket.signed()), len(bucket.seen)) == (3, 5)


REFUSED = {
    "NoSuchVersion": (404, SourceChanged),
    "PreconditionFailed": (412, SourceChanged),
    "AccessDenied": (403, AccessDenied),
    "KMS.DisabledException": (400, AccessDenied),
    "SlowDown": (503, TryAgain),
    "ExpiredToken": (400, TryAgain),
}


@pytest.mark.parametrize("code", REFUSED)
def test_a_refusal_is_told_by_its_name_and_never_with_a_signature(bucket: Bucket, code: str) -> None:
    status, error = REFUSED[code]
    bucket.quick = bucket.sure = Answer(status, code=code)
    with pytest.raises(error) as caught:
        bucket.ranges().fetch(100, 300)
    assert "Signature" not in told(caught.value)


SHORT = {
    "too little": Answer(data=DATA[100:299]),
    "broken off": Answer(sent=0.5),
    "another range": Answer(told=f"bytes 101-300/{len(DATA)}"),
}


@pytest.mark.parametrize("spoilt", SHORT)
def test_what_comes_wrong_both_times_is_never_handed_out(bucket: Bucket, spoilt: str) -> None:
    bucket.quick = bucket.sure = SHORT[spoilt]
    with pytest.raises(TryAgain) as caught:
        bucket.ranges().fetch(100, 300)
    assert "Signature" not in told(caught.value)


def test_without_credentials_the_client_says_so(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    ranges = bucket.ranges()
    monkeypatch.setattr(ranges._s3._request_signer, "_credentials", None)  # type: ignore[attr-defined]
    with pytest.raises(RedactorError, match="credentials"):
        ranges.fetch(100, 300)


def test_the_products_own_client_signs_as_kms_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", boto3.Session("name", "secret", region_name="us-east-1"))
    client = objects._client.__wrapped__()
    assert "AWS4-HMAC-SHA256" in client.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})


def test_moto_in_this_process_answers_a_signed_address(store: Store) -> None:
    seen: list[str] = []
    store.client.meta.events.register("before-send.s3.GetObject", lambda request, **_: seen.append(request.url))
    assert store.ranges(store.write("a", DATA)).fetch(100, 300) == DATA[100:300]
    assert len(seen) == 1
    assert "Signature" in seen[0]


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
