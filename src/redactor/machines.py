"""What a step runs on, and what AWS asks for it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from redactor.prices import dollars

# MB of memory for which a function gets one vCPU.
VCPU = 1769
_GB = 1024.0
_FREE_DISK, _FREE_TASK_DISK = 512, 20 * 1024


@dataclass(frozen=True)
class Machine:
    """What a step runs on. kind: lambda or fargate. memory, disk: MB. limit: seconds that a call may take."""

    kind: str
    memory: int
    disk: int
    vcpus: float
    limit: float = math.inf

    @classmethod
    def function(cls, memory: int, disk: int = _FREE_DISK, limit: float = 900) -> "Machine":
        return cls("lambda", memory, disk, memory / VCPU, limit)

    def dollars(self, seconds: float) -> float:
        """Of one call that takes so long."""
        return _BILLED[self.kind](self, seconds)

    @property
    def per_second(self) -> float:
        """Of a function: what a second more costs."""
        return self.dollars(1) - self.dollars(0)


def _function(machine: Machine, seconds: float) -> float:
    disk = max(0, machine.disk - _FREE_DISK) / _GB
    memory = dollars("lambda GB-second", machine.memory / _GB * seconds)
    return memory + dollars("lambda disk", disk * seconds) + dollars("lambda request")


def _task(machine: Machine, seconds: float) -> float:
    """By the second, a minute at least."""
    hours = max(60.0, seconds) / 3600
    disk = max(0, machine.disk - _FREE_TASK_DISK) / _GB
    memory = dollars("fargate memory", machine.memory / _GB * hours)
    return dollars("fargate vCPU", machine.vcpus * hours) + memory + dollars("fargate disk", disk * hours)


_BILLED: Mapping[str, Callable[[Machine, float], float]] = {"lambda": _function, "fargate": _task}
