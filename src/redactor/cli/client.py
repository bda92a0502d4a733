"""`redactor submit`, `status`, `jobs` and `cancel`: a stack's client, as `redactor serve`'s."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from redactor.bucket import INPUT
from redactor.cli.options import (
    DEFAULT_STACK,
    DONE,
    FAILED,
    BlurOption,
    IdListOption,
    IdsOption,
    ModeOption,
    PresetOption,
    StackOption,
    Videos,
)
from redactor.cli.wishes import Wishes, folders_of

Key = Annotated[str, typer.Argument(metavar="KEY", help="The video's key, with or without input/ before it.")]
Wait = Annotated[bool, typer.Option("--wait", help="Stay until the job has ended, and tell how it goes.")]
Download = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Folder of the results; one below it for each video of several. Waits."),
]


def add_to(app: typer.Typer) -> None:
    """Makes them commands of the app."""
    for command in (submit, status, jobs, cancel):
        app.command()(command)


def submit(
    videos: Videos,
    stack: StackOption = DEFAULT_STACK,
    folder: Annotated[str, typer.Option(metavar="PATH", help="Folder of the bucket, under input/.")] = "",
    mode: ModeOption = None,
    blur_type: BlurOption = None,
    ids: IdsOption = None,
    id_list: IdListOption = None,
    annotations: Annotated[Path | None, typer.Option(help="Annotations to redact with. Implies redact.")] = None,
    preset: PresetOption = None,
    wait: Wait = False,
    download: Download = None,
) -> None:
    """Upload videos to a deployed stack and follow their jobs. Exit 0: done; 1: a job failed; 2: wrong usage."""
    from redactor.cli.cloud import connect, told
    from redactor.cli.follow import Followed, follow
    from redactor.cli.submit import submit_all

    wishes = Wishes(mode, blur_type, ids, id_list, annotations, preset)
    with told():
        wishes.check(len(videos))
        outs: Sequence[Path | None] = folders_of(videos, download or Path()) if download or len(videos) > 1 else [None]
        remote = connect(stack, len(videos))
        begun = submit_all(videos, _slashed(folder), wishes, remote)
        if not (wait or download):
            return
        followed = [
            Followed(one.video.name, one.key, started_by=one.started_by, out=out if download else None)
            for one, out in zip(begun, outs, strict=True)
        ]
        raise typer.Exit(follow(followed, remote))


def status(key: Key, stack: StackOption = DEFAULT_STACK, wait: Wait = False, download: Download = None) -> None:
    """Tell how the newest job of a video stands, or follow it to its end."""
    from redactor.cli.cloud import connect, told
    from redactor.cli.follow import Followed, follow
    from redactor.cli.overview import show_status

    video_key = _full(key)
    with told():
        remote = connect(stack)
        execution = remote.jobs.of_video(video_key)
        if execution is None:
            typer.echo(f"redactor: no job of {video_key} is known to {stack}", err=True)
            raise typer.Exit(FAILED)
        if wait or download:
            label = video_key.rpartition("/")[2]
            raise typer.Exit(follow([Followed(label, video_key, execution=execution, out=download)], remote))
        raise typer.Exit(DONE if show_status(video_key, execution, remote, Console(soft_wrap=True)) else FAILED)


def jobs(
    stack: StackOption = DEFAULT_STACK,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many of the newest drops are looked at.")] = 50,
) -> None:
    """List a stack's newest jobs, and the drops that wait for something or failed."""
    from redactor.cli.cloud import connect, told
    from redactor.cli.overview import show_jobs

    with told():
        show_jobs(connect(stack).jobs.newest(limit), Console(soft_wrap=True))


def cancel(key: Key, stack: StackOption = DEFAULT_STACK) -> None:
    """Stop all jobs that are at work on a video; what earlier ones published stays."""
    from redactor.cli.cloud import connect, told

    video_key = _full(key)
    with told():
        remote = connect(stack)
        running = remote.jobs.running(video_key)
        for execution in running:
            remote.flow.stop(execution.arn, "stopped by redactor cancel")
            typer.echo(f"stopped: {execution.arn}")
    if not running:
        typer.echo(f"redactor: no job is at work on {video_key}", err=True)
        raise typer.Exit(FAILED)


def _slashed(folder: str) -> str:
    """As it stands in keys: with a closing slash, without input/."""
    inner = folder.strip("/").removeprefix(INPUT.rstrip("/")).strip("/")
    return f"{inner}/" if inner else ""


def _full(key: str) -> str:
    return key if key.startswith(INPUT) else INPUT + key
