"""Frames that do not say when they are shown: counted off by their packets, or by the frames after them."""

from itertools import accumulate, pairwise
from pathlib import Path

import av
import pytest

from redactor.errors import DamagedVideo
from redactor.media.cuts import cut
from redactor.media.decode import decode
from redactor.media.restarts import in_order
from redactor.media.streams import FrameTime, Segment
from redactor.media.timing import standstills
from tests.media_factory import make_clip
from tests.unit.media.conftest import opened

WHOLE = Segment(0, None, None, None)


@pytest.mark.parametrize(("suffix", "ticks"), [("avi", 1), ("asf", 42)])
@pytest.mark.parametrize("frames", [1, 2, 40])
@pytest.mark.parametrize("bframes", [0, 2])
def test_where_packets_say_when_they_are_decoded_every_frame_comes_evenly(
    tmp_path: Path, suffix: str, ticks: int, frames: int, bframes: int
) -> None:
    clip = make_clip(tmp_path / f"a.{suffix}", frames=frames, bframes=bframes, ticks=1)
    with opened(clip.path) as (source, streams):
        assert streams.video.delay == min(bframes, 2)
        assert cut(source, streams, 1) == [WHOLE]
        times = [frame.time.pts for frame in decode(source, streams.video, WHOLE)]
    assert len(times) == frames
    assert times[0] == streams.video.start
    assert all(abs(after - before - ticks) <= 1 for before, after in pairwise(times))


def test_a_packet_that_brings_no_frame_is_missed_where_frames_are_counted(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.avi", codec_options={"x264-params": "aud=1"})
    with av.open(str(clip.path)) as container:
        packet = list(container.demux(video=0))[20]
    data = bytearray(clip.path.read_bytes())
    place = data.index(bytes(packet))
    # Access unit delimiters alone (NAL type 9) decode to nothing, without an error.
    data[place : place + packet.size] = (b"\0\0\0\1\x09\xf0" * packet.size)[: packet.size]
    clip.path.write_bytes(data)
    with opened(clip.path) as (source, streams), pytest.raises(DamagedVideo):
        list(decode(source, streams.video, WHOLE))


def test_frames_before_time_0_are_shown_as_long_before_the_first_that_has_a_time(tmp_path: Path) -> None:
    """Matroska has no times before 0: FFmpeg hands these packets out without any."""
    early = _early(tmp_path)
    with opened(early) as (source, probed):
        streams = in_order(source, probed)
        times = [frame.time.pts for frame in decode(source, streams.video, WHOLE)]
    assert len(times) == 48
    assert times[0] == streams.video.start == -126
    assert streams.video.shift == 126
    assert all(40 <= after - before <= 43 for before, after in pairwise(times))
    assert any("before time 0" in line for line in streams.warnings)


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ([40] * 20, []),
        ([40] * 20 + [80] + [40] * 5, [(800, 80)]),
        ([33, 34, 33] * 10 + [132], [(1000, 132)]),
        ([40] * 20 + [60], []),
        ([1] * 20 + [2], [(20, 2)]),
        ([40, 90, 15, 200] * 5, []),
        ([1, 2] * 20, []),
        ([], []),
    ],
)
def test_a_standstill_is_a_long_step_among_equal_ones(steps: list[int], found: list[tuple[int, int]]) -> None:
    times = [FrameTime(pts, 40) for pts in accumulate(steps, initial=0)]
    assert [(step.pts, step.duration) for step in standstills(times)] == found


def _early(folder: Path) -> Path:
    """48 frames at 24 a second, the first three before time 0."""
    plain, early = make_clip(folder / "plain.mkv", ticks=1), folder / "early.mkv"
    with av.open(str(plain.path)) as source, av.open(str(early), "w", options={"avoid_negative_ts": "disabled"}) as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.pts = (packet.pts or 0) - 125
                packet.dts = None if packet.dts is None else packet.dts - 125
                packet.stream = stream
                out.mux(packet)
    return early
