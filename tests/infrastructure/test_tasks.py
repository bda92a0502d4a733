"""Container tasks: the worker image on Fargate, a GPU on instances of ECS, and none of either without the setting."""

from typing import Any

import pytest

from redactor.bucket import WORK
from tests.infrastructure.checks.network import isolated
from tests.infrastructure.conftest import Assembly, as_list


def definitions(assembly: Assembly) -> dict[str, dict[str, Any]]:
    """Kind of task -> its definition, by what it can run on."""
    return {d["RequiresCompatibilities"][0]: d for d in assembly.of("AWS::ECS::TaskDefinition").values()}


def test_by_default_there_is_no_cluster_and_nothing_of_one(assembly: Assembly) -> None:
    assert [r["Type"] for r in assembly.resources.values() if r["Type"].startswith("AWS::ECS::")] == []


def test_fargate_has_no_gpu_and_instances_have_one(full: Assembly) -> None:
    found = definitions(full)
    assert found.keys() == {"FARGATE", "MANAGED_INSTANCES"}
    gpus = {kind: d["ContainerDefinitions"][0].get("ResourceRequirements") for kind, d in found.items()}
    assert gpus == {"FARGATE": None, "MANAGED_INSTANCES": [{"Type": "GPU", "Value": "1"}]}


def test_a_gpu_task_fits_the_instance_that_it_is_given(full: Assembly) -> None:
    task = definitions(full)["MANAGED_INSTANCES"]
    _, provider = full.one("AWS::ECS::CapacityProvider")
    wanted = provider["ManagedInstancesProvider"]["InstanceLaunchTemplate"]["InstanceRequirements"]
    assert wanted["AcceleratorCount"] == {"Min": 1, "Max": 1}
    assert wanted["AcceleratorManufacturers"] == ["nvidia"]
    assert int(task["Cpu"]) <= wanted["VCpuCount"]["Min"] * 1024
    assert int(task["Memory"]) < wanted["MemoryMiB"]["Min"]


def test_a_task_on_a_gpu_is_told_to_use_it(full: Assembly) -> None:
    told = {
        kind: {entry["Name"]: entry["Value"] for entry in d["ContainerDefinitions"][0]["Environment"]}
        for kind, d in definitions(full).items()
    }
    assert told["MANAGED_INSTANCES"]["REDACTOR_DEVICE"] == "gpu"
    assert "REDACTOR_DEVICE" not in told["FARGATE"]


def test_a_task_may_do_what_the_steps_it_serves_may(full: Assembly) -> None:
    roles = {kind: d["TaskRoleArn"]["Fn::GetAtt"][0] for kind, d in definitions(full).items()}
    for role in roles.values():
        written = {
            full.names(resource)
            for statement in full.statements(role)
            if "s3:PutObject" in statement["Action"]
            for resource in as_list(statement["Resource"])
        }
        assert written == {f"StorageBucket/{WORK}*"}


def test_in_production_instances_stand_where_nothing_leads_out(full: Assembly) -> None:
    _, provider = full.one("AWS::ECS::CapacityProvider")
    network = provider["ManagedInstancesProvider"]["InstanceLaunchTemplate"]["NetworkConfiguration"]
    assert {subnet["Ref"] for subnet in network["Subnets"]} <= isolated(full)


def test_the_role_of_instances_has_the_name_that_ecs_may_hand_on(full: Assembly) -> None:
    """AWS's policy for the role by which ECS starts instances lets it pass roles of this name only."""
    (name,) = [role["RoleName"] for role in full.of("AWS::IAM::Role").values() if "RoleName" in role]
    assert name.startswith("ecsInstanceRole")


def test_a_gpu_without_its_image_is_refused() -> None:
    from aws_cdk import App, Stack  # noqa: PLC0415  after JSII_NODE is set

    from infrastructure.settings import InvalidSetting  # noqa: PLC0415
    from infrastructure.tasks import Tasks  # noqa: PLC0415

    tasks = Tasks.__new__(Tasks)
    tasks._dockerfiles = {"gpu": "containers/nowhere/Dockerfile"}
    assert Stack(App(analytics_reporting=False), "Empty")
    with pytest.raises(InvalidSetting, match="containers/nowhere/Dockerfile"):
        tasks._image("gpu")
