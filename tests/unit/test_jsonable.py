"""Values to JSON and back: nothing is lost on the way, and another shape is refused."""

import json
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

import pytest
from cattrs.errors import BaseValidationError
from hypothesis import given
from hypothesis import strategies as st

from redactor.jsonable import decode, dump, encode, load
from redactor.preset import Mode, Preset
from redactor.work import Timed


class Kind(StrEnum):
    ONE = "One"
    TWO = "Two"


class Row(NamedTuple):
    id: int
    x: float


@dataclass(frozen=True)
class Inner:
    exact: Fraction
    data: bytes
    kind: Kind


@dataclass(frozen=True)
class Outer:
    name: str
    maybe: int | None
    inner: tuple[Inner, ...]
    rows: tuple[Row, ...]
    table: dict[str, str]


inners = st.builds(Inner, st.fractions(), st.binary(max_size=40), st.sampled_from(Kind))
rows = st.builds(Row, st.integers(), st.floats(allow_nan=False, allow_infinity=False))
outers = st.builds(
    Outer,
    st.text(),
    st.none() | st.integers(),
    st.lists(inners, max_size=3).map(tuple),
    st.lists(rows, max_size=3).map(tuple),
    st.dictionaries(st.text(), st.text(), max_size=3),
)
INNER = {"exact": "1/3", "data": "", "kind": "One"}


@given(outers)
def test_every_value_comes_back_equal(value: Outer) -> None:
    assert decode(Outer, encode(value)) == value
    assert load(Outer, dump(value)) == value
    assert decode(Timed[Outer], encode(Timed(0.5, value))) == Timed(0.5, value)


@given(outers)
def test_the_same_value_gives_the_same_bytes(value: Outer) -> None:
    assert encode(decode(Outer, encode(value))) == encode(value)


def test_how_each_kind_of_value_is_written() -> None:
    value = Outer("ü", None, (Inner(Fraction(1001, 30000), b"\x00\xff", Kind.TWO),), (Row(1, 0.1),), {})
    assert (
        encode(value)
        == (
            '{"name":"ü","maybe":null,"inner":[{"exact":"1001/30000","data":"AP8=","kind":"Two"}],'
            '"rows":[[1,0.1]],"table":{}}'
        ).encode()
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_cannot_say_is_not_written(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode(value)


@pytest.mark.parametrize(
    "doc",
    [
        {**INNER, "more": 1},
        {"exact": "1/3", "data": ""},
        {**INNER, "kind": "one"},
        {**INNER, "data": "?"},
        {**INNER, "exact": "third"},
        {**INNER, "exact": "1/0"},
    ],
)
def test_a_document_of_another_shape_is_refused(doc: object) -> None:
    with pytest.raises(BaseValidationError):
        load(Inner, doc)


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(json.JSONDecodeError):
        decode(Inner, b'{"exact"')


def test_enums_travel_by_value() -> None:
    assert dump(Preset(mode=Mode.ANALYZE))["mode"] == "analyze"
