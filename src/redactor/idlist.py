"""foo_IDList.txt: which faces to hide."""

import json
import re
from collections.abc import Collection, Iterable

from redactor.errors import InvalidIdList

MAX_BYTES = 10 * 1024 * 1024
# A list of ten million wrong ids must still give a message that a person can read.
NAMED = 50
_LINE_END = re.compile(r"\r\n|\r|\n")
_IDS = re.compile(r"[0-9, \t]*", re.ASCII)
_ALL_IDS = re.compile(r"[0-9, \t\r\n]*", re.ASCII)
_DIGITS = 18


def parse_id_list(data: bytes) -> frozenset[int] | None:
    """The ids in the list, or None where it is blank, which means all faces.

    Ids are ASCII digits, parted by line ends, commas, spaces or tabs; leading zeros (as in thumbnail names) and
    repeats are fine. UTF-8 or UTF-16, a BOM allowed. Raises InvalidIdList naming the first bad line, counted from 1.
    """
    if len(data) > MAX_BYTES:
        raise InvalidIdList(f"the id list has {len(data)} bytes; at most {MAX_BYTES} are read")
    text = _text(data)
    if not _ALL_IDS.fullmatch(text):
        raise _bad_line(text, _IDS)
    words = set(text.replace(",", " ").split())
    if any(len(word.lstrip("0")) > _DIGITS for word in words):
        raise _bad_line(text, re.compile(rf"(0*[0-9]{{1,{_DIGITS}}}(?![0-9])|[, \t])*", re.ASCII))
    return frozenset(map(int, words)) or None


def check_ids(wanted: Collection[int] | None, known: Collection[int]) -> None:
    """Raise InvalidIdList naming every wanted id that is not known: a typo would leave a face clear."""
    unknown = sorted(set(wanted or ()) - set(known))
    if unknown:
        names = _named(unknown)
        raise InvalidIdList(
            f"no face of this video has the id {names}; its ids are {_named(sorted(known)) or 'none at all'}",
            field=names,
            allowed=[str(one) for one in sorted(known)[:NAMED]],
        )


def _text(data: bytes) -> str:
    try:
        return data.decode(json.detect_encoding(data)).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidIdList(f"line {line} of the id list is no text", field=f"line {line}") from None


def _bad_line(text: str, good: re.Pattern[str]) -> InvalidIdList:
    number, line = next((n, line) for n, line in enumerate(_LINE_END.split(text), 1) if not good.fullmatch(line))
    shown = line if len(line) <= 40 else line[:37] + "..."
    return InvalidIdList(f"line {number} of the id list is no id: {shown!r}", field=f"line {number}")


def _named(ids: Iterable[int]) -> str:
    names = [str(one) for one in ids]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
