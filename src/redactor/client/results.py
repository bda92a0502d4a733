"""What a job left under its public names, brought here and checked; or what it says of its failure."""

import json
from pathlib import Path
from typing import Any

from redactor.bucket import Results
from redactor.client.files import whole
from redactor.client.transfers import Transfers
from redactor.errors import JobError, OutputMismatch
from redactor.job import MARK
from redactor.store import Missing, Object, Store


class Replaced(JobError):
    """The results that stand are another job's by now."""


def report(store: Store, results: Results, job: str) -> tuple[Any, bytes]:
    """foo_report.json of the job, read and as it is; raises Replaced where a newer job's stands there."""
    try:
        data = store.read(results.report)
    except Missing:
        raise Replaced(f"{results.report} is gone") from None
    told = json.loads(data)
    if told.get("job") != job:
        raise Replaced(f"the results under {results.prefix} are those of another job, {told.get('job')}, by now")
    return told, data


def failure(store: Store, results: Results, execution: str) -> Any:
    """foo_error.json of the execution, None where Report has not written it (yet)."""
    try:
        told = json.loads(store.read(results.error))
    except (Missing, ValueError):
        return None
    return told if told.get("execution") == execution else None


def download(store: Store, results: Results, job: str, out: Path) -> tuple[list[Path], Any]:
    """Writes all that the job published into a folder, the report last, and nothing of other jobs.

    Returns the files and the report. Each comes whole or not at all; the video's SHA-256 is the one that the report
    tells, or it does not come: raises OutputMismatch. Raises Replaced.
    """
    told, data = report(store, results, job)
    wanted = {results.redacted: told["output"]["sha256"]}
    found = [store.head(key) for key in store.keys(results.prefix) if key not in (results.report, results.error)]
    mine = [one for one in found if one is not None and one.metadata.get(MARK) == job]
    if told["output"]["sha256"] and results.redacted not in {one.key for one in mine}:
        raise Replaced(f"{results.redacted} is gone, or another job's by now")
    out.mkdir(parents=True, exist_ok=True)
    written = [_fetch(Transfers(store), one, out / one.key.removeprefix(results.prefix), wanted) for one in mine]
    return [*written, _place(out / results.report.removeprefix(results.prefix), data)], told


def save_failure(told: Any, results: Results, out: Path) -> None:
    """Writes foo_error.json into the folder."""
    out.mkdir(parents=True, exist_ok=True)
    _place(out / results.error.removeprefix(results.prefix), json.dumps(told, ensure_ascii=False, indent=1).encode())


def _fetch(transfers: Transfers, found: Object, path: Path, wanted: dict[str, str]) -> Path:
    with whole(path) as temporary:
        digest = transfers.fetch(found.key, found.version, temporary)
        if digest != wanted.get(found.key, digest):
            raise OutputMismatch(f"{found.key} arrived with another SHA-256 than its report tells", field=found.key)
    return path


def _place(path: Path, data: bytes) -> Path:
    with whole(path) as temporary:
        temporary.write_bytes(data)
    return path
