"""The last look: the right MP4 passes, and each way in which it can be wrong is refused by its name."""

import hashlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from redactor.errors import MissingResult, OutputMismatch
from redactor.media import mux
from redactor.media.forms import form_of
from redactor.media.streams import FrameTime
from redactor.plan import Plan
from redactor.preset import BlurType
from tests.media_factory import face_clip
from tests.unit.pipeline import Pipeline, read_sound

# As Join writes.
OPTIONS = {
    "movflags": "+faststart",
    "video_track_timescale": "12288",
    "movie_timescale": "12288",
    "fflags": "+bitexact",
}


@pytest.fixture
def altered(pipeline: Pipeline, tmp_path: Path) -> Callable[[bytes], None]:
    """Verifies other bytes in place of the output."""

    def check(data: bytes) -> None:
        path = tmp_path / "altered.mp4"
        path.write_bytes(data)
        pipeline.verify(path)

    return check


def remuxed(
    path: Path,
    *,
    kinds: tuple[str, ...] = ("video", "audio"),
    keep: Callable[[str, int], bool] = lambda kind, n: True,
    options: dict[str, str] = OPTIONS,
    metadata: dict[str, str] | None = None,
    rotation: int = 0,
    chapters: bool = False,
) -> bytes:
    """The output muxed anew. kinds: the streams, by their type; keep: whether the nth packet of a type goes along."""
    anew = path.with_name("anew.mp4")
    with av.open(str(path)) as source, av.open(str(anew), "w", container_options=options) as out:
        out.metadata.update(metadata or {})
        streams = [(kind, _copy_of(getattr(source.streams, kind)[0], out, rotation)) for kind in kinds]
        if chapters:
            out.set_chapters([{"id": 1, "start": 0, "end": 9, "time_base": Fraction(1, 10), "metadata": {}}])
        for kind, n, packet in _packets(source, kinds):
            for stream in [stream for name, stream in streams if name == kind]:
                if keep(kind, n):
                    out.mux(_again(packet, stream))
    return anew.read_bytes()


def _copy_of(template: Any, out: Any, rotation: int) -> Any:
    stream = out.add_stream_from_template(template, opaque=True)
    stream.time_base = template.time_base
    if template.type == "video":
        stream.codec_context.framerate = Fraction(24)
        if rotation:
            stream.set_display_rotation(rotation)
    return stream


def _packets(source: Any, kinds: tuple[str, ...]) -> Iterator[tuple[str, int, Any]]:
    """Type of the stream, number within it, packet."""
    numbers = {kind: itertools.count() for kind in kinds}
    for packet in source.demux(*(getattr(source.streams, kind)[0] for kind in numbers)):
        if packet.size:
            kind = packet.stream.type
            yield kind, next(numbers[kind]), packet


def _again(packet: Any, stream: Any) -> Any:
    copy = av.Packet(bytes(packet))
    copy.pts, copy.dts, copy.duration, copy.time_base = packet.pts, packet.dts, packet.duration, packet.time_base
    copy.is_keyframe = packet.is_keyframe
    copy.stream = stream
    return copy


def flipped(path: Path, kind: str, n: int) -> bytes:
    """The output with one bit of the nth packet of a stream changed."""
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as source:
        packets = [packet for packet in source.demux(getattr(source.streams, kind)[0]) if packet.size]
        data[packets[n].pos + packets[n].size - 1] ^= 1
    return bytes(data)


def test_the_right_output_passes_and_is_told_exactly(pipeline: Pipeline) -> None:
    data = pipeline.out.read_bytes()
    told = pipeline.verify(pipeline.out)
    assert (told.frames, told.sha256, told.bytes) == (36, hashlib.sha256(data).hexdigest(), len(data))


def test_without_our_own_analysis_the_frames_that_were_redacted_are_the_table(pipeline: Pipeline) -> None:
    assert pipeline.verify(pipeline.out, ours=False).frames == 36


def test_muxing_anew_alone_changes_nothing(pipeline: Pipeline, altered: Callable[[bytes], None]) -> None:
    """So that what the next tests change is why they fail."""
    altered(remuxed(pipeline.out))


TAMPERED: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "a video packet": (lambda out: flipped(out, "video", 20), "the packets of the segments"),
    "the last video packet": (lambda out: flipped(out, "video", -1), "the packets of the segments"),
    "an audio packet": (lambda out: flipped(out, "audio", 3), "the packets of audio track 1"),
    "sound lost": (lambda out: remuxed(out, keep=lambda kind, n: (kind, n) != ("audio", 9)), "of audio track 1"),
    "metadata": (lambda out: remuxed(out, metadata={"comment": "home"}), "the metadata: .*home"),
    "a title": (lambda out: remuxed(out, metadata={"title": "NOT REDACTED"}), "the metadata"),
    "a second video": (lambda out: remuxed(out, kinds=("video", "video", "audio")), "exactly one video track"),
    "no video": (lambda out: remuxed(out, kinds=("audio",)), "exactly one video track"),
    "a second sound": (lambda out: remuxed(out, kinds=("video", "audio", "audio")), "the streams"),
    "no sound": (lambda out: remuxed(out, kinds=("video",)), "the streams"),
    "sound first": (lambda out: remuxed(out, kinds=("audio", "video")), "the streams"),
    "rotation": (lambda out: remuxed(out, rotation=90), "the rotation: 270 instead of 0"),
    "chapters": (lambda out: remuxed(out, chapters=True), "the streams|the chapters"),
    "index at the end": (
        lambda out: remuxed(out, options={**OPTIONS, "movflags": "+write_colr"}),
        "the place of the index",
    ),
    "another clock": (lambda out: remuxed(out, options={**OPTIONS, "video_track_timescale": "90000"}), "ticks"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_an_output_that_was_tampered_with_is_refused_by_name(
    pipeline: Pipeline, altered: Callable[[bytes], None], name: str
) -> None:
    tamper, message = TAMPERED[name]
    with pytest.raises(OutputMismatch, match=message):
        altered(tamper(pipeline.out))


@pytest.mark.parametrize("lost", [0, 1, 17, 35])
def test_each_single_frame_counts(pipeline: Pipeline, altered: Callable[[bytes], None], lost: int) -> None:
    with pytest.raises(OutputMismatch, match="the frames' times"):
        altered(remuxed(pipeline.out, keep=lambda kind, n: (kind, n) != ("video", lost)))


def test_a_part_that_is_missing_is_refused(pipeline: Pipeline, tmp_path: Path) -> None:
    out = tmp_path / "short.mp4"
    mux.join(pipeline.parts[:2], pipeline.source, pipeline.plan.streams, out)
    with pytest.raises(OutputMismatch, match="the frames' times"):
        pipeline.verify(out)


@pytest.mark.parametrize("kept", [[], [0, 1], [0, 2], [0, 2, 1], [0, 1, 2, 2]])
def test_a_verdict_that_is_missing_or_out_of_place_is_refused(pipeline: Pipeline, kept: list[int]) -> None:
    with pytest.raises(MissingResult):
        pipeline.verify(pipeline.out, verdicts=[pipeline.verdicts[n] for n in kept])


@pytest.mark.parametrize(
    ("change", "message"),
    [({"sha256": "0" * 64}, "the packets of the segments"), ({"extradata": "0" * 64}, "the decoder configuration")],
)
def test_packets_that_no_verdict_has_seen_are_refused(pipeline: Pipeline, change: dict[str, str], message: str) -> None:
    first, middle, last = pipeline.verdicts
    other = replace(middle, digest=replace(middle.digest, **change))
    with pytest.raises(OutputMismatch, match=message):
        pipeline.verify(pipeline.out, verdicts=[first, other, last])


def test_frames_that_were_redacted_but_never_analysed_are_refused(pipeline: Pipeline) -> None:
    first, middle, last = pipeline.verdicts
    fewer = replace(middle, frames=middle.frames[:-1])
    with pytest.raises(OutputMismatch, match="the frames that were redacted"):
        pipeline.verify(pipeline.out, verdicts=[first, fewer, last])
    with pytest.raises(OutputMismatch, match="the index's number of frames: 35 instead of 36"):
        pipeline.verify(pipeline.out, verdicts=[first, fewer, last], ours=False)


def test_a_frame_at_another_time_is_refused(pipeline: Pipeline) -> None:
    first, middle, last = pipeline.verdicts
    moved = FrameTime(middle.frames[3].pts + 1, 512)
    late = replace(middle, frames=(*middle.frames[:3], moved, *middle.frames[4:]))
    with pytest.raises(OutputMismatch, match="the frames' times"):
        pipeline.verify(pipeline.out, verdicts=[first, late, last], ours=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rotation": 90}, "the rotation: 0 instead of 90"),
        ({"sample_aspect": Fraction(4, 3)}, "the pixel aspect: 1 instead of 4/3"),
        ({"color_primaries": 1}, "the colour tags"),
        ({"color_range": 2}, "the colour tags"),
        ({"width": 322}, "the size"),
        ({"height": 158}, "the size"),
        ({"expected_frames": 37}, "the index's number of frames: 36 instead of 37"),
        ({"time_base": Fraction(1, 90000)}, "ticks"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_an_output_that_is_not_as_the_source_was_is_refused(
    pipeline: Pipeline, change: dict[str, Any], message: str
) -> None:
    with planned(pipeline, video=change) as other, pytest.raises(OutputMismatch, match=message):
        other.verify(pipeline.out)


def test_sound_that_had_to_be_copied_but_was_encoded_is_refused(pipeline: Pipeline) -> None:
    (track,) = pipeline.plan.streams.audio
    other = planned(pipeline, audio=(replace(track, codec="ac3"),))
    with other, pytest.raises(OutputMismatch, match="the sound's codecs"):
        other.verify(pipeline.out)


def test_what_join_reads_of_the_sound_is_what_any_reading_finds(pipeline: Pipeline) -> None:
    assert pipeline.joined[0].sound == read_sound(pipeline.source, pipeline.plan.streams)


def test_other_sound_than_join_read_is_refused(pipeline: Pipeline) -> None:
    with pytest.raises(OutputMismatch, match="the packets of audio track 1"):
        pipeline.verify(pipeline.out, sound=["0" * 64])


@pytest.mark.parametrize("sound", [[], [None], ["0" * 64, "0" * 64]])
def test_sound_that_join_says_nothing_of_is_not_taken_for_right(pipeline: Pipeline, sound: list[str | None]) -> None:
    with pytest.raises(MissingResult, match="sound"):
        pipeline.verify(pipeline.out, sound=sound)


def test_sound_that_was_encoded_is_aac_and_has_no_packets_to_compare(tmp_path: Path) -> None:
    path = face_clip(tmp_path / "a.mkv", frames=6, audio="mp2").path
    with Pipeline(path, tmp_path) as made:
        assert made.verify(made.out).frames == 6


def test_what_shows_faces_without_saying_so_is_refused(pipeline: Pipeline) -> None:
    with planned(pipeline) as box:
        box.blur = BlurType.BOX
        with pytest.raises(OutputMismatch, match=r"the metadata: {} instead of .*NOT REDACTED"):
            box.verify(pipeline.out)


def planned(pipeline: Pipeline, *, video: dict[str, Any] | None = None, **streams: Any) -> Pipeline:
    """The same work, with another plan from here on."""
    old = pipeline.plan.streams
    changed = replace(old, video=replace(old.video, **(video or {})), **streams)
    other = pipeline.again(pipeline.folder)
    plan: Plan = replace(pipeline.plan, streams=changed, form=form_of(changed.video))
    other.planned = (plan, pipeline.segments)
    other.merged, other.redacted = pipeline.merged, pipeline.redacted
    return other
