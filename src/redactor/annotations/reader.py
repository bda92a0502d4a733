"""Reading foo_annotations.json: ours, the old service's, or one that a person has edited or made."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, pairwise
from operator import attrgetter, itemgetter
from typing import Any, TypeVar

from redactor import jsontext
from redactor.annotations import ours
from redactor.annotations.faces import Annotations, Event, Face
from redactor.errors import InvalidAnnotations

MAX_BYTES = 512 * 1024 * 1024
_ID_DIGITS = 18
# Far beyond any tick or size, and still exact to compute with.
_HUGE = 10**18
_FIELDS = itemgetter("id", "x", "y", "width", "height")
_ID, _FACES = attrgetter("id"), attrgetter("faces")


def read_annotations(data: bytes) -> Annotations:
    """The annotations in a file. Raises InvalidAnnotations whose field is the JSON path of what is wrong."""
    if len(data) > MAX_BYTES:
        raise InvalidAnnotations(f"the annotations have {len(data)} bytes; at most {MAX_BYTES} are read", field="$")
    return _quickly(data) or _carefully(data)


def _quickly(data: bytes) -> Annotations | None:
    """The same as carefully, where most of it stands as we write it and nothing is wrong."""
    with suppress(jsontext.NotJson, _Wrong):
        return _root(ours.parse(data))
    return None


def _carefully(data: bytes) -> Annotations:
    try:
        return _root(jsontext.parse(data))
    except jsontext.NotJson as error:
        raise InvalidAnnotations(f"the annotations are not JSON: {error}", field="$") from None
    except _Wrong as wrong:
        field = f"${wrong.path}"
        raise InvalidAnnotations(f"{field} {wrong.what}", field=field, allowed=wrong.allowed) from None


_Read = TypeVar("_Read")


class _Wrong(Exception):
    """Something at path, which grows from the inside out while this passes through the readers."""

    def __init__(self, path: str, what: str, allowed: Sequence[str] = ()) -> None:
        super().__init__(what)
        self.path, self.what, self.allowed = path, what, allowed

    def within(self, outer: str) -> "_Wrong":
        return _Wrong(outer + self.path, self.what, self.allowed)


@dataclass(frozen=True)
class _Fragment:
    """n: its position in the file. interval: None where it has no events. rows: the events as they stand there."""

    n: int
    start: int
    end: int
    interval: int | None
    rows: Sequence[Any]


def _root(doc: Any) -> Annotations:
    root = _object(doc)
    _one_of(root, "version", (1, "1", "1.0"))
    _one_of(root, "offset", (0,))
    _number(root, "framerate", default=0.0)
    timescale = _whole(root, "timescale", least=1)
    width, height = _whole(root, "width", least=1), _whole(root, "height", least=1)
    fingerprint, frames = _within(".source", _source, root.get("source"))
    fragments = _fragments(root)
    events = tuple(_events(fragments))
    ids = frozenset(map(_ID, chain.from_iterable(map(_FACES, events))))
    warnings = (*_short_warnings(fragments), *_index_warnings(fragments))
    return Annotations(timescale, width, height, events, ids, fingerprint, frames, warnings)


def _source(doc: Any) -> tuple[str | None, int | None]:
    if doc is None:
        return None, None
    source = _object(doc)
    fingerprint = source.get("fingerprint")
    if not isinstance(fingerprint, str | None):
        raise _Wrong(".fingerprint", "must be a text")
    return fingerprint, None if source.get("frames") is None else _whole(source, "frames", least=0)


def _fragments(root: Mapping[str, Any]) -> list[_Fragment]:
    """In order of time, which need not be that of the file."""
    found = [_within(f".fragments[{n}]", _fragment, n, doc) for n, doc in enumerate(_list(root, "fragments"))]
    found.sort(key=lambda fragment: (fragment.start, fragment.end))
    for one, after in pairwise(found):
        if after.start < one.end:
            what = f"starts at {after.start}, before fragments[{one.n}] ends at {one.end}"
            raise _Wrong(f".fragments[{after.n}]", what)
    return found


def _fragment(n: int, doc: Any) -> _Fragment:
    fragment = _object(doc)
    start, duration = _whole(fragment, "start"), _whole(fragment, "duration", least=0)
    rows = [] if fragment.get("events") is None else _list(fragment, "events")
    interval = _whole(fragment, "interval", least=1) if rows or fragment.get("interval") is not None else None
    if interval and len(rows) and (len(rows) - 1) * interval >= duration:
        raise _Wrong(f".events[{-(-duration // interval)}]", "starts after the fragment has ended")
    return _Fragment(n, start, start + duration, interval, rows)


def _events(fragments: Sequence[_Fragment]) -> Iterator[Event]:
    """Every stated event, and one that is not stated for what is left of a fragment."""
    for fragment in fragments:
        start = fragment.start
        for n, row in enumerate(fragment.rows):
            end = min(start + (fragment.interval or 0), fragment.end)
            try:
                faces = _faces(row)
            except _Wrong as wrong:
                raise wrong.within(f".fragments[{fragment.n}].events[{n}]") from None
            yield Event(start, end, faces)
            start = end
        if start < fragment.end:
            yield Event(start, fragment.end, (), stated=False)


def _faces(row: Any) -> tuple[Face, ...]:
    if isinstance(row, ours.Row):
        return row.faces
    if not isinstance(row, list):
        raise _Wrong("", "must be a list of faces")
    return tuple([_plain(doc) or _within(f"[{n}]", _face, doc) for n, doc in enumerate(row)]) if row else ()


def _plain(doc: Any) -> Face | None:
    """A face as we write them, as a long video has millions; None for one that wants a closer look."""
    try:
        number, x, y, width, height = _FIELDS(doc)
    except (KeyError, TypeError):
        return None
    if not (type(number) is int and type(x) is type(y) is type(width) is type(height) is float):
        return None
    placed = -_HUGE < x < _HUGE and -_HUGE < y < _HUGE and 0 <= width < _HUGE and 0 <= height < _HUGE
    return Face(number, x, y, width, height) if placed and 0 <= number <= _HUGE else None


def _face(doc: Any) -> Face:
    face = _object(doc)
    width, height = _number(face, "width"), _number(face, "height")
    if width < 0 or height < 0:
        raise _Wrong(".width" if width < 0 else ".height", "must not be negative")
    return Face(_id(face), _number(face, "x"), _number(face, "y"), width, height)


def _id(face: Mapping[str, Any]) -> int:
    value = face.get("id")
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _ID_DIGITS:
        return int(value)
    return _whole(face, "id", least=0)


def _index_warnings(fragments: Sequence[_Fragment]) -> tuple[str, ...]:
    """Time decides which frame an event is of; an index that says something else is only worth a word."""
    frame, odd = 0, []
    for fragment in fragments:
        for n, row in enumerate(fragment.rows):
            odd += [f"$.fragments[{fragment.n}].events[{n}]"] if _elsewhere(row, frame + n) else []
        if fragment.interval is None:
            break  # nobody can say how many frames it has
        frame += -((fragment.start - fragment.end) // fragment.interval)
    if not odd:
        return ()
    return (f"index disagrees with time in {len(odd)} events, the first {odd[0]}: time was used",)


def _elsewhere(row: Any, frame: int) -> bool:
    """Whether a face of the row says that it is of another frame."""
    if isinstance(row, ours.Row):
        return row.frame is not None and row.frame != frame
    return any(face.get("index", frame) != frame for face in row)


def _short_warnings(fragments: Sequence[_Fragment]) -> tuple[str, ...]:
    """What follows the last event of a fragment shows no faces, which whoever deleted an event may not have meant."""
    short = [f for f in fragments if f.interval and f.rows and (len(f.rows) + 1) * f.interval <= f.end - f.start]
    if not short:
        return ()
    return (f"events are short in {len(short)} fragments, the first $.fragments[{short[0].n}]: the rest has no faces",)


def _within(path: str, reader: Callable[..., _Read], *values: Any) -> _Read:
    try:
        return reader(*values)
    except _Wrong as wrong:
        raise wrong.within(path) from None


def _object(doc: Any) -> Mapping[str, Any]:
    if not isinstance(doc, dict):
        raise _Wrong("", "must be an object in braces")
    return doc


def _list(doc: Mapping[str, Any], key: str) -> list[Any]:
    value = doc.get(key)
    if not isinstance(value, list):
        raise _Wrong(f".{key}", "must be a list" if key in doc else "is missing")
    return value


def _number(doc: Mapping[str, Any], key: str, default: float | None = None) -> float:
    value = doc.get(key, default)
    if type(value) is float and abs(value) < _HUGE:  # neither infinity nor NaN is
        return value
    if type(value) is int and -_HUGE < value < _HUGE:
        return float(value)
    raise _Wrong(f".{key}", f"must be a finite number below {_HUGE:g}" if key in doc else "is missing")


def _whole(doc: Mapping[str, Any], key: str, least: int = -_HUGE) -> int:
    """A whole number, also where it is written as 5.0."""
    value = doc.get(key)
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is int and least <= value <= _HUGE:
        return value
    what = f"must be a whole number, at least {least}" if least > -_HUGE else "must be a whole number"
    raise _Wrong(f".{key}", what if key in doc else "is missing")


def _one_of(doc: Mapping[str, Any], key: str, allowed: Sequence[object]) -> None:
    if doc.get(key, allowed[0]) not in allowed:
        raise _Wrong(f".{key}", f"must be {allowed[0]}", [str(allowed[0])])
