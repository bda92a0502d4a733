"""One job through the state machine, from Accept to Publish, and many at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from benchmarks.scale.account import NO_LUCK, Account, Luck, Throttled, Used
from benchmarks.scale.design import AS_BUILT, Design
from benchmarks.scale.engine import Process, Simulation
from redactor import work as names
from redactor.costs import (
    AHEAD,
    AWS,
    FUNCTIONS,
    MAPPED,
    STEPS,
    WARM,
    WARMED,
    Footage,
    Waits,
    asks,
    count,
    handing_on,
    other,
    seconds,
)
from redactor.measured import FIXED, assumed
from redactor.preset import Mode
from redactor.prices import dollars
from redactor.warm import after

# Share of MergeTracks after which it has read all detections and written the frame table: of an hour 2.5 s of 11.
_FRAMED = 0.25


@dataclass(frozen=True)
class World:
    """Everything around a job. waits: for S3 and between states. concurrency: the account's limit. at_once: segments of
    one job worked on at a time (MaxConcurrency). slower: how much longer than measured all computing takes."""

    at_once: int
    concurrency: int = 1000
    luck: Luck = field(default_factory=Luck)
    cold: bool = True
    slower: float = 1.0
    waits: Waits = AWS
    design: Design = AS_BUILT
    mode: Mode = Mode.COMBINED


@dataclass
class Outcome:
    """One job. elapsed: seconds by step, by the clock. failed: why, empty where it succeeded."""

    began: float
    ended: float = 0.0
    failed: str = ""
    elapsed: dict[str, float] = field(default_factory=dict)
    used: Used = field(default_factory=Used)
    beside: float = 0.0

    @property
    def took(self) -> float:
        return self.ended - self.began

    @property
    def dollars(self) -> float:
        return sum(self.used.dollars.values()) + self.beside


def simulate(jobs: Sequence[Footage], world: World, seed: int = 0) -> tuple[list[Outcome], int]:
    """All jobs dropped at once; their outcomes in order, and how many calls were at work at most."""
    simulation = Simulation()
    account = Account(simulation, seed, concurrency=world.concurrency, luck=world.luck, cold=world.cold)
    outcomes = [Outcome(0.0) for _ in jobs]
    starter = _Starter(simulation)
    for footage, outcome in zip(jobs, outcomes, strict=True):
        simulation.start(_job(footage, world, account, outcome, simulation, starter))
    simulation.run()
    return outcomes, account.most_running


def undisturbed(world: World) -> World:
    """The same without stragglers and spread."""
    return replace(world, luck=NO_LUCK)


class _Starter:
    """Children start at a limited rate, all Maps of the account together, out of a bucket that fills again."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation, self._empty = simulation, 0.0

    def wait(self) -> float:
        """Seconds until the next child may start."""
        now, each = self._simulation.now, 1 / assumed("child")
        # When the bucket would be empty but for this one, as if each that was taken lasted until then.
        self._empty = max(now, self._empty) + each
        return max(0.0, self._empty - now - assumed("children") * each)


def _job(
    footage: Footage, world: World, account: Account, outcome: Outcome, simulation: Simulation, starter: _Starter
) -> Process:
    for step in WARMED:
        simulation.start(account.warm(step, outcome.used))
    try:
        for step in STEPS[world.mode]:
            began = simulation.now
            yield world.waits.transition
            if step in MAPPED:
                yield from _map(step, footage, world, account, outcome, starter)
            else:
                if step == "merge":
                    simulation.start(_ahead(names.FRAMES, footage, world, account, outcome))
                yield from account.invoke(step, _work(step, footage, world), outcome.used)
            outcome.elapsed[step] = simulation.now - began
            if step == "plan":
                simulation.start(_ahead(names.PLAN, footage, world, account, outcome))
    except Throttled as error:
        outcome.failed = str(error)
    outcome.ended = simulation.now
    beside = other(footage, world.mode, world.design.calls(footage))
    outcome.beside = sum(beside.values()) + dollars("step transition", outcome.used.throttled)


def _ahead(file: str, footage: Footage, world: World, account: Account, outcome: Outcome) -> Process:
    """Warm, called by a file of Plan or, begun together with it, of MergeTracks."""
    written = _FRAMED * _work("merge", footage, world) if file == names.FRAMES else 0.0
    yield written + assumed("event")
    due = file == after(world.mode, footage.segments, world.at_once)
    wanted = [one for one in AHEAD if due and one in STEPS[world.mode]]
    machines = {one: min(count(one, footage), world.at_once) for one in wanted}
    reading = seconds("warm", asks(0), footage, WARM, world.waits)
    yield from account.ahead(reading, FIXED["warm"][1], machines, outcome.used)


def _work(step: str, footage: Footage, world: World) -> float:
    call = world.design.calls(footage)[step]
    return seconds(step, call, footage, FUNCTIONS[step], world.waits, slower=world.slower)


def _map(step: str, footage: Footage, world: World, account: Account, outcome: Outcome, starter: _Starter) -> Process:
    """`at_once` workers take segments from one list; the first failure ends the Map."""
    calls = count(step, footage)
    work, items, failures = _work(step, footage, world), iter(range(calls)), list[Throttled]()

    def worker(segments: Iterator[int]) -> Process:
        for _ in segments:
            if failures:
                return
            yield starter.wait() + world.waits.transition
            try:
                yield from account.invoke(step, work, outcome.used)
            except Throttled as error:
                failures.append(error)

    yield [worker(items) for _ in range(min(world.at_once, calls))]
    if failures:
        raise failures[0]
    if step == "prove":
        turns, waited = handing_on(footage, world.at_once, world.waits)
        outcome.used.dollars[step] = outcome.used.dollars.get(step, 0.0) + waited * FUNCTIONS[step].per_second
        yield turns
