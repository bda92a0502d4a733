import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor.jsontext import NotJson, parse

scalars = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=12)
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)


@given(documents, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]))
def test_any_document_is_read_in_any_encoding(document, encoding):
    assert parse(json.dumps(document, ensure_ascii=True).encode(encoding)) == document


# Python writes other characters as \x.., which JSON does not know.
printable = st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=12)


@given(st.dictionaries(printable, st.none() | st.booleans() | printable, max_size=4))
def test_what_python_prints_is_read_too(document):
    assert parse(repr(document)) == document


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{'a': 'b'}", {"a": "b"}),
        ("{'a': \"it's\"}", {"a": "it's"}),
        (r"{'a': 'it\'s'}", {"a": "it's"}),
        ("{'a': 'say \"no\"'}", {"a": 'say "no"'}),
        (r"{'a': 'c:\\d\n'}", {"a": "c:\\d\n"}),
        ("{'a': [True, False, None]}", {"a": [True, False, None]}),
        ("{'True': 'None'}", {"True": "None"}),
        ("{\"a\": \"'None'\", 'b': 1}", {"a": "'None'", "b": 1}),
    ],
)
def test_single_quotes_are_read_and_quotes_inside_strings_are_left_alone(text, value):
    assert parse(text) == value


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "line 1, column 1"),
        ("[1,\n 2,\n x]", "line 3, column 2"),
        ("{'a': 1,\n 'b' 2}", "line 2, column 6"),
        ("{'a': 'open", "line 1, column 7"),
    ],
)
def test_a_mistake_is_placed_by_line_and_column(text, where):
    with pytest.raises(NotJson) as caught:
        parse(text)
    assert caught.value.where == where


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"[" * 100_000, "nested too deeply"),
        (b"[" + b"9" * 5000 + b"]", "too many digits"),
        (b'{"a": 1, "a": 2}', "'a' stands twice"),
        (b"{'a': 1, 'a': 2}", "'a' stands twice"),
        (b"\xff\xff\xff", "no text"),
    ],
)
def test_hostile_text_is_refused_by_name(data, reason):
    with pytest.raises(NotJson, match=reason):
        parse(data)
