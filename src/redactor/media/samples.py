"""How many samples an MP4 claims to have, asked before anything is opened.

FFmpeg makes an entry of 24 bytes for each sample when it opens the file. A table of equal sizes, or a fragment whose
samples say nothing of themselves, needs no bytes for them: 35 KB of file would take gigabytes.
"""

from collections.abc import Iterator
from typing import BinaryIO

from redactor.errors import TruncatedVideo, VideoTooLarge

# In one track or fragment: 24 hours at 120 frames a second, as in `probe.Limits`.
_MOST = 24 * 3600 * 120
# Boxes looked at inside one box; a moov with more tracks has too many streams anyway.
_MOST_BOXES = 1000
_SAMPLES, _TIMES, _HANDLER, _RUN = b"stsz", b"stts", b"hdlr", b"trun"
# Boxes that hold boxes. ISO/IEC 14496-12.
_HOLDERS = frozenset({b"trak", b"mdia", b"minf", b"stbl", b"traf"})


def check(file: BinaryIO, size: int, at: int, end: int) -> None:
    """at, end: the content of a moov or moof box, bytes. Raises VideoTooLarge, or TruncatedVideo where samples of equal
    size would not fit into the file."""
    for track_at, track_end in [(start, stop) for _, start, stop in _boxes(file, at, end)]:
        boxes = {kind: start for kind, start, _ in _within(file, track_at, track_end)}
        if _SAMPLES in boxes:
            _check_table(file, size, boxes)
    for kind, start, _ in _within(file, at, end):
        if kind == _RUN and _number(file, start + 4) > _MOST:
            raise _too_many(_number(file, start + 4))


def _check_table(file: BinaryIO, size: int, boxes: dict[bytes, int]) -> None:
    """8.7.3.2: version and flags, the size of all samples or 0, how many."""
    each, count = (_number(file, boxes[_SAMPLES] + place) for place in (4, 8))
    if each * count > size:
        raise TruncatedVideo(f"the file is cut off: its index has {count} samples of {each} bytes, but the file {size}")
    if count > _MOST and not _is_pcm(file, boxes):
        raise _too_many(count)


def _is_pcm(file: BinaryIO, boxes: dict[bytes, int]) -> bool:
    """Sound whose samples last one tick each: FFmpeg takes them chunk by chunk."""
    if _HANDLER not in boxes or _TIMES not in boxes:
        return False
    entries, _, ticks = (_number(file, boxes[_TIMES] + place) for place in (4, 8, 12))
    file.seek(boxes[_HANDLER] + 8)
    return file.read(4) == b"soun" and (entries, ticks) == (1, 1)


def _too_many(count: int) -> VideoTooLarge:
    return VideoTooLarge(f"the video's index has {count} samples in one track; at most {_MOST} are taken")


def _within(file: BinaryIO, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """All boxes, at any depth: kind, start and end of the content."""
    for kind, start, stop in _boxes(file, at, end):
        yield kind, start, stop
        if kind in _HOLDERS:
            yield from _within(file, start, stop)


def _boxes(file: BinaryIO, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    for _ in range(_MOST_BOXES):
        if at + 8 > end:
            return
        file.seek(at)
        head = file.read(16)
        length, header = int.from_bytes(head[:4], "big"), 8
        if length == 1:
            length, header = int.from_bytes(head[8:16], "big"), 16
        length = length or end - at
        if length < header:
            return
        yield head[4:8], at + header, min(at + length, end)
        at += length


def _number(file: BinaryIO, at: int) -> int:
    file.seek(at)
    return int.from_bytes(file.read(4), "big")
