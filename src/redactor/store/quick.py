"""Requests by a signed address: half of what the S3 client computes for one, where they come by the hundred.

What does not come this way at once and as it should is asked of the client, whose retries, credentials and errors hold
as ever, and an error never names such an address.
"""

import os
import socket
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import BotoCoreError
from botocore.hooks import first_non_none_response
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from redactor.many import AT_ONCE
from redactor.store.answers import Missing, which

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Seconds to connect, and to wait for bytes: of the S3 client too.
TIMEOUTS = (5, 60)
# Seconds for which S3 takes a signature. Credentials are renewed ten minutes before they end at the latest.
VALID = 300
# Seconds without another try after something came that should not.
_RESTS = 60
_OK, _NOT_FOUND = 200, 404
_NO_SUCH_OBJECT = b"<Code>NoSuchKey</Code>"


class Quick:
    """Whole objects of one bucket; several threads may ask. None wherever the client has to be asked."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._s3, self._bucket = client, bucket
        self._rests_until = 0.0

    def read(self, key: str, version: str | None) -> bytes | None:
        """What get_object would give; raises Missing."""
        answer = self._answer("get_object", {"Key": key, **which(version)}, {}, None)
        if answer is None:
            return None
        data: bytes = answer.content
        if answer.status_code == _OK and answer.headers.get("Content-Length") == str(len(data)):
            return data
        # Often asked, and nothing odd.
        if answer.status_code == _NOT_FOUND and _NO_SUCH_OBJECT in data:
            raise Missing(f"{key}: there is no such object")
        self._rest()
        return None

    def write(self, key: str, data: bytes, content_type: str) -> tuple[str, str] | None:
        """The version and ETag of what put_object would put there, without any condition."""
        headers = {"Content-Type": content_type}
        answer = self._answer("put_object", {"Key": key, "ContentType": content_type}, headers, data)
        if answer is None:
            return None
        if answer.status_code == _OK and "ETag" in answer.headers:
            return answer.headers.get("x-amz-version-id", "null"), answer.headers["ETag"]
        self._rest()
        return None

    def _answer(
        self, operation: str, params: dict[str, str], headers: dict[str, str], body: bytes | None
    ) -> AWSResponse | None:
        """Whatever it says; None where none came."""
        if time.monotonic() < self._rests_until:
            return None
        url = address(self._s3, operation, {"Bucket": self._bucket, **params})
        answer = sent(self._s3, operation, url, headers, body) if url else None
        if answer is None:
            self._rest()
        return answer

    def _rest(self) -> None:
        self._rests_until = time.monotonic() + _RESTS


def address(client: "S3Client", operation: str, params: Any) -> str | None:
    """Signed; None where that cannot be done."""
    try:
        return client.generate_presigned_url(operation, Params=params, ExpiresIn=VALID)
    except BotoCoreError:
        return None


def sent(client: "S3Client", operation: str, url: str, headers: Any, body: bytes | None = None) -> AWSResponse | None:
    """The answer with all of its bytes, whatever it says; None where none came whole.

    Whoever listens to the client, or answers in S3's place, is asked first.
    """
    verb, name = _OPERATIONS[operation]
    request = AWSPreparedRequest(verb, url, headers, body, stream_output=False)
    try:
        stand_in: AWSResponse | None = first_non_none_response(
            client.meta.events.emit(f"before-send.s3.{name}", request=request)
        )
        answer = _http(client.meta.endpoint_url).send(request) if stand_in is None else stand_in
        answer.content  # noqa: B018  reads it
    except BotoCoreError:
        return None
    return answer


_OPERATIONS = {"get_object": ("GET", "GetObject"), "put_object": ("PUT", "PutObject")}


@lru_cache(maxsize=4)
def _http(endpoint: str) -> URLLib3Session:
    """With the certificates and proxies that the S3 client takes from the environment."""
    certificates = os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE") or True
    how: dict[str, Any] = {"verify": certificates, "timeout": TIMEOUTS, "proxies": get_environ_proxies(endpoint)}
    # As the client's: else the body waits for the header's acknowledgement, which the other side holds back for 40 ms.
    how["socket_options"] = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    return URLLib3Session(max_pool_connections=AT_ONCE, **how)
