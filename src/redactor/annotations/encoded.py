"""The events of a segment as JSON, their faces as columns: as numbers one by one they take twice as long."""

from collections.abc import Sequence
from itertools import chain

import numpy as np

from redactor.annotations.faces import Event
from redactor.annotations.lines import LARGEST, shortest

_TYPES = [int, float, float, float, float]


def encoded(events: Sequence[Event]) -> bytes | None:
    """What json.dumps makes of them; None where a number is not as plain as those that we write."""
    faces = [event.faces for event in events if event.faces]
    flat = list(chain.from_iterable(chain.from_iterable(faces)))
    count = len(flat) // len(_TYPES)
    if [*map(type, flat)] != _TYPES * count:
        return None
    table, ends = np.array(flat, np.float64).reshape(count, len(_TYPES)), np.zeros(count, np.bool_)
    if not ((np.abs(table) < LARGEST).all() and (table[:, 0] >= 0).all()):
        return None
    ends[np.cumsum([*map(len, faces)], dtype=np.int64) - 1] = True
    text = shortest(table[:, 0].astype(np.int64), table[:, 1:], ends)
    if text is None:
        return None
    rows = iter(text.decode().splitlines())
    told = [
        f"[{start},{end},[{next(rows) if faces else ''}],{'true' if stated else 'false'}]"
        for start, end, faces, stated in events
    ]
    return f"[{','.join(told)}]".encode()
