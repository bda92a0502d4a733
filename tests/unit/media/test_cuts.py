from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from redactor.media import allowance, cuts, hints
from redactor.media.cuts import cut
from redactor.media.probe import probe
from redactor.media.source import open_source
from redactor.media.streams import Segment
from tests.media_factory import Clip, make_clip
from tests.unit.media.conftest import ZOO, Watched, opened

Zoo = Callable[[str], Clip]


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.parametrize("seconds", [Fraction(1, 7), Fraction(1, 2), Fraction(1), Fraction(60)])
def test_segments_cover_the_video_without_gap_or_overlap(zoo: Zoo, name: str, seconds: Fraction) -> None:
    segments = _cut(zoo(name), seconds)
    assert [segment.n for segment in segments] == list(range(len(segments)))
    assert segments[0].start is None
    assert segments[-1].end is None
    assert [segment.end for segment in segments[:-1]] == [segment.start for segment in segments[1:]]
    assert [segment.key and segment.key.pts for segment in segments] == [segment.start for segment in segments]
    starts = [segment.start for segment in segments if segment.start is not None]
    assert starts == sorted(set(starts))


def test_boundaries_are_the_key_frames_before_the_nominal_ones(zoo: Zoo) -> None:
    """48 frames of 512 ticks, a key frame every 12."""
    assert [segment.start for segment in _cut(zoo("plain"), Fraction(7, 10))] == [None, 12 * 512, 24 * 512]


def test_a_short_rest_joins_the_segment_before(zoo: Zoo) -> None:
    """2 s of video with a key frame every .5 s, in segments of .9 s: nothing after 1.55 s stands alone."""
    assert [segment.start for segment in _cut(zoo("plain"), Fraction(9, 10))] == [None, 12 * 512]


def test_a_video_shorter_than_a_segment_is_one(zoo: Zoo) -> None:
    assert _cut(zoo("plain"), Fraction(10)) == [Segment(0, None, None, None)]


def test_one_group_of_pictures_is_one_segment(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", gop=1000, codec_options={"sc_threshold": "0"})
    assert len(_cut(clip, Fraction(1, 4))) == 1


def test_a_video_of_unknown_length_is_one_segment(zoo: Zoo) -> None:
    with opened(zoo("plain").path) as (source, streams):
        unknown = replace(streams, video=replace(streams.video, start=None))
        assert len(cut(source, unknown, Fraction(1, 2))) == 1


def test_key_frames_that_need_earlier_frames_are_no_boundary(zoo: Zoo) -> None:
    assert len(_cut(zoo("intra refresh"), Fraction(1, 2))) == 1


def test_there_are_never_more_segments_than_the_cap(zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(_cut(zoo("plain"), Fraction(1, 100))) == 4
    monkeypatch.setattr("redactor.media.cuts._MOST", 2)
    assert len(_cut(zoo("plain"), Fraction(1, 100))) == 2


def _cut(clip: Clip, seconds: Fraction) -> list[Segment]:
    with opened(clip.path) as (source, streams):
        return cut(source, streams, seconds)


def test_a_file_without_an_index_is_cut_at_places_in_a_few_segments(zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuts, "_MOST_SOUGHT", 3)
    with opened(zoo("ts").path) as (source, streams):
        monkeypatch.setattr(source, "seek", None)
        segments = cut(source, streams, Fraction(1, 10))
    assert 2 <= len(segments) <= 3


@pytest.mark.parametrize("gop", [12, 1000])
def test_long_groups_cost_segments_rather_than_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gop: int) -> None:
    """Nor is a file with one group read again and again: a look that finds nothing has its price too."""
    clip = make_clip(tmp_path / "a.ts", frames=240, gop=gop, codec_options={"sc_threshold": "0"})
    data = clip.path.read_bytes()
    for name, value in {"_AHEAD": 0, "_LEAST": 0, "_PART": 4}.items():
        monkeypatch.setattr(allowance, name, value)
    monkeypatch.setattr(hints, "_FEWEST", 1)
    monkeypatch.setattr(hints, "_KEPT", 1)
    file = Watched(data)
    with open_source(file, len(data)) as source:
        streams = probe(source)
        file.count = 0
        assert len(cut(source, streams, Fraction(1, 8))) <= 12
        assert file.count < 2 * len(data)


@pytest.mark.parametrize("name", ["ts", "mpeg2 ts"])
def test_looking_by_place_begins_at_a_packet(zoo: Zoo, name: str) -> None:
    data = zoo(name).path.read_bytes()
    with opened(zoo(name).path) as (source, streams):
        place_of = cuts._places(source, streams.video, 90_000)
        for n in range(0, 80_000, 997):
            place = place_of((streams.video.start or 0) + n)
            assert data[place] == data[place + 188] == 0x47
            assert abs(place - len(data) * n / 90_000) <= 188


@pytest.mark.parametrize("name", ["plain", "hevc open gop", "vp9", "prores"])
def test_keys_that_say_what_they_are_are_not_decoded(zoo: Zoo, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuts, "_first_pts", None)
    with opened(zoo(name).path) as (source, streams):
        assert len(cut(source, streams, Fraction(1, 2))) > 1
