"""What a job takes and costs, before it runs: seconds and dollars by step, from what a frame was measured to cost.

Sizes are those that the stack deploys in production (a test compares them); prices are in prices.py, what was measured
and what is assumed in measured.py. Free tiers are left out.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from redactor.inorder import BLOCK, NEAR, STRETCH, allowed
from redactor.machines import Machine
from redactor.many import AT_ONCE, COPIES
from redactor.measured import FIXED, HANDED, OUTPUT, PACKETS, RANGE, REQUEST, START, assumed, per_frame
from redactor.pieces import KIB, MIB, requests
from redactor.preset import Mode
from redactor.prices import dollars

# Bytes of a part: that S3 copies; of a file that is uploaded; of one that is sent as it is made (media/fronted.py).
_COPY, _UPLOAD, _PIECE = 64 * MIB, 8 * MIB, 16 * MIB
# Bytes that an index has for a frame and the sound beside it.
_ENTRY = 24.0
# Bytes of a key frame that Plan reads, with what comes before it (media/glimpses.py).
_GLIMPSE = 8 * KIB
# What every step of a job asks of S3: its claim, whether a record of failure stands, the job, the plan, the segments.
_ALWAYS = 5
# Seconds between two looks for what another function is about to write.
POLL = 0.03

FUNCTIONS: Mapping[str, Machine] = {
    "accept": Machine.function(1769, limit=60),
    "plan": Machine.function(1769, limit=120),
    "detect": Machine.function(1769),
    "merge": Machine.function(3538),
    "select": Machine.function(1769, limit=300),
    "redact": Machine.function(3538, 4096),
    "join": Machine.function(1769),
    "prove": Machine.function(1769, limit=300),
    "verify": Machine.function(1769),
    "publish": Machine.function(1769),
}
TASK = Machine("fargate", 8192, 100 * 1024, 4.0)
# Container tasks of one job at a time.
TASKS_AT_ONCE = 10
FANNED_OUT = ("detect", "redact")
# Steps whose machine an event starts when a video is dropped; those of many calls, whose machines Warm starts while
# others work; and those of which a machine is always kept.
WARMED = ("merge", "select", "join", "verify", "publish")
AHEAD = ("redact", "prove")
KEPT = ("accept", "plan")
# Steps that a Map calls many times.
MAPPED = (*FANNED_OUT, "prove")
ZIPPED = ("accept", "publish", "warm")
# What starts machines ahead. It is no step: nothing waits for it.
WARM = Machine.function(1769, limit=60)
# compute -> step -> machine. None: not measured, so no figure is given.
COMPUTE: Mapping[str, Mapping[str, Machine | None]] = {
    "lambda": FUNCTIONS,
    "fargate": {**FUNCTIONS, **dict.fromkeys(FANNED_OUT, TASK)},
    "gpu": {**FUNCTIONS, "detect": None},
}
STEPS: Mapping[Mode, tuple[str, ...]] = {
    Mode.COMBINED: tuple(FUNCTIONS),
    Mode.ANALYZE: ("accept", "plan", "detect", "merge", "publish"),
    Mode.REDACT: ("accept", "plan", "select", "redact", "join", "prove", "verify", "publish"),
}
# State transitions of a job with a small result: its own states with the start, and how many of them are Maps over
# segments; of a large one the Map over stretches too. One child's.
STATES: Mapping[Mode, tuple[int, int]] = {Mode.COMBINED: (16, 2), Mode.ANALYZE: (11, 1), Mode.REDACT: (13, 1)}
CHILD_STATES = 2


@dataclass(frozen=True)
class Footage:
    """What a job's cost depends on. pixels: of a frame. segments: each goes to one worker. source, output: bytes."""

    pixels: int
    frames: int
    segments: int
    source: int
    output: int

    @classmethod
    def of(cls, pixels: int, frames: int, segments: int, source: int) -> "Footage":
        return cls(pixels, frames, segments, source, round(source * OUTPUT))


@dataclass(frozen=True)
class Call:
    """One call of a step. frames: it works on, of Plan those that it tries to start from. parts: files that it opens.

    reads, writes: requests one after another; many_reads, many_ranges (of one file), many_writes: those under way many
    at a time while it works; blocks: reads that go ahead of the work; copies: requests by which S3 copies, some at a
    time. down, up: bytes through the function; ahead, behind: those that come in and go out while it works on others,
    which is `early` of its computing; copied: bytes that S3 copies.
    """

    frames: float = 0
    reads: float = _ALWAYS
    writes: float = 1
    down: float = 0
    up: float = 0
    copied: float = 0
    many_reads: float = 0
    many_ranges: float = 0
    many_writes: float = 0
    blocks: float = 0
    copies: float = 0
    ahead: float = 0
    behind: float = 0
    parts: float = 0
    early: float = 1.0

    @property
    def gets(self) -> float:
        """All requests that read."""
        return self.reads + self.many_reads + self.many_ranges + self.blocks

    @property
    def puts(self) -> float:
        """All that write, but for the parts of what goes up or out."""
        return self.writes + self.many_writes + self.copies


def _streamed(f: Footage) -> Call:
    """Join as it is built: every part and the whole source through one function, and the result out. A part's index
    stands at its end: where that is far, it is read beside the blocks."""
    part = f.output / f.segments
    return Call(
        f.frames,
        _ALWAYS + (f.segments if part > NEAR else 0),
        3,
        many_reads=2 * f.segments,
        blocks=f.segments * math.ceil(part / BLOCK) + math.ceil(f.source / BLOCK),
        ahead=f.source + f.output,
        behind=f.output,
        parts=f.segments,
    )


def stretches(f: Footage) -> list[int]:
    """Bytes of each that Prove looks at, about: none of a small result, or one whose parts are too large."""
    part = math.ceil(f.output / f.segments)
    if f.output <= STRETCH or part > STRETCH:
        return []
    sizes = list[int]()
    while (left := f.output - sum(sizes)) > 0:
        sizes.append(min(left, max(part, allowed(len(sizes), STRETCH))))
    return sizes


def count(step: str, f: Footage) -> int:
    """How often a job calls the step."""
    return len(stretches(f)) if step == "prove" else f.segments if step in FANNED_OUT else 1


def _proves(f: Footage, size: float | None = None) -> Call:
    """A stretch of the usual size, or of this: the index from two ends, and its bytes ahead of the look. Nothing for
    the hashes: see handing_on."""
    ahead = f.output / max(1, len(stretches(f))) if size is None else size
    index = f.frames * _ENTRY
    share = ahead / f.output
    return Call(f.frames * share, _ALWAYS + 1 + requests(index), 1, index, blocks=math.ceil(ahead / BLOCK), ahead=ahead)


def _verifies(f: Footage) -> Call:
    """All of the file, or what was seen of it."""
    proofs, frames = len(stretches(f)), Call(f.frames, _ALWAYS + 5, 1, many_reads=f.segments)
    if proofs:
        return replace(frames, many_reads=f.segments + proofs, ahead=f.frames * 10.0)
    return replace(frames, blocks=math.ceil(f.output / BLOCK), ahead=f.output)


# What one call of each step moves, as its entry point is written.
CALLS: Mapping[str, Callable[[Footage], Call]] = {
    "accept": lambda f: Call(reads=12, writes=4),
    # The index, then a look at each place where a segment may begin: the first bytes of a key frame, many at a time.
    "plan": lambda f: Call(
        f.segments,
        reads=3 + requests(f.frames * _ENTRY),
        writes=2,
        down=f.segments * _GLIMPSE + f.frames * _ENTRY,
        many_ranges=f.segments,
    ),
    "detect": lambda f: Call(
        f.frames / f.segments, _ALWAYS + requests(f.source / f.segments), 2, f.source / f.segments
    ),
    # Five people's boxes and portraits; an eighth of its computing is to decode them.
    "merge": lambda f: Call(f.frames, _ALWAYS, 6, many_reads=2 * f.segments, ahead=f.frames * 1800.0, early=0.125),
    "select": lambda f: Call(f.frames, _ALWAYS + 2, 1, f.frames * 400.0, many_writes=f.segments),
    "redact": lambda f: Call(
        f.frames / f.segments,
        _ALWAYS + 1 + requests(f.source / f.segments),
        2,
        f.source / f.segments,
        f.output / f.segments,
    ),
    "join": _streamed,
    "prove": _proves,
    "verify": _verifies,
    "publish": lambda f: Call(reads=18, writes=12, many_reads=5, copied=f.output, copies=math.ceil(f.output / _COPY)),
}


@dataclass(frozen=True)
class Waits:
    """Seconds that pass beside computing: for a request that reads or writes, and between two states. stream, copy:
    bytes/s through a function, and copied by S3 in one request."""

    read: float
    write: float
    stream: float
    copy: float
    transition: float


NO_WAITS = Waits(0, 0, math.inf, math.inf, 0)
AWS = Waits(*(assumed(name) for name in ("read", "write", "stream", "copy", "transition")))


def seconds(
    step: str, call: Call, footage: Footage, machine: Machine, waits: Waits = AWS, *, slower: float = 1.0
) -> float:
    """Of one call on a warm machine that computes for so many times as long as the one that was measured."""
    busy = slower * _busy(step, call, footage, machine)
    beside = max(call.early * busy, _waited(call, waits), call.ahead / waits.stream, call.behind / waits.stream)
    alone = (1 - call.early) * busy + slower * _requested(call, machine)
    moved = (call.down + call.up) / waits.stream
    asked = call.reads * waits.read + call.writes * waits.write + (waits.read if call.blocks else 0)
    return beside + alone + moved + asked + _copied(call, machine, waits)


def handing_on(footage: Footage, at_once: int, waits: Waits = AWS) -> tuple[float, float]:
    """Of the hashes that go from stretch to stretch: (seconds until the last has them, beside those that calls for
    stretches of the usual size take; seconds that all together wait and work for them). Each is written, found at the
    next look, read, and gone on with over a stretch, once that is here."""
    sizes, machine = stretches(footage), FUNCTIONS["prove"]
    handed, waited = list[float](), 0.0
    for n, size in enumerate(sizes):
        begun = handed[n - at_once] if n >= at_once else 0.0
        here = begun + seconds("prove", _proves(footage, size), footage, machine, waits)
        turn = handed[-1] + waits.write + POLL / 2 + waits.read if n else 0.0
        handed.append(max(here, turn) + size / 1e6 * HANDED / 1000)
        waited += handed[-1] - here
    if not handed:
        return 0.0, 0.0
    usual = seconds("prove", _proves(footage), footage, machine, waits)
    return max(0.0, handed[-1] - math.ceil(len(sizes) / at_once) * usual), waited


def _requested(call: Call, machine: Machine) -> float:
    """What the requests under way many at a time compute: by one thread at a time."""
    computed = (call.many_reads + call.many_writes) * REQUEST + call.many_ranges * RANGE
    return computed / min(1.0, machine.vcpus)


def _waited(call: Call, waits: Waits) -> float:
    return ((call.many_reads + call.many_ranges) * waits.read + call.many_writes * waits.write) / AT_ONCE


def _copied(call: Call, machine: Machine, waits: Waits) -> float:
    at_once = min(float(COPIES), max(1.0, call.copies))
    computed = call.copies * REQUEST / min(1.0, machine.vcpus)
    return computed + (call.copied / waits.copy + call.copies * waits.write) / at_once


def _busy(step: str, call: Call, footage: Footage, machine: Machine) -> float:
    """Computing: no step uses more than two vCPUs."""
    if step in FIXED:
        own, each = FIXED[step]
        return (own + each * call.frames) / min(1.0, machine.vcpus)
    if step in PACKETS:
        each, megabyte, part = PACKETS[step]
        read = (call.down + call.ahead) / 1e6
        return (call.frames * each + read * megabyte + call.parts * part) / 1000
    cpu, wall = per_frame(step, footage.pixels)
    if machine.vcpus <= 1:
        return call.frames * cpu / machine.vcpus
    return call.frames * (cpu + (wall - cpu) * (min(2.0, machine.vcpus) - 1))


def start(step: str, machine: Machine) -> tuple[float, float]:
    """(seconds until a cold machine works, how many of them are paid)."""
    if machine.kind == "fargate":
        return assumed("task") + START["image"], assumed("task") + START["image"]
    libraries = START.get(step, START["zip" if step in ZIPPED else "image"]) / min(1.0, machine.vcpus)
    return assumed("package" if step in ZIPPED else "image") + libraries, libraries


@dataclass(frozen=True)
class StepCost:
    """calls of a step, how long all of them take together, how long it takes by the clock, and what they cost.
    outlasts: whether one call takes longer than it may."""

    step: str
    calls: int
    seconds: float
    elapsed: float
    dollars: float
    outlasts: bool


@dataclass(frozen=True)
class Estimate:
    """steps: in flow order, None for one that was not measured. other: what is paid beside them, by name."""

    compute: str
    steps: Mapping[str, StepCost | None]
    other: Mapping[str, float] = field(default_factory=dict)

    @property
    def measured(self) -> bool:
        return all(self.steps.values())

    @property
    def dollars(self) -> float | None:
        """None where a step was not measured: a sum without it would be an invention."""
        known = [step.dollars for step in self.steps.values() if step]
        return sum(known) + sum(self.other.values()) if self.measured else None

    @property
    def seconds(self) -> float | None:
        """What is paid for, of all calls together; None where a step was not measured."""
        return sum(step.seconds for step in self.steps.values() if step) if self.measured else None

    @property
    def elapsed(self) -> float | None:
        known = [step.elapsed for step in self.steps.values() if step]
        return sum(known) if self.measured else None


def estimate(footage: Footage, mode: Mode, compute: str, at_once: int) -> Estimate:
    """Every machine starts cold but those of KEPT; those of WARMED and AHEAD while others work, as in production.
    at_once: segments worked on at a time in a Map."""
    machines = COMPUTE[compute]
    steps = {step: _step(step, footage, machines[step], at_once) for step in STEPS[mode]}
    functions = [step for step in AHEAD if step in steps and (one := machines[step]) and one.kind == "lambda"]
    started = sum(min(count(step, footage), at_once) for step in functions)
    return Estimate(compute, steps, other(footage, mode) | {"starts ahead": _ahead(footage, mode, started)})


def asks(machines: int) -> Call:
    """Warm's call that asks for so many machines."""
    return Call(machines, reads=2, writes=0)


def _ahead(footage: Footage, mode: Mode, machines: int) -> float:
    """Dollars of Warm, called after Plan and after MergeTracks, which asks for machines once; and of the calls that ask
    for nothing. Their starts are paid where the machines work."""
    calls = [asks(machines), *([asks(0)] if "merge" in STEPS[mode] else [])]
    taken = start("warm", WARM)[1] + sum(seconds("warm", call, footage, WARM) for call in calls)
    return taken * WARM.per_second + dollars("lambda request", len(calls) + machines)


def _step(step: str, footage: Footage, machine: Machine | None, at_once: int) -> StepCost | None:
    if machine is None:
        return None
    calls = count(step, footage)
    if not calls:
        return StepCost(step, 0, 0.0, 0.0, 0.0, outlasts=False)
    at_once = min(at_once, TASKS_AT_ONCE) if machine.kind == "fargate" else at_once
    one, (wait, paid) = seconds(step, CALLS[step](footage), footage, machine), start(step, machine)
    # A function that has done one segment is warm for the next; a task is started for each.
    cold = calls if machine.kind == "fargate" else min(calls, at_once)
    waves = math.ceil(calls / at_once)
    if step in KEPT:
        wait, paid = 0.0, 0.0
    elif machine.kind == "lambda" and step in (*WARMED, *AHEAD):
        wait = 0.0
    elapsed = waves * one + wait * (waves if machine.kind == "fargate" else 1) + assumed("transition")
    cost = cold * machine.dollars(one + paid) + (calls - cold) * machine.dollars(one)
    turns, waited = handing_on(footage, at_once) if step == "prove" else (0.0, 0.0)
    cost += waited * machine.per_second
    return StepCost(step, calls, calls * one + cold * paid + waited, elapsed + turns, cost, one > machine.limit)


def other(footage: Footage, mode: Mode, made: Mapping[str, Call] | None = None) -> dict[str, float]:
    """Dollars beside the steps': the state machine, and what S3 asks for requests. made: other calls than CALLS'."""
    own, maps = STATES[mode]
    asked = made or {step: CALLS[step](footage) for step in STEPS[mode]}
    calls = {step: (count(step, footage), asked[step]) for step in STEPS[mode]}
    reads, writes = (sum(n * getattr(call, kind) for n, call in calls.values()) for kind in ("gets", "puts"))
    uploads = sum(n * (call.up / _UPLOAD + call.behind / _PIECE) for n, call in calls.values())
    proofs = count("prove", footage) if "prove" in STEPS[mode] else 0
    states = own + maps * CHILD_STATES * footage.segments + CHILD_STATES * proofs + (proofs > 0)
    return {
        "state transitions": dollars("step transition", states),
        "S3 requests": dollars("s3 get", reads) + dollars("s3 put", writes + uploads),
    }


def kept(footage: Footage, days: int = 14) -> dict[str, float]:
    """Dollars for what stays: a month of the video and its result; the working files, which hold the result twice, as
    parts and joined, until they are gone: work_days and, as the bucket keeps versions, noncurrent_days after that."""
    gigabytes = 1e9
    return {
        "source and result, a month": dollars("s3 storage", (footage.source + footage.output) / gigabytes),
        f"working files, {days} days": dollars("s3 storage", 2 * footage.output / gigabytes * days / 30),
        "download of the result": dollars("data out", footage.output / gigabytes),
    }
