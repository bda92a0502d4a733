"""Functions in one account, as Lambda runs them: warm and cold machines, a ramp for each function, a limit for all."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.scale.engine import Process, Simulation
from redactor.costs import FUNCTIONS, KEPT, WARM, start
from redactor.machines import Machine
from redactor.measured import assumed
from redactor.warm import held

# Lambda's documented limits: machines that a function starts at once, and more each second (1,000 in 10 s).
BURST, RAMP = 1000, 100.0
# A function's own time limit.
_TIMEOUT = 900.0


@dataclass(frozen=True)
class Luck:
    """How much longer than measured a call takes. spread: sigma of a lognormal factor. slow: share of the calls that
    take `times` as long: stragglers. Guesses."""

    spread: float = 0.05
    slow: float = 0.01
    times: float = 2.0

    def factor(self, rng: random.Random) -> float:
        factor = rng.lognormvariate(0, self.spread) if self.spread else 1.0
        return factor * (self.times if rng.random() < self.slow else 1.0)


NO_LUCK = Luck(0, 0, 1)


@dataclass(frozen=True)
class Retry:
    """The state machine's for throttled calls: before attempt n it waits up to min(most, first * 2 ** n) seconds."""

    first: float = 2.0
    most: float = 300.0
    attempts: int = 500


class Throttled(Exception):
    """Retries are used up: the job fails."""


@dataclass
class Used:
    """What one job has used. seconds, dollars: of its calls, by step. work: seconds without starts and bad luck."""

    calls: int = 0
    cold: int = 0
    throttled: int = 0
    work: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)
    dollars: dict[str, float] = field(default_factory=dict)


class Account:
    """concurrency: calls at work at a time, over all functions. cold: whether machines take time to start."""

    def __init__(
        self,
        simulation: Simulation,
        seed: int,
        *,
        concurrency: int = 1000,
        luck: Luck = Luck(),
        cold: bool = True,
        machines: Mapping[str, Machine] = FUNCTIONS,
    ) -> None:
        self._simulation, self._rng = simulation, random.Random(seed)
        self._concurrency, self._luck, self._cold = concurrency, luck, cold
        self._machines = {**machines, "warm": WARM}
        self._running = 0
        self.most_running = 0
        # When each machine that waits has ended its work, the latest last.
        self._idle = {step: [0.0] if step in KEPT else list[float]() for step in self._machines}
        self._tokens = dict.fromkeys(self._machines, float(BURST))
        self._filled = dict.fromkeys(self._machines, 0.0)

    def invoke(self, step: str, work: float, used: Used, retry: Retry = Retry()) -> Process:
        """One call that computes for so many seconds; raises Throttled."""
        for attempt in range(retry.attempts + 1):
            started = self._admitted(step)
            if started is not None:
                yield from self._run(step, work, used, warm=started)
                return
            used.throttled += 1
            if attempt < retry.attempts:
                yield self._rng.uniform(0, min(retry.most, retry.first * 2**attempt))
        raise Throttled(step)

    def warm(self, step: str, used: Used, held: float = 0.0) -> Process:
        """A call that asks for nothing: its machine is there for the next. held: seconds that one which was there stays
        with it. A refused one is lost here; Lambda would try again within a minute."""
        started = self._admitted(step)
        if started is not None:
            yield from self._run(step, 0.0, used, warm=started, held=held if started else 0.0)

    def ahead(self, reading: float, each: float, machines: Mapping[str, int], used: Used) -> Process:
        """Warm, beside the flow: reads for so many seconds, then asks for these machines, one after each `each`."""
        started = self._admitted("warm")
        if started is None:
            return
        calls = sum(machines.values())
        whole, stays = reading + each * calls, held(calls)
        self._simulation.start(self._run("warm", 0.0, used, warm=started, held=whole))
        yield reading + (start("warm", WARM)[0] if self._cold and not started else 0.0)
        for step, number in machines.items():
            for _ in range(number):
                yield each
                self._simulation.start(self.warm(step, used, stays))

    def _admitted(self, step: str) -> bool | None:
        """Whether a warm machine takes the call; None where nothing may start one more."""
        if self._running >= self._concurrency:
            return None
        idle = self._idle[step]
        warm = bool(idle) and self._simulation.now - idle[-1] <= assumed("kept")
        if not warm and not self._token(step):
            return None
        self._running += 1
        self.most_running = max(self.most_running, self._running)
        if warm:
            idle.pop()
        return warm

    def _token(self, step: str) -> bool:
        now = self._simulation.now
        self._tokens[step] = min(BURST, self._tokens[step] + RAMP * (now - self._filled[step]))
        self._filled[step] = now
        if self._tokens[step] < 1:
            return False
        self._tokens[step] -= 1
        return True

    def _run(self, step: str, work: float, used: Used, *, warm: bool, held: float = 0.0) -> Process:
        """held: seconds beside the job's work."""
        machine = self._machines[step]
        wait, paid = (0.0, 0.0) if warm or not self._cold else start(step, machine)
        taken = held + (work * self._luck.factor(self._rng) if work else 0.0)
        yield wait + min(taken, _TIMEOUT)
        used.calls += 1
        used.cold += not warm
        used.work += work
        used.seconds[step] = used.seconds.get(step, 0.0) + paid + taken
        used.dollars[step] = used.dollars.get(step, 0.0) + machine.dollars(paid + taken)
        self._running -= 1
        self._idle[step].append(self._simulation.now)
        if taken > _TIMEOUT:
            raise Throttled(f"{step} outlasts a function")
