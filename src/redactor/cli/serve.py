"""`redactor serve`: the embedded cloud stays up until it is told to stop."""

import signal
import threading

from rich.console import Console

from localcloud.cloud import Cloud
from redactor.cli.weights import environment


def serve_until_stopped(port: int, workers: int) -> int:
    """Prints where the cloud is and how to drop a file; returns the exit status after SIGINT or SIGTERM."""
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    console = Console(soft_wrap=True, highlight=False)
    try:
        with Cloud(workers, port, environment=environment()) as cloud:
            _say_where(cloud, console)
            # In short pieces: a signal that comes right before a wait without end is heard only after it.
            while not stop.wait(1):
                pass
            console.print("stopping")
    except OSError as error:
        Console(stderr=True).print(f"redactor: port {port} cannot be used: {error.strerror}", highlight=False)
        return 2
    return 0


def _say_where(cloud: Cloud, console: Console) -> None:
    # One row each, "name: value", for people and for scripts.
    console.print(f"endpoint: {cloud.endpoint}", markup=False)
    console.print(f"bucket: {cloud.bucket}", markup=False)
    console.print(f"state machine: {cloud.state_machine}", markup=False)
    console.print("For redactor submit and any other client, whose credentials do not matter:", markup=False)
    console.print(f"  export {_variables(cloud)}", markup=False)
    console.print("  redactor submit foo.mp4 --download redacted", markup=False)
    console.print(f"  aws s3 cp foo.mp4 s3://{cloud.bucket}/input/", markup=False)
    console.print(f"The results appear under s3://{cloud.bucket}/output/foo.mp4/. Ctrl-C stops it.", markup=False)


def _variables(cloud: Cloud) -> str:
    given = cloud.environment
    names = ("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    return " ".join(f"{name}={given[name]}" for name in names)
