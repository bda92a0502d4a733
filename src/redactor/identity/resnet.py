"""dlib's face recognition network (King, 2017) as an ONNX graph: onnxruntime takes a tenth of the time that dlib takes
as its wheels are built.

The weights stay in dlib's file, its own serialization of the network that its dnn_face_recognition_ex.cpp declares: all
layers from the picture on. Each convolution is followed by an affine layer, which is folded into it here, as are the
mean and the range of the input.
"""

import numpy as np

from redactor.detectors.graph import Graph, Weights

SIDE, SIZE = 150, 128  # pixels; dimensions
INPUT, OUTPUT = "chip", "embedding"

_MEAN, _RANGE = np.array([122.782, 117.001, 104.298], np.float32), 256  # RGB: dlib's input_rgb_image_sized
# Of the first convolution: channels of the picture and of the result, the kernel's side, the side of the pooled result.
_COLOURS, _CHANNELS, _KERNEL, _POOLED = 3, 32, 7, 35
# The residual blocks: their channels, and whether they halve the picture.
_BLOCKS = (
    *3 * ((32, False),),
    *((64, True), *3 * ((64, False),)),
    *((128, True), *2 * ((128, False),)),
    *((256, True), *2 * ((256, False),)),
    (256, True),
)
# What stands before the weights of a layer: the length and the letters of its kind.
_CONVOLUTION, _AFFINE, _LAST = b"\x05con_4", b"\x07affine_", b"\x04fc_2"


def graph(file: bytes) -> tuple[bytes, dict[str, Weights]]:
    """ONNX, and the weights that go with it: (n, 3, SIDE, SIDE) float32 RGB, 0-255, to (n, SIZE).

    file: dlib_face_recognition_resnet_model_v1.dat. Raises ValueError where it holds another network.
    """
    layers, net = _Layers(file), Graph()
    kernel, bias = layers.convolution(_COLOURS, _CHANNELS, _KERNEL)
    kernel /= _RANGE
    bias -= kernel.sum(axis=(2, 3)) @ _MEAN
    at = net.add("Relu", net.add("Conv", INPUT, kernel, bias, strides=(2, 2)))
    at = net.add("MaxPool", at, kernel_shape=(3, 3), strides=(2, 2))
    before, side = _CHANNELS, _POOLED
    for channels, halves in _BLOCKS:
        first, second = (layers.convolution(size, channels, 3) for size in (before, channels))
        inner = net.add("Conv", at, *first, **({"strides": (2, 2)} if halves else {"pads": (1, 1, 1, 1)}))
        inner = net.add("Conv", net.add("Relu", inner), *second, pads=(1, 1, 1, 1))
        if halves:
            at = net.add("AveragePool", at, kernel_shape=(2, 2), strides=(2, 2))
            # dlib adds what differs in size as if the smaller one went on with zeros: it is the pooled one in channels,
            # the convolved one in rows and columns.
            more, side = side // 2 - (side - 1) // 2, side // 2
            at = net.add("Pad", at, pads=(0, 0, 0, 0, 0, channels - before, 0, 0)) if channels > before else at
            inner = net.add("Pad", inner, pads=(0, 0, 0, 0, 0, 0, more, more)) if more else inner
        at, before = net.add("Relu", net.add("Add", at, inner)), channels
    net.add("MatMul", net.add("Flatten", net.add("GlobalAveragePool", at)), layers.last(before), output=OUTPUT)
    return net.model({INPUT: ("n", _COLOURS, SIDE, SIDE)}, {OUTPUT: ("n", SIZE)}), net.weights


class _Layers:
    """The weights in the file, layer by layer. Mutable: each call goes on behind the last one."""

    def __init__(self, file: bytes) -> None:
        self._file, self._at = file, 0

    def convolution(self, before: int, after: int, side: int) -> tuple[Weights, Weights]:
        """Kernel (after, before, side, side) and bias (after,) of the next convolution and its affine layer in one."""
        weights = self._tensor(_CONVOLUTION, after * (before * side * side + 1))
        kernel, bias = weights[:-after].reshape(after, before, side, side), weights[-after:]
        gain, offset = self._tensor(_AFFINE, 2 * after).reshape(2, after)
        return kernel * gain[:, None, None, None], bias * gain + offset

    def last(self, before: int) -> Weights:
        """(before, SIZE) of the layer that ends in the embedding."""
        return self._tensor(_LAST, before * SIZE).reshape(before, SIZE).copy()

    def _tensor(self, kind: bytes, size: int) -> Weights:
        """The weights of the next layer of that kind: a version, four dimensions, then float32."""
        found = self._file.find(kind, self._at)
        self._at = found + len(kind)
        if kind == _LAST:
            self._integer(), self._integer()  # its outputs and inputs
        version, *dims = (self._integer() for _ in range(5))
        data = self._file[self._at : self._at + 4 * size]
        if found < 0 or version != 2 or np.prod(dims) != size or len(data) != 4 * size:
            raise ValueError(f"no layer {kind[1:].decode()} of {size} weights at {found}")
        self._at += len(data)
        return np.frombuffer(data, "<f4")

    def _integer(self) -> int:
        """A byte that says how many follow, then those, the lowest first."""
        start = self._at + 1
        self._at = start + (self._file[self._at] & 0x0F if self._at < len(self._file) else 0)
        return int.from_bytes(self._file[start : self._at], "little")
