"""Conditional writes are atomic, and CompleteMultipartUpload knows If-Match and uploads that are gone.

moto checks If-Match and If-None-Match, then writes: two requests that arrive together both pass, and a claim has two
owners. Requests for one key are served one after the other.
"""

import threading
from typing import Any

from moto.s3.exceptions import MissingKey, NoSuchUpload, PreconditionFailed
from moto.s3.responses import S3Response

from localcloud.patches.hooks import HOOKS
from localcloud.patches.patch import Patch

_LOCKS = tuple(threading.RLock() for _ in range(64))


def _lock_of(response: Any) -> threading.RLock:
    return _LOCKS[hash((response.bucket_name, response.parse_key_name())) % len(_LOCKS)]


def _atomic(original: Any) -> Any:
    def write(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self.current_account not in HOOKS:
            return original(self, *args, **kwargs)
        with _lock_of(self):
            return original(self, *args, **kwargs)

    return write


def _matched(original: Any) -> Any:
    def complete(self: Any, request: Any, body: Any, bucket_name: str, query: Any, key_name: str) -> Any:
        if self.current_account not in HOOKS:
            return original(self, request, body, bucket_name, query, key_name)
        with _lock_of(self):
            if query.get("uploadId"):
                _check(self, bucket_name, key_name, query["uploadId"][0])
            return original(self, request, body, bucket_name, query, key_name)

    return complete


def _check(response: Any, bucket_name: str, key_name: str, upload: str) -> None:
    """What S3 checks before it completes an upload."""
    stands = response.backend.get_object(bucket_name, key_name)
    if stands is not None and stands.multipart and stands.multipart.id == upload:
        # The same request again: done already.
        return
    if upload not in response.backend.get_bucket(bucket_name).multiparts:
        raise NoSuchUpload(upload)
    wanted = response.headers.get("If-Match")
    if wanted and stands is None:
        raise MissingKey(key=key_name)
    if wanted and stands.etag.strip('"') != wanted.strip('"'):
        raise PreconditionFailed("If-Match")


PATCHES = (
    Patch("conditional puts are atomic", S3Response, "_key_response_put", _atomic),
    Patch("deletes do not get lost among puts", S3Response, "_key_response_delete", _atomic),
    Patch("CompleteMultipartUpload is atomic and knows If-Match", S3Response, "_key_response_post", _matched),
)
