"""Container tasks for segments that a function cannot do: Fargate for long ones, and a GPU where one is asked for.

Fargate has no GPU (CDK accepts one silently), so GPU tasks stand on ECS Managed Instances: none run while there are no
tasks.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aws_cdk import Size, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infrastructure.compute import DOCKERFILE, environment
from infrastructure.journals import log_group
from infrastructure.kinds import CONTAINER, ENTRY_POINT, TASKS, Task, substitution
from infrastructure.permissions import together
from infrastructure.roles import Surroundings, allow, role
from infrastructure.settings import ROOT, InvalidSetting

GPU_DOCKERFILE = "containers/gpu/Dockerfile"
# 65534 is nobody, as in the image.
_USER = "65534:65534"
# Instances with one NVIDIA GPU of 16 GB and more, the smallest of each family.
_GPU_INSTANCES = ("g4dn.xlarge", "g5.xlarge", "g6.xlarge")


class Tasks(Construct):
    """cluster; definitions: kind -> task definition; gpu: the name of the capacity provider, where there is a GPU.

    dockerfiles: kind -> the Dockerfile of its image, from the root of the checkout.
    """

    gpu: str | None = None

    def __init__(
        self, scope: Construct, name: str, *, around: Surroundings, dockerfiles: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(scope, name)
        self._around = around
        self._dockerfiles = {"fargate": DOCKERFILE, "gpu": GPU_DOCKERFILE, **(dockerfiles or {})}
        self.cluster = ecs.Cluster(
            self, "Cluster", vpc=around.network.vpc, container_insights_v2=ecs.ContainerInsights.ENABLED
        )
        kinds = around.settings.tasks
        self.definitions = {kind: self._definition(kind, TASKS[kind]) for kind in kinds}
        if "gpu" in kinds:
            self.gpu = self._capacity()

    @property
    def substitutions(self) -> dict[str, str]:
        """What the state machine needs to know of them; names of kinds.SUBSTITUTIONS."""
        network = self._around.network
        subnets = network.vpc.select_subnets(subnet_type=network.tasks.subnet_type).subnet_ids
        return {
            "Cluster": self.cluster.cluster_arn,
            "TaskSubnets": ",".join(subnets),
            "TaskGroup": network.task_group.security_group_id,
            "TaskPublicAddress": "DISABLED" if self._around.settings.isolated_tasks else "ENABLED",
            **{substitution(kind): made.task_definition_arn for kind, made in self.definitions.items()},
            **({"GpuCapacity": self.gpu} if self.gpu else {}),
        }

    def _definition(self, kind: str, task: Task) -> ecs.TaskDefinition:
        scope = Construct(self, kind.capitalize())
        execution, worker = self._roles(scope, task)
        made = ecs.TaskDefinition(
            scope,
            "Definition",
            compatibility=ecs.Compatibility.MANAGED_INSTANCES if task.gpus else ecs.Compatibility.FARGATE,
            network_mode=ecs.NetworkMode.AWS_VPC,
            cpu=str(task.cpu),
            memory_mib=str(task.memory),
            # On an instance the disk is the instance's (see _capacity).
            ephemeral_storage_gib=None if task.gpus else task.disk,
            execution_role=execution,
            task_role=worker,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
            ),
        )
        made.add_volume(name="scratch")
        container = made.add_container(
            CONTAINER,
            image=self._image(kind),
            entry_point=[*ENTRY_POINT],
            environment={**environment(self, self._around), **task.environment},
            gpu_count=task.gpus or None,
            logging=ecs.LogDrivers.aws_logs(
                stream_prefix=kind,
                log_group=log_group(scope, "Logs", settings=self._around.settings, key=self._around.key),
            ),
            readonly_root_filesystem=True,
            user=_USER,
        )
        container.add_mount_points(
            ecs.MountPoint(source_volume="scratch", container_path="/tmp", read_only=False)  # noqa: S108
        )
        return made

    def _roles(self, scope: Construct, task: Task) -> tuple[iam.Role, iam.Role]:
        """(what ECS does to start a task, what the task itself may do)."""
        service = "ecs-tasks.amazonaws.com"
        execution = role(scope, "Starter", service=service, description="Starts a container task: image and log")
        worker = role(
            scope, "Role", service=service, description=f"What a task may do: {', '.join(task.steps)} of a segment"
        )
        allow(worker, together(task.steps), self._around)
        return execution, worker

    def _image(self, kind: str) -> ecs.ContainerImage:
        dockerfile = self._dockerfiles[kind]
        if not (ROOT / dockerfile).is_file():
            raise InvalidSetting(f"compute: {kind} needs {dockerfile}, which is not in this checkout")
        return ecs.ContainerImage.from_asset(
            str(ROOT), file=str(Path(dockerfile)), platform=ecr_assets.Platform.LINUX_AMD64
        )

    def _capacity(self) -> str:
        network = self._around.network
        provider = ecs.ManagedInstancesCapacityProvider(
            self,
            "Instances",
            subnets=network.vpc.select_subnets(subnet_type=network.tasks.subnet_type).subnets,
            security_groups=[network.task_group],
            task_volume_storage=Size.gibibytes(TASKS["gpu"].disk),
            instance_requirements=ec2.InstanceRequirementsConfig(
                v_cpu_count_min=4,
                v_cpu_count_max=4,
                memory_min=Size.gibibytes(16),
                accelerator_types=[ec2.AcceleratorType.GPU],
                accelerator_manufacturers=[ec2.AcceleratorManufacturer.NVIDIA],
                accelerator_count_min=1,
                accelerator_count_max=1,
                allowed_instance_types=[*_GPU_INSTANCES],
            ),
        )
        self.cluster.add_managed_instances_capacity_provider(provider)
        return provider.capacity_provider_name


def run_tasks(scope: Construct, machine: sfn.StateMachine, tasks: Tasks) -> None:
    """Lets the state machine start these tasks, wait for them and stop them.

    It hears of their end by a rule that Step Functions keeps in the account under this one name.
    """
    stack = Stack.of(scope)
    rule = stack.format_arn(service="events", resource="rule", resource_name="StepFunctionsGetEventsForECSTaskRule")
    here = {"ArnEquals": {"ecs:cluster": tasks.cluster.cluster_arn}}
    running = stack.format_arn(service="ecs", resource="task", resource_name=f"{tasks.cluster.cluster_name}/*")
    definitions = tasks.definitions.values()
    roles = [role.role_arn for made in definitions for role in (made.task_role, made.execution_role) if role]
    to_tasks = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    grants: Sequence[tuple[list[str], list[str], Mapping[str, Any]]] = (
        (["ecs:RunTask"], [made.task_definition_arn for made in definitions], here),
        (["ecs:StopTask", "ecs:DescribeTasks"], [running], here),
        (["iam:PassRole"], roles, to_tasks),
        (["events:PutTargets", "events:PutRule", "events:DescribeRule"], [rule], {}),
    )
    statements = [iam.PolicyStatement(actions=a, resources=r, conditions={**c}) for a, r, c in grants]
    iam.Policy(scope, "RunTasks", statements=statements, roles=[machine.role])
