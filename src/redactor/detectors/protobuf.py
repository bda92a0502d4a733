"""The encoding of protobuf messages, as far as ONNX graphs need it (protobuf.dev, "Encoding")."""

from collections.abc import Iterator

VARINT, BYTES = 0, 2
_FIXED = {1: 8, 5: 4}

Field = tuple[int, int, bytes]


def fields(message: bytes) -> Iterator[Field]:
    """(number, wire type, payload) of each field; a varint's payload is its encoding."""
    view, at = memoryview(message), 0
    while at < len(view):
        tag, at = _read_varint(view, at)
        start, kind = at, tag & 7
        if kind == VARINT:
            _, at = _read_varint(view, at)
        elif kind == BYTES:
            length, start = _read_varint(view, at)
            at = start + length
        else:
            at += _FIXED[kind]
        yield tag >> 3, kind, bytes(view[start:at])


def raw(number: int, kind: int, payload: bytes) -> bytes:
    """One field as `fields` gives it."""
    length = _varint(len(payload)) if kind == BYTES else b""
    return _varint(number << 3 | kind) + length + payload


def field(number: int, value: int | str | bytes) -> bytes:
    """One field: a number >= 0, a text or a message."""
    if isinstance(value, int):
        return raw(number, VARINT, _varint(value))
    return raw(number, BYTES, value.encode() if isinstance(value, str) else value)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_varint(view: memoryview, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = view[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
