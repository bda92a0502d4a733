"""The kinds of container task, as plain data: the stack, the embedded cloud and the tests read it. No aws_cdk here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from infrastructure.steps import FANNED_OUT

# The name that the state machine's overrides give the task's only container.
CONTAINER = "worker"
# The image's own entry speaks to Lambda; a task's begins so, and the state machine says how it goes on.
ENTRY_POINT = ("python",)
# What stands in the state machine for the tasks' surroundings, in a deployment that has none too: nothing leads there.
SUBSTITUTIONS = ("Cluster", "FargateTask", "GpuTask", "GpuCapacity", "TaskSubnets", "TaskGroup", "TaskPublicAddress")
NOWHERE = "none"


@dataclass(frozen=True)
class Task:
    """One kind of container task.

    steps: what it may be called for. cpu: 1,024 a vCPU. memory: MiB. disk: GiB beside the image, at least 21.
    gpus: how many; only Managed Instances have them. environment: what it is told beside what all entry points are.
    """

    steps: tuple[str, ...]
    cpu: int
    memory: int
    disk: int
    gpus: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)


TASKS: Mapping[str, Task] = {
    "fargate": Task(steps=FANNED_OUT, cpu=4096, memory=8192, disk=100),
    # What one such instance leaves to its tasks: 4 vCPU and 16 GiB, less what ECS keeps.
    "gpu": Task(steps=("detect",), cpu=3072, memory=12288, disk=50, gpus=1, environment={"REDACTOR_DEVICE": "gpu"}),
}


def substitution(kind: str) -> str:
    """The name that stands for the task's definition in the state machine's."""
    return f"{kind.capitalize()}Task"
