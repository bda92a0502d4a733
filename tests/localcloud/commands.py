"""What toy container tasks run: `python -m tests.localcloud.commands WORD…`."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import boto3


def note(name: str, *words: str) -> None:
    """Leaves in the bucket what the task sees of its surroundings."""
    seen = {
        "words": words,
        "device": os.environ.get("REDACTOR_DEVICE"),
        "cwd": str(Path.cwd()),
        "scratch": os.environ["TMPDIR"],
        "pid": os.getpid(),
    }
    boto3.client("s3").put_object(Bucket=os.environ["REDACTOR_BUCKET"], Key=name, Body=json.dumps(seen).encode())


def leave(code: str) -> None:
    sys.exit(int(code))


def die_at_first(retry: str) -> None:
    """Killed the first time, done the next."""
    if retry == "0":
        os.kill(os.getpid(), signal.SIGKILL)


def rest(seconds: str) -> None:
    time.sleep(float(seconds))


def linger(file: str) -> None:
    """Starts a process of its own, says which, and outlives its time."""
    child = subprocess.Popen(["sleep", "600"])
    Path(file).write_text(str(child.pid))
    time.sleep(600)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
