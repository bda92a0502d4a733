"""Commands and their options. Exit 0: done; 1: a job failed; 2: wrong usage or input."""

import logging
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from redactor import __version__
from redactor.cli.drop import Wishes, WrongUsage, prepare, preset_of
from redactor.preset import BlurType, Mode

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

FAILED, USAGE = 1, 2


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
    videos: Annotated[list[Path], typer.Argument(metavar="VIDEO…", help="Videos to redact.")],
    out: Annotated[Path, typer.Option(help="Folder of the results; one below it for each video of several.")] = Path(
        "redacted"
    ),
    mode: Annotated[
        Mode | None, typer.Option(case_sensitive=False, help="What to do.  [default: the preset's, else combined]")
    ] = None,
    blur_type: Annotated[
        BlurType | None, typer.Option(case_sensitive=False, help="How to hide.  [default: the preset's, else Med]")
    ] = None,
    ids: Annotated[
        str | None, typer.Option(help="Ids to hide, as 1,4; all others stay visible. Implies redact.")
    ] = None,
    id_list: Annotated[Path | None, typer.Option(help="File of ids to hide; blank: everyone. Implies redact.")] = None,
    annotations: Annotated[
        Path | None, typer.Option(help="Annotations to redact with. Implies redact.  [default: those in --out]")
    ] = None,
    preset: Annotated[Path | None, typer.Option(help="Preset file.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes.")] = os.cpu_count() or 1,
) -> None:
    """Redact videos on this machine, with no account: the whole flow on the embedded cloud."""
    if ids is not None and id_list is not None:
        _refuse("--ids and --id-list exclude each other")
    if annotations is not None and len(videos) > 1:
        _refuse("--annotations are those of one video")
    wishes = Wishes(mode, blur_type, ids, id_list, annotations, preset)
    folders = _folders(videos, out)
    try:
        drops = [prepare(video, folder, wishes) for video, folder in zip(videos, folders, strict=True)]
    except WrongUsage as error:
        _refuse(str(error))
    _require_localcloud()
    from redactor.cli.run import run_all

    raise typer.Exit(0 if run_all(drops, workers) else FAILED)


@app.command()
def estimate(
    videos: Annotated[list[Path], typer.Argument(metavar="VIDEO…", help="Videos to ask for; only headers are read.")],
    compute: Annotated[
        list[Compute] | None, typer.Option(help="Where segments run; may be given again.  [default: all]")
    ] = None,
    mode: Annotated[
        Mode | None, typer.Option(case_sensitive=False, help="What to do.  [default: the preset's, else combined]")
    ] = None,
    preset: Annotated[Path | None, typer.Option(help="Preset file.")] = None,
    at_once: Annotated[int, typer.Option(min=1, help="Segments of one video worked on at a time.")] = 100,
) -> None:
    """Tell what redacting videos would take and cost on AWS. Needs no account."""
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
        _refuse(str(error))


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on loopback; 0: any free one.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes.")] = os.cpu_count() or 1,
) -> None:
    """Keep the embedded cloud up: any S3 client drops files in, the results appear in the bucket."""
    _require_localcloud()
    from redactor.cli.serve import serve_until_stopped

    raise typer.Exit(serve_until_stopped(port, workers))


def _folders(videos: list[Path], out: Path) -> list[Path]:
    """Where each video's results go: into `out` itself, or below it by file name where there are several."""
    if len(videos) == 1:
        return [out]
    names = [video.name for video in videos]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        _refuse(f"two videos have the same file name: {', '.join(sorted(twice))}")
    return [out / name for name in names]


def _require_localcloud() -> None:
    try:
        import localcloud.cloud  # noqa: F401  only to see whether it is there
    except ImportError:
        _refuse(_NO_LOCALCLOUD)


def _refuse(sentence: str) -> NoReturn:
    typer.echo(f"redactor: {sentence}", err=True)
    raise typer.Exit(USAGE)


def main() -> None:
    # Our own words only: the embedded cloud's libraries log a failed state as pages of internals.
    logging.getLogger("redactor").addHandler(logging.StreamHandler())
    app()
