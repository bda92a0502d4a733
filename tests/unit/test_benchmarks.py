"""The benchmark's measures on made-up boxes: each number moves when what it measures does."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame

from benchmarks import hour, reading
from benchmarks import merge as merging
from benchmarks.annotated import Placed
from benchmarks.clips import write
from benchmarks.measures import hiding, naming
from benchmarks.ours import analyse
from benchmarks.pixels import leak
from benchmarks.redact import quality as looks
from benchmarks.redact.worker import rects, redacted
from benchmarks.reference import Clip, Frame, Person
from redactor.covering import Rect
from redactor.jsonable import encode
from redactor.many import AT_ONCE
from tests.media_factory import face_clip, make_clip
from tests.unit.pipeline import weights

SIZE = (400, 300)
FACE = (100.0, 100.0, 140.0, 150.0)
HEAD = (92.0, 85.0, 148.0, 158.0)


def clip(*frames: Frame, video: Path = Path("none")) -> Clip:
    return Clip(video, SIZE, dict(enumerate(frames)))


def one(who: str | None = "A", box=FACE) -> Frame:
    return Frame((Person(box, who),), ())


def test_a_face_that_is_whole_covered_does_not_leak():
    found = hiding(clip(one()), {0: [Placed(1, HEAD)]})
    assert (found.faces, found.leak95, found.leak70, found.extra, found.over) == (1, 0, 0, 0, 0)
    assert found.area == pytest.approx(56 * 73 / 2000)


def test_a_face_half_covered_leaks_and_one_nearly_covered_only_strictly():
    half, nearly = (100.0, 100.0, 120.0, 150.0), (100.0, 100.0, 136.0, 150.0)
    found = hiding(clip(one(), one()), {0: [Placed(1, half)], 1: [Placed(1, nearly)]})
    assert (found.leak95, found.leak70) == (1.0, 0.5)


def test_boxes_on_nothing_are_extra_and_cover_what_they_should_not():
    found = hiding(clip(one()), {0: [Placed(1, HEAD), Placed(2, (200.0, 200.0, 300.0, 300.0))]})
    assert found.extra == 1
    assert found.over == pytest.approx(100 * 100 / (400 * 300))


def test_who_is_hidden_counts_neither_way():
    frame = Frame((), (FACE,))
    assert hiding(clip(frame), {0: [Placed(1, HEAD)]}).extra == 0
    assert hiding(clip(frame), {0: []}).faces == 0


def test_one_id_for_one_person_is_perfect_and_a_switch_is_counted():
    frames = [one() for _ in range(10)]
    steady = naming(clip(*frames), {n: [Placed(1, HEAD)] for n in range(10)})
    switched = naming(clip(*frames), {n: [Placed(1 + (n >= 5), HEAD)] for n in range(10)})
    assert steady is not None
    assert switched is not None
    assert (steady.idf1, steady.switches, steady.ids) == (1.0, 0, 1.0)
    assert (switched.idf1, switched.switches, switched.ids) == (0.5, 1, 2.0)


def test_without_names_nobody_is_told_apart():
    assert naming(clip(one(None)), {0: [Placed(1, HEAD)]}) is None


def filmed(path: Path, *, hidden: bool) -> Path:
    """Three frames of a bright picture, the face filled with black or not."""
    picture = np.full((SIZE[1], SIZE[0], 3), 180, np.uint8)
    if hidden:
        picture[80:160, 90:150] = 0
    frames = (VideoFrame.from_ndarray(picture, format="rgb24") for _ in range(3))
    write(frames, Fraction(30), path)
    return path


def test_pixels_leak_where_the_face_shows(tmp_path):
    source = clip(one(), one(), one(), video=filmed(tmp_path / "source.mp4", hidden=False))
    assert leak(source, filmed(tmp_path / "hidden.mp4", hidden=True)).leak95 == 0
    assert leak(source, filmed(tmp_path / "shown.mp4", hidden=False)).leak70 == 1


def test_a_made_up_hour_is_the_same_each_time_and_split_as_detect_splits():
    frames = 25 * hour.RATE
    one, again = list(hour.found(frames, 3)), list(hour.found(frames, 3))
    assert [encode(found) for found in one] == [encode(found) for found in again]
    pts = [pts for found in one for pts in found.detections.frames.pts.tolist()]
    assert pts == [n * hour.TICKS for n in range(frames)]
    assert [found.detections.frames.pts[-1] + hour.TICKS for found in one[:-1]] == [
        segment.end for segment in hour.segments(frames)[:-1]
    ]
    assert all(found.detections.crops and found.templates for found in one)


def test_merging_it_is_measured_part_by_part(tmp_path: Path):
    merging._write(merging.Folder(tmp_path), 12 * hour.RATE, 3)
    told = merging._measured(tmp_path)
    assert told["answer"]["frames"] == 12 * hour.RATE
    assert told["answer"]["faces"] >= 3
    assert told["boxes"] > 24 * hour.RATE
    assert set(told["parts"]) >= {"decode", "track", "annotations"}
    assert all(cpu > 0 and peak >= told["start"] > 0 for cpu, _, peak in told["parts"].values())


def test_quality_is_that_of_what_lies_outside_the_boxes(tmp_path: Path):
    source = filmed(tmp_path / "source.mp4", hidden=False)
    covered = Rect(90, 80, 150, 160)
    same, hidden = looks.quality(source, source, []), filmed(tmp_path / "hidden.mp4", hidden=True)
    assert (same.psnr > 80, same.ssim, same.size) == (True, pytest.approx(1), 1)
    outside, everywhere = (looks.quality(source, hidden, boxes) for boxes in ([covered], []))
    assert outside.psnr > 40
    # 60 x 80 of 400 x 300 pixels went from 180 to 0.
    assert everywhere.psnr == pytest.approx(10 * np.log10(255**2 / (0.04 * 155**2)), abs=1)
    assert everywhere.ssim < outside.ssim <= 1


def test_what_detect_costs_is_told_by_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name, value in weights().items():
        monkeypatch.setenv(name, value)
    seconds = analyse(face_clip(tmp_path / "one.mp4", frames=12).path).seconds
    assert seconds.frames == 12
    assert min(seconds.decode, seconds.network, seconds.merge) > 0


def test_redact_is_measured_apart_from_its_second_look(tmp_path: Path):
    clip = make_clip(tmp_path / "a.mp4", frames=24, width=320, height=240)
    spent = redacted(clip.path, tmp_path / "part.mp4")
    assert spent.frames == 24
    assert spent.redact > 0
    assert spent.recheck > 0
    assert spent.peak >= spent.before > 0
    assert len(rects(320, 240)) == 2


def test_no_way_of_reading_is_quicker_than_the_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["reading", "--megabytes", "8", "--latency", "0.001", "--rate", "40e6"])
    monkeypatch.setattr(reading, "_SMALL_READS", (2, 64))
    reading.main()
    told = [line.split("|") for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in cells[1:-1]] for cells in told]
    walls = {name: float(wall) for name, *_, wall in rows if wall[0].isdigit()}
    (line,) = [name for name in walls if name.startswith("the bytes at 40 MB/s")]
    ways = walls.keys() - {line, "of a local file", "1", str(AT_ONCE)}
    assert len(ways) == 2
    assert all(walls[way] >= walls[line] for way in ways)
    assert {"1", str(AT_ONCE)} < walls.keys()
