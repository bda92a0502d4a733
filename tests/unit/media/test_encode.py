import io
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from redactor.errors import DamagedVideo, OutputMismatch
from redactor.media.decode import decode
from redactor.media.encode import Encoder, PartWriter
from redactor.media.forms import form_of, stated_tags
from redactor.media.mastering import mastering
from redactor.media.parts import packets_digest, read_part
from redactor.media.planes import Picture, picture
from redactor.media.streams import FrameTime, Mastering, Segment, VideoStream
from tests.media_factory import Clip, make_clip
from tests.unit.media.conftest import ZOO, opened

Zoo = Callable[[str], Clip]
ENCODER = Encoder()
BT709_FULL = {"color_range": 2, "colorspace": 1, "color_primaries": 1, "color_trc": 1}


@pytest.mark.parametrize("name", ZOO)
def test_a_part_gives_back_every_picture_at_its_time(zoo: Zoo, name: str, tmp_path: Path) -> None:
    video, pictures = load(zoo(name).path)
    part = write(tmp_path / "p.mp4", video, pictures)
    back = list(read_part(io.BytesIO(part), len(part), video, form_of(video)))
    assert [p.time.pts for p in back] == [p.time.pts for p in pictures]
    assert packets_digest(io.BytesIO(part), len(part), video).pts == tuple(p.time.pts for p in pictures)
    for ours, theirs in zip(pictures, back, strict=True):
        for sent, got in zip(ours.planes, theirs.planes, strict=True):
            assert np.abs(sent.astype(int) - got).mean() < 6


def test_the_same_pictures_give_the_same_bytes(zoo: Zoo, tmp_path: Path) -> None:
    video, pictures = load(zoo("plain").path)
    assert write(tmp_path / "a.mp4", video, pictures) == write(tmp_path / "b.mp4", video, pictures)


def test_a_part_plays_everywhere(zoo: Zoo, tmp_path: Path) -> None:
    video, pictures = load(zoo("ntsc rotated").path)
    write(tmp_path / "p.mp4", video, pictures)
    with av.open(str(tmp_path / "p.mp4")) as part:
        stream = part.streams.video[0]
        assert (stream.codec_context.profile, stream.codec_context.pix_fmt) == ("High", "yuv420p")
        assert stream.sample_aspect_ratio == Fraction(4, 3)
        assert set(part.metadata) == {"major_brand", "minor_version", "compatible_brands"}


def test_groups_of_pictures_are_closed_and_as_long_as_told(zoo: Zoo, tmp_path: Path) -> None:
    video, pictures = load(zoo("plain").path)
    write(tmp_path / "p.mp4", video, pictures, Encoder(gop=Fraction(1, 2)))
    with av.open(str(tmp_path / "p.mp4")) as part:
        packets = [p for p in part.demux(part.streams.video[0]) if p.size]
    keys = [n for n, packet in enumerate(packets) if packet.is_keyframe]
    assert keys[0] == 0
    assert max(b - a for a, b in zip(keys, [*keys[1:], len(packets)], strict=True)) <= 12
    for n, packet in enumerate(packets):
        first = packets[max(key for key in keys if key <= n)]
        assert (packet.pts or 0) >= (first.pts or 0)


def test_colour_tags_are_kept(tmp_path: Path) -> None:
    video, pictures = load(make_clip(tmp_path / "a.mp4", frames=4, color=BT709_FULL).path)
    write(tmp_path / "p.mp4", video, pictures)
    with av.open(str(tmp_path / "p.mp4")) as part:
        assert stated_tags(part.streams.video[0].codec_context) == form_of(video).color


def test_odd_sizes_are_padded_for_the_encoder_and_cut_again(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", frames=5, width=127, height=95, pix_fmt="yuv444p")
    video, pictures = load(clip.path)
    part = write(tmp_path / "p.mp4", video, pictures)
    back = list(read_part(io.BytesIO(part), len(part), video, form_of(video)))
    assert form_of(video).coded_size(video) == (128, 96)
    assert [plane.shape for plane in back[0].planes] == [plane.shape for plane in pictures[0].planes]
    assert np.abs(back[0].y.astype(int) - pictures[0].y).mean() < 6


def test_a_failure_leaves_no_file(zoo: Zoo, tmp_path: Path) -> None:
    video, pictures = load(zoo("plain").path)
    path = tmp_path / "p.mp4"
    out = PartWriter(path, video, form_of(video), Encoder()).__enter__()
    for one in pictures:
        out.write(one)
    out.__exit__(ZeroDivisionError, ZeroDivisionError(), None)
    assert not path.exists()


def test_a_part_without_pictures_is_refused(zoo: Zoo, tmp_path: Path) -> None:
    video, _ = load(zoo("one frame").path)
    path = tmp_path / "p.mp4"
    with (
        pytest.raises(OutputMismatch, match="without a single frame"),
        PartWriter(path, video, form_of(video), Encoder()),
    ):
        pass
    assert not path.exists()


def test_a_time_before_zero_is_refused(zoo: Zoo, tmp_path: Path) -> None:
    video, pictures = load(zoo("one frame").path)
    early = replace(pictures[0], time=FrameTime(-1, 512))
    with (
        pytest.raises(DamagedVideo, match="before time 0"),
        PartWriter(tmp_path / "p.mp4", video, form_of(video), Encoder()) as out,
    ):
        out.write(early)
    assert not (tmp_path / "p.mp4").exists()


def test_every_byte_of_a_packet_is_in_the_digest(zoo: Zoo, tmp_path: Path) -> None:
    video, pictures = load(zoo("plain").path)
    part = write(tmp_path / "p.mp4", video, pictures)
    darker = [replace(pictures[0], y=pictures[0].y // 2), *pictures[1:]]
    other = write(tmp_path / "o.mp4", video, darker)
    digest, changed = (packets_digest(io.BytesIO(data), len(data), video) for data in (part, other))
    assert digest.sha256 != changed.sha256
    assert (digest.pts, digest.extradata, digest.reorder) == (changed.pts, changed.extradata, changed.reorder)


def test_a_part_on_another_clock_is_refused(zoo: Zoo, tmp_path: Path) -> None:
    video, pictures = load(zoo("plain").path)
    part = write(tmp_path / "p.mp4", video, pictures)
    with pytest.raises(OutputMismatch, match="ticks"):
        packets_digest(io.BytesIO(part), len(part), replace(video, time_base=Fraction(1, 90000)))


GRADED = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400"
POINTS = (13250, 34500, 7500, 3000, 34000, 16000, 15635, 16450)


def test_the_mastering_data_of_hdr10_goes_with_it(tmp_path: Path) -> None:
    hdr = {"color": {"color_trc": 16, "color_primaries": 9, "colorspace": 9}, "pix_fmt": "yuv420p10le"}
    how = {"codec": "libx265", "codec_options": {"x265-params": f"log-level=none:hdr10=1:{GRADED}"}}
    clip = make_clip(tmp_path / "a.mp4", frames=4, bframes=0, **how, **hdr)
    with opened(clip.path) as (source, streams):
        video, form = streams.video, form_of(streams.video, keep=True)
        assert video.mastering == Mastering(POINTS, (10_000_000, 50), (1000, 400))
        with PartWriter(tmp_path / "p.mp4", video, form, Encoder()) as out:
            for frame in decode(source, video, Segment(0, None, None, None)):
                out.write(picture(frame, video, form))
    with av.open(str(tmp_path / "p.mp4")) as part:
        assert mastering(next(part.decode(video=0))) == form.mastering == video.mastering
    assert form_of(video).mastering is None


def load(path: Path) -> tuple[VideoStream, list[Picture]]:
    with opened(path) as (source, streams):
        video = streams.video
        frames = decode(source, video, Segment(0, None, None, None))
        return video, [picture(frame, video, form_of(video)) for frame in frames]


def write(path: Path, video: VideoStream, pictures: list[Picture], encoder: Encoder = ENCODER) -> bytes:
    with PartWriter(path, video, form_of(video), encoder) as out:
        for one in pictures:
            out.write(one)
    return path.read_bytes()
