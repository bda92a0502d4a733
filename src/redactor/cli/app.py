"""Commands and their options. Exit 0: done; 1: a job failed; 2: wrong usage or input."""

import importlib
import logging
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from redactor import __version__
from redactor.cli import client
from redactor.cli.drop import prepare, preset_of
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


class Compute(StrEnum):
    """Where segments may run."""

    LAMBDA = "lambda"
    FARGATE = "fargate"
    GPU = "gpu"


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
    _require("localcloud.cloud", _NO_LOCALCLOUD)
    from redactor.cli.run import run_all

    raise typer.Exit(DONE if run_all(drops, workers) else FAILED)


@app.command()
def estimate(
    videos: Annotated[list[Path], typer.Argument(metavar="VIDEO…", help="Videos to ask for; only headers are read.")],
    compute: Annotated[
        list[Compute] | None, typer.Option(help="Where segments run; may be given again.  [default: all]")
    ] = None,
    mode: ModeOption = None,
    preset: PresetOption = None,
    at_once: Annotated[int, typer.Option(min=1, help="Segments of one video worked on at a time.")] = 100,
) -> None:
    """Tell what redacting videos would take and cost on AWS. Needs no account."""
    _require("av", "reading headers needs a decoder, which the client alone does without: pip install '.[local]'")
    from rich.console import Console

    from redactor import costs
    from redactor.cli.estimate import footage, show

    console = Console(soft_wrap=True, highlight=False)
    try:
        for video in videos:
            wanted = preset_of(video, preset)
            filmed = footage(video, wanted)
            ways = [costs.estimate(filmed, mode or wanted.mode, way, at_once) for way in compute or list(Compute)]
            show(video.name, filmed, ways, console)
    except WrongUsage as error:
        refuse(str(error))


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on loopback; 0: any free one.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes.")] = os.cpu_count() or 1,
) -> None:
    """Keep the embedded cloud up: any S3 client drops files in, the results appear in the bucket."""
    _require("localcloud.cloud", _NO_LOCALCLOUD)
    from redactor.cli.serve import serve_until_stopped

    raise typer.Exit(serve_until_stopped(port, workers))


client.add_to(app)


def _require(module: str, otherwise: str) -> None:
    """Refuses with a sentence where an extra is not installed."""
    try:
        importlib.import_module(module)
    except ImportError:
        refuse(otherwise)


def main() -> None:
    # Our own words only: the embedded cloud's libraries log a failed state as pages of internals.
    logging.getLogger("redactor").addHandler(logging.StreamHandler())
    app()
