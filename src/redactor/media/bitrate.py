"""What a stretch of the source's picture takes: the measure for an output that is to be as large."""

from redactor.media.decode import from_key
from redactor.media.source import Source
from redactor.media.streams import Segment, VideoStream


def bitrate(source: Source, video: VideoStream, segment: Segment) -> int:
    """Bits a second of the source's packets in the segment, at least 1: they are read, none is decoded.

    Of an open GOP, the few frames that follow the next segment's key packet are not counted.
    """
    times, size = list[int](), 0
    for packet in from_key(source, video, segment):
        pts = packet.dts if packet.pts is None else packet.pts
        if not packet.size or pts is None or (segment.start is not None and pts < segment.start):
            continue
        if segment.end is not None and pts >= segment.end:
            if packet.is_keyframe:
                break
            continue
        times.append(pts)
        size += packet.size
    return max(1, round(8 * size / _seconds(times, video)))


def _seconds(times: list[int], video: VideoStream) -> float:
    """How long frames at these times are shown: the last one as long as the others on average."""
    spread = max(times, default=0) - min(times, default=0)
    if not spread:
        return float(1 / video.rate)
    return float(spread * len(times) / (len(times) - 1) * video.time_base)
