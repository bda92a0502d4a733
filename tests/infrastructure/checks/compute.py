"""Functions and container tasks: those of the table, each by itself, on machines that there are."""

from typing import Any

from infrastructure.steps import STEPS
from tests.infrastructure.conftest import Assembly

# vCPU -> the GiB that Fargate gives with it.
FARGATE = {1: range(2, 9), 2: range(4, 17), 4: range(8, 31), 8: range(16, 61), 16: range(32, 121)}
# MB that a new account gives a function at most.
NEW_ACCOUNT = 3008


def functions(of: Assembly) -> dict[str, dict[str, Any]]:
    """Step -> the properties of its function, found by the handler that it calls."""
    by_handler = {step.handler: step.name for step in STEPS.values()}
    found = of.of("AWS::Lambda::Function").values()
    return {
        by_handler[p.get("Handler") or p["ImageConfig"]["Command"][0]]: p for p in found if _handler(p) in by_handler
    }


def _handler(function: dict[str, Any]) -> str:
    handler: str = function.get("Handler") or function["ImageConfig"]["Command"][0]
    return handler


def definitions(of: Assembly, kind: str) -> dict[str, dict[str, Any]]:
    found = of.of("AWS::ECS::TaskDefinition")
    return {name: one for name, one in found.items() if kind in one["RequiresCompatibilities"]}


def custom_resources(of: Assembly) -> list[str]:
    """Resources behind which a Lambda of CDK's would stand, and functions that are no step."""
    kinds = {name: resource["Type"] for name, resource in of.resources.items()}
    made = [n for n, kind in kinds.items() if kind.startswith("Custom::") or kind.endswith("::CustomResource")]
    handlers = {step.handler for step in STEPS.values()}
    return made + [name for name, one in of.of("AWS::Lambda::Function").items() if _handler(one) not in handlers]


def sharing(of: Assembly) -> list[str]:
    """Steps that share a role or a log group."""
    found = functions(of)
    owners = {step: (str(one["Role"]), str(one["LoggingConfig"])) for step, one in found.items()}
    taken = [own for pair in owners.values() for own in pair]
    return [step for step, pair in owners.items() if any(taken.count(own) > 1 for own in pair)]


def not_as_the_table_says(of: Assembly) -> list[str]:
    """Steps whose function has other memory, time, disk or packaging, or that have none."""
    found, most = functions(of), of.settings.memory_limit

    def right(name: str) -> bool:
        step, one = STEPS[name], found[name]
        told = (one["MemorySize"], one["Timeout"], one["EphemeralStorage"], one.get("PackageType", "Zip").lower())
        return told == (min(step.memory, most), step.timeout, {"Size": step.disk}, step.kind)

    return [name for name in STEPS if name not in found or not right(name)]


def too_large_for_a_sandbox(of: Assembly) -> list[str]:
    """Functions that a new account refuses."""
    small = of.settings.profile == "sandbox"
    return [step for step, one in functions(of).items() if small and one["MemorySize"] > NEW_ACCOUNT]


def untraced(of: Assembly) -> list[str]:
    """Functions that send no trace, or count for nobody."""
    told = {"POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_SERVICE_NAME"}
    return [
        step
        for step, one in functions(of).items()
        if one.get("TracingConfig") != {"Mode": "Active"} or not told <= one["Environment"]["Variables"].keys()
    ]


def for_another_machine(of: Assembly) -> list[str]:
    """Images, functions and tasks for anything but linux/amd64."""
    images = of.assets["dockerImages"].items()
    wrong = [name for name, image in images if image["source"].get("platform") != "linux/amd64"]
    wrong += [step for step, one in functions(of).items() if one.get("Architectures") != ["x86_64"]]
    wanted = {"CpuArchitecture": "X86_64", "OperatingSystemFamily": "LINUX"}
    tasks = of.of("AWS::ECS::TaskDefinition").items()
    return wrong + [name for name, task in tasks if task.get("RuntimePlatform") != wanted]


def gpu_on_fargate(of: Assembly) -> list[str]:
    """Fargate has none; CDK and cfn-lint let it pass."""
    return [
        name
        for name, task in definitions(of, "FARGATE").items()
        if any(container.get("ResourceRequirements") for container in task["ContainerDefinitions"])
    ]


def sizes_that_fargate_lacks(of: Assembly) -> list[str]:
    def there(task: dict[str, Any]) -> bool:
        memory, disk = int(task["Memory"]) // 1024, task.get("EphemeralStorage", {"SizeInGiB": 21})["SizeInGiB"]
        return memory in FARGATE.get(int(task["Cpu"]) // 1024, ()) and 21 <= disk <= 200

    return [name for name, task in definitions(of, "FARGATE").items() if not there(task)]


def powerful_containers(of: Assembly) -> list[str]:
    """Containers that run as somebody, on a disk that they can write to beyond scratch, or with privileges."""

    def harmless(container: dict[str, Any]) -> bool:
        writes = [mount["ContainerPath"] for mount in container.get("MountPoints", []) if not mount["ReadOnly"]]
        held = container.get("User") == "65534:65534" and container.get("ReadonlyRootFilesystem") is True
        return held and writes == ["/tmp"] and not container.get("Privileged")

    tasks = of.of("AWS::ECS::TaskDefinition").items()
    return [name for name, task in tasks if not all(map(harmless, task["ContainerDefinitions"]))]


def never_idle(of: Assembly) -> list[str]:
    """What runs, and costs, while there is no job."""
    kinds = ("AWS::ECS::Service", "AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::Instance")
    return [name for kind in kinds for name in of.of(kind)]


CHECKS = (
    custom_resources,
    sharing,
    not_as_the_table_says,
    too_large_for_a_sandbox,
    untraced,
    for_another_machine,
    gpu_on_fargate,
    sizes_that_fargate_lacks,
    powerful_containers,
    never_idle,
)
