"""The faces of an annotations file as text, thousands at once as columns of characters: one by one, those of an hour
take as long as reading all that was detected."""

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_LABELS = ('{"index":', ',"id":', ',"x":', ',"y":', ',"width":', ',"height":')
_END = "}\n"
_DECIMALS = 5
LARGEST = 1e9  # below it five decimals of a number are exact in 53 bits


def lines(frame: Ints, ids: Ints, box: Floats) -> list[str]:
    """The text of each face. frame, ids: (n,), not negative; box: (n, 4) x, y, width, height on the grid of five
    decimals, smaller than LARGEST."""
    cells = [_digits(frame), _digits(ids), *map(_decimals, box.T)]
    parts = [part for label, cell in zip(_LABELS, cells, strict=True) for part in (_same(label, len(frame)), cell)]
    table = np.concatenate([*parts, _same(_END, len(frame))], axis=1)
    return table.tobytes().translate(None, b"\0").decode().splitlines()


def _same(text: str, count: int) -> Bytes:
    """So many rows of one text."""
    return np.broadcast_to(np.frombuffer(text.encode(), np.uint8), (count, len(text)))


def _digits(numbers: Ints, least: int = 1) -> Bytes:
    """A row of characters for each number, (n, widest): zeros, where it has fewer digits, not written if beyond
    `least`."""
    powers = [10**n for n in reversed(range(max(least, len(str(numbers.max(initial=0))))))]
    shown = [
        np.where((numbers >= power) | (power < 10**least), numbers // power % 10 + ord("0"), 0) for power in powers
    ]
    return np.stack(shown, axis=1).astype(np.uint8)


def _decimals(values: Floats) -> Bytes:
    """The same for numbers with their sign, point and decimals."""
    digits = _digits(np.rint(np.abs(values) * 10**_DECIMALS).astype(np.int64), _DECIMALS + 1)
    sign = np.where(np.signbit(values), ord("-"), 0).astype(np.uint8)[:, None]
    whole, fraction = np.split(digits, [-_DECIMALS], axis=1)
    return np.concatenate([sign, whole, _same(".", len(values)), fraction], axis=1)
