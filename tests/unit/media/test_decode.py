import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import chain, pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redactor.errors import DamagedVideo
from redactor.media.cuts import cut
from redactor.media.decode import Decoded, decode
from redactor.media.source import Source
from redactor.media.streams import Key, Segment, VideoStream
from tests.damage import broken
from tests.media_factory import Clip, make_clip
from tests.unit.media.conftest import ZOO, opened

Zoo = Callable[[str], Clip]
WHOLE = Segment(0, None, None, None)
# Containers and codecs that give back the very ticks that were written.
EXACT = ["plain", "open gop", "late start", "variable rate", "one frame", "hevc open gop", "ntsc rotated", "prores"]
# One segment, since no key frame of theirs starts afresh, or they have just one.
UNCUT = {"one frame", "intra refresh"}


@pytest.mark.parametrize("name", EXACT)
def test_frames_come_with_the_ticks_they_were_written_with(zoo: Zoo, name: str) -> None:
    with whole(zoo(name).path) as frames:
        assert tuple(frame.time.pts for frame in frames) == zoo(name).pts


@pytest.mark.parametrize("name", ZOO)
def test_every_frame_comes_once_and_time_goes_on(zoo: Zoo, name: str) -> None:
    with whole(zoo(name).path) as frames:
        pts = [frame.time.pts for frame in frames]
        assert all(frame.frame.pts == frame.time.pts and frame.time.duration >= 1 for frame in frames)
    assert len(pts) == len(zoo(name).pts)
    assert pts == sorted(set(pts))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_a_frame_lasts_until_the_next_whatever_its_container_says(tmp_path: Path, suffix: str) -> None:
    """A transport stream says nothing of it: a frame that stands for a second must not count as one of a 24th."""
    steps = (512, 512, 512, 12288)
    clip = make_clip(tmp_path / f"v{suffix}", frames=24, steps=steps, gop=6)
    with opened(clip.path) as (source, streams):
        frames = [one.time for part in cut(source, streams, Fraction(1)) for one in decode(source, streams.video, part)]
        seconds = [float(time.duration * streams.video.time_base) for time in frames]
    assert [after.pts - time.pts for time, after in pairwise(frames)] == [time.duration for time in frames[:-1]]
    assert seconds[:-1] == pytest.approx(([1 / 24] * 3 + [1.0]) * 5 + [1 / 24] * 3, abs=2e-3)


@pytest.mark.parametrize("name", ZOO)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seconds=st.fractions(Fraction(1, 10), Fraction(3), max_denominator=20))
def test_any_split_gives_the_frames_of_one_run(zoo: Zoo, name: str, seconds: Fraction) -> None:
    path = zoo(name).path
    with opened(path) as (source, streams):
        segments = cut(source, streams, seconds)
        pieces = [[print_of(frame) for frame in decode(source, streams.video, part)] for part in segments]
    assert list(chain(*pieces)) == prints(path)
    assert all(pieces)


@pytest.mark.parametrize("name", ZOO)
def test_segments_can_be_decoded_alone_and_in_any_order(zoo: Zoo, name: str) -> None:
    with opened(zoo(name).path) as (source, streams):
        segments = cut(source, streams, Fraction(1, 2))
    assert (len(segments) > 1) == (name not in UNCUT)
    for segment in reversed(segments):
        with opened(zoo(name).path) as (source, streams):
            pieces = [print_of(frame) for frame in decode(source, streams.video, segment)]
        assert pieces == [p for p in prints(zoo(name).path) if is_in(segment, p[0])]


def test_a_segment_is_half_open(zoo: Zoo) -> None:
    with opened(zoo("plain").path) as (source, streams):
        first, second, *_ = cut(source, streams, Fraction(1, 2))
        assert first.end == second.start
        assert [f.time.pts for f in decode(source, streams.video, first)][-1] < (first.end or 0)
        assert next(iter(decode(source, streams.video, second))).time.pts == second.start


def test_a_search_that_lands_behind_the_key_goes_back_further(zoo: Zoo) -> None:
    """A dts that is too late stands for a container whose seek overshoots."""
    with opened(zoo("plain").path) as (source, streams):
        segment = cut(source, streams, Fraction(1, 2))[1]
        assert segment.key is not None
        late = replace(segment, key=Key(segment.key.pts, segment.key.pts + 10_000))
        found = [print_of(frame) for frame in decode(source, streams.video, late)]
    assert found == [p for p in prints(zoo("plain").path) if is_in(segment, p[0])]


def test_a_key_from_which_nothing_starts_is_found_from_the_beginning(zoo: Zoo) -> None:
    """The frames of periodic intra refresh need the frames before them, whatever the packet's flag says."""
    with opened(zoo("intra refresh").path) as (source, streams):
        segment = Segment(1, 24 * 512, 36 * 512, Key(24 * 512, 24 * 512))
        found = [print_of(frame) for frame in decode(source, streams.video, segment)]
    assert found == [p for p in prints(zoo("intra refresh").path) if is_in(segment, p[0])]


def test_a_segment_that_starts_at_no_frame_is_damage(zoo: Zoo) -> None:
    with opened(zoo("plain").path) as (source, streams):
        nowhere = Segment(1, 7, None, Key(7, 7))
        with pytest.raises(DamagedVideo):
            list(decode(source, streams.video, nowhere))


def test_a_video_that_ends_before_its_segment_is_damage(zoo: Zoo) -> None:
    with opened(zoo("plain").path) as (source, streams):
        beyond = Segment(0, None, 1_000_000, None)
        with pytest.raises(DamagedVideo, match="ends before"):
            list(decode(source, streams.video, beyond))


@pytest.mark.parametrize("name", ["plain", "matroska", "avi", "ts", "hevc open gop", "mpeg2 ts"])
def test_a_lost_packet_is_damage(zoo: Zoo, name: str) -> None:
    lost = _without_payload(zoo(name).path, 20)
    with pytest.raises(DamagedVideo), whole(lost) as frames:
        list(frames)


def test_a_packet_that_brings_no_frame_is_a_lost_frame(zoo: Zoo) -> None:
    """A packet of nothing but an access unit delimiter (NAL type 35) decodes to nothing, without an error."""

    def delimiter(size: int) -> bytes:
        return (size - 4).to_bytes(4, "big") + b"\x46\x01" + b"\x50" * (size - 6)

    emptied = _without_payload(zoo("hevc open gop").path, 20, delimiter)
    with pytest.raises(DamagedVideo, match="frames are lost: 1"), whole(emptied) as frames:
        list(frames)


@pytest.mark.parametrize(
    ("codec", "form", "least"), [("libx265", "yuv420p", 6), ("mjpeg", "yuvj420p", 12), ("libx264", "yuv420p", 9)]
)
def test_noise_is_noticed(tmp_path: Path, codec: str, form: str, least: int) -> None:
    """By no decoder always; HEVC's and MJPEG's would pass over most of it unless told not to."""
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    made = make_clip(
        tmp_path / "a.mov",
        codec=codec,
        codec_options=options,
        pix_fmt=form,
        width=640,
        height=360,
        frames=12,
        bframes=0,
    )
    noticed = 0
    for n in range(12):
        try:
            with whole(broken(made.path, n, seed=0)) as frames:
                list(frames)
        except DamagedVideo:
            noticed += 1
    assert noticed >= least


@pytest.mark.parametrize("name", ["plain", "matroska", "avi"])
def test_a_lost_first_frame_is_damage(zoo: Zoo, name: str) -> None:
    lost = _without_payload(zoo(name).path, 0)
    with pytest.raises(DamagedVideo, match=r"lost|cannot be decoded|no frame"), whole(lost) as frames:
        list(frames)


def test_a_broadcast_starts_at_its_first_key_frame(zoo: Zoo) -> None:
    path = zoo("mpeg2 ts").path
    with opened(path) as (source, streams):
        source.rewind()
        keys = [p for p in source.packets(source.video(streams.video.index)) if p.is_keyframe]
        place = (keys[1].pos or 0) - 8 * 188
    later = path.with_name("later.ts")
    later.write_bytes(path.read_bytes()[place - place % 188 :])
    with whole(later) as frames:
        pts = [frame.time.pts for frame in frames]
    assert pts[0] == keys[1].pts
    assert pts == [p[0] for p in prints(path) if p[0] >= pts[0]]


def test_a_frame_that_the_decoder_patched_up_is_damage(zoo: Zoo) -> None:
    """A slice that breaks off is concealed by a guess from the picture before, without an error."""
    patched = _without_payload(zoo("plain").path, 24, lambda size: None, share=2)
    with pytest.raises(DamagedVideo, match=r"frame of .* is corrupt"), whole(patched) as frames:
        list(frames)


def test_a_picture_that_changes_its_size_is_damage(zoo: Zoo) -> None:
    with opened(zoo("plain").path) as (source, streams):
        other = replace(streams.video, width=126)
        with pytest.raises(DamagedVideo, match="changes to 128x96"):
            list(decode(source, other, WHOLE))


def test_a_time_that_comes_twice_is_damage_where_a_range_must_tell_frames_apart(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mkv", rate=5000, frames=30, bframes=0)
    with opened(clip.path) as (source, streams), pytest.raises(DamagedVideo, match=r"same time.*segmentSeconds"):
        list(decode(source, streams.video, Segment(0, None, 5, None)))


def test_in_one_segment_a_time_that_comes_twice_moves_the_second_frame_by_a_tick(tmp_path: Path) -> None:
    """Five frames a millisecond on a clock of milliseconds."""
    clip = make_clip(tmp_path / "a.mkv", rate=5000, frames=30, bframes=0)
    with whole(clip.path) as frames:
        pts = [frame.time.pts for frame in frames]
    assert pts == list(range(pts[0], pts[0] + 30))


def test_damage_in_one_segment_stops_that_segment_alone(zoo: Zoo) -> None:
    path = _without_payload(zoo("plain").path, 20)
    outcomes = []
    with opened(zoo("plain").path) as (source, streams):
        segments = cut(source, streams, Fraction(1, 2))
    for segment in segments:
        with opened(path) as (source, streams):
            outcomes.append(_ends_well(source, streams.video, segment))
    assert outcomes == [True, False, True, True]


def test_the_real_clip_comes_whole_in_any_split(shared_media: Path) -> None:
    path = shared_media / "nasa_13013.mp4"
    with opened(path) as (source, streams):
        segments = cut(source, streams, Fraction(3))
        pieces = [print_of(frame) for part in segments for frame in decode(source, streams.video, part)]
        assert len(segments) > 1
        assert len(pieces) == streams.video.expected_frames
    assert pieces == prints(path)


@contextmanager
def whole(path: Path) -> Iterator[Iterator[Decoded]]:
    with opened(path) as (source, streams):
        yield iter(list(decode(source, streams.video, WHOLE)))


@cache
def prints(path: Path) -> list[tuple[int, int, str]]:
    with opened(path) as (source, streams):
        return [print_of(frame) for frame in decode(source, streams.video, WHOLE)]


def print_of(decoded: Decoded) -> tuple[int, int, str]:
    """pts, duration and a hash of all samples."""
    samples = b"".join(bytes(plane) for plane in decoded.frame.planes)
    return decoded.time.pts, decoded.time.duration, hashlib.md5(samples).hexdigest()


def is_in(segment: Segment, pts: int) -> bool:
    return (segment.start is None or pts >= segment.start) and (segment.end is None or pts < segment.end)


def _ends_well(source: Source, video: VideoStream, segment: Segment) -> bool:
    try:
        return bool(list(decode(source, video, segment)))
    except DamagedVideo:
        return False


def _without_payload(
    path: Path, n: int, filler: Callable[[int], bytes | None] = lambda size: None, share: int = 1
) -> Path:
    """A copy in which the last 1/share of the nth video packet is overwritten, by default with ones."""
    with opened(path) as (source, streams):
        source.rewind()
        packet = list(source.packets(source.video(streams.video.index)))[n]
    data = bytearray(path.read_bytes())
    place = packet.pos if path.suffix == ".ts" else data.index(bytes(packet))
    assert place is not None
    size = 4 * 188 if path.suffix == ".ts" else packet.size
    place, size = place + size - size // share, size // share
    data[place : place + size] = filler(size) or b"\xff" * size
    copy = path.with_name(f"lost{n}{path.suffix}")
    copy.write_bytes(data)
    return copy
