"""An embedded cloud whose steps are toys: its bucket is what the client's uploads meet."""

import itertools
import json
from collections.abc import Iterator

import pytest

from localcloud.cloud import Cloud
from redactor.client.transfers import Transfers
from redactor.store import Store
from tests.localcloud.toys import STEPS, machine, task


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    with Cloud(1, definition=json.dumps(machine(Echo=task("echo"))), steps=STEPS, bucket="clients") as running:
        yield running


@pytest.fixture
def bucket(cloud: Cloud) -> Store:
    return Store(cloud.bucket, cloud.s3())


@pytest.fixture
def transfers(bucket: Store) -> Transfers:
    return Transfers(bucket)


_numbers = itertools.count()


@pytest.fixture
def folder() -> str:
    """A folder under input/ that no other test uses."""
    return f"{next(_numbers)}/"
