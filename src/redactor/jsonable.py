"""Frozen dataclasses to plain JSON values and back, by cattrs.

Fractions travel as "numerator/denominator", bytes as base64, enums by value, None as null. A class with a class method
from_json(doc) reads itself, one with a method to_json() writes itself. One with a method encoded() has a quicker way to
the same bytes.
"""

import base64
import json
from fractions import Fraction
from typing import Any, Protocol, TypeVar, runtime_checkable

import cattrs
from cattrs.strategies import use_class_methods

T = TypeVar("T")

_CONVERTER = cattrs.Converter(forbid_extra_keys=True)
_CONVERTER.register_unstructure_hook(Fraction, str)
_CONVERTER.register_structure_hook(Fraction, lambda value, _: Fraction(value))
_CONVERTER.register_unstructure_hook(bytes, lambda value: base64.b64encode(value).decode())
_CONVERTER.register_structure_hook(bytes, lambda value, _: base64.b64decode(value, validate=True))
use_class_methods(_CONVERTER, "from_json", "to_json")


@runtime_checkable
class Encoded(Protocol):
    def encoded(self) -> bytes | None:
        """What `plainly` gives; None where there is no quicker way to it."""


def dump(value: object) -> Any:
    """The JSON-able form of a (nested) dataclass."""
    return _CONVERTER.unstructure(value)


def load(cls: type[T], doc: Any) -> T:
    """The dataclass back from `dump`; raises a cattrs error where the document has another shape."""
    return _CONVERTER.structure(doc, cls)


def encode(value: object) -> bytes:
    """Deterministic JSON bytes: same value, same bytes."""
    return (value.encoded() if isinstance(value, Encoded) else None) or plainly(value)


def plainly(value: object) -> bytes:
    """As encode, by way of `dump`."""
    return json.dumps(dump(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def decode(cls: type[T], data: bytes) -> T:
    """The dataclass back from `encode`."""
    return load(cls, json.loads(data))
