"""Follows jobs to their ends: each state and count as it comes, then the results or `code: message`."""

import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import typer
from rich.console import Console

from redactor.bucket import Results
from redactor.cli.board import Board
from redactor.cli.cloud import Remote
from redactor.cli.drop import tidy
from redactor.cli.options import DONE, FAILED, INTERRUPTED
from redactor.cli.summary import show_end, show_failure, show_report, show_results
from redactor.client import results as theirs
from redactor.client.jobs import Execution
from redactor.errors import RedactorError, TryAgain
from redactor.flow import successor

# Seconds between two questions: they grow while nothing changes.
_FIRST, _LONGEST, _GROWTH = 0.3, 5.0, 1.25
# Seconds after which it is said that nothing has started.
_LATE = 60.0
# Seconds that Report may take to write foo_error.json after an execution failed.
_REPORT = 60.0
# Questions in a row that the network may swallow.
_SWALLOWED = 10


@dataclass
class Followed:
    """One job on its way. started_by: (key, version) of what was uploaded, where the execution is not known yet.

    out: where its results go, None: nowhere. done: None while it runs.
    """

    label: str
    video_key: str
    started_by: tuple[str, str] | None = None
    execution: Execution | None = None
    out: Path | None = None
    done: bool | None = None
    seen: int = 0
    late: bool = False
    ended: float | None = None
    since: float = field(default_factory=time.monotonic)

    @property
    def results(self) -> Results:
        return Results(self.video_key)


def follow(jobs: Sequence[Followed], remote: Remote) -> int:
    """The exit status of a command that follows them. An interruption ends the following, not the jobs."""
    console, errors = Console(soft_wrap=True), Console(stderr=True, soft_wrap=True)
    try:
        with Board(errors) as board:
            return DONE if Follower(remote, console, errors, board).to_the_end(jobs) else FAILED
    except KeyboardInterrupt:
        _say_how_to_go_on(jobs, remote.stack.name)
        return INTERRUPTED
    except RedactorError:
        _say_how_to_go_on(jobs, remote.stack.name)
        raise


def _say_how_to_go_on(jobs: Sequence[Followed], stack: str) -> None:
    for one in jobs:
        if one.done is None:
            words = f"{shlex.quote(one.video_key)} --stack {stack}"
            typer.echo(f"{one.label}: the job goes on", err=True)
            typer.echo(f"  follow it: redactor status {words} --wait", err=True)
            typer.echo(f"  stop it: redactor cancel {words}", err=True)


class Follower:
    """console: for results. board: for progress."""

    def __init__(self, remote: Remote, console: Console, errors: Console, board: Board) -> None:
        self._remote, self._console, self._errors, self._board = remote, console, errors, board
        self._pause, self._lost = _FIRST, 0

    def to_the_end(self, jobs: Sequence[Followed]) -> bool:
        """Whether all of them are done and, where they go somewhere, here. Raises what the stack keeps answering."""
        while waiting := [one for one in jobs if one.done is None]:
            changed = [self._look(one) for one in waiting]
            self._pause = _FIRST if any(changed) else min(self._pause * _GROWTH, _LONGEST)
            if any(one.done is None for one in jobs):
                time.sleep(self._pause)
        return all(one.done for one in jobs)

    def _look(self, one: Followed) -> bool:
        try:
            changed = self._step(one)
        except TryAgain:
            self._lost += 1
            if self._lost > _SWALLOWED:
                raise
            return False
        self._lost = 0
        return changed

    def _step(self, one: Followed) -> bool:
        """One look; whether something was new."""
        if one.execution is None:
            return self._find(one)
        one.execution = self._remote.jobs.execution(one.execution.arn)
        job = self._remote.following.job(one.execution)
        progress = self._remote.following.progress(one.execution, job)
        new = progress.states[one.seen :]
        for state in new:
            self._board.say(one.label, state)
        one.seen = len(progress.states)
        if progress.total:
            self._board.count(one.label, progress.state, progress.done, progress.total)
        else:
            self._board.clear(one.label)
        if one.execution.outcome == "duplicate":
            # Another event of the same set was quicker; its execution has the job.
            one.execution, one.seen = self._remote.jobs.execution(one.execution.answer["holder"]), 0
            return True
        if not one.execution.running:
            one.done = self._end(one, one.execution, job)
        return bool(new) or one.done is not None

    def _find(self, one: Followed) -> bool:
        if one.started_by is not None:
            one.execution = self._remote.jobs.of_version(*one.started_by)
        if one.execution is None and not one.late and time.monotonic() - one.since > _LATE:
            one.late = True
            self._board.say(one.label, "nothing has started yet; docs/operations.md, Dead letters, if it stays so")
        return one.execution is not None

    def _end(self, one: Followed, execution: Execution, job: str | None) -> bool | None:
        """Tells the end; None where it is not time yet."""
        self._board.clear(one.label)
        if execution.outcome == "published" and job is not None:
            return self._published(one, job)
        if execution.status == "SUCCEEDED":
            show_end(one.label, execution.outcome, execution.reason, self._errors)
            return False
        return self._failed(one, execution)

    def _failed(self, one: Followed, execution: Execution) -> bool | None:
        """Tells foo_error.json, which comes a little after the end; where it does not, what the execution says."""
        told = theirs.failure(self._remote.store, one.results, execution.arn)
        one.ended = one.ended or time.monotonic()
        if told is None and (taken_by := successor(self._remote.store, execution.arn)):
            # An event of the same set that came after the failure tries again; Report tells of the last one only.
            one.execution, one.seen, one.ended = self._remote.jobs.execution(taken_by), 0, None
            return None
        if told is None and time.monotonic() - one.ended < _REPORT:
            return None
        if told is None:
            show_end(one.label, execution.error or execution.outcome, execution.cause or "no report", self._errors)
            return False
        if one.out is not None:
            theirs.save_failure(told, one.results, one.out)
        show_failure(one.label, told, self._errors)
        return False

    def _published(self, one: Followed, job: str) -> bool:
        try:
            if one.out is None:
                told, _ = theirs.report(self._remote.store, one.results, job)
                where = f"s3://{self._remote.stack.bucket}/{one.results.prefix}"
                show_report(one.label, [where], told, self._console)
                return True
            files, told = theirs.download(self._remote.store, one.results, job, one.out)
        except TryAgain:
            raise
        except RedactorError as error:
            show_end(one.label, error.code, error.message, self._errors)
            return False
        tidy(one.out, Path(one.video_key).stem, {path.name for path in files})
        show_results(one.label, one.out, files, told, self._console)
        return True
