"""H.264 pictures coded as two fields, each in a packet of its own (PAFF, as camcorders write it): only the first of a
pair brings a frame. Syntax and section numbers: ITU-T H.264."""

from collections.abc import Callable
from dataclasses import dataclass

from redactor.media.h264 import PARAMETERS, SLICES, Bits, Sequence, configuration, kind, sequence, units
from redactor.media.streams import VideoStream

# Bytes of a slice that are looked at: its header's first few fields.
_HEAD = 64


def second_fields(extradata: bytes | None, video: VideoStream) -> Callable[[bytes], bool]:
    """Whether a packet holds the second field of a picture alone. extradata: of the decoder, with or without avcC."""
    coding = _coding(extradata or b"") if video.codec == "h264" else None
    if coding is None or coding.sequence.frames_only:
        return lambda payload: False
    return lambda payload: coding.is_bottom(payload) is video.top_first


def may_be_fields(codec: str, extradata: bytes | None) -> bool:
    """Whether a packet may be half a picture, so that an index does not count frames."""
    coding = _coding(extradata or b"") if codec == "h264" else None
    return coding is not None and not coding.sequence.frames_only


@dataclass(frozen=True)
class _Coding:
    """length: bytes of a NAL unit's length, 0 for start codes."""

    length: int
    sequence: Sequence

    def is_bottom(self, payload: bytes) -> bool | None:
        """Of a packet that starts with a field, whether it is the lower one; None for a frame."""
        unit = next((unit for unit in units(payload, self.length) if kind(unit) in SLICES), None)
        if unit is None:
            return None
        bits = Bits(unit[1:_HEAD])  # 7.3.3
        for _ in ("first_mb_in_slice", "slice_type", "pic_parameter_set_id"):
            bits.golomb()
        bits.take(2 * self.sequence.colour_planes + self.sequence.frame_number_bits)
        return bool(bits.take(1)) if bits.take(1) else None


def _coding(extradata: bytes) -> _Coding | None:
    """None where there is no parameter set, or one that cannot be read."""
    try:
        if extradata[:1] == b"\x01":
            found = configuration(extradata)
            return _Coding(found.length, sequence(found.sequences[0]))
        unit = next(unit for unit in units(extradata, 0) if kind(unit) == PARAMETERS)
        return _Coding(0, sequence(unit))
    except (IndexError, StopIteration, ValueError):
        return None
