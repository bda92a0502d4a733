"""Decoded frames as samples of another form: depth, chroma, and HDR as SDR. Each field of interlaced video by itself,
or the chroma of two moments would be blended."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from redactor.media.forms import BT709, FULL_RANGE, SWSCALE_KNOWS, Form, is_rgb, matrix
from redactor.media.orientation import Weave
from redactor.media.streams import VideoStream
from redactor.media.tonemap import tone_mapped_deep

_DEEP_RGB = "bgr48le"


@dataclass(frozen=True)
class _Coding:
    """What samples mean: AVColorSpace, None of RGB, and AVColorRange."""

    matrix: int | None
    range: int


_RGB = _Coding(None, FULL_RANGE)


def converted(frame: VideoFrame, video: VideoStream, form: Form) -> VideoFrame:
    """The frame in the output's form, range and matrix kept but where HDR is tone-mapped; its tags and time are not."""
    space = matrix(video)
    # Between two YUV formats any matrix will do, if it is the same on both sides; swscale refuses all but these.
    space = space if space in SWSCALE_KNOWS else BT709
    if form.tone_mapped:
        source = _RGB if is_rgb(video) else _Coding(space, video.color_range)
        return _tone_mapped(frame, video, source, form)
    target = _Coding(space, form.color.range)
    return _swscaled(frame, form.pix_fmt, _RGB if is_rgb(video) else target, target)


def _tone_mapped(frame: VideoFrame, video: VideoStream, source: _Coding, form: Form) -> VideoFrame:
    signal = _swscaled(frame, _DEEP_RGB, source, _RGB)
    shown = VideoFrame(frame.width, frame.height, _DEEP_RGB)
    shown.pts, shown.time_base = 0, video.time_base
    _pixels(shown)[:] = tone_mapped_deep(_pixels(signal), video.color_trc, video.color_primaries)
    if frame.interlaced_frame:
        shown = Weave(top_first=video.top_first).mark(shown)
    return _swscaled(shown, form.pix_fmt, _RGB, _Coding(form.color.space, form.color.range))


def _swscaled(frame: VideoFrame, pix_fmt: str, source: _Coding, target: _Coding) -> VideoFrame:
    """By swscale, which takes frames that are flagged as interlaced field by field, and dithers by place alone: the
    same samples give the same samples."""
    return frame.reformat(
        format=pix_fmt,
        src_colorspace=source.matrix,
        dst_colorspace=target.matrix if target.matrix is not None else source.matrix,
        src_color_range=source.range,
        dst_color_range=target.range,
        threads=1,
    )


def _pixels(frame: VideoFrame) -> NDArray[Any]:
    """The samples of a frame of deep RGB, height x width x 3, without copying; it keeps the frame."""
    plane = frame.planes[0]
    lines = np.frombuffer(memoryview(plane), np.uint16).reshape(-1, plane.line_size // 2)
    return lines[: plane.height, : 3 * plane.width].reshape(plane.height, plane.width, 3)
