"""One bucket: objects pinned by version, conditional writes, and ways to read what is large."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlencode

import boto3
from botocore.config import Config

from redactor.errors import MissingResult
from redactor.inorder import UNDER_WAY, Block, Blocks, InOrder, Span, Told, spans
from redactor.many import AT_ONCE, many
from redactor.store import multipart
from redactor.store.answers import Missing, Object, named, refusal, which
from redactor.store.quick import TIMEOUTS, Quick
from redactor.store.ranges import RangedFile, RangeReader, Ranges

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@lru_cache(maxsize=1)
def _client() -> "S3Client":
    config = Config(
        retries={"mode": "standard", "max_attempts": 5},
        connect_timeout=TIMEOUTS[0],
        read_timeout=TIMEOUTS[1],
        max_pool_connections=AT_ONCE,
        s3={"addressing_style": "path"},
        signature_version="s3v4",  # of a signed address too: objects encrypted with KMS are given out for no other
    )
    return boto3.client("s3", config=config)


class Store:
    """One bucket. Raises AccessDenied and TryAgain everywhere; Missing and Conflict where documented."""

    def __init__(self, bucket: str, client: "S3Client | None" = None) -> None:
        self.bucket = bucket
        self._s3 = client or _client()
        self._quick = Quick(self._s3, bucket)

    @property
    def client(self) -> "S3Client":
        """For what only the command line's client asks of the bucket: client/transfers.py."""
        return self._s3

    def head(self, key: str, version: str | None = None) -> Object | None:
        """What stands under the key, or None."""
        try:
            with named(key):
                found = self._s3.head_object(Bucket=self.bucket, Key=key, **which(version))
        except Missing:
            return None
        return Object(key, found.get("VersionId", "null"), found["ETag"], found["ContentLength"], found["Metadata"])

    def read(self, key: str, version: str | None = None) -> bytes:
        """The whole object; raises Missing."""
        data = self._quick.read(key, version)
        if data is not None:
            return data
        with named(key):
            return self._s3.get_object(Bucket=self.bucket, Key=key, **which(version))["Body"].read()

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
        unasked = not (only_new or replacing or metadata or tags)
        quickly = self._quick.write(key, data, content_type) if unasked else None
        if quickly:
            return Object(key, *quickly, len(data), {})
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

    def in_parts(self, key: str) -> AbstractContextManager[Callable[[int, bytes], None]]:
        """See multipart.in_parts."""
        return multipart.in_parts(self._s3, self.bucket, key)

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
        """Copies on S3's side, the condition on its completion; raises Conflict, leaves no upload behind."""
        at = {"Bucket": self.bucket, "Key": key}
        how = {"ContentType": content_type, "Metadata": dict(metadata or {}), **_tagging(tags)}
        multipart.copy(self._s3, source, at, how, _condition(only_new=only_new, replacing=replacing))

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
            raise refusal(error.get("Code", ""))(f"{error.get('Key')}: {error.get('Message')}")

    def open(self, source: Object) -> RangedFile:
        """A seekable file over one pinned version, read as Ranges does; a read is short only at the end."""
        return RangedFile(RangeReader(source.size, self.ranges(source).fetch))

    def ranges(self, source: Object) -> Ranges:
        """Of one pinned version, each by itself."""
        return Ranges(self._s3, self.bucket, source)

    @contextmanager
    def in_order(self, sources: Sequence[Object]) -> Iterator[Callable[[int], BinaryIO]]:
        """Gives a way to open each of several objects, as open does, that are read one after another and through.

        What comes next is fetched meanwhile. On leaving, nothing is fetched any more.
        """
        with closing(self.blocks(sources, spans(source.size for source in sources))) as blocks:
            yield lambda n: io.BufferedReader(InOrder(self.open(sources[n]), sources[n].size, blocks, n))

    def blocks(self, sources: Sequence[Object], asked: Iterable[Span], told: Told | None = None) -> Blocks:
        """These spans of these objects, in order; several are fetched at a time. Raises as Ranges does."""
        ranges = [self.ranges(source) for source in sources]

        def fetch(span: Span) -> Block:
            return Block(span, ranges[span.file].fetch(span.start, span.end))

        return Blocks(many(fetch, asked, UNDER_WAY), told)


def _condition(*, only_new: bool, replacing: str | None) -> Any:
    if only_new:
        return {"IfNoneMatch": "*"}
    return {"IfMatch": replacing} if replacing else {}


def _tagging(tags: Mapping[str, str] | None) -> Any:
    return {"Tagging": urlencode(tags)} if tags else {}
