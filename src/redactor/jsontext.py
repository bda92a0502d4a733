"""JSON as people really write it: strict, or the single-quoted form of the old documentation, with or without a BOM."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator


class NotJson(ValueError):
    """The text is no JSON. line and column count from 1, None where the fault has no one place."""

    def __init__(self, reason: str, line: int | None = None, column: int | None = None) -> None:
        self.where = "" if line is None else f"line {line}, column {column}"
        self.line, self.column = line, column
        super().__init__(f"{reason} at {self.where}" if self.where else reason)


def parse(data: bytes | str) -> object:
    """The value in data: UTF-8, UTF-16 or UTF-32, a BOM allowed. NaN and infinities come through as floats.

    Raises NotJson, also for a key that stands twice in one object: the second would silently replace the first.
    """
    text = _text(data)
    try:
        return _load(text)
    except NotJson as strict:
        relaxed = _double_quoted(text)
        if strict.line is None or relaxed == text:
            raise
    return _load(relaxed)


def parse_filled(data: bytes, values: Iterator[object]) -> object:
    """The value in data, strict JSON in UTF-8, with the next of the values wherever it says NaN. Raises NotJson."""
    try:
        text = data.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise NotJson(f"byte {error.start} is no text in {error.encoding}") from None
    return _load(text, lambda word: next(values) if word == "NaN" else float(word))


def _text(data: bytes | str) -> str:
    if isinstance(data, str):
        return data.removeprefix("\ufeff")
    try:
        return data.decode(json.detect_encoding(data)).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise NotJson(f"byte {error.start} is no text in {error.encoding}") from None


def _load(text: str, constant: Callable[[str], object] | None = None) -> object:
    """constant: what NaN and infinities are."""
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=constant)
    except json.JSONDecodeError as error:
        raise NotJson(error.msg, error.lineno, error.colno) from None
    except RecursionError:
        raise NotJson("nested too deeply") from None
    except NotJson:
        raise
    except ValueError:  # an integer of more digits than the interpreter converts
        raise NotJson("a number has too many digits") from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        key, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise NotJson(f"the key {key!r} stands twice in one object")
    return found


# Strings of either kind are matched first, so that a quote or a word inside one is never touched.
_TOKEN = re.compile(
    r""""[^"\\]*(?:\\.[^"\\]*)*"|'(?P<single>[^'\\]*(?:\\.[^'\\]*)*)'|\b(?P<word>True|False|None)\b""", re.DOTALL
)
_WORDS = {"True": "true", "False": "false", "None": "null"}


def _double_quoted(text: str) -> str:
    """The same value with every single-quoted string in double quotes and Python's words as JSON's."""
    return _TOKEN.sub(_as_json, text)


def _as_json(match: re.Match[str]) -> str:
    if match["word"]:
        return _WORDS[match["word"]]
    if match["single"] is None:
        return match[0]
    return '"' + re.sub(r"""\\.|\"""", _requoted, match["single"], flags=re.DOTALL) + '"'


def _requoted(match: re.Match[str]) -> str:
    return {"\\'": "'", '"': '\\"'}.get(match[0], match[0])
