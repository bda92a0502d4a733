"""What several commands have in common: their options, and how they end."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from redactor.client.stack import STACK
from redactor.preset import BlurType, Mode

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

Videos = Annotated[list[Path], typer.Argument(metavar="VIDEO…", help="Videos to redact.")]
ModeOption = Annotated[
    Mode | None,
    typer.Option("--mode", case_sensitive=False, help="What to do.  [default: the preset's, else combined]"),
]
BlurOption = Annotated[
    BlurType | None,
    typer.Option("--blur-type", case_sensitive=False, help="How to hide.  [default: the preset's, else Med]"),
]
IdsOption = Annotated[
    str | None, typer.Option("--ids", help="Ids to hide, as 1,4; all others stay visible. Implies redact.")
]
IdListOption = Annotated[
    Path | None, typer.Option("--id-list", help="File of ids to hide; blank: everyone. Implies redact.")
]
PresetOption = Annotated[Path | None, typer.Option("--preset", help="Preset file.")]
StackOption = Annotated[str, typer.Option("--stack", metavar="NAME", help="The stack's name.")]
DEFAULT_STACK = STACK


def refuse(sentence: str) -> NoReturn:
    """Ends the command as one that was used wrongly."""
    typer.echo(f"redactor: {sentence}", err=True)
    raise typer.Exit(USAGE)
