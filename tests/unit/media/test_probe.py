import io
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest

from redactor.errors import TruncatedVideo, UnreadableVideo, VideoTooLarge
from redactor.media.probe import Limits, ends, fingerprint, probe
from redactor.media.source import open_source
from tests.media_factory import Clip, make_clip
from tests.unit.media.conftest import opened

Zoo = Callable[[str], Clip]


def test_a_phone_video_says_how_it_is_turned_and_shaped(zoo: Zoo) -> None:
    with opened(zoo("ntsc rotated").path) as (_, streams):
        video = streams.video
    assert (video.width, video.height, video.rotation, video.sample_aspect) == (128, 96, 90, Fraction(4, 3))
    assert (video.rate, video.time_base) == (Fraction(30000, 1001), Fraction(1, 30_030_000 // 1001))


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_rotation_is_clockwise(tmp_path: Path, degrees: int) -> None:
    with opened(make_clip(tmp_path / "a.mp4", frames=3, rotation=degrees).path) as (_, streams):
        assert streams.video.rotation == degrees


@pytest.mark.parametrize(("flip", "degrees"), [("hflip", 0), ("vflip", 180)])
def test_a_mirrored_video_stands_upright(tmp_path: Path, flip: str, degrees: int) -> None:
    clip, mirrored = make_clip(tmp_path / "a.mp4", frames=3), tmp_path / "b.mp4"
    with av.open(str(clip.path)) as source, av.open(str(mirrored), "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        stream.set_display_rotation(0, **{flip: True})
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    with opened(mirrored) as (_, streams):
        assert streams.video.rotation == degrees
        assert streams.video.mirrored


@pytest.mark.parametrize(
    ("name", "frames"),
    [("plain", 48), ("open gop", 48), ("variable rate", 48), ("one frame", 1), ("prores", 48), ("hevc open gop", 48)],
)
def test_an_mp4_says_how_many_frames_it_presents(zoo: Zoo, name: str, frames: int) -> None:
    with opened(zoo(name).path) as (_, streams):
        assert streams.video.expected_frames == frames


@pytest.mark.parametrize("name", ["fragmented", "matroska", "avi", "ts", "wmv", "flv"])
def test_other_containers_do_not_say(zoo: Zoo, name: str) -> None:
    with opened(zoo(name).path) as (_, streams):
        assert streams.video.expected_frames is None


def test_frames_before_the_edit_list_are_not_expected(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", frames=48, bframes=0).path
    path.write_bytes(_edited(path.read_bytes(), media_time=10 * 512))
    with opened(path) as (_, streams):
        assert streams.video.expected_frames == 38


def test_what_does_not_reach_the_output_is_told_in_words(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", audio=("aac", "libmp3lame"), second_video=True, subtitles=True)
    with opened(clip.path) as (_, streams):
        assert streams.video.index == 0
        assert streams.dropped == ("second video stream 1 (h264)", "subtitle stream 4 (mov_text)")
        assert [(track.codec, track.copied) for track in streams.audio] == [("aac", True), ("mp3", True)]


def test_cover_art_is_never_the_video(tmp_path: Path) -> None:
    path = _with_cover(tmp_path / "a.mp4")
    with opened(path) as (_, streams):
        assert streams.video.codec == "h264"
        assert streams.dropped == ("cover art 1",)


def test_sound_that_mp4_may_not_hold_is_to_be_encoded(zoo: Zoo) -> None:
    with opened(zoo("mpeg2 ts").path) as (_, streams):
        assert [(track.codec, track.copied, track.channels) for track in streams.audio] == [("mp2", False, 2)]


def test_sound_that_browsers_do_not_play_is_warned_of(zoo: Zoo) -> None:
    with opened(zoo("matroska").path) as (_, streams):
        assert streams.warnings == ("browsers do not play ac3 sound (stream 1)",)


def test_a_file_of_sound_alone_says_so(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as out:
        stream = out.add_stream("aac", rate=48000, layout="stereo")
        frame = av.AudioFrame("fltp", "stereo", 1024)
        frame.sample_rate, frame.pts, frame.time_base = 48000, 0, Fraction(1, 48000)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        out.mux([*stream.encode(frame), *stream.encode(None)])
    with pytest.raises(UnreadableVideo, match="audio only"), opened(tmp_path / "a.mp4"):
        pass


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(pixels=128 * 96 - 1), "128x96"),
        (Limits(streams=1), "2 streams"),
        (Limits(seconds=1), "lasts 2 s"),
        (Limits(frames=47), "more than 47 frames"),
    ],
)
def test_every_cap_names_what_is_too_much(zoo: Zoo, limits: Limits, words: str) -> None:
    data = zoo("plain").path.read_bytes()
    with open_source(io.BytesIO(data), len(data)) as source, pytest.raises(VideoTooLarge, match=words):
        probe(source, limits)


def test_a_video_at_the_caps_passes(zoo: Zoo) -> None:
    data = zoo("open gop").path.read_bytes()
    with open_source(io.BytesIO(data), len(data)) as source:
        assert probe(source, Limits(pixels=128 * 96, streams=1, seconds=2, frames=48)).video.expected_frames == 48


def test_an_index_that_points_past_the_end_is_a_cut_file(tmp_path: Path) -> None:
    data = bytearray(make_clip(tmp_path / "a.mp4", container_options={"movflags": "faststart"}).path.read_bytes())
    data[data.rindex(b"mdat") - 4 : data.rindex(b"mdat")] = bytes(4)  # a box of size 0 reaches to the end of the file
    short = bytes(data[:-500])
    with open_source(io.BytesIO(short), len(short)) as source, pytest.raises(TruncatedVideo, match="index places"):
        probe(source)


def test_the_true_size_counts_where_the_header_lies(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.avi", codec="mjpeg", pix_fmt="yuvj420p", bframes=0, frames=2)
    wide, small = (b"".join(n.to_bytes(4, "little") for n in size) for size in ((128, 96), (64, 48)))
    data = clip.path.read_bytes().replace(wide, small)
    assert small in data
    with open_source(io.BytesIO(data), len(data)) as source, pytest.raises(VideoTooLarge, match="128x96"):
        probe(source, Limits(pixels=64 * 48))


def test_the_fingerprint_knows_the_content_and_not_the_name(zoo: Zoo, tmp_path: Path) -> None:
    def print_of(data: bytes, rename: str = "h264") -> str:
        with open_source(io.BytesIO(data), len(data)) as source:
            streams = probe(source)
        streams = replace(streams, video=replace(streams.video, codec=rename))
        return fingerprint(ends(io.BytesIO(data), len(data)), len(data), streams)

    data = zoo("plain").path.read_bytes()
    other = bytearray(data)
    other[-1] ^= 1
    assert print_of(data) == print_of(data)
    assert len({print_of(data), print_of(bytes(other)), print_of(data + bytes(8)), print_of(data, "hevc")}) == 4


def test_the_real_clip_is_understood(shared_media: Path) -> None:
    with opened(shared_media / "aws_bezos_vogels.mp4") as (_, streams):
        video = streams.video
    assert (video.start, video.expected_frames, video.time_base) == (76050, 546, Fraction(1, 90000))
    assert (video.width, video.height, video.interlaced) == (1280, 720, False)


def test_a_video_with_two_of_everything_is_understood(shared_media: Path) -> None:
    with opened(shared_media / "nasa_13013.mp4") as (_, streams):
        assert streams.video.index == 0
        assert [track.index for track in streams.audio] == [1, 4]
        assert len(streams.dropped) == 3


def _edited(data: bytes, media_time: int) -> bytes:
    """Set the media_time of the first edit of a version-0 edit list."""
    at = data.index(b"elst")
    entry = at + 4 + 4 + 4
    assert data[at + 4] == 0
    return data[: entry + 4] + media_time.to_bytes(4, "big") + data[entry + 8 :]


def _with_cover(path: Path) -> Path:
    picture = av.VideoFrame(64, 64, "yuvj420p")
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=24)
        video.width, video.height = 64, 64
        cover = out.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        for n in range(3):
            frame = av.VideoFrame(64, 64, "yuv420p")
            frame.pts, frame.time_base = n, Fraction(1, 24)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        picture.pts, picture.time_base = 0, Fraction(1)
        out.mux(cover.encode(picture))
        out.mux(cover.encode(None))
    return path
