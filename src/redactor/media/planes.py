"""Pictures as three planes: the only pixels that are blurred, and what the encoder gets.

What is decoded in the output's form already stays as it is, sample by sample; there is no way through RGB, which would
change most samples. Other formats are converted once (convert.py).
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from redactor.covering import chroma_step
from redactor.media.convert import converted
from redactor.media.decode import Decoded
from redactor.media.forms import Form, Step
from redactor.media.streams import FrameTime, VideoStream

# uint8, or uint16 where samples have more than 8 bits.
Plane = NDArray[np.unsignedinteger[Any]]

_NO_PICT_TYPE = 0


@dataclass(frozen=True)
class Picture:
    """One frame. y: height x width; u, v: smaller by the form's step, rounded up; uint8, or uint16 with depth bits.

    time: ticks of the video's time_base. interlaced: its two fields were taken at different times. canvas: a frame of
    the encoder's own that the planes lie in, and may be drawn on.
    """

    time: FrameTime
    y: Plane
    u: Plane
    v: Plane
    interlaced: bool
    depth: int = 8
    canvas: VideoFrame | None = field(default=None, repr=False, compare=False)

    @property
    def planes(self) -> tuple[Plane, Plane, Plane]:
        return self.y, self.u, self.v

    @property
    def steps(self) -> tuple[Step, Step, Step]:
        """Columns and rows of pixels that a sample of each plane stands for."""
        step = chroma_step(self.y.shape, self.u.shape)
        return (1, 1), step, step


def picture(decoded: Decoded, video: VideoStream, form: Form) -> Picture:
    """The planes of a decoded frame: untouched where they have the output's form, else converted.

    Read-only, not copied: the decoder refers to these samples for the frames that follow.
    """
    frame = decoded.frame
    # The j is an older way to say full range.
    if form.tone_mapped or frame.format.name.replace("yuvj", "yuv") != form.pix_fmt:
        frame = converted(frame, video, form)
    y, u, v = (plane_view(frame, n) for n in range(3))
    for plane in (y, u, v):
        plane.flags.writeable = False
    return Picture(decoded.time, y, u, v, decoded.frame.interlaced_frame, form.depth)


class Canvas:
    """A frame for the encoder, used for one picture after another: a new one costs ten times the copying.

    Mutable: a picture on it is good until the next.
    """

    def __init__(self, video: VideoStream, form: Form) -> None:
        width, height = form.coded_size(video)
        self._frame = VideoFrame(width, height, form.pix_fmt)

    def of(self, picture: Picture) -> Picture:
        """The same picture, to be drawn on."""
        # Whoever still holds the last picture keeps its samples.
        self._frame.make_writable()
        shapes = [plane.shape for plane in picture.planes]
        y, u, v = (plane_view(self._frame, n)[:height, :width] for n, (height, width) in enumerate(shapes))
        for own, plane in zip((y, u, v), picture.planes, strict=True):
            own[:] = plane
        return replace(picture, y=y, u=u, v=v, canvas=self._frame)


def to_frame(picture: Picture, video: VideoStream, form: Form) -> VideoFrame:
    """A frame for the encoder: of the size as encoded, timed, colour-tagged, its picture type left to x264.

    Where the form cannot have the picture's size (an odd one, in 4:2:0) the last column or row is repeated.
    """
    if picture.canvas is None:
        picture = Canvas(video, form).of(picture)
    frame = picture.canvas
    assert frame is not None
    for n, plane in enumerate(picture.planes):
        whole, (height, width) = plane_view(frame, n), plane.shape
        whole[:height, width:] = plane[:, -1:]
        whole[height:] = whole[height - 1]
    tags = form.color
    frame.color_range, frame.colorspace = tags.range, tags.space
    frame.color_primaries, frame.color_trc = tags.primaries, tags.trc
    frame.pts, frame.time_base, frame.duration = picture.time.pts, video.time_base, picture.time.duration
    frame.pict_type = _NO_PICT_TYPE
    return frame


def plane_view(frame: VideoFrame, n: int) -> Plane:
    """Plane n of a planar frame, height x width, without copying; it keeps the frame."""
    plane = frame.planes[n]
    kind = np.dtype(np.uint8 if frame.format.components[n].bits <= 8 else np.uint16)
    lines = np.frombuffer(memoryview(plane), kind).reshape(-1, plane.line_size // kind.itemsize)
    return lines[: plane.height, : plane.width]
