"""Objects that are put together from parts: nothing stands before the last, and nothing is left of one that fails."""

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from redactor.many import COPIES, many
from redactor.pieces import MIB
from redactor.store.answers import Missing, Object, named

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Parts of at least 5 MiB but the last, at most 10,000 of them.
_PART = 64 * MIB
_MAX_PARTS = 10_000
# Parts that are sent at a time.
_SENT = 4


@contextmanager
def in_parts(client: "S3Client", bucket: str, key: str) -> Iterator[Callable[[int, bytes], None]]:
    """Gives what takes the parts of a new object by number, from 1 on, in any order; some are sent at a time.

    Each has 5 MiB at least, but for the last. On leaving the object stands; after an error, nothing does.
    """
    at = {"Bucket": bucket, "Key": key}
    sent, done = deque[Future[Any]](), list[Any]()
    with _begun(client, at, {"ChecksumAlgorithm": "CRC32"}) as upload:
        with ThreadPoolExecutor(_SENT) as pool:

            def send(n: int, data: bytes) -> None:
                if len(sent) == _SENT:
                    done.append(sent.popleft().result())
                sent.append(pool.submit(_sent, client, upload, n, data))

            yield send
            done += [part.result() for part in sent]
        parts = sorted(done, key=lambda part: part["PartNumber"])
        client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})


def copy(
    client: "S3Client", source: Object, at: Mapping[str, str], how: Mapping[str, Any], condition: Mapping[str, Any]
) -> None:
    """Copies on S3's side. at: Bucket, the source's too, and Key. how: arguments that begin an upload. condition: those
    on which it is completed.

    CopyObject ends at 5 GB and ignores conditions, so every size goes this way.
    """
    version = {"Bucket": at["Bucket"], "Key": source.key, "VersionId": source.version}
    with _begun(client, at, how) as upload:

        def copied(part: tuple[int, str]) -> Any:
            told = client.upload_part_copy(
                **upload,
                PartNumber=part[0],
                CopySource=version,  # type: ignore[arg-type]
                CopySourceIfMatch=source.etag,
                CopySourceRange=part[1],
            )
            return {"PartNumber": part[0], "ETag": told["CopyPartResult"]["ETag"]}

        parts = list(many(copied, enumerate(_spans(source.size), 1), COPIES))
        client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}, **condition)


@contextmanager
def _begun(client: "S3Client", at: Mapping[str, str], how: Mapping[str, Any]) -> Iterator[Any]:
    """Gives the arguments that name a new upload, of which nothing is left after an error."""
    with named(at["Key"]):
        upload = {**at, "UploadId": client.create_multipart_upload(**at, **how)["UploadId"]}  # type: ignore[arg-type]
        try:
            yield upload
        except BaseException:
            _abort(client, upload)
            raise


def _abort(client: "S3Client", upload: Any) -> None:
    """An unfinished upload is paid for and never seen; one that is complete or gone needs no end."""
    try:
        with named(upload["Key"]):
            client.abort_multipart_upload(**upload)
    except Missing:
        return


def _sent(client: "S3Client", upload: Any, n: int, data: bytes) -> Any:
    told = client.upload_part(**upload, PartNumber=n, Body=data, ChecksumAlgorithm="CRC32")
    checksum = {"ChecksumCRC32": told["ChecksumCRC32"]} if "ChecksumCRC32" in told else {}
    return {"PartNumber": n, "ETag": told["ETag"], **checksum}


def _spans(size: int) -> list[str]:
    """The inclusive byte ranges of a multipart copy."""
    part = max(_PART, math.ceil(size / _MAX_PARTS / MIB) * MIB)
    return [f"bytes={at}-{min(at + part, size) - 1}" for at in range(0, size, part)]
