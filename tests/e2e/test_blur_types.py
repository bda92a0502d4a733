"""Every blur type covers every sample of its rectangles, measured on the decoded output."""

import json
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from redactor.annotations import Face
from redactor.covering import covered
from redactor.preset import BlurType
from tests.e2e.conftest import Bench
from tests.e2e.pictures import Planes, frames
from tests.media_factory import FaceClip

HIDING = [blur for blur in BlurType if blur is not BlurType.BOX]


@pytest.fixture(scope="module")
def clip(faces: Callable[..., FaceClip]) -> FaceClip:
    return faces(name="blur.mp4", frames=24, width=400, height=300, face_height=120)


def detail(plane: np.ndarray) -> float:
    """Energy of the fine structure."""
    return float(cv2.Laplacian(cv2.resize(plane, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), cv2.CV_64F).var())


def changed(before: Planes, after: Planes, box: tuple[int, int, int, int]) -> tuple[float, float]:
    """Detail left inside, as a share of what there was; mean change outside, in steps of 255."""
    x1, y1, x2, y2 = box
    inside = detail(after[0][y1:y2, x1:x2]) / detail(before[0][y1:y2, x1:x2])
    difference = np.abs(after[0].astype(int) - before[0]).astype(float)
    difference[max(0, y1 - 8) : y2 + 8, max(0, x1 - 8) : x2 + 8] = 0
    return inside, float(difference.mean())


@pytest.mark.parametrize("blur", HIDING)
def test_the_annotated_boxes_lose_their_detail_and_nothing_else_does(
    bench: Bench, clip: FaceClip, blur: BlurType
) -> None:
    outcome = bench.run(clip.path, {"mode": "combined", "blurType": blur.value})
    events = [event for part in outcome.json("_annotations.json")["fragments"] for event in part["events"]]
    source, made = frames(clip.path.read_bytes()), frames(outcome.file("_redacted.mp4"))
    for event, before, after in zip(events, source, made, strict=True):
        (row,) = event
        rect = covered(Face(row["id"], row["x"], row["y"], row["width"], row["height"]), 400, 300)
        assert rect is not None
        inside, outside = changed(before, after, (rect.left, rect.top, rect.right, rect.bottom))
        assert inside < 0.1
        assert outside < 2


def test_box_leaves_the_face_and_says_so_everywhere(bench: Bench, clip: FaceClip) -> None:
    outcome = bench.run(clip.path, {"mode": "combined", "blurType": "Box"})
    made = outcome.file("_redacted.mp4")
    assert b"NOT REDACTED" in made
    assert outcome.json("_report.json")["blur"]["notice"] == "NOT REDACTED"
    assert json.dumps(outcome.json("_report.json")).count("NOT REDACTED") == 1
    before, after = next(frames(clip.path.read_bytes())), next(frames(made))
    x1, y1, x2, y2 = map(round, clip.boxes[0] or ())
    assert np.abs(after[0].astype(int) - before[0])[y1 + 10 : y2 - 10, x1 + 10 : x2 - 10].mean() < 4
