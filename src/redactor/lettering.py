"""Words drawn into a picture: only the debug blur type needs them."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

_FONT = cv2.FONT_HERSHEY_SIMPLEX


@lru_cache(maxsize=64)
def words(text: str, width: int, height: int) -> NDArray[np.bool_]:
    """A mask of height x width, True where the letters are: the text as large as fits, black around it."""
    (wide, high), below = cv2.getTextSize(text, _FONT, 1.0, 2)
    scale = min(width / (wide + 8), height / (high + below + 8))
    canvas = np.zeros((height, width), np.uint8)
    thickness = max(1, round(2 * scale))
    (wide, high), below = cv2.getTextSize(text, _FONT, scale, thickness)
    corner = (max(0, (width - wide) // 2), max(high, (height + high - below) // 2))
    cv2.putText(canvas, text, corner, _FONT, scale, 255, thickness, cv2.LINE_8)
    mask = canvas > 127
    mask.flags.writeable = False
    return mask
