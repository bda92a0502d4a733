"""How a template is broken in one place, on a copy."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.infrastructure.conftest import Assembly

Plant = Callable[[Assembly], Any]


def broken(good: Assembly, plant: Plant) -> Assembly:
    made = replace(good, resources=copy.deepcopy(good.resources), assets=copy.deepcopy(good.assets))
    plant(made)
    return made


def properties(of: Assembly, kind: str, part: str = "") -> dict[str, Any]:
    """Those of the first resource of a type whose logical id holds a part."""
    return next(one for name, one in of.of(f"AWS::{kind}").items() if part in name)


def _within(of: Assembly, kind: str, part: str, *keys: str | int) -> Any:
    value: Any = properties(of, kind, part)
    for key in keys:
        value = value[key]
    return value


def change(kind: str, part: str, *where: str | int, to: Any) -> Plant:
    """Sets what stands under the keys of the first such resource."""
    return lambda of: _within(of, kind, part, *where[:-1]).__setitem__(where[-1], to)


def drop(kind: str, part: str, *where: str | int) -> Plant:
    return lambda of: _within(of, kind, part, *where[:-1]).pop(where[-1])


def remove(kind: str, part: str = "") -> Plant:
    """Takes such resources out altogether."""

    def plant(of: Assembly) -> None:
        for name in [name for name in of.of(f"AWS::{kind}") if part in name]:
            del of.resources[name]

    return plant


def resource(kind: str, **given: Any) -> Plant:
    """One more resource."""
    return lambda of: of.resources.update(Seeded={"Type": kind, "Properties": given})


def allow(part: str, *actions: str, on: Any = "*") -> Plant:
    """One more thing that the role may do whose policy's logical id holds a part."""
    statement = {"Effect": "Allow", "Action": [*actions], "Resource": on}
    return lambda of: properties(of, "IAM::Policy", part)["PolicyDocument"]["Statement"].append(statement)


def silence(kind: str, document: str, service: str) -> Plant:
    """A service that a policy no longer admits."""

    def plant(of: Assembly) -> None:
        policy = properties(of, kind)[document]
        policy["Statement"] = [one for one in policy["Statement"] if service not in str(one["Principal"])]

    return plant
