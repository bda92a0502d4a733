"""Uploads videos and what belongs to them, so that each starts its job."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console

from redactor.cli.board import Board
from redactor.cli.cloud import Remote
from redactor.cli.options import INTERRUPTED
from redactor.cli.submission import Bucket, Submission, prepare
from redactor.cli.wishes import Wishes
from redactor.client.transfers import Transfers
from redactor.pieces import MIB


@dataclass(frozen=True)
class Begun:
    """What was uploaded of one video. started_by: key and version of the object that starts its job."""

    video: Path
    key: str
    started_by: tuple[str, str]


def submit_all(videos: Sequence[Path], folder: str, wishes: Wishes, remote: Remote) -> list[Begun]:
    """All are checked before the first is uploaded. Raises what prepare and Transfers raise; exits when interrupted."""
    transfers = Transfers(remote.store)
    bucket = Bucket(remote.store, transfers, remote.stack.default_preset)
    submissions = [prepare(video, folder, wishes, bucket) for video in videos]
    begun: list[Begun] = []
    with Board(Console(stderr=True, soft_wrap=True)) as board:
        try:
            for submission in submissions:
                begun.append(_upload(submission, transfers, remote, board))  # noqa: PERF401  what is there so far counts
        except KeyboardInterrupt:
            board.say("redactor", "interrupted; submit again, and the upload goes on where it stopped")
            raise typer.Exit(INTERRUPTED) from None
    return begun


def _upload(submission: Submission, transfers: Transfers, remote: Remote, board: Board) -> Begun:
    label, key = submission.video.name, submission.key
    if submission.trigger is None:
        sent = transfers.send(key, submission.video, Counter(board, submission.video).told)
        board.clear(label)
        _put(submission.sidecars, remote)
        started_by = key, transfers.finish(sent)
    else:
        _put(submission.sidecars, remote)
        list_key, content = submission.trigger
        started_by = list_key, remote.store.write(list_key, content, content_type="text/plain").version
    board.say(label, f"uploaded: s3://{remote.stack.bucket}/{started_by[0]} version {started_by[1]}")
    return Begun(submission.video, key, started_by)


def _put(sidecars: Sequence[tuple[str, bytes]], remote: Remote) -> None:
    for key, content in sidecars:
        remote.store.write(key, content)


class Counter:
    """Bytes of one upload as they arrive, from several threads."""

    def __init__(self, board: Board, video: Path) -> None:
        self._board, self._label = board, video.name
        self._total = _mib(video.stat().st_size)
        self._done, self._kept, self._lock = 0, 0, threading.Lock()

    def told(self, size: int, kept: bool) -> None:  # noqa: FBT001  as Transfers calls it
        with self._lock:
            self._done += size
            self._kept += size if kept else 0
            words = f"uploading, {_mib(self._kept)} MiB were there," if self._kept else "uploading"
            self._board.count(self._label, f"{words} MiB", _mib(self._done), self._total)


def _mib(size: int) -> int:
    return -(-size // MIB)
