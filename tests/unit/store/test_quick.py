"""Whole objects by a signed address, or where anything is odd by the S3 client, which then names what is wrong."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.config import Config

from redactor.errors import AccessDenied, RedactorError, TryAgain
from redactor.many import many
from redactor.store import Conflict, Missing, Store
from tests.unit.store.serving import Answers, refusal, served
from tests.unit.store.traceback import told

DATA = bytes(n % 251 for n in range(3000))
ETAG = '"etag"'


@dataclass
class Answer:
    """A server's. sent: the part of what it announces that comes."""

    status: int = 200
    sent: float = 1.0
    code: str = ""
    headers: dict[str, str] = field(default_factory=lambda: {"ETag": ETAG, "x-amz-version-id": "v2"})


@dataclass
class Asked:
    """A request. signed: in its address, not in a header."""

    verb: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def signed(self) -> bool:
        return "X-Amz-Signature" in self.path


@dataclass
class Bucket:
    """S3 on this machine. quick, sure: how it answers what is signed in the address, and in a header."""

    port: int
    quick: Answer = field(default_factory=Answer)
    sure: Answer = field(default_factory=Answer)
    seen: list[Asked] = field(default_factory=list)

    def store(self) -> Store:
        config = Config(s3={"addressing_style": "path"}, signature_version="s3v4", retries={"total_max_attempts": 1})
        where = {"endpoint_url": f"http://127.0.0.1:{self.port}", "region_name": "us-east-1"}
        return Store("bucket", _session().client("s3", config=config, **where))

    def ways(self) -> list[bool]:
        """Of each request, whether it was the quick one."""
        return [asked.signed for asked in self.seen]


@cache
def _session() -> boto3.Session:
    """One for all: each reads megabytes of descriptions."""
    return boto3.Session("name", "secret")


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    class Bodies(Answers):
        def asked(self) -> None:
            data = DATA if self.command == "GET" else b""
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = Asked(self.command, self.path, dict(self.headers), body)
            here.seen.append(asked)
            answer = here.quick if asked.signed else here.sure
            self.answer(answer.status, answer.headers, refusal(answer.code) if answer.code else data, answer.sent)

    with served(Bodies) as port:
        here = Bucket(port)
        yield here


def test_an_object_is_read_by_a_signed_address(bucket: Bucket) -> None:
    assert bucket.store().read("a b/ü.json", "v1") == DATA
    (asked,) = bucket.seen
    assert asked.path.startswith("/bucket/a%20b/%C3%BC.json?versionId=v1&")
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in asked.path
    assert "Authorization" not in asked.headers


def test_an_object_is_written_by_a_signed_address(bucket: Bucket) -> None:
    written = bucket.store().write("a", DATA, content_type="image/jpeg")
    assert (written.version, written.etag, written.size) == ("v2", ETAG, len(DATA))
    (asked,) = bucket.seen
    assert (asked.verb, asked.body, asked.headers["Content-Type"]) == ("PUT", DATA, "image/jpeg")
    assert "X-Amz-SignedHeaders=content-type%3Bhost" in asked.path
    assert "Expect" not in asked.headers


def test_many_threads_read_at_a_time(bucket: Bucket) -> None:
    store = bucket.store()
    assert list(many(store.read, map(str, range(200)))) == [DATA] * 200
    assert bucket.ways() == [True] * 200


CONDITIONS: dict[str, dict[str, Any]] = {
    "nothing may stand there": {"only_new": True},
    "this must stand there": {"replacing": ETAG},
    "metadata": {"metadata": {"a": "b"}},
    "tags": {"tags": {"a": "b"}},
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_whatever_is_said_beside_the_bytes_is_said_by_the_client(bucket: Bucket, condition: str) -> None:
    bucket.store().write("a", DATA, **CONDITIONS[condition])
    assert bucket.ways() == [False]


SPOILT = {
    "broken off": Answer(sent=0.5),
    "throttled": Answer(503, code="SlowDown"),
    "a fault": Answer(500, code="InternalError"),
    "moved": Answer(307, code="TemporaryRedirect"),
    "a part": Answer(206),
    "out of date": Answer(403, code="ExpiredToken"),
    "no signatures in addresses": Answer(403, code="AccessDenied"),
}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_what_does_not_come_as_it_should_is_asked_of_the_client_for_a_minute(
    bucket: Bucket, spoilt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.quick = SPOILT[spoilt]
    store, now = bucket.store(), time.monotonic()
    assert [store.read("a"), store.read("b")] == [DATA, DATA]
    assert bucket.ways() == [True, False, False]
    bucket.quick = Answer()
    monkeypatch.setattr(time, "monotonic", lambda: now + 61)
    assert store.read("c") == DATA
    assert bucket.ways() == [True, False, False, True]


UNWRITTEN = {name: SPOILT[name] for name in ("throttled", "a fault", "moved", "a part", "out of date")} | {
    "nothing of what stands there": Answer(headers={})
}


@pytest.mark.parametrize("spoilt", UNWRITTEN)
def test_what_may_not_have_been_written_is_written_by_the_client(bucket: Bucket, spoilt: str) -> None:
    bucket.quick = UNWRITTEN[spoilt]
    bucket.sure = Answer(headers={"ETag": '"sure"', "x-amz-version-id": "v3"})
    assert bucket.store().write("a", DATA).version == "v3"
    assert bucket.ways() == [True, False]
    assert DATA in bucket.seen[1].body


def test_what_is_not_there_is_asked_for_once_and_spoils_nothing(bucket: Bucket) -> None:
    bucket.quick = Answer(404, code="NoSuchKey")
    store = bucket.store()
    for _ in range(2):
        with pytest.raises(Missing, match=r"^a: "):
            store.read("a")
    assert bucket.ways() == [True, True]


@pytest.mark.parametrize("code", ["NoSuchBucket", "NoSuchVersion", ""])
def test_whatever_else_is_not_there_is_the_clients_to_name(bucket: Bucket, code: str) -> None:
    bucket.quick = Answer(404, code=code)
    assert bucket.store().read("a") == DATA
    assert bucket.ways() == [True, False]


REFUSED: list[tuple[str, int, type[RedactorError]]] = [
    ("NoSuchKey", 404, Missing),
    ("PreconditionFailed", 412, Conflict),
    ("AccessDenied", 403, AccessDenied),
    ("KMS.DisabledException", 400, AccessDenied),
    ("SlowDown", 503, TryAgain),
]


@pytest.mark.parametrize(("code", "status", "error"), REFUSED)
def test_neither_way_tells_a_signature(bucket: Bucket, code: str, status: int, error: type[RedactorError]) -> None:
    bucket.quick = bucket.sure = Answer(status, code=code)
    for act in (lambda: bucket.store().read("a"), lambda: bucket.store().write("a", DATA)):
        with pytest.raises(error) as caught:
            act()
        assert "Signature" not in told(caught.value)
