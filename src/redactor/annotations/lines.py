"""The faces of an annotations file, or of a segment's boxes, as text, thousands at once as columns of characters: one
by one, those of an hour take as long as reading all that was detected."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]

_FILE = ('{"index":', ',"id":', ',"x":', ',"y":', ',"width":', ',"height":', "}")
_BOXES = ("[", ",", ",", ",", ",", "]")
_DECIMALS = 5
_GRID = 10**_DECIMALS
LARGEST = 1e9  # below it five decimals of a number are exact in 53 bits
# Below .0001 Python prints an exponent: 0.00007 is 7e-05.
_EXPONENT = np.frombuffer(b"e-05\0\0", np.uint8)[:, None]


def lines(frame: Ints, ids: Ints, box: Floats) -> list[str]:
    """The text of each face. frame, ids: (n,), not negative; box: (n, 4) x, y, width, height on the grid of five
    decimals, smaller than LARGEST."""
    return written(frame, ids, box, np.ones(len(ids), np.bool_)).decode().splitlines()


def written(frame: Ints, ids: Ints, box: Floats, ends: Marks) -> bytes:
    """The same as one text. ends: (n,), whether a line ends after the face; else a comma follows."""
    return _text(_FILE, [_digits(frame), _digits(ids), *_sides(_decimals(box))], ends)


def shortest(ids: Ints, box: Floats, ends: Marks) -> bytes | None:
    """Likewise as Python prints the numbers in a list; None where one is not on the grid."""
    if not (np.rint(box * _GRID) / _GRID == box).all():
        return None
    return _text(_BOXES, [_digits(ids), *_sides(_shortened(_decimals(box)))], ends)


def _text(labels: Sequence[str], cells: Sequence[Bytes], ends: Marks) -> bytes:
    """A row for each face, of the labels with the cells between them."""
    after = np.where(ends, ord("\n"), ord(",")).astype(np.uint8)[None]
    row, columns = b"", []
    for label, cell in zip(labels, [*cells, after], strict=True):
        row += label.encode()
        columns.append((slice(len(row), len(row) + len(cell)), cell))
        row += bytes(len(cell))
    table = np.empty((len(ends), len(row)), np.uint8)
    table[:] = np.frombuffer(row, np.uint8)
    for place, cell in columns:
        table[:, place] = cell.T
    return table.tobytes().translate(None, b"\0")


def _digits(numbers: Ints, least: int = 1) -> Bytes:
    """A column of characters for each number, (widest, n): zeros, where it has fewer digits, not written if beyond
    `least`."""
    widest = max(least, len(str(numbers.max(initial=0))))
    shown = np.empty((widest, len(numbers)), np.uint8)
    rest = numbers.astype(np.uint32) if widest < 10 else numbers  # twice as fast
    for place in reversed(range(widest)):
        tens = rest // 10
        shown[place] = rest - tens * 10 + ord("0")
        if place < widest - least:
            shown[place, rest == 0] = 0
        rest = tens
    return shown


def _decimals(box: Floats) -> Bytes:
    """The same for all x, then all y and so on, with their sign, point and decimals."""
    values = box.T.ravel()
    digits = _digits(np.rint(np.abs(values) * _GRID).astype(np.int64), _DECIMALS + 1)
    sign = np.where(np.signbit(values), ord("-"), 0).astype(np.uint8)[None]
    point = np.full((1, len(values)), ord("."), np.uint8)
    return np.concatenate([sign, digits[:-_DECIMALS], point, digits[-_DECIMALS:]])


def _sides(cells: Bytes) -> list[Bytes]:
    """The cells of x, y, width and height."""
    return np.split(cells, 4, axis=1)


def _shortened(cells: Bytes) -> Bytes:
    """Without zeros at the end, but for the first decimal; with an exponent where only the last decimal is none."""
    end = cells[1 - _DECIMALS :]
    zeros = np.logical_and.accumulate(end[::-1] == ord("0"))[::-1]
    short = np.concatenate([cells[: 1 - _DECIMALS], np.where(zeros, np.uint8(0), end)])
    tiny = (cells[-1] > ord("0")) & (cells[:-1] <= ord("0")).all(axis=0)  # signs and points are below 0 too
    short[-len(_EXPONENT) - 1, tiny] = cells[-1, tiny]
    short[-len(_EXPONENT) :, tiny] = _EXPONENT
    return short
