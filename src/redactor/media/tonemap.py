"""HDR to SDR, for the network and for the output: detectors are trained on SDR, and in a plain conversion HDR is grey
and dim.

Per pixel, in light: the coded signal by its transfer function, the source's primaries to BT.709, a shoulder for
highlights, sRGB's curve. Up to half of reference white, where skin lies, the picture is what the same scene is in SDR.
The shoulder is that of the brightest channel and dims all three alike, so that a bright orange stays orange; each by
its own would turn it yellow. Nothing depends on other pixels or frames. swscale can do this itself, but builds its cube
anew for each frame: 550 ms, measured.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Deep = NDArray[np.uint16]
Floats = NDArray[np.float64]
Shown = TypeVar("Shown", np.uint8, np.uint16)

# AVColorTransferCharacteristic.
PQ, HLG = 16, 18
# Light is in units of reference white, 203 cd/m2 (BT.2408); what is brighter than _PEAK of them is white.
_WHITE = 203.0
_PEAK = 5.0
# Where the shoulder begins.
_KNEE = 0.5
_STEPS = 65535
# Rows that are done at once.
_STRIP = 64
# AVColorPrimaries -> linear light of BT.709; rows and columns in the order blue, green, red. BT.2087 for BT.2020.
_BT709, _BT2020, _P3 = 1, 9, 12
_TO_BT709: Mapping[int, list[list[float]]] = {
    _BT709: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    _BT2020: [[1.1187, -0.1006, -0.0182], [-0.0083, 1.1329, -0.1246], [-0.0728, -0.5876, 1.6605]],
    _P3: [[1.0979, -0.0786, -0.0196], [0.0, 1.0420, -0.0421], [0.0, -0.2249, 1.2249]],
}
# BT.2100, table 5: a display of 1000 cd/m2 shows scene light by this gamma of its luminance.
_DISPLAY, _GAMMA = 1000.0, 1.2
_LUMINANCE = [[0.0593, 0.6780, 0.2627]]


def is_hdr(transfer: int) -> bool:
    """Whether pictures of this AVColorTransferCharacteristic need tone-mapping."""
    return transfer in _LIGHT


def tone_mapped(signal: Deep, transfer: int, primaries: int) -> Image:
    """The SDR picture of an HDR one, in 8 bits.

    signal: (h, w, 3) uint16, BGR, 65535 is 1; transfer: PQ or HLG; primaries: AVColorPrimaries, BT.2020 if unknown.
    """
    return _shown(signal, transfer, primaries, _curve_8())


def tone_mapped_deep(signal: Deep, transfer: int, primaries: int) -> Deep:
    """The same in 16 bits."""
    return _shown(signal, transfer, primaries, _curve_16())


def _shown(signal: Deep, transfer: int, primaries: int, curve: NDArray[Shown]) -> NDArray[Shown]:
    """All by tables and matrices over 16 bits: 7 ms of CPU at 1280x720 with PQ, 11 with HLG; half more without strips
    that fit the cache."""
    image = np.empty(signal.shape, curve.dtype)
    for top in range(0, len(signal), _STRIP):
        rows = slice(top, top + _STRIP)
        image[rows] = cv2.LUT(_pressed(_light(signal[rows], transfer, primaries)), curve)
    return image


def _light(signal: Deep, transfer: int, primaries: int) -> NDArray[Any]:
    """Light of BT.709 primaries, of which 65535 is _PEAK; what they cannot show is cut off."""
    light = _LIGHT[transfer](signal)
    return np.asarray(cv2.transform(light, np.array(_TO_BT709.get(primaries, _TO_BT709[_BT2020]), np.float32)))


def _pressed(light: NDArray[Any]) -> NDArray[Any]:
    """Light of which 65535 is _PEAK -> light of which it is white."""
    blue, green, red = cv2.split(light)
    gain = cv2.LUT(cv2.max(cv2.max(blue, green), red), _shoulder())
    return _times(light, gain)


def _times(light: NDArray[Any], gain: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(cv2.multiply(light, cv2.merge([gain, gain, gain]), dtype=cv2.CV_16U))


def _of_pq(signal: Deep) -> NDArray[Any]:
    return np.asarray(cv2.LUT(signal, _pq()))


def _of_hlg(signal: Deep) -> NDArray[Any]:
    scene = np.asarray(cv2.LUT(signal, _hlg()))
    gain = cv2.LUT(cv2.transform(scene, np.array(_LUMINANCE, np.float32)), _gain())
    return _times(scene, gain)


_LIGHT: Mapping[int, Callable[[Deep], NDArray[Any]]] = {PQ: _of_pq, HLG: _of_hlg}


def _signal() -> Floats:
    return np.linspace(0, 1, _STEPS + 1)


@cache
def _pq() -> Deep:
    """Signal of 16 bits -> light, of which 65535 is _PEAK: BT.2100, table 4."""
    m1, m2 = 2610 / 16384, 2523 / 32
    c1, c2, c3 = 3424 / 4096, 2413 / 128, 2392 / 128
    root = _signal() ** (1 / m2)
    light = 10000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
    return np.round(np.clip(light / (_WHITE * _PEAK), 0, 1) * _STEPS).astype(np.uint16)


@cache
def _hlg() -> Deep:
    """Signal of 16 bits -> scene light, of which 65535 is 1: BT.2100, table 5."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    signal = _signal()
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    return np.round(np.clip(scene, 0, 1) * _STEPS).astype(np.uint16)


@cache
def _gain() -> NDArray[np.float32]:
    """The scene's luminance -> what its light is multiplied by, of which the outcome 65535 is _PEAK."""
    return np.asarray(_DISPLAY / (_WHITE * _PEAK) * _signal() ** (_GAMMA - 1), np.float32)


@cache
def _shoulder() -> NDArray[np.float32]:
    """The brightest channel's light -> what all three are multiplied by: Reinhard's shoulder, which begins at _KNEE and
    ends at _PEAK in white."""
    light = np.maximum(_signal(), 1 / _STEPS) * _PEAK
    above, end = np.maximum(light - _KNEE, 0) / (1 - _KNEE), (_PEAK - _KNEE) / (1 - _KNEE)
    pressed = np.minimum(light, _KNEE) + (1 - _KNEE) * above * (1 + above / end**2) / (1 + above)
    return np.asarray(pressed / light * _PEAK, np.float32)


@cache
def _curve_8() -> Image:
    return np.round(_curve() * 255).astype(np.uint8)


@cache
def _curve_16() -> Deep:
    return np.round(_curve() * _STEPS).astype(np.uint16)


def _curve() -> Floats:
    """Light of which 65535 is white -> sRGB 0..1: IEC 61966-2-1."""
    light = _signal()
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
