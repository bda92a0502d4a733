"""The form of the output's pictures: how their samples are laid out and tagged. One for every part of a video.

8-bit 4:2:0 plays everywhere and is what everybody gets. Who asks for it keeps ten bits, 4:2:2, 4:4:4 and HDR, as far
as x264 goes: it codes 8 and 10 bits, so that 9 to 16 become 10.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from av.video.codeccontext import VideoCodecContext
from av.video.format import VideoFormat

from redactor.media.streams import Mastering, VideoStream
from redactor.media.tonemap import HLG, PQ, is_hdr

Step = tuple[int, int]

FULL_RANGE = 2
LIMITED_RANGE = 1
# AVColorSpace: what an RGB source becomes; the usual guess by size.
RGB, BT709, UNSPECIFIED, BT601, BT2020 = 0, 1, 2, 6, 9
# Those that swscale converts; it refuses all others.
SWSCALE_KNOWS = frozenset({RGB, BT709, UNSPECIFIED, 4, 5, BT601, 7, BT2020})
_HD_LINES = 720
_420, _422, _444 = (2, 2), (2, 1), (1, 1)


@dataclass(frozen=True)
class ColorTags:
    """What decoders need to know of the samples: AVColorRange, AVColorPrimaries, AVColorTransferCharacteristic,
    AVColorSpace, as numbers (ISO/IEC 23091-2 but for the range: 1 limited, 2 full)."""

    range: int
    primaries: int
    trc: int
    space: int


@dataclass(frozen=True)
class Form:
    """pix_fmt: what the encoder gets, 8 bits or 10 in the lower bits of 16. depth: bits of a sample. step: columns and
    rows of pixels that a chroma sample stands for. profile: of H.264, as x264 calls it. tone_mapped: HDR becomes SDR.
    mastering: of HDR10 that is kept.
    """

    pix_fmt: str
    depth: int
    step: Step
    profile: str
    color: ColorTags
    tone_mapped: bool = False
    mastering: Mastering | None = None

    @property
    def full_range(self) -> bool:
        return self.color.range == FULL_RANGE

    def coded_size(self, video: VideoStream) -> tuple[int, int]:
        """Width and height as encoded: whole chroma samples, and of interlaced rows as many for each field."""
        rows = self.step[1] * (2 if video.interlaced else 1)
        return _up(video.width, self.step[0]), _up(video.height, rows)


_SDR = ColorTags(LIMITED_RANGE, BT709, BT709, BT709)

# What x264 codes: (depth, step) -> pix_fmt and profile.
_FORMS: Mapping[tuple[int, Step], tuple[str, str]] = {
    (8, _420): ("yuv420p", "high"),
    (8, _422): ("yuv422p", "high422"),
    (8, _444): ("yuv444p", "high444"),
    (10, _420): ("yuv420p10le", "high10"),
    (10, _422): ("yuv422p10le", "high422"),
    (10, _444): ("yuv444p10le", "high444"),
}


def form_of(video: VideoStream, *, keep: bool = False) -> Form:
    """The output's form. keep: as deep and as finely coloured as the source, where x264 can; HDR stays HDR."""
    depth, step = _source(video) if keep else (8, _420)
    pix_fmt, profile = _FORMS[depth, step]
    tone_mapped = not keep and is_hdr(video.color_trc) and matrix(video) in SWSCALE_KNOWS
    return Form(
        pix_fmt,
        depth,
        step,
        profile,
        _SDR if tone_mapped else _tags(video),
        tone_mapped,
        video.mastering if keep else None,
    )


def changes(video: VideoStream, form: Form) -> tuple[str, ...]:
    """What of the source's form the output does not have, in words for the report."""
    return tuple(filter(None, (_other_light(video, form), _other_samples(video, form), _other_size(video, form))))


def _other_light(video: VideoStream, form: Form) -> str | None:
    if not form.tone_mapped:
        return None
    name = {PQ: "PQ", HLG: "HLG"}[video.color_trc]
    return f"HDR ({name}) became SDR (BT.709) by tone-mapping: experimentalOptions.keepDepth keeps HDR"


def _other_samples(video: VideoStream, form: Form) -> str | None:
    if is_rgb(video):
        return f"the picture's samples are {form.pix_fmt} in the output, RGB ({video.pix_fmt}) in the source"
    step = _step(video)
    if _bits(video) <= form.depth and step[0] >= form.step[0] and step[1] >= form.step[1]:
        return None
    kept = "experimentalOptions.keepDepth keeps more" if form.pix_fmt == "yuv420p" else "x264 codes no more"
    return f"the picture's samples are {form.pix_fmt} in the output, {video.pix_fmt} in the source: {kept}"


def _other_size(video: VideoStream, form: Form) -> str | None:
    width, height = form.coded_size(video)
    if (width, height) == (video.width, video.height):
        return None
    even = f"in {form.pix_fmt}, H.264 has whole chroma samples only"
    return f"the picture is {width}x{height}, {video.width}x{video.height} in the source: {even}; the edge was repeated"


def stated_tags(context: VideoCodecContext) -> ColorTags:
    """Tags that a file's header states, comparable with those of a Form."""
    full = context.color_range == FULL_RANGE
    return ColorTags(_range(full=full), int(context.color_primaries), int(context.color_trc), int(context.colorspace))


def is_rgb(video: VideoStream) -> bool:
    return video.colorspace == RGB or video.pix_fmt.startswith(("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "pal8"))


def matrix(video: VideoStream) -> int:
    """AVColorSpace of the source's samples; of RGB, that which it becomes."""
    if not is_rgb(video) and video.colorspace != UNSPECIFIED:
        return video.colorspace
    if is_hdr(video.color_trc) and not is_rgb(video):
        return BT2020
    return BT709 if video.height >= _HD_LINES else BT601


def _source(video: VideoStream) -> tuple[int, Step]:
    """The least depth and chroma that hold the source's, as far as there are any."""
    columns, rows = _step(video)
    step = _444 if columns == 1 else _422 if rows == 1 else _420
    return 8 if _bits(video) <= 8 else 10, step


def _bits(video: VideoStream) -> int:
    return max(component.bits for component in VideoFormat(video.pix_fmt).components)


def _step(video: VideoStream) -> Step:
    """Grey has no chroma to lose."""
    if is_rgb(video):
        return _444
    pixels = VideoFormat(video.pix_fmt)
    if len(pixels.components) < 3:
        return _420
    return 16 // pixels.chroma_width(16), 16 // pixels.chroma_height(16)


def _tags(video: VideoStream) -> ColorTags:
    """The source's own, but that RGB becomes limited-range YUV."""
    if is_rgb(video):
        return ColorTags(LIMITED_RANGE, video.color_primaries, video.color_trc, matrix(video))
    full = video.color_range == FULL_RANGE or video.pix_fmt.startswith("yuvj")
    return ColorTags(_range(full=full), video.color_primaries, video.color_trc, video.colorspace)


def _range(*, full: bool) -> int:
    """An unstated range is limited: H.264 does not tell the two apart, nor does any player."""
    return FULL_RANGE if full else LIMITED_RANGE


def _up(size: int, step: int) -> int:
    return -(-size // step) * step
