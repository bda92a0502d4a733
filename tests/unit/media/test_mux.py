import io
import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from redactor.errors import DamagedVideo, OutputMismatch, TryAgain
from redactor.media import fronted
from redactor.media.cuts import cut
from redactor.media.decode import decode
from redactor.media.encode import Encoder, PartWriter
from redactor.media.forms import form_of
from redactor.media.inspection import OutputFacts, inspect_output
from redactor.media.mux import PartFile, join
from redactor.media.parts import PartDigest, packets_digest, read_part
from redactor.media.planes import Picture, picture
from redactor.media.source import Source
from redactor.media.streams import Segment, Streams
from tests.media_factory import Clip, make_clip
from tests.unit.media.conftest import ZOO, opened
from tests.unit.pipeline import read_sound

Zoo = Callable[[str], Clip]
COPIED = ["plain", "late start", "fragmented", "matroska", "vp9", "avi", "ts", "flv"]
ENCODED = ["prores", "mpeg2 ts", "wmv", "avi pcm"]


@dataclass(frozen=True)
class Job:
    """A source cut and encoded, ready to be joined."""

    source: Source
    streams: Streams
    segments: list[Segment]
    parts: list[PartFile]
    digests: list[PartDigest]
    folder: Path

    def join(self, title: str | None = None, name: str = "out.mp4") -> bytes:
        sound = join(self.parts, self.source, self.streams, self.folder / name, title)
        assert sound == self.sound()
        return (self.folder / name).read_bytes()

    def sound(self) -> tuple[str | None, ...]:
        return read_sound(self.source, self.streams)

    def facts(self, data: bytes) -> OutputFacts:
        ranges = [(segment.start, segment.end) for segment in self.segments]
        return inspect_output(io.BytesIO(data), len(data), self.streams.video, ranges)


@contextmanager
def job(path: Path, folder: Path, seconds: Fraction = Fraction(1, 2)) -> Iterator[Job]:
    with opened(path) as (source, streams):
        segments = cut(source, streams, seconds)
        parts, digests = [], []
        for segment in segments:
            part = folder / f"{segment.n}.mp4"
            with PartWriter(part, streams.video, form_of(streams.video), Encoder()) as out:
                for frame in decode(source, streams.video, segment):
                    out.write(picture(frame, streams.video, form_of(streams.video)))
            parts.append(PartFile.at(segment.n, part))
            with part.open("rb") as file:
                digests.append(packets_digest(file, part.stat().st_size, streams.video))
        yield Job(source, streams, segments, parts, digests, folder)


@pytest.mark.parametrize("name", ZOO)
def test_the_output_has_the_frames_and_packets_of_the_parts(zoo: Zoo, name: str, tmp_path: Path) -> None:
    with job(zoo(name).path, tmp_path) as work:
        facts = work.facts(work.join())
        video = work.streams.video
    assert facts.pts == tuple(pts for digest in work.digests for pts in digest.pts)
    assert len(facts.pts) == len(zoo(name).pts)
    assert facts.ranges == tuple(digest.sha256 for digest in work.digests)
    assert {(facts.extradata, facts.reorder)} == {(digest.extradata, digest.reorder) for digest in work.digests}
    assert (facts.rotation, facts.sample_aspect, facts.color) == (
        video.rotation,
        video.sample_aspect,
        form_of(video).color,
    )
    assert (facts.codec, facts.profile, facts.pix_fmt) == ("h264", "High", "yuv420p")
    assert (facts.faststart, facts.chapters) == (True, 0)
    assert facts.metadata == {}


@pytest.mark.parametrize("name", COPIED)
def test_sound_that_mp4_may_hold_is_copied_packet_for_packet(zoo: Zoo, name: str, tmp_path: Path) -> None:
    with job(zoo(name).path, tmp_path) as work:
        facts = work.facts(work.join())
        assert facts.audio == work.sound()
    assert _sound_starts(tmp_path / "out.mp4") == pytest.approx(_sound_starts(zoo(name).path), abs=0.001)


@pytest.mark.parametrize("name", ["plain", "avi pcm"])
def test_sent_while_it_is_made_it_is_the_same_file(
    zoo: Zoo, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fronted, "PIECE", 4096)
    sent = dict[int, bytes]()
    with job(zoo(name).path, tmp_path) as work:
        out = fronted.Fronted(sent.__setitem__)
        join(work.parts, work.source, work.streams, out, "title")
        assert len(sent) > 2
        assert b"".join(sent[n] for n in sorted(sent)) == work.join("title")


def test_a_join_that_fails_never_sends_the_beginning(zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fronted, "PIECE", 4096)
    sent = dict[int, bytes]()
    with job(zoo("plain").path, tmp_path) as work:
        foreign = PartFile(1, work.parts[0].size, work.parts[0].open)
        with pytest.raises(OutputMismatch):
            join([work.parts[0], foreign], work.source, work.streams, fronted.Fronted(sent.__setitem__))
    assert 1 not in sent


def test_a_join_whose_sending_fails_says_why(zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fronted, "PIECE", 4096)

    def send(n: int, data: bytes) -> None:
        raise TryAgain("the network is gone")

    with job(zoo("plain").path, tmp_path) as work, pytest.raises(TryAgain, match="network"):
        join(work.parts, work.source, work.streams, fronted.Fronted(send))


@pytest.mark.parametrize("name", ENCODED)
def test_all_other_sound_becomes_aac_and_stays_in_time(zoo: Zoo, name: str, tmp_path: Path) -> None:
    with job(zoo(name).path, tmp_path) as work:
        facts = work.facts(work.join())
        assert work.sound() == (None,)
    assert [stream[:2] for stream in facts.streams] == [("video", "h264"), ("audio", "aac")]
    assert _loudest_tone(tmp_path / "out.mp4") == pytest.approx(440, abs=3)
    assert _sound_begins(tmp_path / "out.mp4") == pytest.approx(_sound_begins(zoo(name).path), abs=0.003)


def test_every_track_is_kept_with_its_language(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mkv", audio=("aac", "mp2", "libopus"), languages=("eng", "fra", "deu"))
    with job(clip.path, tmp_path) as work:
        facts = work.facts(work.join())
    sound = [("audio", "aac", "eng"), ("audio", "aac", "fra"), ("audio", "opus", "deu")]
    assert list(facts.streams) == [("video", "h264", "und"), *sound]


def test_nothing_else_of_the_source_goes_along(tmp_path: Path) -> None:
    secret = {"title": "holiday", "location": "+48.2+016.4/", "comment": "home"}
    clip = make_clip(tmp_path / "a.mov", audio="aac", metadata=secret, second_video=True, subtitles=True)
    with job(clip.path, tmp_path) as work:
        data = work.join()
        facts = work.facts(data)
    assert [stream[:2] for stream in facts.streams] == [("video", "h264"), ("audio", "aac")]
    assert facts.metadata == {}
    assert b"holiday" not in data
    assert b"+48.2" not in data


def test_the_title_is_the_only_tag(zoo: Zoo, tmp_path: Path) -> None:
    with job(zoo("plain").path, tmp_path) as work:
        assert work.facts(work.join(title="NOT REDACTED")).metadata == {"title": "NOT REDACTED"}


def test_the_same_parts_give_the_same_bytes(zoo: Zoo, tmp_path: Path) -> None:
    with job(zoo("prores").path, tmp_path) as work:
        assert work.join(name="a.mp4") == work.join(name="b.mp4")


def test_the_joined_pictures_are_those_of_the_parts(zoo: Zoo, tmp_path: Path) -> None:
    with job(zoo("open gop").path, tmp_path) as work:
        work.join()
        video = work.streams.video
    with opened(tmp_path / "out.mp4") as (source, streams):
        joined = [
            picture(frame, streams.video, form_of(streams.video))
            for frame in decode(source, streams.video, Segment(0, None, None, None))
        ]
    parts: list[Picture] = []
    for part in work.parts:
        with part.open() as file:
            parts.extend(read_part(file, part.size, video, form_of(video)))
    assert [p.time.pts for p in joined] == [p.time.pts for p in parts]
    for ours, theirs in zip(joined, parts, strict=True):
        np.testing.assert_array_equal(ours.y, theirs.y)


@pytest.mark.parametrize(
    "chosen", [[], [1], [0, 2], [1, 0], [0, 0]], ids=["none", "not the first", "a gap", "swapped", "twice"]
)
def test_missing_or_disordered_parts_are_refused(zoo: Zoo, tmp_path: Path, chosen: list[int]) -> None:
    with job(zoo("plain").path, tmp_path) as work, pytest.raises(OutputMismatch, match="missing or out of order"):
        join([work.parts[n] for n in chosen], work.source, work.streams, tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()


def test_parts_that_overlap_in_time_are_refused(zoo: Zoo, tmp_path: Path) -> None:
    with job(zoo("plain").path, tmp_path) as work:
        twice = [work.parts[0], PartFile.at(1, tmp_path / "0.mp4")]
        with pytest.raises(OutputMismatch, match="reaches back"):
            join(twice, work.source, work.streams, tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()


def test_parts_of_other_settings_are_refused(zoo: Zoo, tmp_path: Path) -> None:
    with job(zoo("plain").path, tmp_path) as work:
        video = work.streams.video
        with PartWriter(tmp_path / "1.mp4", video, form_of(video), Encoder(crf=30)) as out:
            for frame in decode(work.source, video, work.segments[1]):
                out.write(picture(frame, video, form_of(video)))
        mixed = [work.parts[0], PartFile.at(1, tmp_path / "1.mp4")]
        with pytest.raises(OutputMismatch, match="encoded differently"):
            join(mixed, work.source, work.streams, tmp_path / "out.mp4")


def test_broken_sound_is_damage(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mkv", audio="mp2").path
    data = bytearray(path.read_bytes())
    with opened(path) as (source, _):
        sound = source.container.streams.audio[0]
        packet = next(p for p in source.packets(sound) if p.size)
        payload = bytes(packet)
    at = data.index(payload)
    data[at : at + len(payload)] = b"U" * len(payload)
    path.write_bytes(data)
    with job(path, tmp_path) as work, pytest.raises(DamagedVideo, match="audio packet"):
        work.join()
    assert not (tmp_path / "out.mp4").exists()


def test_a_part_that_cannot_be_read_is_that_failure(zoo: Zoo, tmp_path: Path) -> None:
    class Gone(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 20_000:
                raise TryAgain("throttled")
            return super().read(size)

    with job(zoo("plain").path, tmp_path, Fraction(10)) as work:
        data = (tmp_path / "0.mp4").read_bytes()
        assert len(data) > 20_000
        with pytest.raises(TryAgain):
            join([PartFile(0, len(data), lambda: Gone(data))], work.source, work.streams, tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()


def test_inspecting_refuses_what_is_not_on_the_sources_clock(zoo: Zoo, tmp_path: Path) -> None:
    data = zoo("ntsc rotated").path.read_bytes()
    with (
        opened(zoo("plain").path) as (_, streams),
        pytest.raises(OutputMismatch, match="ticks"),
    ):
        inspect_output(io.BytesIO(data), len(data), streams.video)


def test_inspecting_refuses_a_second_video_track(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", second_video=True)
    data = clip.path.read_bytes()
    with opened(clip.path) as (_, streams), pytest.raises(OutputMismatch, match="exactly one video track"):
        inspect_output(io.BytesIO(data), len(data), streams.video)


def test_the_real_clip_keeps_time_and_sound(shared_media: Path, tmp_path: Path) -> None:
    path = shared_media / "nasa_13013.mp4"
    with job(path, tmp_path, Fraction(4)) as work:
        facts = work.facts(work.join())
        assert facts.audio == work.sound()
        assert len(facts.pts) == work.streams.video.expected_frames
        assert facts.ranges == tuple(digest.sha256 for digest in work.digests)


@pytest.mark.ffmpeg
@pytest.mark.parametrize("name", ["late start", "variable rate", "ntsc rotated"])
def test_another_demuxer_sees_the_same_times(zoo: Zoo, name: str, tmp_path: Path) -> None:
    with job(zoo(name).path, tmp_path) as work:
        work.join()
    assert _probed(tmp_path / "out.mp4") == _probed(zoo(name).path)


def _probed(path: Path) -> dict[str, Any]:
    command = ["ffprobe", "-v", "error", "-show_packets", "-show_streams", "-of", "json", str(path)]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    video = found["streams"][0]
    return {
        "video": sorted(p["pts"] for p in found["packets"] if p["codec_type"] == "video"),
        "audio": [(p["pts"], p["size"]) for p in found["packets"] if p["codec_type"] == "audio"],
        "shape": [video[key] for key in ("width", "height", "sample_aspect_ratio", "time_base")],
        "turn": [side.get("rotation") for side in video.get("side_data_list", [])],
    }


def _sound_starts(path: Path) -> list[float]:
    """Seconds of the first packet of each track."""
    with av.open(str(path)) as file:
        return [float((s.start_time or 0) * (s.time_base or 0)) for s in file.streams.audio]


def _decoded_sound(path: Path) -> tuple[float, Any]:
    """Seconds of the first sample, and the first channel's samples at 48 kHz."""
    with av.open(str(path)) as file:
        resampler = av.AudioResampler("fltp", "mono", 48000)
        frames = [r for frame in file.decode(audio=0) for r in resampler.resample(frame)]
    return float((frames[0].pts or 0) * (frames[0].time_base or 0)), np.concatenate([f.to_ndarray()[0] for f in frames])


def _sound_begins(path: Path) -> float:
    """Seconds at which the sine is first heard."""
    start, samples = _decoded_sound(path)
    return start + float(np.argmax(np.abs(samples) > 0.05)) / 48000


def _loudest_tone(path: Path) -> float:
    _, samples = _decoded_sound(path)
    return float(np.argmax(np.abs(np.fft.rfft(samples)))) * 48000 / len(samples)
