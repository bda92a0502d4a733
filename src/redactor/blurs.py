"""How faces are hidden: one table from blur type to what it does to the planes, and what each is worth."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from redactor.annotations.faces import Face
from redactor.covering import Rect, chroma_step, covered
from redactor.lettering import words
from redactor.preset import BlurType

__all__ = ["BLURS", "IRREVERSIBLE", "LIMITS", "NOT_REDACTED", "Blur", "Planes", "Rect", "covered", "obscure"]

# uint8, or uint16 where samples have more than 8 bits.
Plane = NDArray[np.unsignedinteger[Any]]
Planes = tuple[Plane, Plane, Plane]
Step = tuple[int, int]

NOT_REDACTED = "NOT REDACTED"
# In 8 bits: luma of black and white where the range is limited, chroma of grey.
_LIMITED, _GREY = (16, 235), 128


@dataclass(frozen=True)
class Area:
    """A face and the rectangle it covers. box: width and height of the whole box in luma pixels, not clipped."""

    face: Face
    rect: Rect
    box: tuple[float, float]


@dataclass(frozen=True)
class Scene:
    """planes: Y, U, V; written in place. steps: columns and rows of pixels that a sample of each plane stands for.
    areas: in the order in which they are painted. black, white: luma of the colour range; grey: chroma of no colour."""

    planes: Planes
    steps: tuple[Step, Step, Step]
    areas: tuple[Area, ...]
    black: int
    white: int
    grey: int


@dataclass(frozen=True)
class Blur:
    """paint: changes the planes and returns the rectangles it changed. limits: one honest sentence for people."""

    paint: Callable[[Scene], tuple[Rect, ...]]
    irreversible: bool
    limits: str


def obscure(
    planes: Planes,
    faces: Sequence[Face],
    blur: BlurType,
    *,
    interlaced: bool = False,
    full_range: bool = False,
    depth: int = 8,
) -> tuple[Rect, ...]:
    """Obscure the faces in a decoded frame, in place, and return the rectangles that were changed.

    planes: Y, U, V, rows x columns, writable, uint8 or, with depth bits a sample, uint16; the chroma planes whole,
    halved (rounded up) in columns, or in both. full_range: luma counts 0-255 rather than 16-235 (in 8 bits). Every
    sample in the rectangles is computed from the samples that stood there before any face was obscured; where faces
    overlap the higher id wins; nothing outside is touched.
    BlurType.BOX hides nothing: it draws outlines and ids, and NOT REDACTED at the foot of every frame.
    """
    height, width = planes[0].shape
    step = chroma_step(planes[0].shape, planes[1].shape)
    grid = (step[0], 4 if interlaced and step[1] == 2 else step[1])
    found = [(face, covered(face, width, height, grid)) for face in sorted(faces)]
    areas = tuple(Area(face, rect, (face.width * width, face.height * height)) for face, rect in found if rect)
    most = (1 << depth) - 1
    black, white = (0, most) if full_range else (level << depth - 8 for level in _LIMITED)
    return BLURS[blur].paint(Scene(planes, ((1, 1), step, step), areas, black, white, _GREY << depth - 8))


def _patchwise(patch: Callable[[Plane, Area, Step], Plane]) -> Callable[[Scene], tuple[Rect, ...]]:
    """Paint each area of each plane with what patch makes of its samples, pixels a sample being step.

    All patches are made before the first is pasted, so none sees another's work.
    """

    def paint(scene: Scene) -> tuple[Rect, ...]:
        pasted = []
        for plane, step in zip(scene.planes, scene.steps, strict=True):
            for area in scene.areas:
                region = plane[area.rect.slices(*step)]
                pasted.append((region, patch(region, area, step)))
        for region, patched in pasted:
            region[:] = patched
        return tuple(area.rect for area in scene.areas)

    return paint


def _low(samples: Plane, area: Area, step: Step) -> Plane:
    """Box filter, an eighth of the box wide and high, made odd and at least 3; mirrored at the region's edges."""
    height, width = samples.shape
    sides = (area.box[0] / step[0], area.box[1] / step[1])
    kernel = [min(max(math.ceil(side / 8), 3), room) | 1 for side, room in zip(sides, (width, height), strict=True)]
    return _like(samples, cv2.blur(samples, kernel, borderType=cv2.BORDER_REFLECT))


# Deconvolving a Gaussian of known sigma recovers a face at sigma/width .04, no more at .10; an eighth leaves a margin.
_SIGMA = 0.125


def _med(samples: Plane, area: Area, step: Step) -> Plane:
    """Gaussian; computed on means of whole cells, a third of its sigma wide and high or a little less, for at full size
    it costs a hundred times as much."""
    height, width = samples.shape
    sigma = max(_SIGMA * max(area.box), 4.0)
    (wide, across), (high, down) = (
        _cell(room, sigma / pixels) for room, pixels in zip((width, height), step, strict=True)
    )
    whole = cv2.copyMakeBorder(samples, 0, -height % high, 0, -width % wide, cv2.BORDER_REFLECT)
    size = (whole.shape[1], whole.shape[0])
    means = cv2.resize(whole, (size[0] // wide, size[1] // high), interpolation=cv2.INTER_AREA)
    # On floats, for which OpenCV makes its kernels in a third of the time.
    soft = cv2.GaussianBlur(means.astype(np.float32), (0, 0), across, sigmaY=down, borderType=cv2.BORDER_REFLECT)
    blurred = cv2.resize(np.rint(soft).astype(samples.dtype), size, interpolation=cv2.INTER_LINEAR)
    return _like(samples, blurred[:height, :width])


def _cell(room: int, sigma: float) -> tuple[int, float]:
    """Samples of a cell along an axis, and sigma in cells: 3 to 6. More only where a single cell is left, which no blur
    changes: the cap keeps the kernel of a box far larger than the frame small."""
    cell = max(1, min(math.floor(sigma / 3), room))
    return cell, min(sigma / cell, 6.0)


_CELLS = 4


def _high(samples: Plane, _area: Area, _step: Step) -> Plane:
    """Means of at most 4 x 4 cells, moved to other places by a fixed permutation, smoothed between."""
    height, width = samples.shape
    rows, columns = min(_CELLS, height), min(_CELLS, width)
    top = np.arange(rows) * height // rows
    left = np.arange(columns) * width // columns
    sums = np.add.reduceat(np.add.reduceat(samples, left, axis=1, dtype=np.int64), top, axis=0)
    counts = np.outer(np.diff(top, append=height), np.diff(left, append=width))
    means = ((2 * sums + counts) // (2 * counts)).astype(samples.dtype).ravel()
    # 7 has no factor in common with any number of cells, and with 5 added no cell stays in its place.
    moved = means[(7 * np.arange(means.size) + 5) % means.size].reshape(rows, columns)
    return _like(samples, cv2.resize(moved, (width, height), interpolation=cv2.INTER_LINEAR))


def _black(scene: Scene) -> tuple[Rect, ...]:
    for area in scene.areas:
        _fill(scene, area.rect, scene.black)
    return tuple(area.rect for area in scene.areas)


def _debug(scene: Scene) -> tuple[Rect, ...]:
    """Outlines with ids, and the warning in a strip at the foot of the frame."""
    for area in scene.areas:
        rect, line = area.rect, max(2, area.rect.height // 64 * 2)
        for edge in _edges(rect, line):
            _fill(scene, edge, scene.white)
        text = str(area.face.id)
        high = min(rect.height, max(16, rect.height // 8 * 2))
        wide = min(rect.width, high * len(text))
        _write(scene, Rect(rect.left, rect.top, rect.left + wide, rect.top + high), text)
    strip = _strip(*scene.planes[0].shape)
    _write(scene, strip, NOT_REDACTED)
    return (*(area.rect for area in scene.areas), strip)


def _edges(rect: Rect, line: int) -> tuple[Rect, ...]:
    down, right = min(rect.top + line, rect.bottom), min(rect.left + line, rect.right)
    up, left = max(rect.bottom - line, rect.top), max(rect.right - line, rect.left)
    return (
        Rect(rect.left, rect.top, rect.right, down),
        Rect(rect.left, up, rect.right, rect.bottom),
        Rect(rect.left, rect.top, right, rect.bottom),
        Rect(left, rect.top, rect.right, rect.bottom),
    )


def _strip(height: int, width: int) -> Rect:
    """A twelfth of the frame's height, wide enough for the words; on a grid of 4, so that it suits interlaced video."""
    top = max(0, height - max(16, height // 12)) // 4 * 4
    return Rect(0, top, min(width, (height - top) * 8), height)


def _write(scene: Scene, rect: Rect, text: str) -> None:
    _fill(scene, rect, scene.black)
    scene.planes[0][rect.slices()][words(text, rect.width, rect.height)] = scene.white


def _fill(scene: Scene, rect: Rect, luma: int) -> None:
    for plane, step, value in zip(scene.planes, scene.steps, (luma, scene.grey, scene.grey), strict=True):
        plane[rect.slices(*step)] = value


def _like(samples: Plane, image: NDArray[np.generic]) -> Plane:
    return image.astype(samples.dtype, copy=False)


BLURS: Mapping[BlurType, Blur] = {
    BlurType.LOW: Blur(
        _patchwise(_low),
        irreversible=False,
        limits="Cosmetic: people who know the person, and face recognition, still recognise a face under Low.",
    ),
    BlurType.MED: Blur(
        _patchwise(_med),
        irreversible=False,
        limits="A strong blur, not anonymity: published face recognition has re-identified most faces blurred so.",
    ),
    BlurType.HIGH: Blur(
        _patchwise(_high),
        irreversible=False,
        limits="Only 16 shuffled mean colours of each face remain; over many frames of a moving face they tell more.",
    ),
    BlurType.BLACK: Blur(
        _black,
        irreversible=True,
        limits="Nothing of the face remains. Voice, clothes, body and place may still tell who it is.",
    ),
    BlurType.BOX: Blur(
        _debug,
        irreversible=False,
        limits="For debugging only: the faces stay visible, and every frame says NOT REDACTED.",
    ),
}
IRREVERSIBLE: Mapping[BlurType, bool] = {name: blur.irreversible for name, blur in BLURS.items()}
LIMITS: Mapping[BlurType, str] = {name: blur.limits for name, blur in BLURS.items()}
