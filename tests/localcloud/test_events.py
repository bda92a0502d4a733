"""EventBridge's patterns and input transformers, as its user guide states them."""

import fnmatch
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.events import UnknownOperator, matches, transform

EVENT: dict[str, Any] = {
    "source": "aws.s3",
    "detail": {"object": {"key": "input/a/foo.MP4", "size": 10}, "flags": ["a", "b"], "none": None, "yes": True},
}


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ({}, True),
        ({"source": ["aws.s3"]}, True),
        ({"source": ["aws.states", "aws.s3"]}, True),
        ({"source": ["AWS.S3"]}, False),
        ({"absent": ["x"]}, False),
        ({"source": ["aws.s3"], "detail": {"object": {"size": [11]}}}, False),
        ({"detail": {"object": {"size": [10]}}}, True),
        ({"detail": {"object": {"size": ["10"]}}}, False),
        ({"detail": {"flags": ["b", "c"]}}, True),
        ({"detail": {"flags": ["c"]}}, False),
        ({"detail": {"none": [None]}}, True),
        ({"detail": {"yes": [1]}}, False),
        ({"source": {"deeper": ["x"]}}, False),
        ({"detail": {"object": {"key": [{"prefix": "input/"}]}}}, True),
        ({"detail": {"object": {"key": [{"prefix": "Input/"}]}}}, False),
        ({"detail": {"object": {"key": [{"prefix": {"equals-ignore-case": "INPUT"}}]}}}, True),
        ({"detail": {"object": {"key": [{"suffix": ".mp4"}]}}}, False),
        ({"detail": {"object": {"key": [{"suffix": {"equals-ignore-case": ".mp4"}}]}}}, True),
        ({"detail": {"object": {"key": [{"equals-ignore-case": "INPUT/A/FOO.mp4"}]}}}, True),
        ({"detail": {"object": {"key": [{"wildcard": "input/*.MP4"}]}}}, True),
        ({"detail": {"object": {"key": [{"wildcard": "input/*.mp4"}]}}}, False),
        ({"detail": {"object": {"key": [{"wildcard": "input"}]}}}, False),
        ({"detail": {"object": {"size": [{"prefix": "1"}]}}}, False),
        ({"detail": {"object": {"key": [{"anything-but": ["x", "y"]}]}}}, True),
        ({"detail": {"object": {"key": [{"anything-but": {"prefix": "input/"}}]}}}, False),
        ({"detail": {"object": {"key": [{"prefix": "x"}, {"suffix": "MP4"}]}}}, True),
        ({"detail": {"absent": [{"exists": False}]}}, True),
        ({"detail": {"flags": [{"exists": False}]}}, False),
    ],
)
def test_a_pattern_matches_what_it_says(pattern: dict[str, Any], matched: bool) -> None:
    assert matches(pattern, EVENT) is matched


@pytest.mark.parametrize("pattern", [{"source": [{"cidr": "10.0.0.0/8"}]}, {"source": [{"wildcard": "a**"}]}])
def test_an_operator_that_is_not_known_is_refused(pattern: dict[str, Any]) -> None:
    with pytest.raises(UnknownOperator):
        matches(pattern, EVENT)


@given(st.text("ab/*\n", max_size=6), st.text("ab/\n", max_size=8))
def test_a_wildcard_stands_for_any_characters(pattern: str, text: str) -> None:
    if "**" in pattern:
        return
    expected = fnmatch.fnmatchcase(text, pattern)
    assert matches({"key": [{"wildcard": pattern}]}, {"key": text}) is expected


def test_an_escaped_asterisk_stands_for_itself() -> None:
    assert matches({"key": [{"wildcard": r"a\*b*"}]}, {"key": "a*bc"})
    assert not matches({"key": [{"wildcard": r"a\*b*"}]}, {"key": "axbc"})
    assert matches({"key": [{"wildcard": r"a\\*"}]}, {"key": "a\\b"})


@given(st.text(), st.integers())
def test_a_transformer_keeps_any_value_intact(key: str, size: int) -> None:
    event = {"detail": {"object": {"key": key, "size": size}}}
    paths = {"key": "$.detail.object.key", "size": "$.detail.object.size", "all": "$.detail"}
    made = transform(paths, '{"k": <key>, "s": <size>, "d": <all>, "c": "constant"}', event)
    assert json.loads(made) == {"k": key, "s": size, "d": event["detail"], "c": "constant"}


def test_a_value_that_looks_like_a_placeholder_is_not_one() -> None:
    assert json.loads(transform({"a": "$.a", "b": "$.b"}, "[<a>,<b>]", {"a": "<b>", "b": 1})) == ["<b>", 1]


def test_a_placeholder_inside_quotes_is_refused() -> None:
    with pytest.raises(ValueError, match="inside quotes"):
        transform({"key": "$.key"}, '{"k": "<key>"}', {"key": "a"})


def test_a_path_that_finds_nothing_is_an_error() -> None:
    with pytest.raises(KeyError):
        transform({"key": "$.key"}, '{"k": <key>}', {})
