"""How a definition is broken in one place, on a copy."""

import copy
from collections.abc import Callable
from typing import Any

from tests.statemachine.definition import MACHINE, Definition

Plant = Callable[[Definition], Any]


def broken(plant: Plant) -> Definition:
    machine = copy.deepcopy(MACHINE)
    plant(machine)
    return machine


def state(machine: Definition, name: str) -> Definition:
    """A state of the machine, or of a Map in it."""
    inner = [one["ItemProcessor"]["States"] for one in machine["States"].values() if one["Type"] == "Map"]
    (found,) = [states[name] for states in (machine["States"], *inner) if name in states]
    return found


def _within(machine: Definition, name: str | int, *keys: str | int) -> Any:
    value: Any = state(machine, str(name))
    for key in keys:
        value = value[key]
    return value


def change(*where: str | int, to: Any) -> Plant:
    """Sets what stands under a state's name and the keys behind it."""
    return lambda machine: _within(machine, *where[:-1]).__setitem__(where[-1], to)


def drop(*where: str | int) -> Plant:
    return lambda machine: _within(machine, *where[:-1]).pop(where[-1])


def add(*where: str | int, what: Any) -> Plant:
    """One more at the end of a list."""
    return lambda machine: _within(machine, *where).append(what)


def rename(*where: str | int, to: str) -> Plant:
    """What stands there, under another name."""

    def plant(machine: Definition) -> None:
        holder = _within(machine, *where[:-1])
        holder[to] = holder.pop(where[-1])

    return plant
