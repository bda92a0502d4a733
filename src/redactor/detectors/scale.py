"""How large the pictures are that a detector looks at, and which faces are large enough to be seen in them."""

from fractions import Fraction

from redactor import coordinates
from redactor.detectors.faces import Detector
from redactor.media.streams import VideoStream
from redactor.preset import USUAL_FACE, Preset, Resolution

# StandardDefinition analyses 1920x1080 at 640x360.
_STANDARD = 640
# Measured: a face must reach the network with this many pixels of height.
_NEEDED = 16
# Beyond Full HD nothing is shrunk for it: faces of 19 pixels in 4K, now and then half hidden, stayed visible in part in
# 11 % of the frames with 16 pixels for 24, in 1 % with all of them.
_FULL_HD, _NEEDED_BEYOND = 1920, 24
# The pass for dark, blurred close-ups stays as it is.
_SMALL = 320
# At 3840 the network takes 280 ms a frame and half a gigabyte.
_LARGEST = 3840


def long_sides(detector: Detector, video: VideoStream, preset: Preset) -> tuple[int, ...]:
    """The longest sides of the pictures to look at, one for each of the detector's; none is enlarged later.

    The large ones grow until the smallest face wanted is large enough, and shrink where only larger ones are wanted.
    """
    if preset.resolution is Resolution.STANDARD:
        return tuple(min(side, _STANDARD) for side in detector.long_sides)
    largest, least = max(detector.long_sides), preset.experimental.min_face
    needed = _NEEDED if _long(video) <= _FULL_HD else _NEEDED_BEYOND
    reach = max(largest * USUAL_FACE / least, needed * _long(video) / least)
    return tuple(
        side if side <= _SMALL else min(max(_SMALL, int(reach * side / largest)), _LARGEST)
        for side in detector.long_sides
    )


def smallest_face(sides: tuple[int, ...], video: VideoStream) -> float:
    """Height in upright pixels of the source of the smallest face that can be seen in pictures of these sides."""
    return float(round(_NEEDED * max(Fraction(1), _long(video) / max(sides)), 1))


def _long(video: VideoStream) -> Fraction:
    return Fraction(max(coordinates.size(video)))
