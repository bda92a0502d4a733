"""Who may import whom: the walls of the house."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure.steps import STEPS
from tests.conftest import ROOT

PRODUCT = ROOT / "src" / "redactor"


def imports(path: Path) -> set[str]:
    """The top-level packages that a module imports, wherever in it, but for those that only a type checker sees."""
    return {name.partition(".")[0] for node in _run(ast.parse(path.read_text())) for name in _named(node)}


def _run(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)):
            yield child
            yield from _run(child)


def _named(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []


def importers(package: str, folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*.py") if package in imports(path)}


@pytest.mark.parametrize("package", ["boto3", "botocore"])
def test_one_package_speaks_to_s3_and_one_module_to_other_services(package: str) -> None:
    assert {name for name in importers(package, PRODUCT) if not name.startswith("store/")} <= {"flow.py"}


def test_only_the_command_line_knows_the_embedded_cloud() -> None:
    assert {name for name in importers("localcloud", PRODUCT) if not name.startswith("cli")} == set()


@pytest.mark.parametrize("package", ["aws_cdk", "infrastructure", "functions", "containers", "tests"])
def test_the_product_imports_nothing_that_is_built_around_it(package: str) -> None:
    assert importers(package, PRODUCT) == set()


@pytest.mark.parametrize("table", ["steps", "rules", "permissions"])
def test_the_tables_that_others_read_need_no_cdk(table: str) -> None:
    assert "aws_cdk" not in imports(ROOT / "infrastructure" / f"{table}.py")


@pytest.mark.parametrize("folder", ["functions", "containers", "infrastructure"])
def test_the_embedded_cloud_is_in_no_function_no_image_and_no_stack(folder: str) -> None:
    assert importers("localcloud", ROOT / folder) == set()


@pytest.mark.parametrize("step", STEPS.values(), ids=lambda step: step.name)
def test_a_handler_is_found_under_its_dotted_path(step: object) -> None:
    module, _, function = step.handler.rpartition(".")  # type: ignore[attr-defined]
    assert callable(getattr(importlib.import_module(module), function))
