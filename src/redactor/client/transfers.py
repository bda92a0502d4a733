"""One local file into the bucket, in parts that are checked one by one; and results out of it.

An upload that was interrupted goes on where it stopped, also from a new process: what is in the bucket of it is asked
of the bucket, and compared with the file by SHA-256.
"""

import base64
import hashlib
import math
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redactor.errors import OutputMismatch, SourceChanged
from redactor.pieces import MIB
from redactor.store import Missing, Store, named

# S3: parts of at least 5 MiB but the last, at most 10,000 of them.
_PART = 16 * MIB
_MAX_PARTS = 10_000
# How many parts are under way, and the memory they may take together.
_AT_ONCE = 4
_MEMORY = 256 * MIB

# (bytes, whether they were there already)
Told = Callable[[int, bool], None]


@dataclass(frozen=True)
class Local:
    """A file as it was when its upload began. changed: its mtime in nanoseconds."""

    path: Path
    size: int
    changed: int

    @classmethod
    def of(cls, path: Path) -> "Local":
        stat = path.stat()
        return cls(path, stat.st_size, stat.st_mtime_ns)

    @property
    def part(self) -> int:
        """Bytes of each part but the last: the same for every upload of a file of this size."""
        return max(_PART, math.ceil(self.size / _MAX_PARTS / MIB) * MIB)

    @property
    def parts(self) -> range:
        """The numbers of its parts."""
        return range(1, math.ceil(self.size / self.part) + 1)

    def read(self, n: int) -> bytes:
        """Part n; raises SourceChanged where the file is not what it was."""
        begin = (n - 1) * self.part
        wanted = min(self.part, self.size - begin)
        with self.path.open("rb") as file:
            file.seek(begin)
            data = file.read(wanted)
        if len(data) != wanted or Local.of(self.path) != self:
            raise SourceChanged(f"{self.path} was changed while it was read", field=str(self.path))
        return data


@dataclass(frozen=True)
class Sent:
    """All parts of an upload that only needs to be completed. digests: part -> its SHA-256. etags: part -> ETag."""

    key: str
    upload: str
    digests: Mapping[int, bytes]
    etags: Mapping[int, str]


def checksum(digests: Mapping[int, bytes]) -> str:
    """The checksum that S3 gives the whole: of the parts' checksums, with their number."""
    whole = hashlib.sha256(b"".join(digests[n] for n in sorted(digests))).digest()
    return f"{_text(whole)}-{len(digests)}"


class Transfers:
    """Uploads into one bucket and downloads out of it. Raises AccessDenied and TryAgain everywhere."""

    def __init__(self, store: Store) -> None:
        self._store, self._s3, self._bucket = store, store.client, store.bucket

    def standing(self, key: str, path: Path) -> bool | None:
        """Whether the object under the key is this very file; None where that cannot be known without reading it.

        Raises Missing where nothing stands there.
        """
        with named(key):
            found = self._s3.head_object(Bucket=self._bucket, Key=key, ChecksumMode="ENABLED")
        local = Local.of(path)
        if found["ContentLength"] != local.size:
            return False
        told = found.get("ChecksumSHA256", "")
        if not told.endswith(f"-{len(local.parts)}"):
            return None
        return told == checksum({n: hashlib.sha256(local.read(n)).digest() for n in local.parts})

    def send(self, key: str, path: Path, told: Told) -> Sent:
        """Uploads what the bucket lacks of a file that is not empty; finish makes it an object.

        told(bytes, kept): called for each part, from several threads; kept: it was there already.
        """
        local = Local.of(path)
        there = {} if (found := self._begun(key, local)) is None else found[1]
        upload = found[0] if found else self._begin(key)

        def bring(n: int) -> tuple[bytes, str]:
            if n in there:
                told(there[n]["Size"], True)
                return base64.b64decode(there[n]["ChecksumSHA256"]), there[n]["ETag"]
            data = local.read(n)
            digest = hashlib.sha256(data).digest()
            etag = self._put(key, upload, n, data, digest)
            told(len(data), False)
            return digest, etag

        with _Pool(max(1, min(_AT_ONCE, _MEMORY // local.part))) as pool:
            brought = dict(zip(local.parts, pool.map(bring, local.parts), strict=True))
        digests = {n: digest for n, (digest, _) in brought.items()}
        return Sent(key, upload, digests, {n: etag for n, (_, etag) in brought.items()})

    def finish(self, sent: Sent) -> str:
        """Makes it an object, which starts whatever it starts; returns its version. Raises OutputMismatch."""
        parts: Any = [
            {"PartNumber": n, "ETag": sent.etags[n], "ChecksumSHA256": _text(sent.digests[n])} for n in sent.etags
        ]
        with named(sent.key):
            done = self._s3.complete_multipart_upload(
                Bucket=self._bucket, Key=sent.key, UploadId=sent.upload, MultipartUpload={"Parts": parts}
            )
            version = done["VersionId"]
            found = self._s3.head_object(Bucket=self._bucket, Key=sent.key, VersionId=version, ChecksumMode="ENABLED")
        if found.get("ChecksumSHA256") != checksum(sent.digests):
            raise OutputMismatch(f"{sent.key} has another checksum in the bucket than here", field=sent.key)
        return version

    def fetch(self, key: str, version: str, path: Path) -> str:
        """Writes one version of an object into a local file; returns the SHA-256 of what was written, in hex."""
        told = hashlib.sha256()
        with named(key), path.open("wb") as file:
            body = self._s3.get_object(Bucket=self._bucket, Key=key, VersionId=version)["Body"]
            for chunk in body.iter_chunks(MIB):
                told.update(chunk)
                file.write(chunk)
        return told.hexdigest()

    def _begin(self, key: str) -> str:
        with named(key):
            begun = self._s3.create_multipart_upload(Bucket=self._bucket, Key=key, ChecksumAlgorithm="SHA256")
        return begun["UploadId"]

    def _put(self, key: str, upload: str, n: int, data: bytes, digest: bytes) -> str:
        with named(key):
            done = self._s3.upload_part(
                Bucket=self._bucket, Key=key, UploadId=upload, PartNumber=n, Body=data, ChecksumSHA256=_text(digest)
            )
        return done["ETag"]

    def _begun(self, key: str, local: Local) -> tuple[str, dict[int, Any]] | None:
        """An upload of this very file that somebody left, and its parts; one of another file stays as it is."""
        for upload in self._uploads(key):
            try:
                there = {part["PartNumber"]: part for part in self._parts(key, upload)}
            except Missing:
                continue
            if there and all(_same(part, local) for part in there.values()):
                return upload, there
        return None

    def _uploads(self, key: str) -> Iterator[str]:
        pages = self._s3.get_paginator("list_multipart_uploads")
        with named(key):
            for page in pages.paginate(Bucket=self._bucket, Prefix=key):
                yield from (one["UploadId"] for one in page.get("Uploads", []) if one["Key"] == key)

    def _parts(self, key: str, upload: str) -> Iterator[Any]:
        pages = self._s3.get_paginator("list_parts")
        with named(key):
            for page in pages.paginate(Bucket=self._bucket, Key=key, UploadId=upload):
                yield from page.get("Parts", [])


class _Pool(ThreadPoolExecutor):
    """What was not begun when something failed, or was interrupted, is not begun any more."""

    def __exit__(self, *why: object) -> None:
        self.shutdown(wait=True, cancel_futures=True)


def _same(part: Any, local: Local) -> bool:
    n: int = part["PartNumber"]
    if n not in local.parts:
        return False
    return bool(part.get("ChecksumSHA256") == _text(hashlib.sha256(local.read(n)).digest()))


def _text(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
