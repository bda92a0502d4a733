"""How much of the picture outside the boxes an encoder has changed: PSNR and SSIM of luma."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log10
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from redactor.covering import Rect

Luma = NDArray[np.uint8]
Floats = NDArray[np.float64]
# Every so manieth frame, and the SSIM of Wang et al., 2004: a Gaussian window of sigma 1.5.
_EVERY, _SIGMA, _WINDOW = 5, 1.5, 11
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


@dataclass(frozen=True)
class Quality:
    """psnr: dB, of the mean square over all frames. ssim: the mean. size: of the video's packets over the source's."""

    psnr: float
    ssim: float
    size: float


def quality(source: Path, result: Path, rects: Sequence[Rect]) -> Quality:
    """Both have the same frames. rects: what is covered in each."""
    squares, likeness = [], []
    for n, (before, after) in enumerate(zip(_lumas(source), _lumas(result), strict=True)):
        if n % _EVERY == 0:
            outside = np.ones(before.shape, bool)
            for rect in rects:
                outside[rect.slices()] = False
            squares.append(np.square(before.astype(float) - after)[outside].mean())
            likeness.append(_ssim(before, after)[outside].mean())
    mean = max(float(np.mean(squares)), 1e-9)
    return Quality(10 * log10(255**2 / mean), float(np.mean(likeness)), _bytes(result) / _bytes(source))


def _ssim(one: Luma, other: Luma) -> Floats:
    a, b = one.astype(np.float64), other.astype(np.float64)
    mean_a, mean_b = _blurred(a), _blurred(b)
    var_a, var_b = _blurred(a * a) - mean_a**2, _blurred(b * b) - mean_b**2
    both = _blurred(a * b) - mean_a * mean_b
    above = (2 * mean_a * mean_b + _C1) * (2 * both + _C2)
    return np.asarray(above / ((mean_a**2 + mean_b**2 + _C1) * (var_a + var_b + _C2)))


def _blurred(image: Floats) -> Floats:
    return np.asarray(cv2.GaussianBlur(image, (_WINDOW, _WINDOW), _SIGMA))


def _lumas(path: Path) -> Iterator[Luma]:
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            plane = frame.planes[0]
            lines = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            yield lines[: plane.height, : plane.width]


def _bytes(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(packet.size for packet in container.demux(video=0))
