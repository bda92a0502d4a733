"""Reading a part back: its pictures for the second look, its packets for the proof that these are what is published."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, BinaryIO

from av.packet import Packet

from redactor.errors import OutputMismatch
from redactor.media.decode import decode
from redactor.media.forms import Form
from redactor.media.planes import Picture, picture
from redactor.media.source import Source, open_source
from redactor.media.streams import FrameTime, Segment, VideoStream


@dataclass(frozen=True)
class PartDigest:
    """What identifies the packets of a part, wherever they are muxed.

    sha256: over the payloads in decoding order, hex. pts: of its frames, rising, ticks of the source's time_base.
    extradata: sha256 of the decoder configuration (SPS and PPS), hex. reorder: how many frames a decoder holds back.
    """

    sha256: str
    pts: tuple[int, ...]
    extradata: str
    reorder: int


def read_part(file: BinaryIO, size: int, video: VideoStream, form: Form) -> Iterator[Picture]:
    """Decode a part again: the pictures that viewers get, with pts of the source's time_base and the source's size.

    Raises OutputMismatch where the part's clock is not the source's or its samples have another form, DamagedVideo
    where it does not decode cleanly.
    """
    with open_source(file, size) as source:
        width, height = form.coded_size(video)
        clock = Fraction(1, video.time_base.denominator)
        stream = source.video(0)
        check_clock(stream.time_base, video)
        coded = replace(
            video,
            index=0,
            codec="h264",
            width=width,
            height=height,
            pix_fmt=stream.pix_fmt or "",
            time_base=clock,
            delay=None,
            restarts=(),
        )
        for decoded in decode(source, coded, Segment(0, None, None, None)):
            if decoded.frame.format.name.replace("yuvj", "yuv") != form.pix_fmt:
                raise OutputMismatch(f"the part's samples are {decoded.frame.format.name} instead of {form.pix_fmt}")
            yield _of_source(picture(decoded, coded, replace(form, tone_mapped=False)), video)


def packets_digest(file: BinaryIO, size: int, video: VideoStream) -> PartDigest:
    """Digest of a part's packets, without decoding. Raises OutputMismatch where a packet has no exact time."""
    with open_source(file, size) as source:
        stream = source.video(0)
        check_clock(stream.time_base, video)
        digest = hashlib.sha256()
        pts = []
        for packet in video_packets(source, stream.index):
            digest.update(bytes(packet))
            pts.append(source_pts(packet, video))
        extradata = hashlib.sha256(stream.codec_context.extradata or b"").hexdigest()
        return PartDigest(digest.hexdigest(), tuple(sorted(pts)), extradata, stream.codec_context.reorder_depth)


def video_packets(source: Source, index: int) -> "Iterator[Packet[Any]]":
    """The packets of one stream in decoding order, without the empty flush packet."""
    return (packet for packet in source.packets(source.video(index)) if packet.size)


def source_pts(packet: "Packet[Any]", video: VideoStream) -> int:
    """The packet's time in ticks of the source: MP4 counts 1/denominator s, the source numerator/denominator s, and the
    output may be later by the video's shift."""
    ticks, rest = divmod(packet.pts or 0, video.time_base.numerator)
    if packet.pts is None or rest:
        raise OutputMismatch(f"a packet of the output has no time of the source: pts {packet.pts}")
    return ticks - video.shift


def check_clock(time_base: Fraction | None, video: VideoStream) -> None:
    if time_base != Fraction(1, video.time_base.denominator):
        raise OutputMismatch(f"the output counts ticks of {time_base} s, the source of {video.time_base} s")


def _of_source(coded: Picture, video: VideoStream) -> Picture:
    """Without the padding, and in the source's ticks."""
    ticks, rest = divmod(coded.time.pts, video.time_base.numerator)
    if rest:
        raise OutputMismatch(f"a frame of the output has no time of the source: pts {coded.time.pts}")
    time = FrameTime(ticks - video.shift, max(1, coded.time.duration // video.time_base.numerator))
    y, u, v = (
        plane[: -(-video.height // rows), : -(-video.width // columns)]
        for plane, (columns, rows) in zip(coded.planes, coded.steps, strict=True)
    )
    return replace(coded, time=time, y=y, u=u, v=v)
