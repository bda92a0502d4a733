"""Pictures for detection: upright, square pixels, small, one moment, SDR. coordinates.py knows the way back to the
decoded frame."""

from collections.abc import Sequence

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from redactor.media.deinterlace import upper_field
from redactor.media.streams import VideoStream
from redactor.media.tonemap import is_hdr, tone_mapped

Image = NDArray[np.uint8]

_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
# AVColorSpace: the matrices that swscale knows (it refuses all others); what stands in for the rest, whose lightness
# is nearly that of these.
_BT709, _UNSPECIFIED, _BT2020 = 1, 2, 9
_KNOWN_MATRICES = frozenset({0, _BT709, _UNSPECIFIED, 4, 5, 6, 7, _BT2020})


def upright_bgr(frame: VideoFrame, video: VideoStream, long_sides: Sequence[int]) -> list[Image]:
    """The frame upright and with square pixels, once for each wanted long side (pixels), never enlarged.

    Each is height x width x 3, uint8, BGR, contiguous, own memory.
    Converted and shrunk to the largest in one go, which is cheap; each smaller one is made of the next larger. All by
    averaging areas. HDR is tone-mapped. Where frame or header says interlaced, the upper field is shown, half a line of
    the frame too low.
    """
    if not long_sides:
        return []
    wanted = sorted(set(long_sides), reverse=True)
    # Some decoders leave it to the header to say so, and a progressive frame loses little by it.
    moment = upper_field(frame) if frame.interlaced_frame or video.interlaced else frame
    image = _converted(moment, _size(video, wanted[0]))
    images: dict[int, Image] = {}
    for side in wanted:
        image = _shrunk(image, _size(video, side))
        images[side] = image
    return [_turned(images[side], video) for side in long_sides]


def _size(video: VideoStream, long_side: int) -> tuple[int, int]:
    """Width and height before rotation, square pixels, the longer one at most long_side; neither grows."""
    width, height = float(video.width), float(video.height)
    aspect = float(video.sample_aspect)
    width, height = (width, height / aspect) if aspect > 1 else (width * aspect, height)
    scale = min(1.0, long_side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _converted(frame: VideoFrame, size: tuple[int, int]) -> Image:
    if not is_hdr(frame.color_trc):
        return np.asarray(_array(frame, size, "bgr24"), np.uint8)
    deep = np.asarray(_array(frame, size, "bgr48le"), np.uint16)
    return tone_mapped(deep, frame.color_trc, frame.color_primaries)


def _array(frame: VideoFrame, size: tuple[int, int], form: str) -> np.ndarray:
    matrix = _matrix(frame)
    return frame.reformat(
        width=size[0],
        height=size[1],
        format=form,
        interpolation="AREA",
        src_colorspace=matrix,
        dst_colorspace=matrix,
        threads=1,
    ).to_ndarray()


def _matrix(frame: VideoFrame) -> int | None:
    """What the samples are converted by; None: by what the frame states."""
    hdr = is_hdr(frame.color_trc)
    if frame.colorspace in _KNOWN_MATRICES and not (hdr and frame.colorspace == _UNSPECIFIED):
        return None
    return _BT2020 if hdr or frame.color_primaries == _BT2020 else _BT709


def _shrunk(image: Image, size: tuple[int, int]) -> Image:
    if (image.shape[1], image.shape[0]) == size:
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _turned(image: Image, video: VideoStream) -> Image:
    turn = _TURNS.get(video.rotation)
    return np.ascontiguousarray(image if turn is None else np.asarray(cv2.rotate(image, turn), np.uint8))
