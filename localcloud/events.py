"""EventBridge's two languages, as far as rules use them: event patterns and input transformers.

Source: Amazon EventBridge User Guide, "Comparison operators" and "Input transformation".
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

Json = Any


class UnknownOperator(ValueError):
    """A pattern uses an operator that is not implemented here: better no rule than one that matches something else."""


def matches(pattern: Mapping[str, Json], event: Json) -> bool:
    """Whether the event has every field of the pattern with one of the values it lists."""
    if not isinstance(event, Mapping):
        return False
    return all(_field_matches(wanted, event, name) for name, wanted in pattern.items())


def _field_matches(wanted: Json, event: Mapping[str, Json], name: str) -> bool:
    if isinstance(wanted, Mapping):
        return matches(wanted, event.get(name))
    if not isinstance(wanted, Sequence) or isinstance(wanted, str):
        raise UnknownOperator(f"the values of {name} must be a list")
    present = name in event
    value = event.get(name)
    # Of an event's array one element is enough.
    values = value if isinstance(value, list) else [value] if present else []
    return any(_one_matches(one, values, present=present) for one in wanted)


def _one_matches(wanted: Json, values: Sequence[Json], *, present: bool) -> bool:
    if not isinstance(wanted, Mapping):
        return any(_same(wanted, value) for value in values)
    ((operator, operand),) = wanted.items()
    if operator == "exists":
        return present is operand
    if operator not in _OPERATORS:
        raise UnknownOperator(f"{operator} is none of {', '.join(sorted([*_OPERATORS, 'exists']))}")
    return any(_OPERATORS[operator](operand, value) for value in values)


def _same(wanted: Json, value: Json) -> bool:
    """JSON's equality: true is not 1."""
    return type(wanted) is type(value) and bool(wanted == value)


def _text(compare: Callable[[str, str], bool]) -> Callable[[Json, Json], bool]:
    """An operator on strings; {"equals-ignore-case": …} as its operand folds both sides."""

    def operate(operand: Json, value: Json) -> bool:
        if not isinstance(value, str):
            return False
        if isinstance(operand, Mapping):
            return compare(operand["equals-ignore-case"].casefold(), value.casefold())
        return compare(operand, value)

    return operate


def _anything_but(operand: Json, value: Json) -> bool:
    if isinstance(operand, Mapping):
        return not _one_matches(operand, [value], present=True)
    unwanted = operand if isinstance(operand, list) else [operand]
    return not any(_same(one, value) for one in unwanted)


@lru_cache(maxsize=256)
def _wildcard(pattern: str) -> re.Pattern[str]:
    r"""`*` stands for any characters, also none, also `/` and newlines; `\*` and `\\` for themselves."""
    if re.search(r"(?<!\\)\*\*", pattern):
        raise UnknownOperator(f"two wildcards in a row: {pattern}")
    parts = re.findall(r"\\[*\\]|\*|[^*\\]+|\\", pattern)
    return re.compile("".join(".*" if part == "*" else re.escape(_unescaped(part)) for part in parts), re.DOTALL)


def _unescaped(part: str) -> str:
    return part[1:] if part in (r"\*", r"\\") else part


_OPERATORS: dict[str, Callable[[Json, Json], bool]] = {
    "prefix": _text(lambda operand, value: value.startswith(operand)),
    "suffix": _text(lambda operand, value: value.endswith(operand)),
    "equals-ignore-case": _text(lambda operand, value: value.casefold() == operand.casefold()),
    "wildcard": _text(lambda operand, value: _wildcard(operand).fullmatch(value) is not None),
    "anything-but": _anything_but,
}

_PLACEHOLDER = re.compile(r"<([A-Za-z0-9_-]+)>")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def transform(paths: Mapping[str, str], template: str, event: Json) -> str:
    """The template with each `<name>` replaced by the JSON of what its path finds in the event.

    A placeholder inside quotes is refused: EventBridge would insert its text unescaped, and break on a quote.
    Raises KeyError where a path finds nothing.
    """
    for quoted in _STRING.findall(template):
        if _PLACEHOLDER.search(quoted):
            raise ValueError(f"a placeholder inside quotes: {quoted}")
    return _PLACEHOLDER.sub(lambda found: json.dumps(_look_up(paths[found[1]], event), ensure_ascii=False), template)


def _look_up(path: str, event: Json) -> Json:
    root, *names = path.split(".")
    if root != "$":
        raise ValueError(f"a path begins with $: {path}")
    for name in names:
        event = event[name]
    return event
