"""Every page, the README too: whatever it tells the reader to type exists, wherever in the text it stands."""

import re
import shlex
from typing import Any

import pytest
import typer

from infrastructure.settings import PREFIX, Settings
from redactor.cli.app import app
from tests.conftest import ROOT
from tests.statemachine.definition import MACHINE, invocations

PAGES = {str(page.relative_to(ROOT)): page.read_text() for page in [ROOT / "README.md", *ROOT.glob("docs/*.md")]}
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
SETTINGS = vars(Settings()).keys() | {"profiles"}


def typed(program: str) -> list[tuple[str, str]]:
    """(page, command) of every line in a block of commands, and of every code in the text, that begins so."""
    found = []
    for page, text in PAGES.items():
        blocks = "".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)).replace("\\\n", " ")
        spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
        lines = [line.strip() for line in (*blocks.splitlines(), *spans)]
        found += [(page, line) for line in lines if re.match(rf"{program}\b(?![-/.:])", line)]
    return found


def unknown(command: str) -> list[str]:
    """The words of a `redactor …` command that the command line does not know."""
    _, *words = shlex.split(command.partition(" #")[0].replace("…", ""))
    group: Any = typer.main.get_command(app)
    name = words[0] if words and not words[0].startswith("-") else None
    if name is not None and name not in group.commands:
        return [name]
    of = group.commands[name] if name else group
    known = {option for parameter in of.params for option in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    options = [word.lstrip("[").partition("=")[0].rstrip("]") for word in words if word.lstrip("[").startswith("-")]
    return [option for option in options if option not in known]


@pytest.mark.parametrize(("page", "command"), typed("redactor"))
def test_a_command_of_ours_has_a_name_and_options_that_exist(page: str, command: str) -> None:
    assert unknown(command) == []


@pytest.mark.parametrize(
    "command", ["redactor rum foo.mp4", "redactor run foo.mp4 --blurr-type Med", "redactor --verbose"]
)
def test_a_command_that_does_not_exist_is_seen(command: str) -> None:
    assert len(unknown(command)) == 1


@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_named_exists(page: str) -> None:
    named = [shlex.split(command)[1:] for on, command in typed("make") if on == page]
    assert [words for words in named if words and words[0] not in TARGETS] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_context_key_named_exists(page: str) -> None:
    assert [key for key in re.findall(rf"{PREFIX}(\w+)", PAGES[page]) if key not in SETTINGS] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    folder = (ROOT / page).parent
    relative = [target for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", PAGES[page]) if "://" not in target]
    assert [target for target in relative if not (folder / target).exists()] == []


def test_the_picture_of_the_stack_shows_every_step() -> None:
    picture = PAGES["docs/deploy.md"].split("```")[-2]
    # In a Map a step has a state for each place; the picture shows its first.
    shown = [state.name for state in invocations(MACHINE) if "Catch" not in state.body]
    assert [name for name in [*shown, "Report"] if not re.search(rf"\b{name}\b", picture)] == []


def test_something_was_looked_at() -> None:
    assert {page for page, _ in typed("make")} >= {"README.md", "docs/deploy.md"}
    assert len(typed("redactor")) >= 3
    assert {key for text in PAGES.values() for key in re.findall(rf"{PREFIX}(\w+)=", text)} >= {"profile", "work_days"}
