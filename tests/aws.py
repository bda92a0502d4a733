"""A bucket in this process and a stand-in for Step Functions, for tests of what touches AWS."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from unittest.mock import patch

import boto3
from moto.core.models import botocore_stubber

from localcloud import account
from redactor.flow import Flow
from redactor.store import Store

# Other than those of the embedded clouds, which may live in the same process.
ACCOUNT, BUCKET = "210987654321", "tested"
REGION = "us-east-1"


@cache
def _session() -> boto3.Session:
    """One for all tests of a process: botocore reads megabytes of descriptions for each, which takes .1 s and more."""
    return boto3.Session("test", "test", region_name=REGION)


@contextmanager
def versioned_bucket() -> Iterator[Store]:
    """A store over an empty versioned bucket that is gone afterwards; clients made meanwhile find it.

    moto's own mock_aws would forget all that moto holds in this process, the embedded clouds' data too.
    """
    with (
        patch.object(botocore_stubber, "enabled", True),
        patch.object(boto3, "DEFAULT_SESSION", _session()),
        patch.dict(os.environ, MOTO_ACCOUNT_ID=ACCOUNT),
    ):
        client = _session().client("s3")
        client.create_bucket(Bucket=BUCKET)
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        try:
            yield Store(BUCKET, client)
        finally:
            account.forget(ACCOUNT, BUCKET)


@dataclass
class FakeFlow(Flow):
    """Executions and their status; one that is not named here does not exist."""

    statuses: dict[str, str] = field(default_factory=dict)

    def holds(self, execution: str) -> bool:
        return self.statuses.get(execution) in ("RUNNING", "SUCCEEDED")
