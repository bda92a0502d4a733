"""Editing an ONNX graph's declared sizes, in place of the whole onnx package: a few fields of its protobuf.

CenterFace was exported for a batch of 10 pictures of 32 x 32, and lists every weight as an input that a caller may
replace. Declared with open sizes it takes any picture; with the weights taken off the inputs the runtime folds them,
which halves its time.
"""

from collections.abc import Iterator, Sequence

# Field numbers and wire types of onnx.proto3 and of the protobuf encoding.
_GRAPH, _INPUT, _OUTPUT, _VALUE_INFO = 7, 11, 12, 13
_VARINT, _BYTES = 0, 2
_FIXED = {1: 8, 5: 4}
_FLOAT = 1

Field = tuple[int, int, bytes]


def with_open_sizes(
    model: bytes, inputs: dict[str, Sequence[str | int]], outputs: dict[str, Sequence[str | int]]
) -> bytes:
    """The model with exactly these float inputs and outputs. Each maps a name to its dimensions: a number, or a word
    for a size that is only known when it runs."""
    return b"".join(
        _field(number, kind, _opened(payload, inputs, outputs) if number == _GRAPH else payload)
        for number, kind, payload in _fields(model)
    )


def _opened(graph: bytes, inputs: dict[str, Sequence[str | int]], outputs: dict[str, Sequence[str | int]]) -> bytes:
    # Declared sizes of values in between would contradict the open ones.
    dropped = {_INPUT, _OUTPUT, _VALUE_INFO}
    kept = [_field(*field) for field in _fields(graph) if field[0] not in dropped]
    added = [_field(_INPUT, _BYTES, _value(name, dims)) for name, dims in inputs.items()]
    added += [_field(_OUTPUT, _BYTES, _value(name, dims)) for name, dims in outputs.items()]
    return b"".join(kept + added)


def _value(name: str, dims: Sequence[str | int]) -> bytes:
    """A ValueInfoProto of a float tensor."""
    shape = b"".join(_field(1, _BYTES, _dimension(dim)) for dim in dims)
    tensor = _field(1, _VARINT, _varint(_FLOAT)) + _field(2, _BYTES, shape)
    return _field(1, _BYTES, name.encode()) + _field(2, _BYTES, _field(1, _BYTES, tensor))


def _dimension(dim: str | int) -> bytes:
    return _field(1, _VARINT, _varint(dim)) if isinstance(dim, int) else _field(2, _BYTES, dim.encode())


def _fields(message: bytes) -> Iterator[Field]:
    """(number, wire type, payload) of each field; a varint's payload is its encoding."""
    view, at = memoryview(message), 0
    while at < len(view):
        tag, at = _read_varint(view, at)
        start, kind = at, tag & 7
        if kind == _VARINT:
            _, at = _read_varint(view, at)
        elif kind == _BYTES:
            length, start = _read_varint(view, at)
            at = start + length
        else:
            at += _FIXED[kind]
        yield tag >> 3, kind, bytes(view[start:at])


def _field(number: int, kind: int, payload: bytes) -> bytes:
    length = _varint(len(payload)) if kind == _BYTES else b""
    return _varint(number << 3 | kind) + length + payload


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
