"""What the command line says when a video is done, or is not."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

# What shows or locates people; everything else may leave the house.
_PERSONAL = ("_annotations.json", ".jpg")


def show_results(name: str, out: Path, files: Sequence[Path], report: Mapping[str, Any], console: Console) -> None:
    """The files written, how long each step took, and whose faces were found, hidden and left."""
    show_report(name, _rows(out, files), report, console)


def show_report(name: str, rows: Sequence[str], report: Mapping[str, Any], console: Console) -> None:
    """The same of results that lie elsewhere. rows: where."""
    console.print(f"{name}: done", style="bold green", highlight=False, markup=False)
    for row in rows:
        console.print(row, highlight=False, markup=False)
    console.print(_faces(report), highlight=False)
    console.print(
        "seconds: " + "  ".join(f"{step} {seconds:.1f}" for step, seconds in report["seconds"].items()), highlight=False
    )
    # A stack may be older than its client.
    if report.get("cost", {}).get("total") is not None:
        console.print(f"$ {report['cost']['total']:.4f}: {report['cost']['of']}", highlight=False, markup=False)
    for warning in report["warnings"]:
        console.print(f"note: {warning}", highlight=False, markup=False)


def show_failure(name: str, error: Mapping[str, Any], console: Console) -> None:
    """`code: message` of foo_error.json, and what to do; of an execution that left none, what it says itself."""
    if "code" in error:
        show_end(name, error["code"], error["message"], console)
        if error["allowed"]:
            console.print(f"allowed: {', '.join(error['allowed'])}", highlight=False, markup=False)
        console.print(error["whatToDo"], highlight=False, markup=False)
        return
    answer = json.loads(error.get("output") or "{}")
    reason = answer.get("reason") or error.get("cause") or "no report was written"
    show_end(name, answer.get("outcome") or error["status"], reason, console)


def show_end(name: str, word: str, reason: str, console: Console) -> None:
    """How a job ended that has no results."""
    console.print(f"{name}: {word}: {reason}", style="bold red", highlight=False, markup=False)


def _rows(out: Path, files: Sequence[Path]) -> list[str]:
    """A line for each file written, all thumbnails in one, with sizes under each other."""
    thumbs = [path for path in files if path.suffix == ".jpg"]
    cells = [(str(out / p.name), _size(p.stat().st_size), _note(p)) for p in files if p not in thumbs]
    if thumbs:
        names = thumbs[0].name if len(thumbs) == 1 else f"{thumbs[0].name} … {thumbs[-1].name}"
        cells.append((str(out / names), f"{len(thumbs)} files", _note(thumbs[0])))
    wide = [max(len(row[column]) for row in cells) for column in (0, 1)]
    return [f"{name:{wide[0]}}  {size:>{wide[1]}}  {note}".rstrip() for name, size, note in cells]


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
