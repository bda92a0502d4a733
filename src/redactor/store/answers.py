"""What S3 answers, in the project's words: an object, that there is none, and every refusal."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from redactor.errors import AccessDenied, RedactorError, TryAgain

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
        raise refusal(code)(f"{what}: {error}") from error
    except BotoCoreError as error:
        raise TryAgain(f"{what}: {error}") from error


def refusal(code: str) -> type[RedactorError]:
    """The error that S3's code stands for."""
    for codes, cls in ((_MISSING, Missing), (_CONFLICT, Conflict), (_DENIED, AccessDenied)):
        if code in codes:
            return cls
    return AccessDenied if code.startswith("KMS.") else TryAgain


def which(version: str | None) -> Any:
    """The arguments that name a version; none in a bucket without versions."""
    return {} if version in (None, "null") else {"VersionId": version}
