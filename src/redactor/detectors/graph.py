"""ONNX graphs edited and written, in place of the whole onnx package: a few fields of its protobuf.

CenterFace was exported for a batch of 10 pictures of 32 x 32, and lists every weight as an input that a caller may
replace. Declared with open sizes it takes any picture; with the weights taken off the inputs the runtime folds them,
which halves its time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field

import numpy as np
from numpy.typing import NDArray

from redactor.detectors.protobuf import field, fields, raw

Weights = NDArray[np.float32]

# Field numbers of onnx.proto3: of a model, a graph, a node, a tensor and an attribute.
_IR_VERSION, _GRAPH, _OPSET = 1, 7, 8
_NODE, _NAME, _INITIALIZER, _INPUT, _OUTPUT, _VALUE_INFO = 1, 2, 5, 11, 12, 13
_NODE_INPUT, _NODE_OUTPUT, _OPERATOR, _ATTRIBUTE = 1, 2, 4, 5
_TENSOR_NAME, _PLACE, _PLACED = 8, 13, 14
_KIND = 20
# Types of its tensors and attributes.
_FLOAT, _INT, _INTS = 1, 2, 7


def with_open_sizes(
    model: bytes, inputs: dict[str, Sequence[str | int]], outputs: dict[str, Sequence[str | int]]
) -> bytes:
    """The model with exactly these float inputs and outputs. Each maps a name to its dimensions: a number, or a word
    for a size that is only known when it runs."""
    return b"".join(
        raw(number, kind, _opened(payload, inputs, outputs) if number == _GRAPH else payload)
        for number, kind, payload in fields(model)
    )


def _opened(graph: bytes, inputs: dict[str, Sequence[str | int]], outputs: dict[str, Sequence[str | int]]) -> bytes:
    # Declared sizes of values in between would contradict the open ones.
    dropped = {_INPUT, _OUTPUT, _VALUE_INFO}
    kept = [raw(*one) for one in fields(graph) if one[0] not in dropped]
    added = [field(_INPUT, value_info(name, dims)) for name, dims in inputs.items()]
    added += [field(_OUTPUT, value_info(name, dims)) for name, dims in outputs.items()]
    return b"".join(kept + added)


def value_info(name: str, dims: Sequence[str | int]) -> bytes:
    """A ValueInfoProto of a float tensor."""
    shape = b"".join(field(1, field(1 if isinstance(dim, int) else 2, dim)) for dim in dims)
    return field(1, name) + field(2, field(1, field(1, _FLOAT) + field(2, shape)))


@dataclass
class Graph:
    """An ONNX graph in the making. Mutable. weights: its float32 arrays by name; the file does not hold them but says
    that they lie elsewhere, for in it they would be in memory three times when a session is opened."""

    nodes: list[bytes] = dataclass_field(default_factory=list)
    weights: dict[str, Weights] = dataclass_field(default_factory=dict)

    def add(self, operator: str, *inputs: str | Weights, output: str = "", **attributes: int | Sequence[int]) -> str:
        """One node; returns the name of its output. inputs: names, or weights."""
        names = [one if isinstance(one, str) else self._weight(one) for one in inputs]
        output = output or f"value{len(self.nodes)}"
        told = [field(_NODE_INPUT, name) for name in names] + [field(_NODE_OUTPUT, output), field(_OPERATOR, operator)]
        told += [field(_ATTRIBUTE, _attribute(name, value)) for name, value in attributes.items()]
        self.nodes.append(b"".join(told))
        return output

    def model(self, inputs: dict[str, Sequence[str | int]], outputs: dict[str, Sequence[str | int]]) -> bytes:
        """The whole as an ONNX file."""
        parts = [field(_NODE, node) for node in self.nodes]
        parts += [field(_INITIALIZER, _elsewhere(name, values)) for name, values in self.weights.items()]
        parts += [field(_NAME, "graph")]
        parts += [field(_INPUT, value_info(name, dims)) for name, dims in inputs.items()]
        parts += [field(_OUTPUT, value_info(name, dims)) for name, dims in outputs.items()]
        return field(_IR_VERSION, 4) + field(_GRAPH, b"".join(parts)) + field(_OPSET, field(2, 9))

    def _weight(self, values: Weights) -> str:
        name = f"weight{len(self.weights)}"
        self.weights[name] = np.ascontiguousarray(values)
        return name


def _elsewhere(name: str, values: Weights) -> bytes:
    """A TensorProto of data that is handed over apart: where it says they lie does not matter."""
    dims = b"".join(field(1, dim) for dim in values.shape)
    place = field(1, "location") + field(2, "memory")
    return dims + field(2, _FLOAT) + field(_TENSOR_NAME, name) + field(_PLACE, place) + field(_PLACED, 1)


def _attribute(name: str, value: int | Sequence[int]) -> bytes:
    if isinstance(value, int):
        return field(1, name) + field(3, value) + field(_KIND, _INT)
    return field(1, name) + b"".join(field(8, one) for one in value) + field(_KIND, _INTS)
