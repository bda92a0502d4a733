"""HDR10's static metadata: the display that a video was graded on, and how bright it gets. Kept where HDR is."""

import struct
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, cast

from av.video.frame import VideoFrame

from redactor.media.streams import Mastering

# Units of H.264, D.2.29, and HEVC: chromaticity, luminance in cd/m2.
_POINT, _CANDELA = 50_000, 10_000
# AVMasteringDisplayMetadata: x and y of red, green, blue and white, least and greatest luminance, all as fractions of
# two numbers; then which of them there are. AVContentLightMetadata.
_DISPLAY, _LIGHT = struct.Struct("=20i2i"), struct.Struct("=2I")


def mastering(frame: VideoFrame) -> Mastering | None:
    """What a decoded frame carries; None where it carries nothing that can be kept."""
    # The stubs of av know of motion vectors only.
    data = cast("Mapping[str, Any]", frame.side_data)
    display, light = data.get("MASTERING_DISPLAY_METADATA"), data.get("CONTENT_LIGHT_LEVEL")
    points, luminance = _display(bytes(display)) if display is not None else ((), ())
    brightest = _LIGHT.unpack(bytes(light)[: _LIGHT.size]) if light is not None else ()
    return Mastering(points, luminance, brightest) if points or brightest else None


def parameters(kept: Mastering) -> list[str]:
    """The same for x264."""
    words = []
    if kept.points:
        pairs = list(zip(kept.points[::2], kept.points[1::2], strict=True))
        colours = "".join(f"{name}({x},{y})" for name, (x, y) in zip(("G", "B", "R", "WP"), pairs, strict=True))
        words.append(f"mastering-display={colours}L({kept.luminance[0]},{kept.luminance[1]})")
    if kept.light:
        words.append(f"cll={kept.light[0]},{kept.light[1]}")
    return words


def _display(data: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Points and luminance; x264 takes both or none."""
    *numbers, has_points, has_luminance = _DISPLAY.unpack(data[: _DISPLAY.size])
    if not has_points or not has_luminance or not all(numbers[1::2]):
        return (), ()
    red, green, blue, white, (least, most) = (
        [Fraction(numbers[n], numbers[n + 1]) for n in range(at, at + 4, 2)] for at in range(0, 20, 4)
    )
    points = (round(value * _POINT) for pair in (green, blue, red, white) for value in pair)
    return tuple(points), (round(most * _CANDELA), round(least * _CANDELA))
