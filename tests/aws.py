"""A bucket in this process and a stand-in for Step Functions, for tests of what touches AWS."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import boto3
from moto import mock_aws

from redactor.flow import Flow
from redactor.store import Store

BUCKET = "redactor"
REGION = "us-east-1"


@contextmanager
def versioned_bucket() -> Iterator[Store]:
    """A store over an empty versioned bucket that is gone afterwards."""
    with mock_aws():
        client = boto3.client("s3", region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")
        client.create_bucket(Bucket=BUCKET)
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield Store(BUCKET, client)


@dataclass
class FakeFlow(Flow):
    """Executions and their status; one that is not named here does not exist."""

    statuses: dict[str, str] = field(default_factory=dict)

    def holds(self, execution: str) -> bool:
        return self.statuses.get(execution) in ("RUNNING", "SUCCEEDED")
