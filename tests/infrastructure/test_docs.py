"""The pages for those who run it: commands exist, tables agree with the code, links lead somewhere.

No command is run against an account. Each is taken apart: the shell reads it, operation and options are in AWS's own
model of the service, its queries compile; the one that deletes is carried out on an embedded bucket.
"""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import jmespath
import pytest
import typer
from botocore import xform_name
from botocore.exceptions import UnknownServiceError

from infrastructure.settings import Settings, project_context
from redactor import errors
from redactor.cli.app import app
from redactor.client.stack import OUTPUTS
from redactor.preset import BlurType
from tests.aws import versioned_bucket
from tests.conftest import ROOT
from tests.infrastructure.conftest import Assembly

EVERY = {page.stem: page.read_text() for page in [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]}
# Those whose tables and names are held against the stack, too.
PAGES = {name: EVERY[name] for name in ("client", "deploy", "operations", "security", "settings")}
# Options of the command line itself -> whether a value follows.
GLOBAL = {"query": True, "output": True, "no-paginate": False, "max-items": True}
# Operations that take their payload, or write their answer, in a place of its own on the command line.
POSITIONAL = {("lambda", "invoke"): 1}
# Commands that wait for something have a model of their own.
WAITERS = {("cloudformation", "stack-delete-complete")}


def blocks() -> Iterator[tuple[str, str]]:
    for name, page in EVERY.items():
        for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL):
            yield name, block


def commands(program: str) -> list[list[str]]:
    """Every call of a program on any page, in words; what stands behind it in a pipe or a list is another command."""
    found = []
    for _, block in blocks():
        joined = block.replace("\\\n", " ")
        for line in joined.splitlines():
            # Inside quotes a mark is a mark: so the line is read first and cut afterwards.
            lexer = shlex.shlex(line.replace("$(", " ; "), posix=True, punctuation_chars=";|&<>(){}")
            lexer.whitespace_split = True
            words, current = list(lexer), list[str]()
            for word in [*words, ";"]:
                if re.fullmatch(r"[;|&<>(){}]+", word):
                    found.append(current)
                    current = []
                else:
                    current.append(word)
    starts = [words[words.index(program) :] for words in found if program in words]
    return [words[1:] for words in starts]


AWS = commands("aws")


@pytest.mark.parametrize(("page", "block"), [*blocks()])
def test_the_shell_can_read_it(page: str, block: str) -> None:
    done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words", AWS, ids=" ".join)
def test_an_aws_command_has_an_operation_and_options_that_exist(words: list[str]) -> None:
    service, operation, *rest = words
    if operation == "wait":
        assert (service, rest[0]) in WAITERS
        rest, operation = rest[1:], "describe-stacks"
    try:
        model = boto3.Session().client(service.removesuffix("api"), region_name="us-east-1").meta.service_model
    except UnknownServiceError:
        pytest.fail(f"there is no service {service}")
    by_word = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in by_word
    shape = model.operation_model(by_word[operation]).input_shape
    known = {xform_name(name, "-") for name in shape.members}
    given, positional = options(rest)
    assert given.keys() - GLOBAL.keys() <= known
    assert len(positional) == POSITIONAL.get((service, operation), 0)
    required = {xform_name(name, "-") for name in shape.required_members} - {"outfile"}
    assert required <= given.keys()
    if "query" in given:
        jmespath.compile(given["query"].replace("$1", "X"))
    if given.get("input"):
        assert json.loads(given["input"])["key"].startswith("input/")


def options(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """(option -> value, what is no option)."""
    given, positional, rest = dict[str, str](), list[str](), iter(words)
    for word in rest:
        if word.startswith("--"):
            name = word.removeprefix("--")
            given[name] = next(rest) if GLOBAL.get(name, True) else ""
        else:
            positional.append(word)
    return given, positional


def test_the_commands_above_were_found() -> None:
    assert len(AWS) >= 15
    assert {words[0] for words in AWS} >= {"stepfunctions", "sqs", "s3api", "kms", "service-quotas", "lambda"}


def test_every_make_target_exists() -> None:
    for words in commands("make"):
        done = subprocess.run(["make", "--dry-run", *words], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_every_variable_is_set_by_an_output_of_the_stack_or_by_the_reader(assembly: Assembly) -> None:
    outputs = set(json.loads(assembly.template.read_text())["Outputs"])
    read = set(re.findall(r"\b(?:[A-Z]+)=\$\(out (\w+)\)", PAGES["operations"]))
    read |= set(re.findall(r"OutputKey=='(\w+)'", PAGES["client"]))
    # What the client itself asks for need not be read by hand as well.
    assert read | set(OUTPUTS.values()) == outputs
    named = {name for page, block in blocks() if page in PAGES for name in re.findall(r"\$([A-Z]+)", block)}
    set_here = set(re.findall(r"\b([A-Z]+)=\$\(out", PAGES["operations"]))
    assert named <= set_here | {"EXECUTION", "HANDLE", "POLICY", "GROUP"}


def test_the_loop_that_empties_the_bucket_leaves_no_version_of_anything() -> None:
    (words,) = [words for words in AWS if words[1] == "list-object-versions"]
    query = options(words[2:])[0]["query"]
    with versioned_bucket() as store:
        client: Any = store._s3
        for n in range(3):
            store.write("input/a b.mp4", b"%d" % n)
            store.write(f"work/{n}", b"")
        store.delete("work/1")
        for _ in range(5):
            batch = jmespath.search(query, client.list_object_versions(Bucket=store.bucket, MaxKeys=3))
            if not batch["Objects"]:
                break
            client.delete_objects(Bucket=store.bucket, Delete=batch)
        left = client.list_object_versions(Bucket=store.bucket)
    assert "Versions" not in left
    assert "DeleteMarkers" not in left


def test_every_file_and_setting_named_exists() -> None:
    settings = vars(Settings()).keys()
    for page in PAGES.values():
        for path in re.findall(r"`((?:src|tests|infrastructure)/[\w/.]+)`", page):
            assert (ROOT / path).exists(), path
    for name in re.findall(r"`(\w+_\w+)`", PAGES["security"] + PAGES["operations"] + PAGES["client"]):
        assert name in settings | {"foo_error"} or name.isupper(), name


def test_every_error_named_exists() -> None:
    named = re.findall(r"^\| `([A-Z]\w+)` \|", PAGES["operations"].partition("## Redrive")[0], re.MULTILINE)
    assert named
    assert [name for name in named if not hasattr(errors, name)] == []


def test_the_security_page_judges_every_blur_type() -> None:
    rows = "".join(re.findall(r"^\| `\w+`(?:, `\w+`)* \|", PAGES["security"], re.MULTILINE))
    assert {str(blur) for blur in BlurType} <= set(re.findall(r"`(\w+)`", rows))


def test_the_quotas_asked_for_are_enough_for_production() -> None:
    from infrastructure.tasks import TASKS  # noqa: PLC0415  after JSII_NODE is set

    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| `(L-\w+)` \| (\d+) \|", PAGES["operations"], re.MULTILINE)
    least = {service: int(value) for service, _, value in rows}
    production = Settings.of({**project_context(), "redactor:profile": "production"})
    assert least["lambda"] >= production.segments_at_once
    assert least["fargate"] * 1024 >= production.tasks_at_once * TASKS["fargate"].cpu
    assert least["ec2"] * 1024 >= production.tasks_at_once * TASKS["gpu"].cpu


def test_the_pages_say_what_is_not_known_and_what_is_not_done() -> None:
    assert "Nothing here was tried against an account" in PAGES["deploy"]


REDACTOR = commands("redactor")


@pytest.mark.parametrize("words", REDACTOR, ids=" ".join)
def test_a_redactor_command_has_options_that_exist(words: list[str]) -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    group.commands[words[0]].make_context(words[0], words[1:])


def test_the_client_page_names_every_command_of_the_client_and_every_status() -> None:
    rows = set(re.findall(r"`([a-z ]+)`", "".join(re.findall(r"^\| (`.*?) \|", PAGES["client"], re.MULTILINE))))
    endings = {"running", "published", "failed", "timed out", "aborted"}
    outcomes = {state.lower() for state in ("Duplicate", "Ignored", "Waiting", "Superseded")}
    assert rows == {"submit", "status", "cancel", "jobs"} | endings | outcomes


@pytest.mark.parametrize("page", [Path("README.md"), Path("docs/deploy.md")])
def test_the_pages_are_found_from_where_people_begin(page: Path) -> None:
    text = (ROOT / page).read_text()
    for name in ("settings", "operations", "security", "client"):
        assert f"{name}.md)" in text
