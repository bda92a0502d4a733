"""The network that is written anew gives dlib's own embeddings."""

import cv2
import numpy as np
import pytest
import skimage.data

from redactor import models
from redactor.detectors.session import open_session
from redactor.identity import resnet
from tests.conftest import with_shared_models


@pytest.fixture(scope="module")
def file():
    return models.find("embedding", with_shared_models())


@pytest.mark.identity
def test_embeddings_are_those_of_dlib(file):
    import dlib  # noqa: PLC0415

    graph, weights = resnet.graph(file.read_bytes())
    theirs, ours = dlib.face_recognition_model_v1(str(file)), open_session(graph, weights=weights)
    for array in weights.values():
        array[:] = np.nan  # the session has copies of its own
    noise = np.random.default_rng(3).integers(0, 256, (resnet.SIDE, resnet.SIDE, 3), np.uint8)
    portraits = [cv2.resize(skimage.data.astronaut()[at : at + 200, 150:330], (150, 150)) for at in (0, 30, 90)]
    chips = np.stack([noise, *portraits])
    (found,) = ours.run([resnet.OUTPUT], {resnet.INPUT: chips.transpose(0, 3, 1, 2).astype(np.float32)})
    wanted = np.stack([np.array(theirs.compute_face_descriptor(np.ascontiguousarray(chip))) for chip in chips])
    assert np.linalg.norm(wanted, axis=1).min() > 0.5
    assert np.abs(found - wanted).max() < 1e-5


@pytest.mark.identity
@pytest.mark.parametrize("kept", [0, 1000, 20_000, -1000])
def test_a_file_that_ends_early_is_refused(file, kept):
    with pytest.raises(ValueError, match="no layer"):
        resnet.graph(file.read_bytes()[:kept])


def test_another_network_is_refused():
    with pytest.raises(ValueError, match="no layer con_4"):
        resnet.graph(b"\x01\x01\x05con_4" + bytes(100))
