"""Every created object is told once, after the request that made it is done.

moto tells of it before metadata and tags are set, twice for a multipart upload, and only to buckets with a
notification configuration, whose EventBridge messages never reach a state machine.
"""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.s3 import notifications
from moto.s3.notifications import S3NotificationEvent

from localcloud.patches.hooks import HOOKS, Dropped
from localcloud.patches.patch import Patch

# moto's event -> EventBridge's reason.
_REASONS = {
    S3NotificationEvent.OBJECT_CREATED_PUT_EVENT: "PutObject",
    S3NotificationEvent.OBJECT_CREATED_POST_EVENT: "POST Object",
    S3NotificationEvent.OBJECT_CREATED_COPY_EVENT: "CopyObject",
    S3NotificationEvent.OBJECT_CREATED_COMPLETE_MULTIPART_UPLOAD_EVENT: "CompleteMultipartUpload",
}

_sequence = itertools.count(time.time_ns())
_request = threading.local()


@contextmanager
def told_afterwards() -> Iterator[None]:
    """Objects created inside, on this thread, are told at the end."""
    _request.created = []
    try:
        yield
    finally:
        created, _request.created = _request.created, None
        for account, key, reason in created:
            HOOKS[account].dropped(_dropped(key, reason))


def _noted(original: Any) -> Any:
    def send_event(account_id: str, event_name: Any, bucket: Any, key: Any) -> None:
        original(account_id, event_name, bucket, key)
        reason = _REASONS.get(event_name)
        if account_id not in HOOKS or reason is None or (reason == "PutObject" and key.multipart):
            return
        if getattr(_request, "created", None) is None:
            HOOKS[account_id].dropped(_dropped(key, reason))
        else:
            _request.created.append((account_id, key, reason))

    return send_event


def _dropped(key: Any, reason: str) -> Dropped:
    return Dropped(
        bucket=key.bucket_name,
        key=key.name,
        version=key.version_id,
        etag=key.etag.strip('"'),
        size=key.size,
        sequencer=f"{next(_sequence):018X}",
        reason=reason,
    )


PATCHES = (Patch("created objects are told once and complete", notifications, "send_event", _noted),)
