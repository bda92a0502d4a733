"""H.264 on the level of NAL units: parameter sets, what they say, and the record in which MP4 and Matroska keep them.

Syntax and section numbers: ITU-T H.264; of the record: ISO/IEC 14496-15, 5.3.3.1.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

# nal_unit_type: table 7-1.
SLICE, IDR, SUPPLEMENT, PARAMETERS, PICTURE_PARAMETERS = 1, 5, 6, 7, 8
SLICES = (SLICE, IDR)
# 7.4.2.1.1: profiles whose parameter sets tell of chroma and scaling.
_HIGH = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_YUV444 = 3
_EXTENDED_ASPECT = 255
# Table E-1: aspect_ratio_idc from 1 on.
_ASPECTS = (
    *((1, 1), (12, 11), (10, 11), (16, 11), (40, 33), (24, 11), (20, 11), (32, 11)),
    *((80, 33), (18, 11), (15, 11), (64, 33), (160, 99), (4, 3), (3, 2), (2, 1)),
)


@dataclass(frozen=True)
class Look:
    """What a stream cannot change midway without a decoder starting anew or the picture looking different.

    size, crop: macroblocks, and crop units left, right, top, bottom. chroma: format and bit depths less 8. aspect: of a
    pixel, 1:1 where unknown. full_range, colors: as VUI says them, 2 for unknown. place: of chroma samples.
    """

    size: tuple[int, int]
    crop: tuple[int, ...]
    chroma: tuple[int, int, int]
    frames_only: bool
    aspect: tuple[int, int] = (1, 1)
    full_range: bool = False
    colors: tuple[int, int, int] = (2, 2, 2)
    place: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Sequence:
    """A sequence parameter set. header: profile, constraint flags and level, three bytes. reorder: how many frames are
    held back, None where it does not say."""

    id: int
    header: bytes
    look: Look
    colour_planes: bool
    frame_number_bits: int
    reorder: int | None

    @property
    def frames_only(self) -> bool:
        return self.look.frames_only


@dataclass(frozen=True)
class Configuration:
    """avcC. length: bytes of a NAL unit's length. sequences, pictures: the parameter sets as NAL units."""

    length: int
    sequences: tuple[bytes, ...]
    pictures: tuple[bytes, ...]

    def record(self) -> bytes:
        """The record of 8-bit 4:2:0; of several profiles the highest, which decodes the others; so with levels."""
        headers = [sequence(unit).header for unit in self.sequences]
        profile, level = (max(header[n] for header in headers) for n in (0, 2))
        flags = 0xFF
        for header in headers:
            flags &= header[1]
        tail = b"\xfd\xf8\xf8\0" if profile in _HIGH else b""  # 4:2:0, 8 bits of luma and of chroma, no extensions
        return b"".join(
            [
                bytes([1, profile, flags, level, 0xFC | self.length - 1]),
                bytes([0xE0 | len(self.sequences)]),
                *_prefixed(self.sequences),
                bytes([len(self.pictures)]),
                *_prefixed(self.pictures),
                tail,
            ]
        )


def configuration(record: bytes) -> Configuration:
    """Raises IndexError where the record breaks off, ValueError where it is another version."""
    if record[:1] != b"\x01":
        raise ValueError("not an AVC decoder configuration")
    sequences, at = _listed(record, 6, record[5] & 31)
    pictures, _ = _listed(record, at + 1, record[at]) if at < len(record) else ((), at)
    return Configuration(1 + (record[4] & 3), sequences, pictures)


def kind(unit: bytes) -> int:
    return unit[0] & 31


def units(data: bytes, length: int) -> list[bytes]:
    """NAL units, none empty. length: bytes of the length before each, 0 for start codes (Annex B)."""
    if not length:
        return [unit for unit in data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if unit]
    found, at = [], 0
    while at + length < len(data):
        size = int.from_bytes(data[at : at + length], "big")
        found.append(data[at + length : at + length + size])
        at += length + size
    return [unit for unit in found if unit]


def sequence(unit: bytes) -> Sequence:
    """Reads a sequence parameter set: 7.3.2.1.1, E.1.1. Raises IndexError where it is too short."""
    bits = Bits(unit[1:])
    header = bytes(bits.take(8) for _ in range(3))
    identifier = bits.golomb()
    chroma, planes = _chroma(bits) if header[0] in _HIGH else ((1, 0, 0), False)
    frame_number_bits = bits.golomb() + 4
    in_order = _skip_order(bits)
    bits.golomb()
    bits.take(1)
    size = bits.golomb() + 1, bits.golomb() + 1
    frames_only = bool(bits.take(1))
    bits.take(1 if frames_only else 2)
    crop = tuple(bits.golomb() for _ in range(4)) if bits.take(1) else (0, 0, 0, 0)
    look, reorder = (
        _usability(bits, Look(size, crop, chroma, frames_only))
        if bits.take(1)
        else (
            Look(size, crop, chroma, frames_only),
            None,
        )
    )
    return Sequence(identifier, header, look, planes, frame_number_bits, 0 if in_order else reorder)


def picture_set(unit: bytes) -> tuple[int, int]:
    """Of a picture parameter set: its own number, and that of its sequence. 7.3.2.2."""
    bits = Bits(unit[1:32])
    return bits.golomb(), bits.golomb()


def picture_of(unit: bytes) -> int:
    """Of a slice: the number of its picture parameter set. 7.3.3."""
    bits = Bits(unit[1:32])
    bits.golomb()
    bits.golomb()
    return bits.golomb()


def prefixed(found: Iterable[bytes], length: int) -> bytes:
    """NAL units as MP4 holds them, the size before each."""
    return b"".join(len(unit).to_bytes(length, "big") + unit for unit in found)


def _prefixed(found: Iterable[bytes]) -> list[bytes]:
    return [prefixed([unit], 2) for unit in found]


def _listed(record: bytes, at: int, count: int) -> tuple[tuple[bytes, ...], int]:
    found = []
    for _ in range(count):
        size = int.from_bytes(record[at : at + 2], "big")
        if at + 2 + size > len(record) or not size:
            raise IndexError("the record is too short")
        found.append(record[at + 2 : at + 2 + size])
        at += 2 + size
    return tuple(found), at


def _chroma(bits: "Bits") -> tuple[tuple[int, int, int], bool]:
    """Chroma format and depths, past scaling lists; whether the three planes are coded apart."""
    chroma = bits.golomb()
    apart = chroma == _YUV444 and bool(bits.take(1))
    depths = bits.golomb(), bits.golomb()
    bits.take(1)
    if bits.take(1):
        for n in range(12 if chroma == _YUV444 else 8):
            if bits.take(1):
                _skip_scaling(bits, 16 if n < 6 else 64)
    return (chroma, *depths), apart


def _skip_scaling(bits: "Bits", size: int) -> None:
    """7.3.2.1.1.1."""
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _skip_order(bits: "Bits") -> bool:
    """How the order of output is coded; whether it is that of decoding."""
    coding = bits.golomb()
    if coding == 0:
        bits.golomb()
    elif coding == 1:
        bits.take(1)
        bits.signed()
        bits.signed()
        for _ in range(bits.golomb()):
            bits.signed()
    return coding == 2


def _usability(bits: "Bits", look: Look) -> tuple[Look, int | None]:
    """E.1.1: the look, and how many frames are held back, None where it is not said."""
    if bits.take(1):
        look = replace(look, aspect=_aspect(bits))
    if bits.take(1):
        bits.take(1)
    if bits.take(1):
        bits.take(3)
        full_range = bool(bits.take(1))
        colors = (bits.take(8), bits.take(8), bits.take(8)) if bits.take(1) else look.colors
        look = replace(look, full_range=full_range, colors=colors)
    if bits.take(1):
        look = replace(look, place=(bits.golomb(), bits.golomb()))
    if bits.take(1):
        bits.take(65)
    return look, _reorder(bits)


def _aspect(bits: "Bits") -> tuple[int, int]:
    number = bits.take(8)
    if number == _EXTENDED_ASPECT:
        return bits.take(16), bits.take(16)
    return _ASPECTS[number - 1] if 0 < number <= len(_ASPECTS) else (1, 1)


def _reorder(bits: "Bits") -> int | None:
    buffers = 0
    for _ in ("NAL", "VCL"):
        if bits.take(1):
            buffers += 1
            _skip_buffer(bits)
    bits.take(2 if buffers else 1)
    if not bits.take(1):
        return None
    bits.take(1)
    for _ in range(4):
        bits.golomb()
    return bits.golomb()


def _skip_buffer(bits: "Bits") -> None:
    """E.1.2."""
    count = bits.golomb() + 1
    bits.take(8)
    for _ in range(count):
        bits.golomb()
        bits.golomb()
        bits.take(1)
    bits.take(20)


class Bits:
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
