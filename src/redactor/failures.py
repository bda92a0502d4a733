"""What a failing entry point leaves behind, so that Report can tell a person what happened and what to do."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from redactor.bucket import WORK
from redactor.errors import LostClaim, RedactorError
from redactor.jsonable import decode, encode
from redactor.store import Conflict, Missing, Store

_UNEXPECTED = "Report this as a defect: the step's log has the details."


@dataclass(frozen=True)
class Failure:
    """One failed attempt of one step (work/<job>/errors/<step>-<n>.json). retryable: worth one."""

    code: str
    message: str
    field: str | None
    allowed: tuple[str, ...]
    step: str
    segment: int | None
    retryable: bool
    advice: str


def failure(error: BaseException, step: str, segment: int | None) -> Failure:
    """The record of an error. An unexpected one is named by its class only: its text may hold local paths."""
    if isinstance(error, RedactorError) and not isinstance(error, Missing | Conflict):
        return Failure(
            error.code, error.message, error.field, error.allowed, step, segment, error.retryable, error.advice
        )
    name = type(error).__name__
    return Failure(name, f"{step} met an unexpected {name}", None, (), step, segment, False, _UNEXPECTED)


def is_permanent(store: Store, key: str) -> bool:
    """Whether a record stands under the key, and is one of a failure that no retry mends."""
    return store.head(key) is not None and not decode(Failure, store.result(key)).retryable


def execution_key(execution: str, name: str) -> str:
    """work/executions/<hash>/: accept.json, Accept's failure (perhaps without a job); job.json, the job it claimed."""
    return f"{WORK}executions/{hashlib.sha256(execution.encode()).hexdigest()[:32]}/{name}"


@contextmanager
def recorded(store: Store, key: str, step: str, segment: int | None = None) -> Iterator[None]:
    """Writes the failure under the key and raises it again; a success removes what an earlier attempt left there.

    It looks first: in a versioned bucket a delete of nothing leaves a delete marker. A lost claim leaves no record: the
    job's records are those of the execution that holds it now.
    """
    try:
        yield
    except LostClaim:
        raise
    except Exception as error:
        store.write(key, encode(failure(error, step, segment)))
        raise
    if store.head(key):
        store.delete(key)
