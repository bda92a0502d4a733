"""HDR to SDR for the network: detectors are trained on SDR, and in a plain conversion HDR faces are grey and dim.

Per pixel, in light: the coded signal by its transfer function, BT.2020 to BT.709, a shoulder for highlights, sRGB's
curve. Up to half of reference white, where skin lies, the picture is what the same scene is in SDR. swscale can do
this itself, but builds its cube anew for each frame: 550 ms, measured.
"""

from collections.abc import Callable, Mapping
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Deep = NDArray[np.uint16]
Floats = NDArray[np.float64]

# AVColorTransferCharacteristic.
PQ, HLG = 16, 18
# Light is in units of reference white, 203 cd/m2 (BT.2408); what is brighter than _PEAK of them is white.
_WHITE = 203.0
_PEAK = 5.0
# Where the shoulder begins.
_KNEE = 0.5
_STEPS = 65535
# BT.2087: linear BT.2020 to BT.709; rows and columns in the order blue, green, red.
_TO_BT709 = np.array(
    [[1.1187, -0.1006, -0.0182], [-0.0083, 1.1329, -0.1246], [-0.0728, -0.5876, 1.6605]], dtype=np.float32
)


def is_hdr(transfer: int) -> bool:
    """Whether pictures of this AVColorTransferCharacteristic need tone-mapping."""
    return transfer in _LIGHT


def tone_mapped(signal: Deep, transfer: int) -> Image:
    """The SDR picture of an HDR one. signal: (h, w, 3) uint16, BGR, 65535 is 1; transfer: PQ or HLG."""
    # Three passes by table, matrix and table over 16 bits: 3 ms of CPU at 1280x720.
    light = cv2.transform(cv2.LUT(signal, _light(transfer)), _TO_BT709)
    return np.asarray(cv2.LUT(light, _shown()), np.uint8)


def _pq(signal: Floats) -> Floats:
    """Signal 0..1 -> cd/m2: BT.2100 table 4."""
    m1, m2 = 2610 / 16384, 2523 / 32
    c1, c2, c3 = 3424 / 4096, 2413 / 128, 2392 / 128
    root = signal ** (1 / m2)
    return np.asarray(10000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1))


def _hlg(signal: Floats) -> Floats:
    """Signal 0..1 -> cd/m2 on a display of 1000: BT.2100 table 5, its system gamma on each channel by itself."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    return np.asarray(1000 * scene**1.2)


_LIGHT: Mapping[int, Callable[[Floats], Floats]] = {PQ: _pq, HLG: _hlg}


@cache
def _light(transfer: int) -> Deep:
    """Signal of 16 bits -> light, of which 65535 is _PEAK."""
    light = _LIGHT[transfer](np.linspace(0, 1, _STEPS + 1)) / (_WHITE * _PEAK)
    return np.round(np.clip(light, 0, 1) * _STEPS).astype(np.uint16)


@cache
def _shown() -> Image:
    """Light as in _light -> sRGB of 8 bits, IEC 61966-2-1, after Reinhard's shoulder, which ends at _PEAK in white."""
    light = np.linspace(0, _PEAK, _STEPS + 1)
    above, end = np.maximum(light - _KNEE, 0) / (1 - _KNEE), (_PEAK - _KNEE) / (1 - _KNEE)
    light = np.minimum(light, _KNEE) + (1 - _KNEE) * above * (1 + above / end**2) / (1 + above)
    shown = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(shown * 255).astype(np.uint8)
