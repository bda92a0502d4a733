"""What parses media cannot reach anything but the bucket."""

from typing import Any

import pytest

from infrastructure.steps import STEPS
from tests.infrastructure.conftest import Assembly
from tests.infrastructure.test_stack import functions

INTERNET = ("AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::EgressOnlyInternetGateway")


def isolated(assembly: Assembly) -> set[str]:
    """The subnets from whose route table no default route leads out."""
    out = {r["RouteTableId"]["Ref"] for r in assembly.of("AWS::EC2::Route").values()}
    tables = assembly.of("AWS::EC2::SubnetRouteTableAssociation").values()
    return {a["SubnetId"]["Ref"] for a in tables if a["RouteTableId"]["Ref"] not in out}


def endpoint(assembly: Assembly, service: str) -> list[dict[str, Any]]:
    found = assembly.of("AWS::EC2::VPCEndpoint").values()
    return [one for one in found if assembly.names(one["ServiceName"]).endswith(f".{service}")]


@pytest.mark.parametrize("step", STEPS.values(), ids=lambda step: step.name)
def test_every_step_that_parses_media_and_no_other_stands_where_nothing_leads_out(shaped: Assembly, step: Any) -> None:
    place = functions(shaped)[step.name].get("VpcConfig")
    assert bool(place) == (step.kind == "image")
    if place:
        assert {subnet["Ref"] for subnet in place["SubnetIds"]} <= isolated(shaped)


def test_without_tasks_and_in_production_there_is_no_gateway_to_the_internet_at_all(
    assembly: Assembly, full: Assembly
) -> None:
    for kind in INTERNET:
        assert assembly.of(kind) == full.of(kind) == {}


def test_the_way_to_s3_leads_to_the_bucket_and_the_layers_of_images_and_nowhere_else(shaped: Assembly) -> None:
    (s3,) = endpoint(shaped, "s3")
    own, layers = s3["PolicyDocument"]["Statement"]
    reached = {shaped.names(resource) for resource in own["Resource"]}
    assert s3["VpcEndpointType"] == "Gateway"
    assert reached == {"StorageBucket", "StorageBucket/*"}
    assert own["Condition"] == {"StringEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}}
    assert shaped.names(layers["Resource"]) == "arn:<AWS::Partition>:s3:::prod-<AWS::Region>-starport-layer-bucket/*"
    assert layers["Action"] == "s3:GetObject"


def test_every_subnet_of_a_function_has_the_way_to_s3(shaped: Assembly) -> None:
    (s3,) = endpoint(shaped, "s3")
    routed = {table["Ref"] for table in s3["RouteTableIds"]}
    tables = shaped.of("AWS::EC2::SubnetRouteTableAssociation").values()
    assert {a["SubnetId"]["Ref"] for a in tables if a["RouteTableId"]["Ref"] in routed} >= isolated(shaped)


def test_groups_let_nothing_in_and_only_https_out(shaped: Assembly) -> None:
    for group in shaped.of("AWS::EC2::SecurityGroup").values():
        assert "SecurityGroupIngress" not in group
        opened = [rule for rule in group["SecurityGroupEgress"] if rule["CidrIp"] != "255.255.255.255/32"]
        assert {(rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) for rule in opened} <= {("tcp", 443, 443)}


def test_names_are_looked_up_for_aws_and_nobody_else(shaped: Assembly) -> None:
    """The resolver answers isolated subnets too: a name that is asked for is a message to whoever owns the domain."""
    _, group = shaped.one("AWS::Route53Resolver::FirewallRuleGroup")
    lists = shaped.of("AWS::Route53Resolver::FirewallDomainList")
    rules = sorted(group["FirewallRules"], key=lambda rule: rule["Priority"])
    told = [(rule["Action"], lists[rule["FirewallDomainListId"]["Fn::GetAtt"][0]]["Domains"]) for rule in rules]
    vpc, _ = shaped.one("AWS::EC2::VPC")
    _, association = shaped.one("AWS::Route53Resolver::FirewallRuleGroupAssociation")
    assert told == [("ALLOW", ["*.amazonaws.com"]), ("BLOCK", ["*"])]
    assert association["VpcId"] == {"Ref": vpc}


def test_interface_endpoints_cost_money_and_are_made_only_for_isolated_tasks(
    assembly: Assembly, full: Assembly
) -> None:
    kinds = {e["VpcEndpointType"] for e in assembly.of("AWS::EC2::VPCEndpoint").values()}
    names = {
        full.names(e["ServiceName"]).partition("<AWS::Region>.")[2] for e in full.of("AWS::EC2::VPCEndpoint").values()
    }
    assert kinds == {"Gateway"}
    assert names == {"s3", "ecr.api", "ecr.dkr", "logs", "ecs", "ecs-agent", "ecs-telemetry"}


def test_all_traffic_is_written_down(shaped: Assembly) -> None:
    _, flow = shaped.one("AWS::EC2::FlowLog")
    assert flow["TrafficType"] == "ALL"
