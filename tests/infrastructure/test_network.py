"""What parses media cannot reach anything but the bucket."""

from typing import Any

import pytest

from infrastructure.steps import STEPS
from tests.infrastructure.checks.compute import functions
from tests.infrastructure.checks.network import ENDPOINT, isolated, service
from tests.infrastructure.conftest import Assembly


@pytest.mark.parametrize("step", STEPS.values(), ids=lambda step: step.name)
def test_every_step_that_parses_media_and_no_other_stands_where_nothing_leads_out(shaped: Assembly, step: Any) -> None:
    place = functions(shaped)[step.name].get("VpcConfig")
    assert bool(place) == (step.kind == "image")
    if place:
        assert {subnet["Ref"] for subnet in place["SubnetIds"]} <= isolated(shaped)


def test_every_subnet_of_a_function_has_the_way_to_s3(shaped: Assembly) -> None:
    (s3,) = [one for one in shaped.of(ENDPOINT).values() if service(shaped, one) == "s3"]
    routed = {table["Ref"] for table in s3["RouteTableIds"]}
    tables = shaped.of("AWS::EC2::SubnetRouteTableAssociation").values()
    assert {a["SubnetId"]["Ref"] for a in tables if a["RouteTableId"]["Ref"] in routed} >= isolated(shaped)


def test_interface_endpoints_cost_money_and_are_made_only_for_isolated_tasks(
    assembly: Assembly, full: Assembly
) -> None:
    kinds = {e["VpcEndpointType"] for e in assembly.of(ENDPOINT).values()}
    names = {service(full, one) for one in full.of(ENDPOINT).values()}
    assert kinds == {"Gateway"}
    assert names == {"s3", "ecr.api", "ecr.dkr", "logs", "ecs", "ecs-agent", "ecs-telemetry"}


def test_all_traffic_is_written_down(shaped: Assembly) -> None:
    _, flow = shaped.one("AWS::EC2::FlowLog")
    assert flow["TrafficType"] == "ALL"
