"""The one decoder: exactly the frames of a segment, in presentation order, or an error.

Any split of a video into segments gives the same frames, timestamps and pixels as one run from the start. Cutting
packets at key frames would not: the B frames of an open GOP follow the next key packet.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, dropwhile
from typing import Any

from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream as AvVideoStream

from redactor.errors import DamagedVideo
from redactor.media.fields import second_fields
from redactor.media.restarts import moved
from redactor.media.source import Source
from redactor.media.streams import FrameTime, Key, Segment, VideoStream
from redactor.media.timing import FrameTimes, usual_duration

# Seconds before the segment's key packet at which the search for it starts, in turn; then the very beginning.
_EARLIER = (0, 1, 5, 20)
# Containers that store how long the last frame lasts. Elsewhere FFmpeg guesses from the packets before it, and another
# guess after a seek would make its duration depend on the segment.
_STATE_DURATIONS = ("mov", "matroska")
# Broadcasts are recorded from the middle on: what comes before their first key frame can be shown by nobody.
_MIDSTREAM = ("mpegts", "mpeg")
# Containers without an index: a time is found in a dozen places, a packet's place at once.
_BY_PLACE = frozenset({"mpegts"})
# Packets that may bring no frame of their own although nothing is wrong, by codec.
_HIDDEN: dict[str, Callable[[bytes], bool]] = {
    # A frame that others refer to and nobody sees: show_frame is 0. RFC 6386, 9.1.
    "vp8": lambda payload: not payload[0] >> 4 & 1,
    # "As before" (vop_coded 0); 19 bytes is where libavcodec too draws the line (MAX_NVOP_SIZE).
    "mpeg4": lambda payload: len(payload) <= 19,
}


@dataclass(frozen=True)
class Decoded:
    """A frame and when it is shown, which is time.pts and not frame.pts: until the next one is; the last as long
    as its container or else the rate says. Its buffers belong to the decoder: never write into them.
    black: what was there cannot be decoded (gaps.py)."""

    time: FrameTime
    frame: VideoFrame
    black: bool = False


def decode(source: Source, video: VideoStream, segment: Segment) -> Iterator[Decoded]:
    """Frames with segment.start <= pts < segment.end, in presentation order, pts strictly rising.

    Raises DamagedVideo where a frame is lost, corrupt, without or out of its time or of another size than the header
    says, where the video does not go on with the segment's end, and where the container breaks; and whatever the file
    object raised.
    """
    for at in _attempts(segment, video.time_base):
        found = _run(source, video, segment, at)
        first = next(found, None)
        if first is not None:
            yield from lasting(chain((first,), found), segment)
            return
    raise DamagedVideo(f"no frame can be decoded at {in_words(segment.start, video)}")


def _attempts(segment: Segment, time_base: Fraction) -> list[int | None]:
    """Where to look for the first packet (None: the beginning). A container may land behind the key: look earlier."""
    if segment.key is None:
        return [None]
    at = _time(segment.key)
    return [*(at - int(seconds / time_base) for seconds in _EARLIER), None]


def _time(key: Key) -> int:
    """Where to seek for it."""
    return key.pts if key.dts is None else key.dts


def from_key(source: Source, video: VideoStream, segment: Segment) -> "Iterator[Packet[Any]]":
    """All packets from the segment's first on, in decoding order; of a broadcast, from its first key packet on.

    Raises DamagedVideo where the first is not found.
    """
    key = segment.key
    for at in _attempts(segment, video.time_base):
        found = _packets(source, video, segment, at)
        if key is not None:
            found = dropwhile(lambda packet: not (packet.is_keyframe and packet.pts == key.pts), found)
        elif source.container.format.name in _MIDSTREAM:
            found = dropwhile(lambda packet: not packet.is_keyframe, found)
        first = next(found, None)
        if first is not None:
            return chain((first,), found)
    raise DamagedVideo(f"no packet is found at {in_words(segment.start, video)}")


def _run(source: Source, video: VideoStream, segment: Segment, at: int | None) -> Iterator[Decoded]:
    """The frames of the segment, read from `at` on; none where its key packet is not found or the first is another."""
    ledger = Ledger(video, segment, source)
    for packet in _packets(source, video, segment, at):
        ledger.expect(packet)
        for frame in frames(packet, source, ledger):
            pts = ledger.time(frame)
            if segment.end is not None and pts >= segment.end:
                ledger.end(frame, pts)
                return
            if segment.start is not None and not ledger.started and pts > segment.start:
                return
            if segment.start is None or pts >= segment.start or ledger.started:
                yield ledger.enter(frame, pts)
    if segment.end is not None and ledger.started:
        raise DamagedVideo(f"the video ends before {in_words(segment.end, video)}")
    if ledger.started:
        ledger.close(None)


def lasting(found: Iterable[Decoded], segment: Segment) -> Iterator[Decoded]:
    """The frames of a segment, each lasting until the next, the last until the segment's end where it has one."""
    held: Decoded | None = None  # until it is known how long it lasts
    for decoded in found:
        if held:
            yield _until(decoded.time.pts, held)
        held = decoded
    if held:
        yield held if segment.end is None else _until(segment.end, held)


def _until(pts: int, held: Decoded) -> Decoded:
    """The same frame, lasting until pts."""
    return replace(held, time=FrameTime(held.time.pts, pts - held.time.pts))


def _place(source: Source, segment: Segment, at: int) -> int | None:
    """The byte to go to in the first attempt, where that is quicker than a time."""
    key = segment.key
    if key is None or at != _time(key) or source.container.format.name not in _BY_PLACE:
        return None
    return key.pos


def _packets(source: Source, video: VideoStream, segment: Segment, at: int | None) -> "Iterator[Packet[Any]]":
    """From the segment's key packet on, for nothing before it belongs to us; from the beginning: all of them.

    Raises DamagedVideo where another packet has the time of the next segment's key packet: of two that are the same
    time apart from each other in the file, what lies between would be nobody's.
    """
    if at is None:
        source.rewind()
    elif (place := _place(source, segment, at)) is not None:
        source.seek_byte(place, source.video(video.index))
    else:
        source.seek(at, source.video(video.index))
    key, until = segment.key if at is not None else None, segment.until
    for packet in moved(source.packets(source.video(video.index)), video.restarts):
        if key is not None:
            if not packet.is_keyframe or packet.pts is None or packet.pts < key.pts:
                continue
            if packet.pts > key.pts:
                return
            if key.pos is not None and packet.pos != key.pos:
                continue
            key = None
        if until is not None and packet.pts == segment.end and packet.size:
            if packet.pos != until:
                raise DamagedVideo(same_time(packet.pts, video))
            until = None
        yield packet


def frames(packet: "Packet[AvVideoStream]", source: Source, ledger: "Ledger") -> list[VideoFrame]:
    """Before the first frame of ours, packets that cannot be decoded are no loss: what matters is entered later."""
    try:
        return packet.decode()
    except Exception as error:
        source.check()
        if ledger.started:
            raise DamagedVideo(f"a packet cannot be decoded after {ledger.last()}: {error}") from error
        return []


class Ledger:
    """Holds packets against frames: every packet of the segment must come out as one sound frame in its turn."""

    def __init__(self, video: VideoStream, segment: Segment, source: Source) -> None:
        container = source.container.format.name
        self._video = video
        self._durations = any(name in container for name in _STATE_DURATIONS)
        self._midstream = container in _MIDSTREAM
        self._start = segment.start
        self._is_second = second_fields(source.video(video.index).codec_context.extradata, video)
        self._segment = segment
        self._usual = usual_duration(video)
        self._times = FrameTimes(video, segment)
        self._expected: Counter[int] = Counter()
        self._last: int | None = None

    @property
    def started(self) -> bool:
        return self._last is not None

    def last(self) -> str:
        return in_words(self._last, self._video)

    def presents(self, packet: "Packet[Any]") -> bool:
        """Whether it brings a frame. An edit list discards some; a hidden frame, or a field alone, presents none."""
        if not packet.size or packet.is_discard or _is_hidden(packet, self._video.codec):
            return False
        return not (self._video.interlaced and self._is_second(bytes(packet)))

    def _is_ours(self, packet: "Packet[Any]") -> bool:
        """Packets of the range that present a frame."""
        if packet.pts is None or not self.presents(packet):
            return False
        if self._start is None:
            if self._midstream and not packet.is_keyframe:
                return False
            # What an open GOP shows before its first key frame is left out by every player: it is not lost.
            self._start = packet.pts
        return packet.pts >= self._start and (self._segment.end is None or packet.pts < self._segment.end)

    def expect(self, packet: "Packet[Any]") -> None:
        if packet.size:
            self._times.expect(packet)
        if packet.is_corrupt and packet.pts is not None and packet.pts == self._segment.end:
            raise DamagedVideo(f"the packet of {in_words(packet.pts, self._video)} is corrupt or cut off")
        if packet.pts is None or not self._is_ours(packet):
            return
        if packet.is_corrupt:
            raise DamagedVideo(f"the packet of {in_words(packet.pts, self._video)} is corrupt or cut off")
        if packet.pts in self._expected and not self._times.repeat:
            raise DamagedVideo(same_time(packet.pts, self._video))
        if self._video.delay is None:
            self._expected[packet.pts] += 1

    def time(self, frame: VideoFrame) -> int:
        return self._times.of(frame)

    def enter(self, frame: VideoFrame, pts: int) -> Decoded:
        video = self._video
        if frame.is_corrupt:
            raise DamagedVideo(f"the frame of {in_words(pts, video)} is corrupt")
        if pts == self._last:
            raise DamagedVideo(same_time(pts, video))
        if self._last is not None and pts < self._last:
            raise DamagedVideo(f"time does not go on after {self.last()}: the next frame is of {in_words(pts, video)}")
        if (frame.width, frame.height) != (video.width, video.height):
            raise DamagedVideo(f"the picture changes to {frame.width}x{frame.height} at {in_words(pts, video)}")
        stated = pts if frame.pts is None else frame.pts
        self._expected.subtract((stated,))
        self._expected += Counter()  # forgets what is at 0 or below
        if video.ordered:
            self.close(stated)
        self._last = pts
        return Decoded(FrameTime(pts, self.duration(frame.duration)), frame)

    def duration(self, stated: int | None) -> int:
        """Ticks that a frame lasts whose frame or packet states this; the usual ones where the container knows none."""
        return (self._durations and stated) or self._usual

    def end(self, frame: VideoFrame, pts: int) -> None:
        """Raise unless this, the first frame past the segment, is the one at its end, and sound: what an open GOP shows
        before it was predicted from it."""
        self.close(pts)
        if not self.started:
            return
        if pts != self._segment.end:
            raise DamagedVideo(f"the video goes on at {in_words(pts, self._video)} after {self.last()}")
        if frame.is_corrupt:
            raise DamagedVideo(f"the frame of {in_words(pts, self._video)} is corrupt")

    def close(self, upto: int | None) -> None:
        """Raise if a packet before `upto` (None: any packet) has not come out by now."""
        lost = [pts for pts in self._expected.elements() if upto is None or pts < upto]
        if lost:
            raise DamagedVideo(f"frames are lost: {len(lost)}, the first at {in_words(min(lost), self._video)}")
        if upto is None:
            self._times.close()


def _is_hidden(packet: "Packet[Any]", codec: str) -> bool:
    test = _HIDDEN.get(codec)
    return test is not None and test(bytes(packet))


def same_time(pts: int | None, video: VideoStream) -> str:
    """What is wrong where two packets have it, and what helps."""
    what = "a range of times does not tell them apart: a larger segmentSeconds makes the video one segment"
    return f"two packets have the same time, {in_words(pts, video)}; {what}"


def in_words(pts: int | None, video: VideoStream) -> str:
    return "the start" if pts is None else f"{float(pts * video.time_base):.3f} s (pts {pts})"
