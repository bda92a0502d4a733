"""Ranges of one pinned version, checked to the byte: none is ever short, foreign or of another version.

The S3 client computes 2 ms for each request, and a plan asks for hundreds. So GetObject of that version is signed once
a minute, and each range is asked for with a header that need not be signed: .8 ms (quick.py).
"""

import io
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from redactor.errors import SourceChanged, TryAgain
from redactor.pieces import Hint, Pieces
from redactor.seekable import Seekable
from redactor.store.answers import Conflict, Missing, Object, named, which
from redactor.store.quick import address, sent

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Seconds for which one signature is used.
_USED = 60
_PARTIAL = 206

Fetch = Callable[[int, int], bytes]


class Ranges:
    """Of one version of an object; several threads may ask. Raises SourceChanged where the version is gone or no longer
    has its ETag, AccessDenied, and TryAgain on network faults."""

    def __init__(self, client: "S3Client", bucket: str, source: Object) -> None:
        self._s3, self._source = client, source
        self._pinned = {"Bucket": bucket, "Key": source.key, "IfMatch": source.etag, **which(source.version)}
        self._guard = threading.Lock()
        self._url: str | None = None
        self._until = 0.0

    def fetch(self, start: int, end: int) -> bytes:
        """Exactly these bytes, half-open."""
        data = self._quickly(start, end)
        return self._surely(start, end) if data is None else data

    def _quickly(self, start: int, end: int) -> bytes | None:
        """None where anything at all is not as it should be; then it is not tried again before the next signature."""
        url = self._signed()
        if url is None:
            return None
        headers = {"Range": _asked(start, end), "If-Match": self._source.etag}
        answer = sent(self._s3, "get_object", url, headers)
        if answer is not None and answer.status_code == _PARTIAL and len(answer.content) == end - start:
            data: bytes = answer.content
            if answer.headers.get("Content-Range") == self._told(start, end):
                return data
        self._url = None
        return None

    def _signed(self) -> str | None:
        with self._guard:
            if time.monotonic() >= self._until:
                self._until = time.monotonic() + _USED
                self._url = address(self._s3, "get_object", self._pinned)
            return self._url

    def _surely(self, start: int, end: int) -> bytes:
        key = self._source.key
        try:
            with named(key):
                answer = self._s3.get_object(**self._pinned, Range=_asked(start, end))
                data = answer["Body"].read()
        except (Missing, Conflict) as error:
            raise SourceChanged(f"{key} is no longer the version that this job was given") from error
        if len(data) != end - start or answer["ContentRange"] != self._told(start, end):
            raise TryAgain(f"{key}: {len(data)} bytes instead of {end - start} at {start}")
        return data

    def _told(self, start: int, end: int) -> str:
        return f"bytes {start}-{end - 1}/{self._source.size}"


def _asked(start: int, end: int) -> str:
    return f"bytes={start}-{end - 1}"


class RangedFile(io.BufferedReader):
    """A RangeReader that can be told what will be read of it: `pieces.expect`."""

    raw: "RangeReader"

    def expect(self, hints: Iterable[Hint]) -> None:
        """Fetches it, many pieces at once. Raises as reading does."""
        self.raw.expect(hints)


class RangeReader(Seekable):
    """A file that is read by ranges, a few pieces kept; size: bytes. Raises what fetch does."""

    def __init__(self, size: int, fetch: Fetch) -> None:
        super().__init__(size)
        self._pieces = Pieces(size, fetch)

    def expect(self, hints: Iterable[Hint]) -> None:
        self._pieces.expect(hints)

    def _from(self, place: int, most: int) -> bytes | memoryview:
        return self._pieces.at(place)
