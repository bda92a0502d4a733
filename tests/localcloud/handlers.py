"""Toy handlers for the tests of the embedded cloud; they import nothing heavy."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import boto3


class TryAgain(Exception):
    pass


class Refused(Exception):
    pass


def echo(event: Any, context: Any) -> Any:
    return event


def describe(event: Any, context: Any) -> dict[str, Any]:
    """What a handler sees of its surroundings."""
    left = tempfile.mkdtemp()
    return {
        "function": context.function_name,
        "request": context.aws_request_id,
        "remaining": context.get_remaining_time_in_millis(),
        "memory": context.memory_limit_in_mb,
        "bucket": os.environ["REDACTOR_BUCKET"],
        "colour": os.environ.get("COLOUR"),
        "cwd": str(Path.cwd()),
        "made": left,
        "found": sorted(entry.name for entry in Path().iterdir()),
        "pid": os.getpid(),
        "heavy": sorted({"moto", "cv2", "av"} & set(sys.modules)),
    }


def fail(event: Any, context: Any) -> None:
    raise Refused(f"no: {event}")


def _count(name: str) -> int:
    """How many times this was called with the name, this call included; counted in the bucket."""
    s3, bucket = boto3.client("s3"), os.environ["REDACTOR_BUCKET"]
    for n in range(100):
        try:
            s3.put_object(Bucket=bucket, Key=f"work/count/{name}/{n}", Body=b"", IfNoneMatch="*")
        except s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise
        else:
            return n + 1
    raise AssertionError("too many calls")


def stumble(event: Any, context: Any) -> dict[str, int]:
    """Raises TryAgain until its `succeeds_at`-th call."""
    calls = _count(event["name"])
    if calls < event["succeeds_at"]:
        raise TryAgain(f"call {calls}")
    return {"calls": calls}


def die_once(event: Any, context: Any) -> dict[str, int]:
    """Killed in the middle of its first call."""
    calls = _count(event["name"])
    if calls == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"calls": calls}


def sleep(event: Any, context: Any) -> Any:
    time.sleep(event["seconds"])
    return event


def spawn_and_sleep(event: Any, context: Any) -> None:
    """Starts a process of its own, says which, and outlives its time."""
    child = subprocess.Popen(["sleep", "600"])
    Path(event["file"]).write_text(str(child.pid))
    time.sleep(600)


_HELD: list[bytes] = []


def swell(event: Any, context: Any) -> dict[str, int]:
    """Takes 100 MB in small pieces, frees all but the last, and says how much the process held before, in bytes."""
    before = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    _HELD[:] = [bytes([n % 256]) * 60_000 for n in range(1_700)][-1:]
    return {"before": before}


def leave(event: Any, context: Any) -> None:
    sys.exit(3)


def unmarshallable(event: Any, context: Any) -> Any:
    return {1, 2}


def large(event: Any, context: Any) -> str:
    return "x" * event["bytes"]


def segment(event: Any, context: Any) -> dict[str, int]:
    """A Map's child: leaves a trace, and fails or sleeps if its item says so."""
    n = event["n"]
    boto3.client("s3").put_object(Bucket=os.environ["REDACTOR_BUCKET"], Key=f"work/{event['job']}/{n}", Body=b"done")
    if n in event.get("fails", []):
        raise Refused(f"segment {n}")
    time.sleep(event.get("seconds", 0))
    return {"n": n}


def status(event: Any, context: Any) -> dict[str, str]:
    """Asks the cloud, from inside a worker, about an execution."""
    described = boto3.client("stepfunctions").describe_execution(executionArn=event["execution"])
    return {"status": described["status"]}


def report(event: Any, context: Any) -> None:
    detail = event["detail"]
    key = f"reports/{detail['name']}.json"
    boto3.client("s3").put_object(Bucket=os.environ["REDACTOR_BUCKET"], Key=key, Body=json.dumps(event).encode())
