"""What the command line says when a video is done, or is not."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

# What shows or locates people; everything else may leave the house.
_PERSONAL = ("_annotations.json", ".jpg")


def show_results(video: Path, out: Path, files: Sequence[Path], report: Mapping[str, Any], console: Console) -> None:
    """The files written, how long each step took, and whose faces were found, hidden and left."""
    console.print(f"{video.name}: done", style="bold green", highlight=False)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    thumbs = [path for path in files if path.suffix == ".jpg"]
    for path in [path for path in files if path not in thumbs]:
        table.add_row(str(out / path.name), _size(path.stat().st_size), _note(path))
    if thumbs:
        table.add_row(str(out / f"{thumbs[0].name}{' …' if len(thumbs) > 1 else ''}"), f"{len(thumbs)} files", _note(thumbs[0]))
    console.print(table)
    console.print(_faces(report), highlight=False)
    console.print("seconds: " + "  ".join(f"{step} {seconds:.1f}" for step, seconds in report["seconds"].items()), highlight=False)
    for warning in report["warnings"]:
        console.print(f"note: {warning}", highlight=False, markup=False)


def show_failure(video: Path, error: Mapping[str, Any], console: Console) -> None:
    """`code: message` of foo_error.json, and what to do."""
    if "code" in error:
        console.print(f"{video.name}: {error['code']}: {error['message']}", style="bold red", highlight=False, markup=False)
        if error["allowed"]:
            console.print(f"allowed: {', '.join(error['allowed'])}", highlight=False, markup=False)
        console.print(error["whatToDo"], highlight=False, markup=False)
        return
    answer = json.loads(error.get("output") or "{}")
    reason = answer.get("reason") or error.get("cause") or "no report was written"
    console.print(f"{video.name}: {answer.get('outcome') or error['status']}: {reason}", style="bold red", highlight=False, markup=False)


def _faces(report: Mapping[str, Any]) -> str:
    hidden, visible, found = report["ids"]["hidden"], report["ids"]["visible"], len(report["coverage"])
    if report["blur"] is None:
        return f"faces found: {found}"
    blur = report["blur"]
    words = [f"ids hidden: {_ids(hidden)}", f"left visible: {_ids(visible)}", f"blur: {blur['type']}"]
    return "   ".join([*words, *([blur["notice"]] if "notice" in blur else [])])


def _ids(ids: Sequence[int]) -> str:
    return ", ".join(map(str, ids)) or "none"


def _note(path: Path) -> str:
    return "do not share: personal data" if path.name.endswith(_PERSONAL) else ""


def _size(count: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"
