"""The real network: it knows a face again."""

import subprocess
import sys

import cv2
import numpy as np
import pytest
import skimage.data

from redactor import models
from redactor.detectors.detection import Box
from redactor.identity import weights
from redactor.identity.embedder import vector
from redactor.identity.resnet import SIZE
from tests.conftest import with_shared_models
from tests.unit.test_crops import FACE, PORTRAIT


@pytest.fixture(scope="module")
def embedder():
    return weights.open_embedder(with_shared_models())


@pytest.mark.identity
def test_a_face_is_known_again_in_another_light_and_size(embedder):
    smaller = cv2.resize(PORTRAIT, (300, 300), interpolation=cv2.INTER_AREA)
    darker = (PORTRAIT * 0.6).astype(np.uint8)
    first = vector(embedder.embed(PORTRAIT, FACE))
    assert first.shape == (SIZE,)
    box: Box = tuple(value * 300 / 512 for value in FACE)
    assert np.linalg.norm(first - vector(embedder.embed(smaller, box))) < 0.3
    assert np.linalg.norm(first - vector(embedder.embed(darker, FACE))) < 0.3


@pytest.mark.identity
def test_what_is_no_face_is_far_from_one(embedder):
    cat = np.ascontiguousarray(skimage.data.chelsea()[:, :, ::-1])
    far = vector(embedder.embed(PORTRAIT, FACE)) - vector(embedder.embed(cat, (140.0, 60.0, 260.0, 220.0)))
    assert np.linalg.norm(far) > 0.45


@pytest.mark.identity
def test_the_same_face_gives_the_same_text(embedder):
    assert embedder.embed(PORTRAIT, FACE) == embedder.embed(PORTRAIT, FACE)


def test_who_only_asks_imports_nothing_large():
    program = (
        "import sys, redactor.cli.weights\n"
        "redactor.cli.weights.weights.choose({})\n"
        "print(sorted({'av', 'cv2', 'dlib', 'numpy', 'onnxruntime', 'scipy'} & set(sys.modules)))"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    asked = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, env=environment)
    assert asked.stdout.strip() == "[]"


def test_a_stack_can_forbid_it():
    choice = weights.choose({weights.VARIABLE: "0"})
    assert choice.models == {}
    assert "motion alone" in choice.warnings[0]


def test_without_dlib_or_weights_people_are_told_apart_by_motion_and_it_says_why(tmp_path, monkeypatch):
    env = {"XDG_CACHE_HOME": str(tmp_path), models.PATH_VARIABLE: ""}
    monkeypatch.setattr(weights, "installed", lambda: False)
    assert "dlib" in weights.choose(env).warnings[0]
    monkeypatch.setattr(weights, "installed", lambda: True)
    assert "shape_predictor_5_face_landmarks.dat" in weights.choose(env).warnings[0]
