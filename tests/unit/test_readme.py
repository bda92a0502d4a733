"""The README is executed: what it shows is read here and checked."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import typer

from redactor.blurs import IRREVERSIBLE, LIMITS
from redactor.bucket import Kind, Results, name
from redactor.cli.app import app
from redactor.preset import EXPERIMENTAL, BlurType, Experimental, Mode, parse_preset
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def table(header: str) -> list[list[str]]:
    """The rows of the table under a header row that begins so."""
    lines = README.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(header))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def commands() -> list[str]:
    """Every line of the shell blocks."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


def test_every_make_target_named_exists() -> None:
    named = {target for line in re.findall(r"make ([a-z]+)", README) for target in [line]}
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    assert {"redact", "test", "models", "synth", "deploy"} <= named
    assert named <= targets


def test_every_variable_of_make_redact_is_known_to_it() -> None:
    shown = {word.split("=")[0] for word in re.findall(r"\b[A-Z]+=", README)}
    assert {"VIDEO", "OUT", "MODE", "BLUR", "IDS", "ANNOTATIONS", "PRESET"} <= shown
    for variable in shown:
        assert f"${variable}" in MAKEFILE


@pytest.mark.parametrize("line", commands())
def test_every_command_can_be_read(line: str) -> None:
    words = shlex.split(line)
    if words[0] == "redactor":
        # Taken apart, not run: tests/infrastructure/test_docs.py does the same for the pages.
        group = typer.main.get_command(app)
        assert isinstance(group, typer.core.TyperGroup)
        group.commands[words[1]].make_context(words[1], words[2:])
        return
    assert words[0] == "make"
    done = subprocess.run(["make", "--dry-run", *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_blur_table_lists_all_types_with_their_honest_limits() -> None:
    rows = {row[0].removesuffix(" (default)"): row for row in table("| blur type")}
    assert set(rows) == {str(blur) for blur in BlurType}
    for blur in BlurType:
        assert rows[str(blur)][2] == LIMITS[blur]
        assert ("irreversible" in rows[str(blur)][1]) == IRREVERSIBLE[blur]
    assert f"{BlurType.MED} (default)" in README


def test_the_modes_table_lists_all_modes_and_their_files() -> None:
    rows = {row[0]: row for row in table("| mode")}
    assert list(rows) == [str(mode) for mode in Mode]
    results = Results("input/foo.mp4")
    for made in (results.redacted, results.annotations, results.report, results.thumb(1)):
        assert Path(made).name in README


def test_what_to_drop_where_is_what_the_bucket_understands() -> None:
    dropped = re.findall(r"`([^`]+)`", "".join(row[0] for row in table("| drop")))
    kinds = {name(f"input/{file}").kind for file in dropped}
    assert kinds == {Kind.PRESET, Kind.ID_LIST, Kind.ANNOTATIONS}


def test_the_presets_shown_are_presets() -> None:
    shown = re.findall(r"`(\{'version.*?\}\})`", README)
    assert shown
    for text in shown:
        assert parse_preset(text, "README").warnings == ()


def test_every_experimental_option_is_listed_with_its_default() -> None:
    rows = {row[0].lower(): row[1] for row in table("| option")}
    assert set(rows) == set(EXPERIMENTAL)
    shown = {field: str(getattr(Experimental(), field)).lower() for field, _ in EXPERIMENTAL.values()}
    assert {EXPERIMENTAL[option][0]: default for option, default in rows.items()} == shown


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_picture_shows_every_step() -> None:
    picture = README.split("```")[1]
    states = json.loads((ROOT / "statemachine" / "redaction.asl.json").read_text())["States"]
    for label in [label for label, state in states.items() if state["Type"] in ("Task", "Map")]:
        assert label in picture
