"""What moto holds for one cloud: its bucket, its state machine and their executions."""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from moto.s3.models import FakeKey, FakeMultipart, s3_backends

from infrastructure.rules import substitute
from localcloud.clients import REGION
from localcloud.patches import interpreter

# How long executions may take, at the end, to notice that they were stopped.
_PATIENCE = 5.0


def definition(given: str | Path, names: Mapping[str, str]) -> str:
    """The ASL text (or the file's) with its substitutions filled in; raises KeyError naming one that has no value."""
    text = given.read_text(encoding="utf-8") if isinstance(given, Path) else given
    return json.dumps(substitute(json.loads(text), names))


def create(s3: Any, sfn: Any, *, bucket: str, state_machine: str, definition: str) -> None:
    """The versioned bucket and the state machine of that ARN; raises ClientError where moto refuses the definition."""
    account, name = state_machine.split(":")[4], state_machine.rpartition(":")[2]
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    sfn.create_state_machine(name=name, definition=definition, roleArn=f"arn:aws:iam::{account}:role/{name}")


def stop_executions(account: str) -> None:
    """Aborts what runs and waits a little for it to notice."""
    running = _running(account)
    for execution in running:
        execution.stop(datetime.now(UTC), error=None, cause="the embedded cloud was stopped")
    deadline = time.monotonic() + _PATIENCE
    while _running(account) and time.monotonic() < deadline:
        time.sleep(0.02)


def forget(account: str, bucket: str) -> None:
    """Removes the account's data and closes the files of its objects."""
    s3_backends.bucket_accounts.pop(bucket, None)
    models: tuple[Any, ...] = (FakeKey, FakeMultipart)
    for model in models:
        for instance in model.instances_tracked:
            if instance.account_id == account:
                instance.dispose()
        model.instances_tracked = [one for one in model.instances_tracked if one.account_id != account]
    for backends in (s3_backends, interpreter.stepfunctions_parser_backends):
        backends.pop(account, None)


def _running(account: str) -> list[Any]:
    machines = interpreter.stepfunctions_parser_backends[account][REGION].state_machines
    return [execution for machine in machines for execution in machine.executions if execution.status == "RUNNING"]
