"""H.264 in field pictures (PAFF), which no free encoder writes: every macroblock holds its samples as they are (I_PCM).

Section numbers: ITU-T H.264.
"""

from collections.abc import Iterable
from typing import Self

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]

_GOP = 10
_MACROBLOCK = 16
_I_PCM = 25  # in I slices, table 7-11
_FRAME_NUMBER_BITS, _ORDER_BITS = 4, 8


class Bits:
    """A NAL unit's payload, growing."""

    def __init__(self) -> None:
        self._bits: list[str] = []
        self._length = 0

    def put(self, *fields: tuple[int, int]) -> Self:
        """Each field a number of bits and a value."""
        for width, value in fields:
            self._add(f"{value:0{width}b}")
        return self

    def golomb(self, *values: int) -> Self:
        """ue(v), 9.1; of 0 also se(v)."""
        for value in values:
            self._add("0" * ((value + 1).bit_length() - 1) + f"{value + 1:b}")
        return self

    def samples(self, *planes: Plane) -> Self:
        self._add("0" * (-self._length % 8))
        self._add("".join(f"{byte:08b}" for plane in planes for byte in plane.tobytes()))
        return self

    def unit(self, head: int) -> bytes:
        """The whole unit, Annex B, with what keeps start codes out of it."""
        self._add("1")
        self._add("0" * (-self._length % 8))
        out, zeros = bytearray(), 0
        for byte in int("".join(self._bits), 2).to_bytes(self._length // 8, "big"):
            if zeros >= 2 and byte <= 3:
                out.append(3)
                zeros = 0
            out.append(byte)
            zeros = 0 if byte else zeros + 1
        return b"\0\0\0\1" + bytes([head]) + bytes(out)

    def _add(self, bits: str) -> None:
        self._bits.append(bits)
        self._length += len(bits)


def field_pictures(frames: Iterable[tuple[Plane, Plane, Plane]], *, top_first: bool) -> bytes:
    """An elementary stream. frames: y, u, v in 4:2:0; width a multiple of 16, height of 32."""
    out = bytearray()
    for n, planes in enumerate(frames):
        number = n % _GOP
        for turn, bottom in enumerate((0, 1) if top_first else (1, 0)):
            out += Bits().put((3, 7)).unit(0x09)  # access unit delimiter: any slices
            if not number and not turn:
                out += _parameters(*planes[0].shape)
            out += _field([plane[bottom::2] for plane in planes], number, bottom, turn)
    return bytes(out)


def _parameters(height: int, width: int) -> bytes:
    """7.3.2.1, 7.3.2.2: main profile, level 3, output order type 0, one reference, fields allowed."""
    size = (width // _MACROBLOCK - 1, height // (2 * _MACROBLOCK) - 1)
    sequence = Bits().put((8, 77), (8, 0), (8, 30)).golomb(0, _FRAME_NUMBER_BITS - 4, 0, _ORDER_BITS - 4, 1)
    sequence.put((1, 0)).golomb(*size).put((5, 0b00100))
    picture = Bits().golomb(0, 0).put((2, 0)).golomb(0, 0, 0).put((3, 0)).golomb(0, 0, 0).put((3, 0))
    return sequence.unit(0x67) + picture.unit(0x68)


def _field(planes: list[Plane], number: int, bottom: int, turn: int) -> bytes:
    """7.3.3: one slice. The first field of a group is an IDR picture."""
    restart = not number and not turn
    slice_ = Bits().golomb(0, 7, 0).put((_FRAME_NUMBER_BITS, number), (1, 1), (1, bottom))
    if restart:
        slice_.golomb(0)
    slice_.put((_ORDER_BITS, 2 * number + turn)).put((2 if restart else 1, 0)).golomb(0)
    height, width = planes[0].shape
    for row in range(0, height, _MACROBLOCK):
        for column in range(0, width, _MACROBLOCK):
            slice_.golomb(_I_PCM).samples(*(_block(plane, row, column, n) for n, plane in enumerate(planes)))
    return slice_.unit(0x65 if restart else 0x61)


def _block(plane: Plane, row: int, column: int, n: int) -> Plane:
    shrink = 2 if n else 1
    size = _MACROBLOCK // shrink
    block = plane[row // shrink : row // shrink + size, column // shrink : column // shrink + size]
    return np.maximum(block, 1)  # 7.4.5: never 0
