"""`redactor run`: up with the embedded cloud, in with the videos, out with the results."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from localcloud.cloud import Cloud
from redactor.bucket import INPUT, Results
from redactor.cli.drop import Drop, bring_back
from redactor.cli.progress import Progress
from redactor.cli.summary import show_failure, show_results
from redactor.cli.weights import environment

# As long as the state machine itself may take.
_TIMEOUT = 24 * 3600.0


@dataclass(frozen=True)
class Dropped:
    """A video in the bucket."""

    drop: Drop
    key: str
    version: str


def run_all(drops: Sequence[Drop], workers: int) -> bool:
    """Redacts all videos on one embedded cloud; True if every job is done. Prints progress, summaries and failures."""
    console, errors = Console(soft_wrap=True), Console(stderr=True, soft_wrap=True)
    given = environment()
    with Progress(errors) as progress, Cloud(workers, environment=given, observer=progress.observe) as cloud:
        dropped = [_upload(cloud, drop, n) for n, drop in enumerate(drops)]
        executions = [_started(cloud, one, progress) for one in dropped]
        ends = [_end(cloud, execution) for execution in executions]
        written = [bring_back(cloud.s3(), cloud.bucket, one.key, one.drop.out) for one in dropped]
    results = zip(dropped, ends, written, strict=True)
    done = [_tell(one, end, files, console, errors) for one, end, files in results]
    return all(done)


def _upload(cloud: Cloud, drop: Drop, n: int) -> Dropped:
    """Sidecars first, then the video, which starts the job. Each video has a folder of its own."""
    folder, s3 = f"{INPUT}{n}/" if n else INPUT, cloud.s3()
    for key, data in drop.keys(folder):
        s3.put_object(Bucket=cloud.bucket, Key=key, Body=data)
    key = folder + drop.video.name
    s3.upload_file(str(drop.video), cloud.bucket, key)
    return Dropped(drop, key, s3.head_object(Bucket=cloud.bucket, Key=key)["VersionId"])


def _started(cloud: Cloud, one: Dropped, progress: Progress) -> str:
    execution = cloud.started(one.key, one.version)
    progress.name(execution, one.drop.video.name)
    return execution


def _end(cloud: Cloud, execution: str) -> Any:
    """The end of the execution that holds the video's job in the end: another event of the set may have taken it."""
    end = cloud.wait(execution, _TIMEOUT)
    answer = json.loads(end.get("output") or "{}")
    holder = answer["holder"] if answer.get("outcome") == "duplicate" else cloud.successor(execution)
    return _end(cloud, holder) if holder else end


def _tell(one: Dropped, end: Any, files: list[Path], console: Console, errors: Console) -> bool:
    """Prints what came of a video; True if its report is there."""
    results, out = Results(one.key), one.drop.out
    names = {path.name: path for path in files}
    report = names.get(Path(results.report).name)
    if end["status"] == "SUCCEEDED" and report is not None:
        show_results(one.drop.video.name, out, files, json.loads(report.read_text()), console)
        return True
    error = names.get(Path(results.error).name)
    show_failure(one.drop.video.name, json.loads(error.read_text()) if error else end, errors)
    return False
