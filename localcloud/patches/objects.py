"""Objects live in files, are read by position, and are never held whole in memory where that can be helped.

moto reads through one shared file position, so two requests for an object can mix up each other's bytes; it joins a
multipart upload in memory and keeps the parts, and copies a part by reading the whole source.
"""

import base64
import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from moto.s3 import models
from moto.s3.exceptions import EntityTooSmall, InvalidPart, MalformedXML
from moto.s3.models import FakeKey, FakeMultipart, S3Backend
from moto.settings import S3_UPLOAD_PART_MIN_SIZE

from localcloud.patches.patch import Patch

# Objects above this are in a file; below, in memory.
_IN_MEMORY = 1 << 20
CHUNK = 1 << 20


def read(key: Any, begin: int, end: int) -> bytes:
    """Bytes begin (included) to end (excluded) of an object, whatever other threads read of it."""
    buffer = key._value_buffer
    if buffer._rolled:
        return os.pread(buffer.fileno(), end - begin, begin)
    with buffer._file.getbuffer() as view:
        return bytes(view[begin:end])


def chunks(key: Any, begin: int, end: int) -> Iterator[bytes]:
    """The same, in pieces."""
    for start in range(begin, end, CHUNK):
        yield read(key, start, min(start + CHUNK, end))


@dataclass(frozen=True)
class Joined:
    """The value of a finished multipart upload, in the file that the object takes over. size: bytes."""

    file: Any
    size: int


def _by_position(original: Any) -> Any:
    def get(self: Any) -> bytes:
        return b"".join(chunks(self, 0, self.contentsize))

    def set(self: Any, value: Any) -> None:
        if isinstance(value, Joined):
            self._value_buffer.close()
            self._value_buffer, self.contentsize = value.file, value.size
            return
        data = value.encode() if isinstance(value, str) else value
        self._value_buffer.seek(0)
        self._value_buffer.truncate()
        self._value_buffer.write(data)
        self._value_buffer.flush()
        self.contentsize = len(data)
        # moto would compute it later, through the shared file position.
        self._etag = self._etag or hashlib.md5(data, usedforsecurity=False).hexdigest()

    return property(get, set)


def with_sha256(multipart: Any) -> bool:
    """Whether the upload was begun with that checksum."""
    return bool(multipart.metadata.get("x-amz-checksum-algorithm") == "SHA256")


def sha256(part: Any) -> bytes:
    """Of a part's bytes."""
    told = hashlib.sha256()
    for chunk in chunks(part, 0, part.contentsize):
        told.update(chunk)
    return told.digest()


def _composed(parts: list[Any]) -> tuple[str, str, int]:
    """The checksum of the whole as S3 makes it: that of the parts' checksums, and their number.

    The type is left out: moto would add the number again, but to the answers of GET only.
    """
    whole = hashlib.sha256(b"".join(map(sha256, parts))).digest()
    return "", f"{base64.b64encode(whole).decode()}-{len(parts)}", len(parts)


def _joined(original: Any) -> Any:
    """As moto's, without the copy in memory; of checksums only a SHA-256 that was asked for."""

    def complete(self: Any, body: Any) -> tuple[Any, str, tuple[str, str, int] | None]:
        digests, parts = bytearray(), list[Any]()
        for number, etag in body:
            part = self.parts.get(number)
            if part is None or part.etag.strip('"') != etag.strip('"'):
                raise InvalidPart
            if parts and parts[-1].contentsize < S3_UPLOAD_PART_MIN_SIZE:
                raise EntityTooSmall
            digests += bytes.fromhex(part.etag.strip('"'))
            parts.append(part)
        if not parts:
            raise MalformedXML
        digest = hashlib.md5(digests, usedforsecurity=False).hexdigest()
        return _join(parts), f"{digest}-{len(parts)}", _composed(parts) if with_sha256(self) else None

    return complete


def _join(parts: list[Any]) -> Joined:
    file: Any = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  the object closes it
    size = sum(file.write(chunk) for part in parts for chunk in chunks(part, 0, part.contentsize))
    file.flush()
    return Joined(file, size)


def _only_the_range(original: Any) -> Any:
    def upload_part_copy(
        self: Any,
        dest_bucket_name: str,
        multipart_id: str,
        part_id: int,
        src_bucket_name: str,
        src_key_name: str,
        src_version_id: str | None,
        start_byte: int | None,
        end_byte: int | None,
    ) -> Any:
        source = self.get_object(src_bucket_name, src_key_name, version_id=src_version_id)
        begin, end = (0, source.contentsize) if start_byte is None or end_byte is None else (start_byte, end_byte + 1)
        multipart = self.get_bucket(dest_bucket_name).multiparts[multipart_id]
        return multipart.set_part(part_id, b"".join(chunks(source, begin, end)))

    return upload_part_copy


def _soon_in_a_file(original: Any) -> Any:
    return lambda: _IN_MEMORY


PATCHES = (
    Patch("objects are read by position", FakeKey, "value", _by_position),
    Patch("a multipart upload is joined on disk", FakeMultipart, "complete", _joined),
    Patch("a part is copied by its range", S3Backend, "upload_part_copy", _only_the_range),
    Patch("large objects are in files", models, "get_s3_default_key_buffer_size", _soon_in_a_file),
)
