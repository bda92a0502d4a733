"""Fixtures of the unit tests."""

from collections.abc import Iterator

import pytest

from redactor.store import Store
from tests.aws import FakeFlow, versioned_bucket
from tests.media_factory import FaceClip, face_clip
from tests.unit.pipeline import Pipeline


@pytest.fixture
def store() -> Iterator[Store]:
    with versioned_bucket() as bucket:
        yield bucket


@pytest.fixture
def flow() -> FakeFlow:
    return FakeFlow()


@pytest.fixture(scope="session")
def two_faces(tmp_path_factory: pytest.TempPathFactory) -> FaceClip:
    """36 frames in groups of 6, two people side by side, away in the last three frames, with sound."""
    path = tmp_path_factory.mktemp("faces") / "foo.mp4"
    return face_clip(
        path, frames=36, width=320, height=160, face_height=56, faces=2, away=(33, 34, 35), gop=6, audio="aac"
    )


@pytest.fixture(scope="session")
def pipeline(two_faces: FaceClip, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """That clip in three segments on its way through all steps; nobody changes what it holds."""
    with Pipeline(two_faces.path, tmp_path_factory.mktemp("pipeline")) as made:
        yield made
