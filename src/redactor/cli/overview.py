"""What `redactor status` and `redactor jobs` print."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from redactor.bucket import Results
from redactor.cli.cloud import Remote
from redactor.client import results as theirs
from redactor.client.jobs import Execution


def show_status(video_key: str, execution: Execution, remote: Remote, console: Console) -> bool:
    """One job in rows "name: value"; whether it runs or is done."""
    job = remote.following.job(execution)
    progress = remote.following.progress(execution, job)
    results = Results(video_key)
    rows = {"video": video_key, "started by": execution.key, "job": job or "", "execution": execution.arn}
    rows["started"] = f"{execution.started:%Y-%m-%d %H:%M:%S %Z}"
    rows["status"] = execution.outcome
    if execution.running:
        rows["state"] = progress.state
    if execution.running and progress.total:
        rows["segments"] = f"{progress.done} of {progress.total}"
    if execution.reason:
        rows["reason"] = execution.reason
    if execution.outcome == "published":
        rows["results"] = f"s3://{remote.stack.bucket}/{results.prefix}"
    if not execution.running and execution.status != "SUCCEEDED":
        told = theirs.failure(remote.store, results, execution.arn)
        rows["error"] = f"{told['code']}: {told['message']}" if told else f"{execution.error}: {execution.cause}"
        if told:
            rows["what to do"] = told["whatToDo"]
    for name, value in rows.items():
        if value:
            console.print(f"{name}: {value}", markup=False, highlight=False)
    return execution.running or execution.outcome == "published"


def show_jobs(executions: Iterable[Execution], console: Console) -> None:
    """A row each, newest first: when it started, how it stands, and what started it. Presets start nothing."""
    table = Table("started", "status", "started by", box=None, header_style="bold", pad_edge=False)
    for one in executions:
        if one.outcome == "ignored":
            continue
        words = f"{one.outcome} ({one.error})" if one.error else one.outcome
        table.add_row(f"{one.started:%Y-%m-%d %H:%M:%S}", words, one.key)
    console.print(table, markup=False, highlight=False)
