"""The main job, end to end: every frame there, every face gone, nothing else touched."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from tests.conftest import ROOT, shared
from tests.e2e.conftest import Bench, Outcome
from tests.e2e.pictures import frames, packets, times
from tests.media_factory import FaceClip

BLACK = {"version": "1.0", "options": {"mode": "combined", "blurType": "Black"}}


@pytest.fixture(scope="module")
def clip(faces: Callable[..., FaceClip]) -> FaceClip:
    return faces(frames=60, audio="aac", start=700)


@pytest.fixture(scope="module")
def done(bench: Bench, clip: FaceClip) -> Outcome:
    outcome = bench.run(clip.path, BLACK)
    assert outcome.status == "SUCCEEDED", outcome
    return outcome


def test_it_writes_what_the_contract_names(done: Outcome) -> None:
    assert set(done.results) == {"foo_redacted.mp4", "foo_annotations.json", "foo_report.json"}


def test_every_frame_is_there_at_its_time_and_the_sound_is_the_sources(clip: FaceClip, done: Outcome) -> None:
    source, made = clip.path.read_bytes(), done.file(".mp4")
    assert times(made) == times(source)
    assert [digest for _, digest in packets(made, "audio")] == [digest for _, digest in packets(source, "audio")]


def test_the_face_is_black_in_every_frame_and_the_rest_is_not(clip: FaceClip, done: Outcome) -> None:
    source, made = frames(clip.path.read_bytes()), frames(done.file(".mp4"))
    for box, before, after in zip(clip.boxes, source, made, strict=True):
        x1, y1, x2, y2 = map(round, box or ())
        assert after[0][y1:y2, x1:x2].max() < 40
        covered = after[0] < 40
        away = (
            ~covered
            & ~np.roll(covered, 8, 0)
            & ~np.roll(covered, -8, 0)
            & ~np.roll(covered, 8, 1)
            & ~np.roll(covered, -8, 1)
        )
        assert away.mean() > 0.5
        assert np.abs(after[0].astype(int) - before[0])[away].mean() < 3


def test_the_report_and_the_annotations_keep_to_their_schemas(done: Outcome) -> None:
    for name in ("report", "annotations"):
        schema = json.loads((ROOT / "docs" / "schemas" / f"{name}.schema.json").read_text())
        jsonschema.validate(done.json(f"_{name}.json"), schema)


def test_the_report_tells_who_was_hidden(done: Outcome) -> None:
    report = done.json("_report.json")
    assert report["ids"] == {"hidden": [1], "visible": []}
    assert report["frames"] == {"in": 60, "out": 60}
    assert report["coverage"][0]["detected"] + report["coverage"][0]["interpolated"] >= 58
    assert set(report["seconds"]) == {"plan", "detect", "merge", "select", "redact", "join", "verify"}
    assert report["cost"]["of"].startswith("what this job would have cost on Lambda")
    assert all(cost > 0 for cost in report["cost"]["steps"].values())
    assert report["cost"]["total"] == pytest.approx(
        sum(report["cost"]["steps"].values()) + sum(report["cost"]["other"].values()), abs=1e-5
    )


def test_thumbnails_come_when_asked_for(bench: Bench, clip: FaceClip) -> None:
    outcome = bench.run(clip.path, {"mode": "combined", "experimentalOptions": {"thumbnails": True}})
    assert outcome.results["foo_thumb000001.jpg"].startswith(b"\xff\xd8")


def leak(clip: Path, outcome: Outcome, folder: Path) -> str:
    """What eval/leak.py says of the annotations."""
    found = folder / "annotations.json"
    found.write_bytes(outcome.file("_annotations.json"))
    reference = clip.with_suffix(".reference.json")
    return subprocess.run(
        [sys.executable, str(shared("eval", "leak.py")), str(found), str(reference)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@pytest.mark.slow
def test_two_people_in_three_shots_are_never_seen(bench: Bench, shared_media: Path, tmp_path: Path) -> None:
    clip = shared_media / "aws_bezos_vogels.mp4"
    outcome = bench.run(clip)
    source, made = clip.read_bytes(), outcome.file(".mp4")
    assert len(times(made)) == 546
    assert times(made) == times(source)
    assert packets(made, "audio") == packets(source, "audio")
    assert "leak95 0.00 %" in leak(clip, outcome, tmp_path)


@pytest.mark.slow
def test_a_video_without_faces_is_done_with_few_boxes(bench: Bench, shared_media: Path) -> None:
    clip = shared_media / "sam2_cups.mp4"
    outcome = bench.run(clip)
    events = [event for fragment in outcome.json("_annotations.json")["fragments"] for event in fragment["events"]]
    assert len(events) == len(times(outcome.file(".mp4"))) == 300
    assert sum(map(len, events)) <= 6


@pytest.mark.slow
def test_signers_are_covered_in_every_frame_and_so_is_the_bystander(bench: Bench, shared_media: Path) -> None:
    for clip in sorted((shared_media / "asl").glob("*.mkv")):
        outcome = bench.run(clip, {"mode": "analyze"})
        events = [event for part in outcome.json("_annotations.json")["fragments"] for event in part["events"]]
        # They stand in the middle, their heads in the upper part.
        signer = [any(0.3 < middle(face)[0] < 0.7 and middle(face)[1] < 0.5 for face in event) for event in events]
        assert all(signer), (clip.name, signer.index(False))
        if clip.stem == "bird":
            assert all(any(face["x"] + face["width"] > 0.99 for face in event) for event in events)


def middle(face: dict[str, float]) -> tuple[float, float]:
    return face["x"] + face["width"] / 2, face["y"] + face["height"] / 2
