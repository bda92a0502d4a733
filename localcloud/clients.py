"""boto3 clients of a cloud: loopback only, whatever profile, proxy or credentials the user's environment holds."""

import threading
from typing import Any

import boto3
from botocore.config import Config

REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}

# Making clients is not thread-safe within one session.
_lock = threading.Lock()


def client(service: str, endpoint: str) -> Any:
    """A boto3 client for "s3" or "stepfunctions" at the endpoint; addresses buckets by path."""
    config = Config(proxies={}, s3={"addressing_style": "path"}, retries={"total_max_attempts": 5})
    with _lock:
        session = boto3.session.Session(
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )
        return session.client(service, endpoint_url=endpoint, config=config)
