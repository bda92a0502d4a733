"""How much of the faces stays visible, how much else is hidden, and whether each person has one id.

Reference boxes are tight, annotated ones head-size. Faces that are half hidden or doubtful count neither way.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from benchmarks.annotated import Placed
from benchmarks.reference import Box, Clip, Frame

Mask = npt.NDArray[np.bool_]
STRICT, LOOSE = 0.95, 0.70
_COARSE = 4  # pixels a cell of the picture for `over`


@dataclass(frozen=True)
class Hiding:
    """faces: reference faces in all frames; leak95, leak70: share of them covered by less than 95 %, 70 %; extra:
    boxes a frame on no face; over: share of the picture covered away from faces (each twice its size); area: median
    of annotated over reference area."""

    faces: int
    leak95: float
    leak70: float
    extra: float
    over: float
    area: float


@dataclass(frozen=True)
class Naming:
    """idf1: of the best match of persons and ids; switches: how often a person's id changes; ids: a person has."""

    idf1: float
    switches: int
    persons: int
    ids: float


def hiding(clip: Clip, found: Mapping[int, list[Placed]]) -> Hiding:
    shares, areas, extra, over = list[float](), list[float](), 0, 0.0
    for index, frame in clip.frames.items():
        placed = [one.box for one in found.get(index, [])]
        known = [*(one.box for one in frame.faces), *frame.unclear]
        shares += [share_covered(one.box, placed, clip.size) for one in frame.faces]
        areas += [_size(box) / _size(one.box) for one in frame.faces for box in _nearest(one.box, placed)]
        extra += sum(not any(_holds_centre(box, face, 0.2) for face in known) for box in placed)
        over += _over(placed, known, clip.size)
    frames, faces = max(1, len(clip.frames)), max(1, len(shares))
    return Hiding(
        faces=len(shares),
        leak95=sum(share < STRICT for share in shares) / faces,
        leak70=sum(share < LOOSE for share in shares) / faces,
        extra=extra / frames,
        over=over / frames,
        area=median(areas) if areas else 0.0,
    )


def share_covered(box: Box, others: list[Box], size: tuple[int, int]) -> float:
    """Share of a box's pixels inside the picture that lie in any of the others; 1 where it has none."""
    x1, y1, x2, y2 = _pixels(box, size)
    inside = np.zeros((max(0, y2 - y1), max(0, x2 - x1)), np.bool_)
    for other in others:
        a, b, c, d = (round(value) for value in other)
        inside[max(0, b - y1) : max(0, d - y1), max(0, a - x1) : max(0, c - x1)] = True
    return float(inside.mean()) if inside.size else 1.0


def naming(clip: Clip, found: Mapping[int, list[Placed]]) -> Naming | None:
    """None where the reference names nobody."""
    frames = {n: frame for n, frame in clip.frames.items() if frame.faces and frame.faces[0].who is not None}
    if not frames:
        return None
    pairs, there, annotated = Counter[tuple[str, int]](), Counter[str](), Counter[int]()
    last, switches = dict[str, int](), 0
    for index, frame in frames.items():
        placed = found.get(index, [])
        there.update(str(one.who) for one in frame.faces)
        annotated.update(one.id for one in placed)
        for who, number in _matched(frame, placed):
            pairs[who, number] += 1
            switches += last.get(who, number) != number
            last[who] = number
    used = Counter(who for (who, _), count in pairs.items() if count >= 5)
    return Naming(_idf1(pairs, there, annotated), switches, len(there), sum(used.values()) / max(1, len(used)))


def _idf1(pairs: Counter[tuple[str, int]], there: Counter[str], annotated: Counter[int]) -> float:
    """Ristani et al., 2016: of a one-to-one match of persons and ids that leaves the fewest boxes out."""
    persons, numbers = sorted(there), sorted(annotated)
    hits = np.array([[pairs[who, number] for number in numbers] for who in persons]).reshape(len(persons), len(numbers))
    lost = np.array([[there[w] + annotated[n] for n in numbers] for w in persons]).reshape(hits.shape) - 2 * hits
    matched = hits[linear_sum_assignment(lost)].sum()
    return float(2 * matched / max(1, there.total() + annotated.total()))


def _matched(frame: Frame, placed: list[Placed]) -> list[tuple[str, int]]:
    """Who is annotated as which id in one frame: overlap, or a tight box in the middle of a head."""
    likeness = np.array([[_likeness(one.box, other.box) for other in placed] for one in frame.faces])
    likeness = likeness.reshape(len(frame.faces), len(placed))
    rows, columns = linear_sum_assignment(-likeness)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [(str(frame.faces[r].who), placed[c].id) for r, c in pairs if likeness[r, c] > 0.2]


def _likeness(face: Box, head: Box) -> float:
    return max(_iou(face, head), 0.3 if _holds_centre(head, face, -0.15) else 0.0)


def _nearest(face: Box, placed: list[Box]) -> list[Box]:
    return [box for box in placed if _iou(face, box) > 0.2][:1]


def _over(placed: list[Box], faces: list[Box], size: tuple[int, int]) -> float:
    away = np.zeros((size[1] // _COARSE, size[0] // _COARSE), np.bool_)
    for box in placed:
        _paint(away, box, value=True)
    for x1, y1, x2, y2 in faces:
        dx, dy = (x2 - x1) / 2, (y2 - y1) / 2
        _paint(away, (x1 - dx, y1 - dy, x2 + dx, y2 + dy), value=False)
    return float(away.mean())


def _paint(mask: Mask, box: Box, *, value: bool) -> None:
    x1, y1, x2, y2 = (max(0, round(side / _COARSE)) for side in box)
    mask[y1:y2, x1:x2] = value


def _pixels(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    return max(0, round(box[0])), max(0, round(box[1])), min(size[0], round(box[2])), min(size[1], round(box[3]))


def _size(box: Box) -> float:
    return max(1e-9, (box[2] - box[0]) * (box[3] - box[1]))


def _iou(a: Box, b: Box) -> float:
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0.0, wide) * max(0.0, high)
    return shared / (_size(a) + _size(b) - shared)


def _holds_centre(box: Box, face: Box, grown: float) -> bool:
    """Whether the centre of a box lies in a face enlarged by this share of its size to each side."""
    x, y, dx, dy = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2, face[2] - face[0], face[3] - face[1]
    return face[0] - grown * dx < x < face[2] + grown * dx and face[1] - grown * dy < y < face[3] + grown * dy
