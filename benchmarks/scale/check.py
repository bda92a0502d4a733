"""The model against a real run: one worker of the embedded cloud, a whole job from the upload to its end."""

import json
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.scale.account import NO_LUCK
from benchmarks.scale.flow import World, simulate
from localcloud.cloud import Cloud
from redactor.bucket import Results
from redactor.cli.weights import environment
from redactor.costs import CALLS, FUNCTIONS, NO_WAITS, Footage, Waits, count, seconds
from redactor.machines import VCPU, Machine

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_TRIES, _LARGE = 20, 32 << 20
# Seconds from one state to the next there: measured on another video than those that are checked.
_TRANSITION = 0.05


def model(footage: Footage, waits: Waits) -> tuple[float, dict[str, float]]:
    """(seconds of the job, by step): one worker that is warm, no bad luck."""
    world = World(1, luck=NO_LUCK, cold=False, waits=waits)
    outcome = simulate([footage], world)[0][0]
    return outcome.took, outcome.elapsed


def check(video: Path) -> None:
    """Prints both, by step and whole."""
    with Cloud(1, environment=environment()) as cloud:
        key = f"input/{video.name}"
        time.sleep(
            5
        )  # the worker loads its libraries while it is idle; on AWS that is the cold start, which stands apart
        waits = _waits(cloud)
        began, before = time.monotonic(), _used(cloud)
        cloud.s3().upload_file(str(video), cloud.bucket, key)
        end = cloud.wait(cloud.started(key), 3600)
        taken, after = time.monotonic() - began, _used(cloud)
        if end["status"] != "SUCCEEDED":
            raise SystemExit(f"the job ended as {end['status']}")
        read = partial(_read, cloud.s3(), cloud.bucket)
        report = json.loads(read(Results(key).report))
        segments, plan = (json.loads(read(f"work/{report['job']}/{name}.json")) for name in ("segments", "plan"))
    stream = plan["value"]["streams"]["video"]
    filmed = Footage(
        stream["width"] * stream["height"],
        report["frames"]["in"],
        len(segments),
        video.stat().st_size,
        report["output"]["bytes"],
    )
    whole, steps = model(filmed, waits)
    print(f"{video.name}: {filmed.frames} frames, {filmed.segments} segments, one worker\n")
    print("| step | model s | measured s | model / measured |\n|---|---|---|---|")
    for step, modelled in steps.items():
        real = report["seconds"].get(step)
        print(
            f"| {step} | {modelled:.2f} | {'' if real is None else real} | {f'{modelled / real:.2f}' if real else ''} |"
        )
    print(f"| whole job | {whole:.2f} | {taken:.2f} | {whole / taken:.2f} |")
    everybody, ours, worker = (after[n] - before[n] for n in range(3))
    computed = busy(filmed)
    print(f"| the worker's CPU | {computed:.2f} | {worker:.2f} | {computed / worker:.2f} |")
    print(
        f"\nothers on this machine used {everybody - ours:.1f} CPU seconds: where that is much, wall seconds say little"
    )


def busy(footage: Footage) -> float:
    """CPU seconds of all steps: on one vCPU, with nothing to wait for."""
    one = Machine.function(VCPU)
    calls = {step: (count(step, footage), CALLS[step](footage)) for step in FUNCTIONS}
    return sum(n * seconds(step, call, footage, one, NO_WAITS) for step, (n, call) in calls.items())


def _used(cloud: Cloud) -> tuple[float, float, float]:
    """CPU seconds so far: of this whole machine, of this process and the worker, of the worker alone. Linux only."""
    tick = os.sysconf("SC_CLK_TCK")
    user, nice, system, _, _, interrupts, soft, *_ = map(int, Path("/proc/stat").read_text().split()[1:9])
    mine, worker = (
        sum(int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[n]) for n in (11, 12))
        for pid in (os.getpid(), *cloud.worker_pids)
    )
    return (user + nice + system + interrupts + soft) / tick, (mine + worker) / tick, worker / tick


def _read(s3: "S3Client", bucket: str, key: str) -> bytes:
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def _waits(cloud: Cloud) -> Waits:
    """What a request takes on the embedded cloud, and how fast bytes pass through it."""
    s3, bucket = cloud.s3(), cloud.bucket

    def timed(times: int, act: Callable[[], object]) -> float:
        began = time.monotonic()
        for _ in range(times):
            act()
        return (time.monotonic() - began) / times

    write = timed(_TRIES, lambda: s3.put_object(Bucket=bucket, Key="work/small", Body=b"x" * 1000))
    read = timed(_TRIES, partial(_read, s3, bucket, "work/small"))
    s3.put_object(Bucket=bucket, Key="work/large", Body=bytes(_LARGE))
    stream = _LARGE / timed(3, partial(_read, s3, bucket, "work/large"))
    print(f"a read {1000 * read:.1f} ms, a write {1000 * write:.1f} ms, {stream / 1e6:.0f} MB/s")
    return Waits(read, write, stream, stream, _TRANSITION)
