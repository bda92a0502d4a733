"""Pictures as three 8-bit planes of 4:2:0: the only pixels that are blurred, and what the encoder gets.

Decoded 8-bit 4:2:0 stays as it is, sample by sample; there is no way through RGB, which would change most samples.
Other formats (4:2:2, 4:4:4, 10 bits, RGB) are converted once, keeping range and matrix: the output is 8-bit 4:2:0.
"""

from dataclasses import dataclass, replace

import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from redactor.media.decode import Decoded
from redactor.media.streams import FrameTime, VideoStream

Plane = NDArray[np.uint8]

FULL_RANGE = 2
LIMITED_RANGE = 1
# AVColorSpace: what an RGB source becomes; the usual guess by size.
_RGB, _BT709, _UNSPECIFIED, _BT601 = 0, 1, 2, 6
_HD_LINES = 720
# pix_fmts of 8-bit planar 4:2:0, left as they are; the j is an older way to say full range.
_AS_IS = ("yuv420p", "yuvj420p")
_NO_PICT_TYPE = 0


@dataclass(frozen=True)
class Picture:
    """One frame. y: height x width; u, v: ceil(height/2) x ceil(width/2); all uint8.

    time: ticks of the video's time_base. interlaced: its two fields were taken at different times.
    """

    time: FrameTime
    y: Plane
    u: Plane
    v: Plane
    interlaced: bool

    @property
    def planes(self) -> tuple[Plane, Plane, Plane]:
        return self.y, self.u, self.v

    def copied(self) -> "Picture":
        """The same, own memory, writable."""
        return replace(self, y=self.y.copy(), u=self.u.copy(), v=self.v.copy())


@dataclass(frozen=True)
class ColorTags:
    """What decoders need to know of the samples: AVColorRange, AVColorPrimaries, AVColorTransferCharacteristic,
    AVColorSpace, as numbers (ISO/IEC 23091-2 but for the range: 1 limited, 2 full)."""

    range: int
    primaries: int
    trc: int
    space: int


def color_tags(video: VideoStream) -> ColorTags:
    """Tags of our pictures of this video: the source's own, but that RGB becomes limited-range YUV."""
    if _is_rgb(video):
        return ColorTags(LIMITED_RANGE, video.color_primaries, video.color_trc, _matrix(video))
    full = video.color_range == FULL_RANGE or video.pix_fmt.startswith("yuvj")
    return ColorTags(_range(full=full), video.color_primaries, video.color_trc, video.colorspace)


def stated_tags(context: VideoCodecContext) -> ColorTags:
    """Tags that a file's header states, comparable with `color_tags`."""
    full = context.color_range == FULL_RANGE
    return ColorTags(_range(full=full), int(context.color_primaries), int(context.color_trc), int(context.colorspace))


def _range(*, full: bool) -> int:
    """An unstated range is limited: H.264 does not tell the two apart, nor does any player."""
    return FULL_RANGE if full else LIMITED_RANGE


def picture(decoded: Decoded, video: VideoStream) -> Picture:
    """The planes of a decoded frame: untouched where they are 8-bit 4:2:0, else converted without change of range.

    Read-only, not copied: the decoder refers to these samples for the frames that follow.
    """
    frame = decoded.frame
    if frame.format.name not in _AS_IS:
        frame = _converted(frame, video)
    y, u, v = (plane_view(frame, n) for n in range(3))
    for plane in (y, u, v):
        plane.flags.writeable = False
    return Picture(decoded.time, y, u, v, decoded.frame.interlaced_frame)


def to_frame(picture: Picture, video: VideoStream) -> VideoFrame:
    """A frame for the encoder: yuv420p of the planes' size, timed, colour-tagged, its picture type left to x264."""
    height, width = picture.y.shape
    frame = VideoFrame(width, height, "yuv420p")
    for n, plane in enumerate(picture.planes):
        plane_view(frame, n)[:] = plane
    tags = color_tags(video)
    frame.color_range, frame.colorspace = tags.range, tags.space
    frame.color_primaries, frame.color_trc = tags.primaries, tags.trc
    frame.pts, frame.time_base, frame.duration = picture.time.pts, video.time_base, picture.time.duration
    frame.pict_type = _NO_PICT_TYPE
    return frame


def plane_view(frame: VideoFrame, n: int) -> Plane:
    """Plane n of a frame of 8-bit samples, height x width, without copying; it keeps the frame."""
    plane = frame.planes[n]
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]


def _converted(frame: VideoFrame, video: VideoStream) -> VideoFrame:
    tags = color_tags(video)
    rgb = _is_rgb(video)
    matrix = _matrix(video)
    return frame.reformat(
        format="yuv420p",
        src_colorspace=None if rgb else matrix,
        dst_colorspace=matrix,
        src_color_range=FULL_RANGE if rgb else tags.range,
        dst_color_range=tags.range,
        threads=1,
    )


def _is_rgb(video: VideoStream) -> bool:
    return video.colorspace == _RGB or video.pix_fmt.startswith(("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "pal8"))


def _matrix(video: VideoStream) -> int:
    if not _is_rgb(video) and video.colorspace != _UNSPECIFIED:
        return video.colorspace
    return _BT709 if video.height >= _HD_LINES else _BT601
