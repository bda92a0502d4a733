"""An output as large as its source: what is measured, and what the parts together take."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import pytest

from redactor.annotations import Face
from redactor.media.bitrate import bitrate
from redactor.media.cuts import cut
from redactor.media.streams import FrameTime, Segment
from redactor.preset import Experimental, Preset
from redactor.select import select
from tests.media_factory import make_clip
from tests.unit.annotated import write_annotations
from tests.unit.media.conftest import opened
from tests.unit.pipeline import Pipeline

WHOLE = Segment(0, None, None, None)


def picture_bytes(path: Path) -> int:
    with av.open(str(path)) as made:
        return sum(packet.size for packet in made.demux(video=0))


@pytest.mark.parametrize("file", ["a.mp4", "a.mkv", "a.ts"])
def test_the_segments_together_have_the_bits_of_the_video(tmp_path: Path, file: str) -> None:
    clip = make_clip(tmp_path / file, frames=72, audio="aac")
    with opened(clip.path) as (source, streams):
        whole = bitrate(source, streams.video, WHOLE)
        segments = cut(source, streams, Fraction(1))
        assert len(segments) == 3
        rates = [bitrate(source, streams.video, segment) for segment in segments]
    assert whole == pytest.approx(8 * picture_bytes(clip.path) / 3, rel=0.01)
    assert sum(rates) / 3 == pytest.approx(whole, rel=0.01)


def test_one_frame_lasts_as_long_as_the_rate_says(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", frames=1)
    with opened(clip.path) as (source, streams):
        assert bitrate(source, streams.video, WHOLE) == 24 * 8 * picture_bytes(clip.path)


@pytest.fixture(scope="module", params=[("600k", "yuv420p"), ("100k", "yuv420p10le")], ids=str)
def matched(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Pipeline]:
    """16 s in two segments, one face in every frame."""
    folder = tmp_path_factory.mktemp("matched")
    rate, pix_fmt = request.param
    how = {"width": 192, "height": 144, "gop": 24, "codec_options": {"b": rate, "preset": "fast"}, "pix_fmt": pix_fmt}
    clip = make_clip(folder / "a.mp4", frames=384, audio="aac", **how)
    preset = Preset(experimental=Experimental(segment_seconds=Fraction(8), match_bitrate=True, keep_depth=True))
    with Pipeline(clip.path, folder, preset=preset) as made:
        table = [FrameTime(pts, 512) for pts in clip.pts]
        faces = [[Face(1, 0.4, 0.4, 0.2, 0.2)]] * 384
        given = write_annotations(made.plan.streams.video, table, faces, made.plan.fingerprint)
        made.selection = select(given, b"", made.plan, made.segments, table)
        yield made


def test_the_output_is_as_large_as_the_source(matched: Pipeline) -> None:
    assert picture_bytes(matched.out) == pytest.approx(picture_bytes(matched.path), rel=0.1)


def test_parts_of_different_bitrates_are_one_video(matched: Pipeline) -> None:
    assert len(matched.segments) == 2
    assert len({verdict.digest.extradata for verdict in matched.verdicts}) == 1
    assert matched.verify(matched.out, ours=False).frames == 384
