"""What the tests of formats share: each odd video is made, and goes through the flow, once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from redactor.errors import RedactorError
from tests.formats.make import build, sources
from tests.formats.outcome import Outcome, outcome
from tests.formats.video import Video

Outcomes = Callable[[Video], Outcome]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("formats")
    sources(made)
    return made


@pytest.fixture(scope="session")
def outcomes(folder: Path) -> Outcomes:
    """Row -> what became of it, made when first asked for."""
    made: dict[str, Outcome | Exception] = {}

    def of(video: Video) -> Outcome:
        if video.file not in made:
            try:
                made[video.file] = outcome(build(video, folder), folder / f"{video.file}.out", video.options)
            except RedactorError as error:
                made[video.file] = error
        found = made[video.file]
        if isinstance(found, Exception):
            raise found
        return found

    return of
