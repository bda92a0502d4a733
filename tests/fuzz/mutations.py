"""Files that nobody should have made: the same number gives the same mutation of the same clip."""

import re
from collections.abc import Callable, Mapping
from random import Random

Mutate = Callable[[bytearray, Random, bytes], bytes]

# What stands beside a size or a count in MP4, Matroska, AVI, ASF, FLV and transport streams.
_STRUCTURE = re.compile(
    rb"ftyp|moov|trak|mdia|minf|stbl|stsd|avc1|avcC|hvcC|esds|elst|mdhd|mvhd|tkhd|stts|ctts|stsc|stsz|stco|stss|mdat|moof|traf"
    rb"|tfhd|trun|\x1a\x45\xdf\xa3|\x18\x53\x80\x67|\x15\x49\xa9\x66|\x16\x54\xae\x6b|\x1f\x43\xb6\x75|\x1c\x53\xbb\x6b|\xa3|\xae"
    rb"|RIFF|LIST|hdrl|avih|strl|strh|strf|movi|idx1|00dc|01wb|\xcf\x11\xa6\xd9|FLV|\x09\x00|\x47\x40|\x47\x01|onMetaData",
    re.DOTALL,
)
_EXTREMES = (0, 1, 7, 8, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0xFFFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_HEAD = 4096


def _flipped(data: bytearray, rng: Random, other: bytes) -> bytes:
    """Bits, anywhere or in the header."""
    span = min(len(data), rng.choice([64, _HEAD, len(data)]))
    start = rng.choice([0, len(data) - span])
    for _ in range(rng.choice([1, 2, 8, 64])):
        data[start + rng.randrange(span)] ^= 1 << rng.randrange(8)
    return bytes(data)


def _cut(data: bytearray, rng: Random, other: bytes) -> bytes:
    """The end is missing, or the beginning, or a piece in between."""
    first, last = sorted(rng.randrange(len(data)) for _ in range(2))
    return bytes(rng.choice([data[:last], data[first:], data[:first] + data[last:]]))


def _resized(data: bytearray, rng: Random, other: bytes) -> bytes:
    """Sizes of boxes, elements, chunks and sections."""
    places = [found.span() for found in _STRUCTURE.finditer(data)]
    for _ in range(rng.choice([1, 1, 2, 4])):
        start, end = rng.choice(places)
        width = rng.choice([1, 2, 4, 8])
        at = rng.choice([start - width, end, end + rng.randrange(16)])
        _put(data, at, width, rng)
    return bytes(data)


def _relabelled(data: bytearray, rng: Random, other: bytes) -> bytes:
    """Numbers of the header: picture sizes, clocks, counts, offsets."""
    for _ in range(rng.choice([1, 2, 8])):
        span = min(len(data), _HEAD)
        _put(data, rng.choice([0, len(data) - span]) + rng.randrange(span), rng.choice([1, 2, 4, 8]), rng)
    return bytes(data)


def _put(data: bytearray, at: int, width: int, rng: Random) -> None:
    value = rng.choice([*_EXTREMES, len(data), rng.getrandbits(32)]) & ((1 << 8 * width) - 1)
    if 0 <= at <= len(data) - width:
        data[at : at + width] = value.to_bytes(width, rng.choice(["big", "little"]))


def _spliced(data: bytearray, rng: Random, other: bytes) -> bytes:
    """A piece of this or of another file put in, or put over what stands there."""
    donor = rng.choice([bytes(data), other])
    start = rng.randrange(len(donor))
    piece = donor[start : start + rng.choice([16, 188, _HEAD, 1 << 16])]
    at = rng.randrange(len(data))
    return bytes(data[:at] + piece + data[at + rng.choice([0, len(piece)]) :])


def _repeated(data: bytearray, rng: Random, other: bytes) -> bytes:
    """Structures many times over, one behind or inside the other."""
    start = rng.choice([found.start() for found in _STRUCTURE.finditer(data)])
    piece = data[max(0, start - 4) : start + rng.choice([8, 64, 1024])]
    return bytes(data[: max(0, start - 4)] + piece * rng.choice([2, 50, 1000]) + data[start:])


KINDS: Mapping[str, Mutate] = {
    "bits flipped": _flipped,
    "cut": _cut,
    "sizes edited": _resized,
    "numbers edited": _relabelled,
    "spliced": _spliced,
    "repeated": _repeated,
}


def mutated(number: int, clips: Mapping[str, bytes]) -> tuple[str, bytes]:
    """What was done to which clip, in words, and the file."""
    rng = Random(number)
    names, kinds = sorted(clips), sorted(KINDS)
    name, kind = names[number % len(names)], kinds[number // len(names) % len(kinds)]
    return f"{number}: {name}, {kind}", KINDS[kind](bytearray(clips[name]), rng, clips[rng.choice(names)])
