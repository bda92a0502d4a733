"""S3, and nothing else of AWS: objects pinned by version, conditional writes, and a checked range reader."""

import io
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlencode

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from redactor.errors import AccessDenied, MissingResult, RedactorError, SourceChanged, TryAgain
from redactor.inorder import UNDER_WAY, Block, Blocks, InOrder, Span, Told, spans
from redactor.many import AT_ONCE, COPIES, many
from redactor.pieces import Hint, Pieces
from redactor.seekable import Seekable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MIB = 1024 * 1024
# S3 multipart: parts of at least 5 MiB but the last, at most 10,000 of them.
_PART = 64 * MIB
_MAX_PARTS = 10_000
# Parts that are sent at a time.
_SENT = 4

_MISSING = {"404", "NoSuchKey", "NoSuchVersion", "NoSuchUpload", "NotFound", "405", "MethodNotAllowed"}
_DENIED = {
    "403",
    "AccessDenied",
    "Forbidden",
    "KMS.DisabledException",
    "KMSAccessDeniedException",
    "InvalidAccessKeyId",
}
_CONFLICT = {"412", "PreconditionFailed", "409", "ConditionalRequestConflict"}


class Missing(RedactorError):
    """No such object (or version)."""


class Conflict(RedactorError):
    """A conditional write found something else than expected."""


@dataclass(frozen=True)
class Object:
    """What S3 says of one version of one object. metadata: its x-amz-meta- values."""

    key: str
    version: str
    etag: str
    size: int
    metadata: Mapping[str, str]


@contextmanager
def named(what: str) -> Iterator[None]:
    """Gives botocore's failures the project's names; what: what they are about."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        raise _error_for(code)(f"{what}: {error}") from error
    except BotoCoreError as error:
        raise TryAgain(f"{what}: {error}") from error


def _error_for(code: str) -> type[RedactorError]:
    for codes, cls in ((_MISSING, Missing), (_CONFLICT, Conflict), (_DENIED, AccessDenied)):
        if code in codes:
            return cls
    return AccessDenied if code.startswith("KMS.") else TryAgain


@lru_cache(maxsize=1)
def _client() -> "S3Client":
    config = Config(
        retries={"mode": "standard", "max_attempts": 5},
        connect_timeout=5,
        read_timeout=60,
        max_pool_connections=AT_ONCE,
        s3={"addressing_style": "path"},
    )
    return boto3.client("s3", config=config)


class Store:
    """One bucket. Raises AccessDenied and TryAgain everywhere; Missing and Conflict where documented."""

    def __init__(self, bucket: str, client: "S3Client | None" = None) -> None:
        self.bucket = bucket
        self._s3 = client or _client()

    @property
    def client(self) -> "S3Client":
        """For what only the command line's client asks of the bucket: client/transfers.py."""
        return self._s3

    def head(self, key: str, version: str | None = None) -> Object | None:
        """What stands under the key, or None."""
        try:
            with named(key):
                found = self._s3.head_object(Bucket=self.bucket, Key=key, **_version(version))
        except Missing:
            return None
        return Object(key, found.get("VersionId", "null"), found["ETag"], found["ContentLength"], found["Metadata"])

    def read(self, key: str, version: str | None = None) -> bytes:
        """The whole object; raises Missing."""
        with named(key):
            return self._s3.get_object(Bucket=self.bucket, Key=key, **_version(version))["Body"].read()

    def result(self, key: str) -> bytes:
        """An object that an earlier step must have written; raises MissingResult."""
        try:
            return self.read(key)
        except Missing as error:
            raise MissingResult(f"{key} is not there") from error

    def write(
        self,
        key: str,
        data: bytes,
        *,
        only_new: bool = False,
        replacing: str | None = None,
        metadata: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Object:
        """Puts an object. only_new: nothing may stand there; replacing: the ETag that must. Raises Conflict."""
        with named(key):
            put = self._s3.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=data,
                ContentType=content_type,
                Metadata=dict(metadata or {}),
                **_condition(only_new=only_new, replacing=replacing),
                **_tagging(tags),
            )
        return Object(key, put.get("VersionId", "null"), put["ETag"], len(data), dict(metadata or {}))

    def upload(self, key: str, path: Path) -> None:
        """Puts a local file, in parts where it is large."""
        with named(key):
            self._s3.upload_file(str(path), self.bucket, key)

    @contextmanager
    def in_parts(self, key: str) -> Iterator[Callable[[int, bytes], None]]:
        """Gives what takes the parts of a new object by number, from 1 on, in any order; some are sent at a time.

        Each has 5 MiB at least, but for the last. On leaving the object stands; after an error, nothing does.
        """
        sent, done = deque[Future[Any]](), list[Any]()
        with named(key):
            upload = self._s3.create_multipart_upload(Bucket=self.bucket, Key=key, ChecksumAlgorithm="CRC32")[
                "UploadId"
            ]
            try:
                with ThreadPoolExecutor(_SENT) as pool:

                    def send(n: int, data: bytes) -> None:
                        if len(sent) == _SENT:
                            done.append(sent.popleft().result())
                        sent.append(pool.submit(self._send_part, key, upload, n, data))

                    yield send
                    done += [part.result() for part in sent]
                parts = sorted(done, key=lambda part: part["PartNumber"])
                self._s3.complete_multipart_upload(
                    Bucket=self.bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}
                )
            except BaseException:
                self._abort(key, upload)
                raise

    def _send_part(self, key: str, upload: str, n: int, data: bytes) -> Any:
        told = self._s3.upload_part(
            Bucket=self.bucket, Key=key, UploadId=upload, PartNumber=n, Body=data, ChecksumAlgorithm="CRC32"
        )
        checksum = {"ChecksumCRC32": told["ChecksumCRC32"]} if "ChecksumCRC32" in told else {}
        return {"PartNumber": n, "ETag": told["ETag"], **checksum}

    def copy(
        self,
        source: Object,
        key: str,
        *,
        only_new: bool = False,
        replacing: str | None = None,
        metadata: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        content_type: str = "video/mp4",
    ) -> None:
        """Copies on S3's side by multipart, the condition on its completion; raises Conflict, leaves no upload behind.

        CopyObject ends at 5 GB and ignores conditions, so every size goes this way.
        """
        with named(key):
            upload = self._s3.create_multipart_upload(
                Bucket=self.bucket, Key=key, ContentType=content_type, Metadata=dict(metadata or {}), **_tagging(tags)
            )["UploadId"]
            try:
                numbered = enumerate(_spans(source.size), 1)
                parts = list(many(lambda part: self._copy_part(source, key, upload, *part), numbered, COPIES))
                self._s3.complete_multipart_upload(
                    Bucket=self.bucket,
                    Key=key,
                    UploadId=upload,
                    MultipartUpload={"Parts": parts},
                    **_condition(only_new=only_new, replacing=replacing),
                )
            except BaseException:
                self._abort(key, upload)
                raise

    def _abort(self, key: str, upload: str) -> None:
        """An unfinished upload is paid for and never seen; one that is complete or gone needs no end."""
        try:
            with named(key):
                self._s3.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload)
        except Missing:
            return

    def _copy_part(self, source: Object, key: str, upload: str, n: int, span: str) -> Any:
        copied = self._s3.upload_part_copy(
            Bucket=self.bucket,
            Key=key,
            UploadId=upload,
            PartNumber=n,
            CopySource={"Bucket": self.bucket, "Key": source.key, "VersionId": source.version},
            CopySourceIfMatch=source.etag,
            CopySourceRange=span,
        )
        return {"PartNumber": n, "ETag": copied["CopyPartResult"]["ETag"]}

    def keys(self, prefix: str, *, deep: bool = True) -> Iterator[str]:
        """The keys under a prefix in order; without deep, only those of this very folder."""
        pages = self._s3.get_paginator("list_objects_v2")
        with named(prefix):
            for page in pages.paginate(Bucket=self.bucket, Prefix=prefix, Delimiter="" if deep else "/"):
                yield from (found["Key"] for found in page.get("Contents", []))

    def delete(self, key: str) -> None:
        """Removes an object; nothing happens where none stands."""
        with named(key):
            self._s3.delete_object(Bucket=self.bucket, Key=key)

    def erase(self, prefix: str) -> None:
        """Removes every version of all objects under a prefix, for good, a thousand in one request."""
        pages = self._s3.get_paginator("list_object_versions")
        with named(prefix):
            for page in pages.paginate(Bucket=self.bucket, Prefix=prefix):
                found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                if found:
                    self._erase([{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found])

    def _erase(self, versions: list[Any]) -> None:
        """What could not be removed stands in an answer that is none of failure."""
        told = self._s3.delete_objects(Bucket=self.bucket, Delete={"Objects": versions, "Quiet": True})
        for error in told.get("Errors", []):
            raise _error_for(error.get("Code", ""))(f"{error.get('Key')}: {error.get('Message')}")

    def open(self, source: Object) -> "RangedFile":
        """A seekable file over one pinned version, as RangeReader reads it; a read is short only at the end."""
        return RangedFile(RangeReader(self._s3, self.bucket, source))

    @contextmanager
    def in_order(self, sources: Sequence[Object]) -> Iterator[Callable[[int], BinaryIO]]:
        """Gives a way to open each of several objects, as open does, that are read one after another and through.

        What comes next is fetched meanwhile. On leaving, nothing is fetched any more.
        """
        with closing(self.blocks(sources, spans(source.size for source in sources))) as blocks:
            yield lambda n: io.BufferedReader(InOrder(self.open(sources[n]), sources[n].size, blocks, n))

    def blocks(self, sources: Sequence[Object], asked: Iterable[Span], told: Told | None = None) -> Blocks:
        """These spans of these objects, in order; several are fetched at a time. Raises as RangeReader does."""

        def fetch(span: Span) -> Block:
            return Block(span, _fetch(self._s3, self.bucket, sources[span.file], span.start, span.end))

        return Blocks(many(fetch, asked, UNDER_WAY), told)


class RangedFile(io.BufferedReader):
    """A RangeReader that can be told what will be read of it: `pieces.expect`."""

    raw: "RangeReader"

    def expect(self, hints: Iterable[Hint]) -> None:
        """Fetches it, many pieces at once. Raises as reading does."""
        self.raw.expect(hints)


class RangeReader(Seekable):
    """Reads one version of an object by ranges, a few pieces kept; never takes a short answer for the end.

    Raises SourceChanged where the version is gone or no longer has its ETag, TryAgain on network faults.
    """

    def __init__(self, client: "S3Client", bucket: str, source: Object) -> None:
        super().__init__(source.size)
        self._s3, self._bucket, self._source = client, bucket, source
        self._pieces = Pieces(source.size, self._fetch)

    def expect(self, hints: Iterable[Hint]) -> None:
        self._pieces.expect(hints)

    def _from(self, place: int, most: int) -> bytes | memoryview:
        return self._pieces.at(place)

    def _fetch(self, start: int, end: int) -> bytes:
        return _fetch(self._s3, self._bucket, self._source, start, end)


def _fetch(client: "S3Client", bucket: str, source: Object, start: int, end: int) -> bytes:
    """Exactly these bytes of that version."""
    try:
        with named(source.key):
            data = client.get_object(
                Bucket=bucket,
                Key=source.key,
                Range=f"bytes={start}-{end - 1}",
                IfMatch=source.etag,
                **_version(source.version),
            )["Body"].read()
    except (Missing, Conflict) as error:
        raise SourceChanged(f"{source.key} is no longer the version that this job was given") from error
    if len(data) != end - start:
        raise TryAgain(f"{source.key}: {len(data)} bytes instead of {end - start} at {start}")
    return data


def _version(version: str | None) -> Any:
    return {} if version in (None, "null") else {"VersionId": version}


def _condition(*, only_new: bool, replacing: str | None) -> Any:
    if only_new:
        return {"IfNoneMatch": "*"}
    return {"IfMatch": replacing} if replacing else {}


def _tagging(tags: Mapping[str, str] | None) -> Any:
    return {"Tagging": urlencode(tags)} if tags else {}


def _spans(size: int) -> list[str]:
    """The inclusive byte ranges of a multipart copy."""
    part = max(_PART, math.ceil(size / _MAX_PARTS / MIB) * MIB)
    return [f"bytes={at}-{min(at + part, size) - 1}" for at in range(0, size, part)]
