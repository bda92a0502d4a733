"""Does a file end before its own container says? Found from a few block headers, before anything is decoded.

A cut file opens, plays and ends without an error, only sooner; everything after the cut would be lost unseen.
"""

from collections.abc import Callable
from typing import BinaryIO

from redactor.errors import TruncatedVideo
from redactor.media import samples
from redactor.pieces import MIB, expect, spread

# Far more top-level boxes than a file with a single index has. A fragmented one may have thousands, and reading all
# their headers would read the file: a cut inside a later fragment shows as a corrupt packet.
_MAX_BOXES = 256
# Bytes of an index that are fetched at once.
_MOST_READ = 16 * MIB
_MP4_BOXES = frozenset(b"ftyp moov mdat free skip wide pnot styp sidx moof mfra meta uuid udta pdin emsg prft".split())
_INDEXES = frozenset({b"moov", b"moof"})
_EBML_SEGMENT = 0x18538067
_ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_BROADCAST = 1


def check(file: BinaryIO, size: int) -> None:
    """Raise TruncatedVideo if a block of the container reaches past `size` bytes, VideoTooLarge if an MP4's index has
    more samples than are taken. Other formats pass unjudged."""
    head = _read(file, 0, 16)
    for matches, walk in _FORMATS:
        if matches(head):
            walk(file, size)
            return


def is_faststart(file: BinaryIO, size: int) -> bool:
    """Whether an MP4's index comes before its data, so that playing starts before all is downloaded."""
    kinds = [kind for kind, _, _ in _boxes(file, size)]
    return b"moov" in kinds and b"mdat" in kinds and kinds.index(b"moov") < kinds.index(b"mdat")


def _mp4(file: BinaryIO, size: int) -> None:
    kinds = set()
    for kind, at, length in _boxes(file, size):
        if at + length > size:
            raise _truncated(f"its {_name(kind)} box", at + length, size)
        kinds.add(kind)
        if kind in _INDEXES:
            expect(file, spread(at, at + min(length, _MOST_READ)))
            samples.check(file, size, at + 8, at + length)
    if b"mdat" in kinds and not kinds & {b"moov", b"moof"}:
        raise TruncatedVideo("the file has no index (moov): its end is missing")


def _boxes(file: BinaryIO, size: int) -> list[tuple[bytes, int, int]]:
    """Top-level boxes of an MP4 up to the first thing that is none: kind, offset, length. ISO/IEC 14496-12, 4.2."""
    found: list[tuple[bytes, int, int]] = []
    at = 0
    while at + 8 <= size and len(found) < _MAX_BOXES:
        head = _read(file, at, 16)
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        elif length == 0:
            length = size - at
        if length < 8 or kind not in _MP4_BOXES:
            break
        found.append((kind, at, length))
        at += length
    return found


def _matroska(file: BinaryIO, size: int) -> None:
    """The EBML header, perhaps padding, then the Segment, which says its size (all ones: unknown). RFC 8794."""
    at = 0
    for _ in range(16):
        head = _read(file, at, 16)
        ident, width = vint(head, keep_marker=True)
        length, more = vint(head[width:])
        if not width or not more:
            return
        at += width + more
        unknown = length == (1 << 7 * more) - 1
        if not unknown and at + length > size:
            raise _truncated("its segment", at + length, size)
        if unknown or ident == _EBML_SEGMENT:
            return
        at += length


def vint(data: bytes, *, keep_marker: bool = False) -> tuple[int, int]:
    """An EBML variable-length integer and its width in bytes; width 0 where there is none."""
    if not data or not data[0]:
        return 0, 0
    width = 9 - data[0].bit_length()
    value = int.from_bytes(data[:width], "big")
    return value if keep_marker else value & ((1 << 7 * width) - 1), width


def _riff(file: BinaryIO, size: int) -> None:
    """A chain of RIFF chunks (OpenDML has several). Length 0 or all ones: the writer never came back to fill it in."""
    at = 0
    while at + 12 <= size:
        head = _read(file, at, 8)
        length = int.from_bytes(head[4:8], "little")
        if head[:4] != b"RIFF" or length in (0, 0xFFFFFFFF):
            return
        end = at + 8 + length
        if end > size:
            raise _truncated("its RIFF chunk", end, size)
        at = end + length % 2


def _asf(file: BinaryIO, size: int) -> None:
    """The File Properties object of the header states the size of the file, unless the broadcast flag is set."""
    header = _read(file, 0, min(size, 1 << 20))
    at = header.find(_ASF_FILE_PROPERTIES)
    if at < 0 or at + 92 > len(header):
        return
    stated = int.from_bytes(header[at + 40 : at + 48], "little")
    flags = int.from_bytes(header[at + 88 : at + 92], "little")
    if not flags & _ASF_BROADCAST and stated > size:
        raise _truncated("its header", stated, size)


def _truncated(what: str, end: int, size: int) -> TruncatedVideo:
    return TruncatedVideo(f"the file is cut off: {what} reaches to byte {end}, but the file has {size}")


def _name(kind: bytes) -> str:
    return kind.decode("ascii", "replace")


def _read(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)


_Matches = Callable[[bytes], bool]
_Walk = Callable[[BinaryIO, int], None]
_FORMATS: tuple[tuple[_Matches, _Walk], ...] = (
    (lambda head: head[4:8] in _MP4_BOXES, _mp4),
    (lambda head: head[:4] == b"\x1a\x45\xdf\xa3", _matroska),
    (lambda head: head[:4] == b"RIFF" and head[8:12] == b"AVI ", _riff),
    (lambda head: head[:16] == _ASF_HEADER, _asf),
)
