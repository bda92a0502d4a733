"""Fixtures of the unit tests."""

from collections.abc import Iterator

import pytest

from redactor.store import Store
from tests.aws import FakeFlow, versioned_bucket


@pytest.fixture
def store() -> Iterator[Store]:
    with versioned_bucket() as bucket:
        yield bucket


@pytest.fixture
def flow() -> FakeFlow:
    return FakeFlow()
