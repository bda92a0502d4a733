"""boto3 clients of a cloud: loopback only, whatever profile, proxy or credentials the user's environment holds."""

import threading
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config

REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}

# A session keeps the service models, which take longest to load; making clients in it is not thread-safe.
_lock = threading.Lock()


def client(service: str, endpoint: str) -> Any:
    """A boto3 client for "s3" or "stepfunctions" at the endpoint; addresses buckets by path."""
    with _lock:
        return _client(service, endpoint)


@lru_cache(maxsize=32)
def _client(service: str, endpoint: str) -> Any:
    config = Config(proxies={}, s3={"addressing_style": "path"}, max_pool_connections=32)
    return _session().client(service, endpoint_url=endpoint, config=config)


@lru_cache(maxsize=1)
def _session() -> Any:
    return boto3.session.Session(
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
