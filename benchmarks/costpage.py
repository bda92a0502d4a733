"""docs/cost.md, made from the tables of prices and measured costs: python -m benchmarks.costpage (`make cost`)."""

import contextlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from benchmarks.scale import __main__ as scale
from redactor import measured
from redactor.costs import (
    CALLS,
    COMPUTE,
    FUNCTIONS,
    KEPT,
    Estimate,
    Footage,
    estimate,
    kept,
    seconds,
    start,
)
from redactor.machines import VCPU, Machine
from redactor.many import AT_ONCE as AT_ONCE_S3
from redactor.many import COPIES
from redactor.preset import Mode
from redactor.prices import DATE, HOURS_A_MONTH, PRICES, REGION, dollars

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "cost.md"
UNKNOWN = "not measured"
AT_ONCE, SEGMENT = 100, 10
# Name -> pixels of a frame, Mbit/s of source and result: an hour with 30 frames a second.
HOURS: Mapping[str, tuple[int, int]] = {
    "720p": (1280 * 720, 4),
    "1080p": (1920 * 1080, 8),
    "4K": (3840 * 2160, 24),
}
# By `python -m benchmarks.scale --check`, which needs a machine that does nothing else.
CHECK = """\
With one worker the model was compared with real runs on the embedded cloud, from the upload to the end of the job, on
2026-11-26: 25.0 s against 24.2 s for the clip that frames were measured on (546 frames of 720p; CPU 25.4 against 25.6),
again 25.2 s against 26.7 s, and 25.4 s against 31.0 s in slow minutes (CPU 32.2); 14.4 s against 15.4 s for another
(300 frames of 720p; CPU 14.2 against 15.7), while other programs took no CPU. `python -m benchmarks.scale --check
VIDEO` repeats it and says what other programs used."""
# By `python -m benchmarks.reading`.
READING = """\
Against a server that answers after 30 ms and sends 75 MB/s over all connections, the look at 299 MB took 5.0 s read
ahead, 21.6 s range after range (`python -m benchmarks.reading`)."""
# What stands while nobody uses it; a test counts it in the templates. Endpoints are those of each zone.
ALARMS, DASHBOARDS, NAMES = 6, 1, 2
ENDPOINTS: Mapping[str, int] = {"lambda": 0, "fargate": 3, "gpu": 6, "auto": 6}
# Of the rule that keeps a machine of each step of KEPT: minutes between two calls, seconds that each takes at most, and
# gigabytes of its log: three lines.
PERIOD, CALLED, LOGGED = 4, 0.005, 600e-9


@dataclass(frozen=True)
class Idle:
    """One deployment that nobody uses. zones: those in which interface endpoints stand, 0: none do."""

    profile: str
    compute: str
    zones: int

    @property
    def rows(self) -> Mapping[str, float]:
        """Dollars a month."""
        endpoints = ENDPOINTS[self.compute] * self.zones
        return {
            "key": dollars("kms key"),
            "alarms": dollars("alarm", ALARMS),
            "dashboard": dollars("dashboard", DASHBOARDS),
            "calls that keep machines of Accept and Plan": sum(map(_keeping, KEPT)),
            "names of the DNS firewall": dollars("dns name", NAMES),
            "interface endpoints": dollars("interface endpoint", endpoints * HOURS_A_MONTH),
            "tasks and GPU instances at zero": 0.0,
        }


def _keeping(step: str) -> float:
    """Dollars a month: of the calls, each of which is traced and logged, and of the machines that Lambda replaces."""
    machine, month = FUNCTIONS[step], HOURS_A_MONTH * 3600
    calls = month / 60 / PERIOD
    starts = month / measured.assumed("replaced") * start(step, machine)[1] * machine.per_second
    return calls * (machine.dollars(CALLED) + dollars("trace") + dollars("logs", LOGGED)) + starts


IDLE = (
    Idle("sandbox", "lambda", 0),
    Idle("sandbox", "auto", 0),
    Idle("production", "lambda", 0),
    Idle("production", "fargate", 2),
    Idle("production", "auto", 2),
)


def hour(name: str) -> Footage:
    pixels, megabits = HOURS[name]
    size = megabits * 1_000_000 // 8 * 3600
    return Footage(pixels, 108_000, 3600 // SEGMENT, size, size)


@cache
def document() -> str:
    return TEXT.format(
        date=DATE,
        region=REGION,
        steps=_steps(),
        computes=_computes(),
        gpu=measured.GPU,
        gpu_rate=1 / measured.on_gpu(HOURS["1080p"][0]),
        beside=_beside(),
        idle=_idle(),
        dominates=_dominates(),
        narrow=_narrow(),
        minute=f"{(_of('1080p', 'lambda').dollars or 0) / 60:.4f}",
        scale=_scale(),
        longest=_longest(),
        check=CHECK,
        prices=_prices(),
        period=PERIOD,
        measured=_measured(),
        request=1000 * measured.REQUEST,
        reading=READING,
        many=AT_ONCE_S3,
        copies=COPIES,
        assumed=_assumed(),
        command=measured.COMMAND,
        machine=measured.MACHINE,
        measured_on=measured.DATE,
        at_once=AT_ONCE,
        segment=SEGMENT,
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _of(name: str, compute: str, at_once: int = AT_ONCE) -> Estimate:
    return estimate(hour(name), Mode.COMBINED, compute, at_once)


def _steps() -> str:
    told = {name: _of(name, "lambda") for name in HOURS}
    rows = []
    for step in told["1080p"].steps:
        costs = [one.steps[step] for one in told.values()]
        rows.append([step, *(f"{c.seconds:,.0f} s, $ {c.dollars:.4f}" for c in costs if c)])
    rows += [[what, *(f"$ {one.other[what]:.4f}" for one in told.values())] for what in told["1080p"].other]
    rows.append(["**all**", *(f"**$ {one.dollars:.2f}**" for one in told.values())])
    return table(["step", *HOURS], rows)


def _computes() -> str:
    def cell(one: Estimate) -> str:
        return UNKNOWN if one.dollars is None else f"$ {one.dollars:.2f}"

    return table(["compute", *HOURS], [[way, *(cell(_of(name, way)) for name in HOURS)] for way in COMPUTE])


def _beside() -> str:
    told = [kept(hour(name)) for name in HOURS]
    return table(["beside it", *HOURS], [[what, *(f"$ {one[what]:.2f}" for one in told)] for what in told[0]])


def _idle() -> str:
    rows = [
        [what, *("-" if not one.rows[what] else f"$ {one.rows[what]:.2f}" for one in IDLE)] for what in IDLE[0].rows
    ]
    rows.append(["**all, a month**", *(f"**$ {sum(one.rows.values()):.2f}**" for one in IDLE)])
    return table(["a month", *(f"{one.profile}, {one.compute}" for one in IDLE)], rows)


def _dominates() -> str:
    one = _of("1080p", "lambda")
    whole = one.dollars or 0
    shares = {step: cost.dollars / whole for step, cost in one.steps.items() if cost}
    shares |= {what: cost / whole for what, cost in one.other.items()}
    named = sorted(shares.items(), key=lambda share: -share[1])[:4]
    return ", ".join(f"{what} {100 * share:.0f} %" for what, share in named)


def _narrow() -> str:
    """What Redact saves with half its memory at 1080p: its two vCPUs are not twice as quick as one."""
    filmed = hour("1080p")
    wide, call = FUNCTIONS["redact"], CALLS["redact"](filmed)
    one = Machine.function(VCPU, wide.disk)
    costs = [machine.dollars(seconds("redact", call, filmed, machine)) for machine in (one, wide)]
    return f"{100 * (1 - costs[0] / costs[1]):.0f} %"


def _scale() -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        scale.tables(0)
    return out.getvalue().replace("## ", "### ").strip()


def _longest() -> str:
    """From how many hours of 1080p on a step outlasts its function."""
    late = dict[str, int]()
    for hours in range(1, 25):
        one = hour("1080p")
        filmed = replace(
            one, **{name: hours * getattr(one, name) for name in ("frames", "segments", "source", "output")}
        )
        steps = estimate(filmed, Mode.COMBINED, "lambda", AT_ONCE).steps
        late |= {step: hours for step, cost in steps.items() if cost and cost.outlasts and step not in late}
    told = ", ".join(f"{step} from {hours} hours on" for step, hours in sorted(late.items(), key=lambda row: row[1]))
    return (
        f"By the same figures, these outlast the time that their function has, at 1080p in segments of {SEGMENT} s: "
        f"{told}. `redactor estimate` says so of a video."
    )


def _prices() -> str:
    return table(
        ["what", "$", "a", "AWS's page", "read in"],
        [
            [what, f"{p.dollars:.10f}".rstrip("0"), p.unit, p.page, p.read or "**not verified**"]
            for what, p in PRICES.items()
        ],
    )


def _measured() -> str:
    rows = [
        [step, f"{pixels:,}", f"{cpu:g}", f"{wall:g}"]
        for step, sizes in measured.FRAME.items()
        for pixels, (cpu, wall) in sizes.items()
    ]
    return table(["step", "pixels of a frame", "CPU ms a frame", "wall ms on two vCPUs"], rows)


def _assumed() -> str:
    return table(
        ["what", "value", "why"], [[f"{name}: {a.unit}", f"{a.value:g}", a.why] for name, a in measured.ASSUMED.items()]
    )


TEXT = """\
# Cost

Made by `make cost` from `src/redactor/prices.py`, `measured.py` and `costs.py`; a test compares it. List prices of
{region} on {date}, without free tiers, discounts and taxes. Nothing here was billed: seconds were measured on another
machine, and waits for S3 are assumed. `redactor estimate foo.mp4` tells the same for one video; `cost` in
`foo_report.json` is counted from the seconds that a job really took.

## What an hour costs

One hour with 30 frames a second, combined, on Lambda: {at_once} segments of {segment} s at once. Seconds are those paid
for. The three have 4, 8 and 24 Mbit/s, and results of the same size.

{steps}

That is $ {minute} for a minute of 1080p. By what segments run on:

{computes}

With `fargate`, detect and redact run as tasks of 4 vCPU, which neither can use: the network runs on one, the encoder on
two; and a task is paid for a minute at least. Detect was not measured on a GPU that ECS would start, so there is no
price for it; on {gpu} a task looked at {gpu_rate:.0f} frames of 1080p a second (`python -m benchmarks.gpu`).

{beside}

## While nobody uses it

{idle}

The key costs a dollar more for each of its first two yearly rotations. Not in it: what lies in the bucket, logs that
were kept, the images in the registry of CDK ($ 0.10 for a GB and month), and the flow log of a network that nothing
passes. Every {period} minutes a call that asks for nothing keeps a machine of each of the first two steps; most of what
that costs are its traces, of which X-Ray gives 100,000 a month away. Interface endpoints stand only where container
tasks stand in isolated subnets: three for Fargate (`ecr.api`, `ecr.dkr`, `logs`), six with a GPU (`ecs`, `ecs-agent`,
`ecs-telemetry` too), each in two zones. GPU instances come and go with their tasks. Metrics that steps count ($ 0.30 a
month each, by the hour) are paid in hours in which jobs run.

## What dominates, and how to lower it

At 1080p: {dominates}.

| do | and |
|---|---|
| `resolution: StandardDefinition`, larger `minFace` in 4K | Detect looks at smaller pictures; small faces are missed |
| `DetectionFrameRate` below 15 | fewer looks; tracks fill the rest, and quick faces may show |
| `segmentSeconds` of 16 to 30 | fewer transitions, starts and requests; slower only where workers are plenty |
| Redact with one vCPU (1,769 MB) | {narrow} less for Redact, and slower; not tried in 4K |
| functions of arm64 | a fifth less a GB-second; the image is built for x86 so far |
| `work_days` and `noncurrent_days` of 2 | working files hold the result twice; a redrive is possible as long |
| analyze first, then redact the ids that matter | the second pass does not detect again |
| `compute: lambda` | no endpoints stand |

## How long, with how many workers

Simulated by `python -m benchmarks.scale`. What is not built is named a what-if.

{scale}

As built, small objects are read and written {many} at a time and results copied {copies} parts at a time; parts, the
source's sound and the result are read ahead and the result sent while it is made, so that a function takes in what its
network gives. A result of more than 256 MiB is looked at in stretches by as many functions, and its sha256 goes on from
one to the next. More than a hundred segments at once hardly help an hour all the same: source and parts pass through
Join. A machine of Accept and of Plan is always there; those of the other steps of one call start when the video is
dropped, those of Redact and Prove when MergeTracks has read all or, for short videos, after Plan (`warm_ahead`). With
the limit of 1,000 functions that an account begins with, `segments_at_once` times the number of jobs at work had better
stay below it: a throttled call waits up to five minutes before it is tried again, and each try is paid.

With that copy an hour takes less than 60 s and $ 0.60 at 1,000 at once, as the machine computes on which steps were
measured while nobody slows it down; in its slow minutes, when all takes half as long again, it does not. A quarter of
the minute is Detect, whose images start cold, as it begins too soon for anything to start them; in each Map all wait
for the one call in a hundred that takes twice as long. The copy itself is not built: see docs/decisions.md for why.

{longest}

{check}

## What it rests on

Measured on {measured_on} by `{command}` on {machine}, in minutes in which
its neighbours did not slow it down (then all takes half as long again); medians of three runs. Those of 2160 lines are
of two runs in which it may have been slower, those of 360 lines older:

{measured}

A small request takes {request:g} ms of CPU, {many} at a time. {reading}

Assumed, as it cannot be measured without an account:

{assumed}

Prices:

{prices}
"""


if __name__ == "__main__":
    DOCUMENT.write_text(document())
