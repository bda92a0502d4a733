"""H.264 pictures coded as two fields, each in a packet of its own (PAFF, as camcorders write it): only the first of a
pair brings a frame. Syntax and section numbers: ITU-T H.264."""

from collections.abc import Callable
from dataclasses import dataclass

from redactor.media.streams import VideoStream

# 7.4.2.1.1: profiles whose parameter sets tell of chroma and scaling.
_HIGH = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_SLICES, _PARAMETERS = (1, 5), 7
_YUV444 = 3
# Bytes of a slice that are looked at: its header's first few fields.
_HEAD = 64


def second_fields(extradata: bytes | None, video: VideoStream) -> Callable[[bytes], bool]:
    """Whether a packet holds the second field of a picture alone. extradata: of the decoder, with or without avcC."""
    coding = _coding(extradata or b"") if video.codec == "h264" else None
    if coding is None or coding.frames_only:
        return lambda payload: False
    return lambda payload: coding.is_bottom(payload) is video.top_first


def may_be_fields(codec: str, extradata: bytes | None) -> bool:
    """Whether a packet may be half a picture, so that an index does not count frames."""
    coding = _coding(extradata or b"") if codec == "h264" else None
    return coding is not None and not coding.frames_only


@dataclass(frozen=True)
class _Coding:
    """What one must know of a sequence parameter set. length: bytes of a NAL unit's length, 0 for start codes."""

    length: int
    frames_only: bool
    colour_planes: bool
    frame_number_bits: int

    def is_bottom(self, payload: bytes) -> bool | None:
        """Of a packet that starts with a field, whether it is the lower one; None for a frame."""
        unit = next((unit for unit in units(payload, self.length) if unit[0] & 31 in _SLICES), None)
        if unit is None:
            return None
        bits = _Bits(unit[1:_HEAD])  # 7.3.3
        for _ in ("first_mb_in_slice", "slice_type", "pic_parameter_set_id"):
            bits.golomb()
        bits.take(2 * self.colour_planes + self.frame_number_bits)
        return bool(bits.take(1)) if bits.take(1) else None


def _coding(extradata: bytes) -> _Coding | None:
    """None where there is no parameter set, or one that cannot be read."""
    try:
        if extradata[:1] == b"\x01":  # avcC: ISO/IEC 14496-15, 5.3.3.1
            size = int.from_bytes(extradata[6:8], "big")
            return _parameters(extradata[8 : 8 + size], 1 + (extradata[4] & 3))
        unit = next(unit for unit in units(extradata, 0) if unit[0] & 31 == _PARAMETERS)
        return _parameters(unit, 0)
    except (IndexError, StopIteration, ValueError):
        return None


def _parameters(unit: bytes, length: int) -> _Coding:
    """7.3.2.1.1."""
    bits = _Bits(unit[1:])
    profile = bits.take(8)
    bits.take(16)
    bits.golomb()
    planes = _skip_chroma(bits) if profile in _HIGH else False
    frame_number_bits = bits.golomb() + 4
    _skip_order(bits)
    bits.golomb()
    bits.take(1)
    bits.golomb()
    bits.golomb()
    return _Coding(length, bool(bits.take(1)), planes, frame_number_bits)


def _skip_chroma(bits: "_Bits") -> bool:
    """Chroma format, depths, scaling lists; whether the three planes are coded apart."""
    chroma = bits.golomb()
    apart = chroma == _YUV444 and bool(bits.take(1))
    bits.golomb()
    bits.golomb()
    bits.take(1)
    if bits.take(1):
        for n in range(12 if chroma == _YUV444 else 8):
            if bits.take(1):
                _skip_scaling(bits, 16 if n < 6 else 64)
    return apart


def _skip_scaling(bits: "_Bits", size: int) -> None:
    """7.3.2.1.1.1."""
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _skip_order(bits: "_Bits") -> None:
    """How the order of output is coded."""
    kind = bits.golomb()
    if kind == 0:
        bits.golomb()
    elif kind == 1:
        bits.take(1)
        bits.signed()
        bits.signed()
        for _ in range(bits.golomb()):
            bits.signed()


def units(data: bytes, length: int) -> list[bytes]:
    """NAL units, none empty. length: bytes of the length before each, 0 for start codes (Annex B)."""
    if not length:
        return [unit for unit in data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if unit]
    units, at = [], 0
    while at + length < len(data):
        size = int.from_bytes(data[at : at + length], "big")
        units.append(data[at + length : at + length + size])
        at += length + size
    return [unit for unit in units if unit]


class _Bits:
    """Bits of a NAL unit, its emulation prevention taken out. Raises IndexError past the end."""

    def __init__(self, unit: bytes) -> None:
        self._bits = "".join(f"{byte:08b}" for byte in unit.replace(b"\0\0\3", b"\0\0"))
        self._at = 0

    def take(self, count: int) -> int:
        if self._at + count > len(self._bits):
            raise IndexError("the unit is too short")
        taken = self._bits[self._at : self._at + count]
        self._at += count
        return int(taken or "0", 2)

    def golomb(self) -> int:
        """ue(v): 9.1."""
        end = self._bits.find("1", self._at)
        if end < 0:
            raise IndexError("the unit is too short")
        zeros, self._at = end - self._at, end
        return self.take(zeros + 1) - 1

    def signed(self) -> int:
        """se(v): 9.1.1."""
        code = self.golomb()
        return (code + 1) // 2 if code % 2 else -code // 2
