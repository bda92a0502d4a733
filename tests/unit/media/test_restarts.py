"""Recordings glued together: what comes after the seam follows what came before it, or the job fails by name."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import pytest

from redactor.errors import DamagedVideo
from redactor.media import restarts
from redactor.media.cuts import cut
from redactor.media.decode import decode
from redactor.media.restarts import in_order, moved
from redactor.media.source import Source
from redactor.media.streams import Segment, Streams
from tests.media_factory import make_clip
from tests.unit.media.conftest import opened

WHOLE = Segment(0, None, None, None)


@pytest.fixture(scope="module", params=[48, 20, 96])
def glued(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """48 frames and then as many as the parameter, each with sound and a clock of its own; their number."""
    return _glue(tmp_path_factory.mktemp("glued"), 48, request.param), 48 + request.param


def _glue(folder: Path, *lengths: int) -> Path:
    made = [make_clip(folder / f"{n}.ts", frames=n, audio="aac").path for n in lengths]
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


@pytest.mark.parametrize("lengths", [(12, 96), (96, 12)])
def test_a_recording_so_short_that_no_place_lies_in_it_ends_the_job(tmp_path: Path, lengths: tuple[int, int]) -> None:
    """Its frames would lie in the range of another segment, or of none."""
    with opened(_glue(tmp_path, *lengths)) as (source, streams):
        segments = cut(source, streams, Fraction(1, 2))
        frames = (frame for segment in segments for frame in decode(source, streams.video, segment))
        with pytest.raises(DamagedVideo, match=r"time does not go on|same time|corrupt|ends before"):
            list(frames)


def test_what_is_in_order_stays_as_it_is(tmp_path: Path) -> None:
    with opened(make_clip(tmp_path / "a.ts", audio="aac").path) as (source, streams):
        assert in_order(source, streams) == streams
