"""Analyze, choose, redact: the second pass does what the first one's files say, and no more."""

import json
from collections.abc import Callable

import numpy as np
import pytest

from tests.e2e.conftest import Bench, Outcome
from tests.e2e.pictures import frames
from tests.media_factory import FaceClip

SEGMENTS = {"segmentSeconds": 0.5}


def preset(mode: str, blur: str = "Black") -> dict[str, object]:
    return {"mode": mode, "blurType": blur, "experimentalOptions": SEGMENTS}


@pytest.fixture(scope="module")
def clip(faces: Callable[..., FaceClip]) -> FaceClip:
    return faces(name="two.mp4", frames=48, width=480, faces=2)


@pytest.fixture(scope="module")
def place(bench: Bench) -> str:
    return bench.folder()


@pytest.fixture(scope="module")
def analyzed(bench: Bench, clip: FaceClip, place: str) -> Outcome:
    outcome = bench.run(clip.path, preset("analyze"), folder=place)
    assert outcome.status == "SUCCEEDED", outcome
    return outcome


def test_analyze_gives_annotations_and_a_portrait_of_each_person(analyzed: Outcome) -> None:
    assert set(analyzed.results) == {
        "two_annotations.json",
        "two_thumb000001.jpg",
        "two_thumb000002.jpg",
        "two_report.json",
    }
    assert analyzed.json("_annotations.json")["facesDetected"] == 2


def test_two_passes_without_edits_are_combined_frame_for_frame(bench: Bench, clip: FaceClip, analyzed: Outcome) -> None:
    combined = bench.run(clip.path, preset("combined"))
    redacted = bench.run(clip.path, preset("redact"), annotations=analyzed.file("_annotations.json"))
    assert redacted.file("_redacted.mp4") == combined.file("_redacted.mp4")
    assert combined.file("_annotations.json") == analyzed.file("_annotations.json")


def darkened(outcome: Outcome, clip: FaceClip) -> tuple[float, float]:
    """Share of samples that became black in the left and in the right half, over all frames."""
    source, made = frames(clip.path.read_bytes()), frames(outcome.file("_redacted.mp4"))
    newly = [(after[0] < 40) & (before[0] > 60) for before, after in zip(source, made, strict=True)]
    return float(np.mean([black[:, :240] for black in newly])), float(np.mean([black[:, 240:] for black in newly]))


def test_an_id_list_hides_that_person_only_and_a_second_list_replaces_the_first(
    bench: Bench, clip: FaceClip, place: str, analyzed: Outcome
) -> None:
    first_event = next(event for part in analyzed.json("_annotations.json")["fragments"] for event in part["events"])
    left = min(first_event, key=lambda face: face["x"])["id"]
    right = max(first_event, key=lambda face: face["x"])["id"]
    results = place.replace("input/", "output/") + "two.mp4/"

    def choose(face: int) -> Outcome:
        key = results + "two_IDList.txt"
        outcome = bench.drop(key, f"{face}\r\n".encode())
        assert outcome.status == "SUCCEEDED", outcome
        return Outcome(outcome.status, outcome.answer, bench.results(place + "two.mp4"))

    one = choose(left)
    dark_left, dark_right = darkened(one, clip)
    assert dark_left > 0.02
    assert dark_right < dark_left / 20
    assert one.json("_report.json")["ids"] == {"hidden": [left], "visible": [right]}
    other = choose(right)
    dark_left, dark_right = darkened(other, clip)
    assert dark_right > 0.02
    assert dark_left < dark_right / 20


def test_corrected_boxes_are_exactly_what_is_covered(bench: Bench, clip: FaceClip, analyzed: Outcome) -> None:
    doc = analyzed.json("_annotations.json")
    for fragment in doc["fragments"]:
        for event in fragment["events"]:
            event[:] = [{"index": event[0]["index"], "id": 7, "x": 0.5, "y": 0.25, "width": 0.25, "height": 0.5}]
    outcome = bench.run(clip.path, preset("redact"), annotations=json.dumps(doc).encode())
    source, made = frames(clip.path.read_bytes()), frames(outcome.file("_redacted.mp4"))
    for before, (y, u, v) in zip(source, made, strict=True):
        assert y[60:180, 240:360].max() < 40
        assert np.abs(np.stack([u[30:90, 120:180], v[30:90, 120:180]]).astype(int) - 128).max() < 20
        change = np.abs(y.astype(int) - before[0])
        change[56:184, 236:364] = 0
        assert change.mean() < 2
