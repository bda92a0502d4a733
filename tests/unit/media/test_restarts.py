"""Recordings glued together: what comes after the seam follows what came before it, or the job fails by name."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from redactor.errors import DamagedVideo
from redactor.media import cuts, restarts
from redactor.media.cuts import cut
from redactor.media.decode import decode
from redactor.media.restarts import in_order, moved
from redactor.media.source import Source
from redactor.media.streams import Key, Segment, Streams
from redactor.plan import survey
from redactor.preset import Experimental, Mode, Preset
from tests.media_factory import make_clip
from tests.unit.media.conftest import opened

WHOLE = Segment(0, None, None, None)


@pytest.fixture(scope="module", params=[48, 20, 96])
def glued(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """48 frames and then as many as the parameter, each with sound and a clock of its own; their number."""
    return _glue(tmp_path_factory.mktemp("glued"), 48, request.param), 48 + request.param


def _glue(folder: Path, *lengths: int, gop: int = 12) -> Path:
    made = [make_clip(folder / f"{n}.ts", frames=n, audio="aac", gop=gop).path for n in lengths]
    path = folder / "glued.ts"
    path.write_bytes(b"".join(one.read_bytes() for one in made))
    return path


@contextmanager
def seen(path: Path) -> Iterator[tuple[Source, Streams]]:
    with opened(path) as (source, streams):
        yield source, in_order(source, streams)


def test_all_frames_come_and_time_goes_on(glued: tuple[Path, int]) -> None:
    path, frames = glued
    with seen(path) as (source, streams):
        pts = [frame.time.pts for frame in decode(source, streams.video, WHOLE)]
        assert cut(source, streams, Fraction(1, 2)) == [WHOLE]
    assert len(pts) == frames
    assert pts == sorted(set(pts))
    assert any("go back 1 times" in line for line in streams.warnings)


def test_picture_and_sound_are_moved_alike_and_neither_runs_into_what_came_before(glued: tuple[Path, int]) -> None:
    path, _ = glued
    with seen(path) as (source, streams):
        for track in (streams.video, *streams.audio):
            source.rewind()
            stream = source.container.streams[track.index]
            raw = [packet.dts for packet in source.packets(stream) if packet.dts is not None]
            source.rewind()
            stream = source.container.streams[track.index]
            times = [p.dts for p in moved(source.packets(stream), streams.video.restarts) if p.dts is not None]
            (seam,) = [n for n in range(1, len(raw)) if raw[n] < raw[n - 1]]
            assert times[:seam] == raw[:seam]
            assert times == sorted(times)
            move = {(after - before) * track.time_base for before, after in zip(raw[seam:], times[seam:], strict=True)}
            assert move == set(streams.video.restarts)


def test_a_large_file_is_looked_at_in_places_and_read_only_where_time_goes_back(
    glued: tuple[Path, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restarts, "_SMALL", 0)
    with seen(glued[0]) as (_, streams):
        assert len(streams.video.restarts) == 1
    with seen(make_clip(tmp_path / "one.ts").path) as (_, streams):
        monkeypatch.setattr(restarts, "_read", None)
        assert streams.video.ordered


@pytest.mark.parametrize(
    ("lengths", "gop", "seconds"),
    [((48, 48), 6, Fraction(1, 2)), ((144, 192), 24, Fraction(2)), ((48, 144), 12, Fraction(1))],
)
def test_a_restart_that_shows_between_no_two_places_shows_where_segments_are_sought(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lengths: tuple[int, int], gop: int, seconds: Fraction
) -> None:
    """Segments cut as if time went on would jump from one recording to the same time in the other."""
    monkeypatch.setattr(restarts, "_SMALL", 0)
    monkeypatch.setattr(restarts, "_PLACES", 1)
    path = _glue(tmp_path, *lengths, gop=gop)
    preset = Preset(mode=Mode.REDACT, experimental=Experimental(segment_seconds=seconds))
    with path.open("rb") as file:
        streams, segments, _ = survey(file, path.stat().st_size, preset)
    assert segments == [WHOLE]
    with opened(path) as (source, _):
        assert len(list(decode(source, streams.video, WHOLE))) == sum(lengths)


@pytest.mark.parametrize(
    ("lengths", "gop", "seconds"),
    [
        ((12, 96), 12, Fraction(1, 2)),
        ((96, 12), 12, Fraction(1, 2)),
        ((48, 48), 6, Fraction(1, 2)),
        ((144, 192), 24, Fraction(2)),
        ((48, 144), 12, Fraction(1)),
    ],
)
def test_a_restart_that_nobody_has_seen_ends_the_job(
    tmp_path: Path, lengths: tuple[int, int], gop: int, seconds: Fraction
) -> None:
    """Frames would lie in the range of another segment, or of none."""
    with opened(_glue(tmp_path, *lengths, gop=gop)) as (source, streams):
        segments = _as_if_time_went_on(source, streams, seconds)
        frames = (frame for segment in segments for frame in decode(source, streams.video, segment))
        with pytest.raises(DamagedVideo, match=r"time does not go on|same time|corrupt|ends before"):
            list(frames)


def _as_if_time_went_on(source: Source, streams: Streams, seconds: Fraction) -> list[Segment]:
    """Cut by keys of which those that go back are passed over."""
    found = cuts._found

    def forward(*args: Any) -> Iterator[Key]:
        latest = -1
        for key in found(*args):
            if key.pts > latest:
                yield key
                latest = key.pts

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cuts, "_found", forward)
        return cut(source, streams, seconds)


@pytest.mark.parametrize("suffix", ["mkv", "flv"])
@pytest.mark.parametrize("where", [55, 59, 60])
def test_two_frames_of_one_time_in_a_file_that_is_not_read_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, where: int
) -> None:
    """In the middle of a segment, before its end and at its start: never is one of the two lost in silence."""
    monkeypatch.setattr(restarts, "_SMALL", 0)
    path = _with_a_repeat(tmp_path, suffix, where)
    with seen(path) as (source, streams):
        segments = cut(source, streams, Fraction(1, 2))
        assert len(segments) == 8
        frames = (frame for segment in segments for frame in decode(source, streams.video, segment))
        with pytest.raises(DamagedVideo, match=r"same time.*a larger segmentSeconds makes the video one segment"):
            list(frames)
        (whole,) = cut(source, streams, Fraction(100))
        assert len(list(decode(source, streams.video, whole))) == 96


def _with_a_repeat(folder: Path, suffix: str, where: int) -> Path:
    """96 frames of a key in twelve, of which this one has the time of another next to it."""
    made, path = make_clip(folder / f"made.{suffix}", frames=96, bframes=0).path, folder / f"repeats.{suffix}"
    with av.open(str(made)) as given, av.open(str(path), "w") as out:
        template = given.streams.video[0]
        stream = out.add_stream_from_template(template)
        packets = [packet for packet in given.demux(template) if packet.size]
        times = [packet.pts for packet in packets]
        times[where] = times[where + 1] if where == 59 else times[where - 1]
        for packet, time in zip(packets, times, strict=True):
            packet.pts = packet.dts = time
            packet.stream = stream
            out.mux(packet)
    return path


def test_what_is_in_order_stays_as_it_is(tmp_path: Path) -> None:
    with opened(make_clip(tmp_path / "a.ts", audio="aac").path) as (source, streams):
        assert in_order(source, streams) == streams
