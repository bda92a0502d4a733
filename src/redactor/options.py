"""Reading options that people type, in any letter case: unknown ones warn, bad values name what is allowed."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from redactor.errors import InvalidPreset

# Few digits and no exponent: 1e999999999 would be computed for hours. A zero denominator is no number.
NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,18})?|[0-9]{1,9}/0*[1-9][0-9]{0,8}", re.ASCII)


@dataclass(frozen=True)
class Option:
    """An option as the person wrote it. origin: the file or request; field: its path there; name: in lower case."""

    origin: str
    field: str
    name: str
    value: Any

    def refused(self, use: str, allowed: Iterable[str] = ()) -> InvalidPreset:
        message = f"{self.origin}: {self.field} cannot be {shortened(self.value)}; use {use}"
        return InvalidPreset(message, field=self.field, allowed=[*allowed])


# The attribute an option fills, and how its value is read.
Reader = tuple[str, Callable[[Option], Any]]


def shortened(value: object) -> str:
    """The value for a message, which a person must be able to read."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def entries(doc: object, parent: str, origin: str) -> Iterator[Option]:
    """The options in one object. Raises InvalidPreset where doc is none."""
    if not isinstance(doc, Mapping):
        raise InvalidPreset(f"{origin}: {parent or 'the preset'} must be an object in braces", field=parent or None)
    for name, value in doc.items():
        yield Option(origin, f"{parent}.{name}" if parent else str(name), str(name).lower(), value)


def read(table: Mapping[str, Reader], options: Iterable[Option], warnings: list[str]) -> dict[str, Any]:
    """Values by attribute; null means not given. Raises InvalidPreset, also for an option given twice."""
    found: dict[str, Any] = {}
    for option in options:
        if option.name not in table:
            warnings.append(f"{option.origin}: the option {shortened(option.field)} is unknown and was ignored")
        elif option.value is not None:
            attribute, reader = table[option.name]
            if attribute in found:
                raise InvalidPreset(f"{option.origin}: {option.field} is given twice", field=option.field)
            found[attribute] = reader(option)
    return found


def word(words: type[StrEnum]) -> Callable[[Option], StrEnum]:
    by_name = {one.lower(): one for one in words}

    def reader(option: Option) -> StrEnum:
        found = by_name.get(option.value.strip().lower()) if isinstance(option.value, str) else None
        if found is None:
            *rest, last = words
            raise option.refused(f"{', '.join(rest)} or {last}", words)
        return found

    return reader


def number(least: Fraction, most: Fraction) -> Callable[[Option], Fraction]:
    """A number or its text ("5", "2.5", "30000/1001"), exactly as its decimals say."""

    def reader(option: Option) -> Fraction:
        # A bool is an int in Python, but true is no number to the person who wrote it.
        text = "" if isinstance(option.value, bool) else str(option.value).strip()
        found = Fraction(text) if NUMBER.fullmatch(text) else None
        if found is None or not least <= found <= most:
            raise option.refused(f"a number from {float(least):g} to {float(most):g}")
        return found

    return reader


def flag(option: Option) -> bool:
    """true or false; as text too, for the experimental options of old presets were text."""
    known = {"true": True, "false": False}
    found = known.get(str(option.value).strip().lower())
    if found is None:
        raise option.refused("true or false", known)
    return found


def group(option: Option) -> list[Option]:
    return list(entries(option.value, option.field, option.origin))
