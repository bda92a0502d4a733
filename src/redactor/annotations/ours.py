"""The events of an annotations file that stand there as we write them, read as columns of numbers: one by one, the
faces of an hour take three times as long. What somebody has touched is left to the reader."""

import re
from collections.abc import Sequence
from functools import partial
from itertools import islice
from typing import NamedTuple

import numpy as np

from redactor.annotations.faces import Face
from redactor.annotations.lines import LARGEST, Ints, written
from redactor.jsontext import NotJson, parse_filled

_BLOCK = 1024  # events
# A line break stands in no text of JSON, so that what comes after it is a list of its own.
_EVENT = re.compile(rb"\n \[(.*)\](?=,\n |\]})")
_MARK = b"NaN"
_COMMAS = bytes.maketrans(b"\n", b",")
_NO_NUMBERS = b'{}":.indexywhtg'
_FIELDS = 6
_DECIMAL = 100_000
_LARGEST = int(LARGEST) * _DECIMAL


class Row(NamedTuple):
    """An event as it is read here; JSON has no tuples. frame: the index in every face, None where there is none."""

    frame: int | None
    faces: tuple[Face, ...]


def parse(data: bytes) -> object:
    """As jsontext.parse, but what we wrote of events are Rows. Raises NotJson where there is none, or where jsontext
    has a closer look to take."""
    if _MARK in data:
        raise NotJson("the mark in place of events has another meaning")
    parts = _EVENT.split(data)
    texts, rows = parts[1::2], list[Row]()
    parts[1::2] = [b"\n " + _MARK] * len(texts)
    for at in range(0, len(texts), _BLOCK):
        block = texts[at : at + _BLOCK]
        found = _rows(block)
        if found is None:
            parts[2 * at + 1 : 2 * (at + len(block)) : 2] = [b"\n [%b]" % text for text in block]
        else:
            rows += found
    if not rows:
        raise NotJson("no event stands as we write it")
    return parse_filled(b"".join(parts), iter(rows))


def _rows(texts: Sequence[bytes]) -> list[Row] | None:
    """The events with these texts between their brackets; None where one is not as we write it.

    Nothing here knows the grammar: whatever numbers are taken from the text, written again they must be that very text.
    """
    body = b"".join([b"%b\n" % text for text in texts if text])
    counts = np.array([text.count(b"{") for text in texts])
    table = _numbers(body)
    if table is None or len(table) != counts.sum():
        return None
    frame, ids, box = table[:, 0], table[:, 1], table[:, 2:] / _DECIMAL
    some = counts[counts > 0]
    last = np.cumsum(some) - 1
    named, ends = frame[last], np.zeros(len(frame), np.bool_)
    ends[last] = True
    if (np.repeat(named, some) != frame).any() or written(frame, ids, box, ends) != body:
        return None
    faces = map(partial(tuple.__new__, Face), zip(ids.tolist(), *box.T.tolist(), strict=True))
    frames = iter(named.tolist())
    return [Row(next(frames), tuple(islice(faces, count))) if count else Row(None, ()) for count in counts.tolist()]


def _numbers(body: bytes) -> Ints | None:
    """The whole numbers of each face, (n, 6), those with decimals in steps of the last; none that no face may have."""
    try:
        numbers = np.fromstring(body.translate(_COMMAS, _NO_NUMBERS)[:-1], np.int64, sep=",")
    except ValueError:
        return None
    if len(numbers) % _FIELDS:
        return None
    table = numbers.reshape(-1, _FIELDS)
    least = np.array([0, 0, -_LARGEST, -_LARGEST, 0, 0])
    return table if ((table >= least) & (table < _LARGEST)).all() else None
