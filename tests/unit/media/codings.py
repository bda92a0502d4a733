"""How pictures become samples, by the book and not by swscale: any matrix and range, PQ and HLG."""

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# AVColorSpace -> weights of red and blue in luma: ITU-T H.273, table 4.
MATRICES = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}
LIMITED, FULL = 1, 2
PQ, HLG = 16, 18
# BT.2087: linear BT.709 to BT.2020, red, green, blue.
_TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
_WHITE = 203.0


def yuv(bgr: Floats, matrix: int, color_range: int, bits: int) -> tuple[Floats, Floats, Floats]:
    """BGR 0..1 -> Y, Cb, Cr as samples of so many bits, not yet rounded."""
    red, blue = MATRICES[matrix]
    b, g, r = bgr[..., 0], bgr[..., 1], bgr[..., 2]
    y = red * r + (1 - red - blue) * g + blue * b
    cb, cr = (b - y) / (2 - 2 * blue), (r - y) / (2 - 2 * red)
    step, most = 2 ** (bits - 8), 2**bits - 1
    if color_range == FULL:
        return y * most, cb * most + 128 * step, cr * most + 128 * step
    return (16 + 219 * y) * step, (128 + 224 * cb) * step, (128 + 224 * cr) * step


def frame_420(bgr: Floats, matrix: int, color_range: int, bits: int = 8) -> av.VideoFrame:
    """A tagged frame in 4:2:0 of BGR 0..1, whose sides are even."""
    height, width = bgr.shape[:2]
    made = av.VideoFrame(width, height, "yuv420p" if bits == 8 else f"yuv420p{bits}le")
    y, cb, cr = yuv(bgr, matrix, color_range, bits)
    halves = [cv2.resize(plane, (width // 2, height // 2), interpolation=cv2.INTER_AREA) for plane in (cb, cr)]
    kind = np.dtype(np.uint8 if bits == 8 else np.uint16)
    for plane, samples in zip(made.planes, (y, *halves), strict=True):
        lines = np.frombuffer(memoryview(plane), kind).reshape(-1, plane.line_size // kind.itemsize)
        lines[: plane.height, : plane.width] = np.round(samples).clip(0, 2**bits - 1)
    made.colorspace, made.color_range = matrix, color_range
    return made


def hdr_frame(image: NDArray[np.uint8], transfer: int) -> av.VideoFrame:
    """An SDR picture (BGR) as HDR shows it, its white at 203 cd/m2 (BT.2408): 10 bits, BT.2020, limited range."""
    made = frame_420(hdr_signal(light_of(image), transfer), 9, LIMITED, 10)
    made.color_trc, made.color_primaries = transfer, 9
    return made


def light_of(image: NDArray[np.uint8]) -> Floats:
    """sRGB of 8 bits -> cd/m2, BT.709."""
    value = image / 255
    return np.asarray(_WHITE * np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4))


def hdr_signal(light: Floats, transfer: int) -> Floats:
    """BGR in cd/m2, BT.709 -> the signal 0..1, BT.2020, on a display of 1000 cd/m2 for HLG."""
    wide = (light[..., ::-1] @ _TO_BT2020.T)[..., ::-1]
    return _pq(wide) if transfer == PQ else _hlg(wide)


def _pq(light: Floats) -> Floats:
    power = (light / 10000) ** (2610 / 16384)
    return np.asarray(((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32))


def _hlg(light: Floats) -> Floats:
    luminance = light @ np.array([0.0593, 0.6780, 0.2627]) / 1000
    scene = light / 1000 * np.maximum(luminance, 1e-6)[..., None] ** (1 / 1.2 - 1)
    low, high = np.sqrt(3 * scene), 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-6)) + 0.55991073
    return np.asarray(np.where(scene <= 1 / 12, low, high))
