"""copyUntouched: groups of pictures without a box are the source's, all others are encoded, and the two play as one."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import pytest

from redactor.errors import OutputMismatch
from redactor.media import h264
from redactor.media.copying import Run
from redactor.preset import BlurType
from redactor.untouched import Tally, Untouched, check_untouched
from tests.formats.make import build, counter
from tests.formats.outcome import FACE, Flow, copied, ffprobe, hashes, lumas
from tests.formats.video import FRAMES
from tests.formats.videos import BY_NAME

pytestmark = pytest.mark.ffmpeg

HIDES = "something is hidden in it"
ENCODED = range(20, 30)
COPIES = ("h264.mp4", "h264.mkv", "full-range.mp4")


@pytest.fixture(scope="module")
def flow(folder: Path) -> Iterator[Flow]:
    with copied(build(BY_NAME["h264.mp4"], folder), folder / "copied") as opened:
        yield opened


@pytest.mark.parametrize("name", COPIES)
def test_only_the_group_with_a_box_changes(name: str, folder: Path) -> None:
    with copied(build(BY_NAME[name], folder), folder / f"{name}.copied-here") as made:
        assert made.verify(made.out).copied == Tally(30, 3, {HIDES: 1})
        before, after = hashes(made.path, 0), hashes(made.out, 0)
        assert [n for n in range(FRAMES) if before[n] != after[n]] == list(ENCODED)
        assert ffprobe(made.out).times == ffprobe(made.path).times
        for n, luma in enumerate(lumas(made.out)):
            assert counter(luma) == n
            height, width = luma.shape
            inside = luma[int(FACE.y * height) + 8 :, int(FACE.x * width) + 8 :][:50, :40]
            assert (inside.max() < 40) == (n in range(22, 27))


def test_the_frames_are_those_of_ffmpeg_too(flow: Flow) -> None:
    """Decoded by the command, from the start and after a seek to each group."""
    every = framemd5(flow.out)
    assert len(every) == FRAMES
    for group in range(4):
        assert framemd5(flow.out, "-ss", str(group * 0.4)) == every[group * 10 :]


def test_a_copied_packet_holds_the_sources_slices_and_nothing_else(flow: Flow) -> None:
    before, after = packets(flow.path), packets(flow.out)
    assert {h264.kind(unit) for units in before.values() for unit in units} >= {h264.SUPPLEMENT}
    for pts, units in after.items():
        if pts // 512 not in ENCODED:
            assert units == [unit for unit in before[pts] if h264.kind(unit) in h264.SLICES]
    assert b"x264" not in b"".join(unit for n, units in after.items() for unit in units if n // 512 not in ENCODED)


def test_parts_fully_copied_and_fully_encoded_join(flow: Flow) -> None:
    configurations = {verdict.digest.extradata for verdict in flow.verdicts}
    assert len(configurations) == 1
    with av.open(str(flow.out)) as container:
        record = h264.configuration(container.streams.video[0].codec_context.extradata or b"")
    assert [h264.sequence(unit).id for unit in record.sequences] == [1, 0]
    assert {h264.picture_set(unit) for unit in record.pictures} == {(0, 0), (1, 1)}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("h264-10bit.mp4", "8 bits"),
        ("h264-tff.mp4", "progressive"),
        ("hevc.mkv", "only H.264"),
        ("h264.ts", "only H.264 in MP4"),
    ],
)
def test_what_cannot_be_copied_is_encoded_and_said(name: str, why: str, folder: Path) -> None:
    with copied(build(BY_NAME[name], folder), folder / f"{name}.encoded") as made:
        assert made.plan.copying is None
        (told,) = [line for line in made.plan.warnings if "copyUntouched" in line]
        assert why in told


def test_an_open_gop_is_not_copied(folder: Path) -> None:
    with copied(build(BY_NAME["h264-open-gop.mp4"], folder), folder / "open") as made:
        told = made.verify(made.out).copied
        assert told is not None
        assert told.frames == 0
        assert "it goes on in the next segment" in told.encoded
        assert [counter(luma) for luma in lumas(made.out)] == list(range(FRAMES))


def test_box_draws_on_every_frame(flow: Flow, folder: Path) -> None:
    again = flow.again(folder / "box", blur=BlurType.BOX)
    with again:
        assert [verdict.untouched.runs for verdict in again.verdicts] == [()] * len(again.segments)


def test_a_frame_with_a_box_in_a_copied_group_fails_the_job(flow: Flow) -> None:
    verdicts = list(flow.verdicts)
    last = verdicts[-1]
    verdicts[-1] = replace(last, untouched=Untouched((Run(10240, 15360, 10), *last.untouched.runs)))
    with pytest.raises(OutputMismatch, match="has a box and was copied"):
        flow.verify(flow.out, verdicts=verdicts)


def test_a_group_of_which_a_frame_is_missing_fails_the_job(flow: Flow) -> None:
    verdict, segment, boxes = flow.verdicts[0], flow.segments[0], flow.selection.boxes[0]
    with pytest.raises(OutputMismatch, match="9 of the 10 frames"):
        check_untouched(verdict.untouched, segment, verdict.frames[:-1], boxes)


def test_packets_that_are_not_the_sources_fail_the_job(flow: Flow) -> None:
    """The encoded group claimed as a copy, by a verdict that knows of no boxes."""
    verdicts = list(flow.verdicts)
    last = verdicts[-1]
    verdicts[-1] = replace(last, untouched=Untouched((Run(10240, 15360, 10), *last.untouched.runs)))
    bare = [replace(one, timeline=unboxed(one.timeline)) for one in flow.selection.boxes]
    original = flow.selection
    flow.selection = replace(original, boxes=tuple(bare))
    try:
        with pytest.raises(OutputMismatch, match="the packets that were copied"):
            flow.verify(flow.out, verdicts=verdicts)
    finally:
        flow.selection = original


def unboxed(timeline):
    return replace(timeline, events=tuple(event._replace(faces=()) for event in timeline.events))


def packets(path: Path) -> dict[int, list[bytes]]:
    """pts -> NAL units."""
    with av.open(str(path)) as container:
        return {
            packet.pts: h264.units(bytes(packet), 4) for packet in container.demux(video=0) if packet.pts is not None
        }


def framemd5(path: Path, *seek: str) -> list[str]:
    """A hash of the samples of every frame, by the ffmpeg command."""
    command = ["ffmpeg", "-nostdin", "-v", "error", *seek, "-i", str(path), "-map", "0:v", "-f", "framemd5", "-"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [line.split(",")[-1].strip() for line in told.splitlines() if not line.startswith("#")]
