"""Commands and their options. Exit 0: done; 1: a job failed; 2: wrong usage or input."""

import logging
import os
from pathlib import Path
from typing import Annotated

import typer

from redactor import __version__
from redactor.cli import client
from redactor.cli.drop import prepare
from redactor.cli.options import (
    DONE,
    FAILED,
    BlurOption,
    IdListOption,
    IdsOption,
    ModeOption,
    PresetOption,
    Videos,
    refuse,
)
from redactor.cli.wishes import Wishes, WrongUsage, folders_of

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

_NO_LOCALCLOUD = (
    "the embedded cloud is not installed: run from a checkout, installed with the extra: pip install -e '.[local]'"
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"redactor {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Redacts the faces of videos."""


@app.command()
def run(
    videos: Videos,
    out: Annotated[Path, typer.Option(help="Folder of the results; one below it for each video of several.")] = Path(
        "redacted"
    ),
    mode: ModeOption = None,
    blur_type: BlurOption = None,
    ids: IdsOption = None,
    id_list: IdListOption = None,
    annotations: Annotated[
        Path | None, typer.Option(help="Annotations to redact with. Implies redact.  [default: those in --out]")
    ] = None,
    preset: PresetOption = None,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes.")] = os.cpu_count() or 1,
) -> None:
    """Redact videos on this machine, with no account: the whole flow on the embedded cloud."""
    wishes = Wishes(mode, blur_type, ids, id_list, annotations, preset)
    try:
        wishes.check(len(videos))
        folders = folders_of(videos, out)
        drops = [prepare(video, folder, wishes) for video, folder in zip(videos, folders, strict=True)]
    except WrongUsage as error:
        refuse(str(error))
    _require_localcloud()
    from redactor.cli.run import run_all

    raise typer.Exit(DONE if run_all(drops, workers) else FAILED)


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on loopback; 0: any free one.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes.")] = os.cpu_count() or 1,
) -> None:
    """Keep the embedded cloud up: any S3 client drops files in, the results appear in the bucket."""
    _require_localcloud()
    from redactor.cli.serve import serve_until_stopped

    raise typer.Exit(serve_until_stopped(port, workers))


client.add_to(app)


def _require_localcloud() -> None:
    try:
        import localcloud.cloud  # noqa: F401  only to see whether it is there
    except ImportError:
        refuse(_NO_LOCALCLOUD)


def main() -> None:
    # Our own words only: the embedded cloud's libraries log a failed state as pages of internals.
    logging.getLogger("redactor").addHandler(logging.StreamHandler())
    app()
