"""What parses media reaches the bucket and nothing else."""

from typing import Any

from infrastructure.steps import STEPS
from tests.infrastructure.checks.compute import functions
from tests.infrastructure.conftest import Assembly, as_list

ENDPOINT = "AWS::EC2::VPCEndpoint"
# They speak ECS's own protocol, and nothing says that they take a policy.
WITHOUT_POLICY = ("ecs-agent", "ecs-telemetry")
OURS = {"StringEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}}
LAYERS = "arn:<AWS::Partition>:s3:::prod-<AWS::Region>-starport-layer-bucket/*"


def isolated(of: Assembly) -> set[str]:
    """The subnets from whose route table no route leads out."""
    out = {route["RouteTableId"]["Ref"] for route in of.of("AWS::EC2::Route").values()}
    tables = of.of("AWS::EC2::SubnetRouteTableAssociation").values()
    return {table["SubnetId"]["Ref"] for table in tables if table["RouteTableId"]["Ref"] not in out}


def service(of: Assembly, endpoint: dict[str, Any]) -> str:
    return of.names(endpoint["ServiceName"]).partition("<AWS::Region>.")[2]


def parsing_in_the_open(of: Assembly) -> list[str]:
    """Functions that parse media outside of isolated subnets."""

    def inside(function: dict[str, Any]) -> bool:
        subnets = {subnet["Ref"] for subnet in function.get("VpcConfig", {}).get("SubnetIds", [])}
        return bool(subnets) and subnets <= isolated(of)

    return [step for step, function in functions(of).items() if STEPS[step].kind == "image" and not inside(function)]


def ways_out(of: Assembly) -> list[str]:
    """Gateways to the internet where everything is isolated, and addresses translated anywhere."""
    kinds = {"AWS::EC2::NatGateway", "AWS::EC2::EgressOnlyInternetGateway"}
    if of.settings.isolated_tasks or not of.settings.tasks:
        kinds.add("AWS::EC2::InternetGateway")
    return [name for kind in kinds for name in of.of(kind)]


def reaching_other_buckets(of: Assembly) -> list[str]:
    """Ways to S3 that are not held to this bucket by this account's roles, and to the layers of images."""
    (bucket,) = of.of("AWS::S3::Bucket")
    mine = {of.names({"Ref": bucket}), f"{of.names({'Ref': bucket})}/*"}

    def held(statement: dict[str, Any]) -> bool:
        resources = {of.names(resource) for resource in as_list(statement["Resource"])}
        ours = resources <= mine and statement.get("Condition") == OURS
        return ours or (resources == {LAYERS} and statement["Action"] == "s3:GetObject")

    s3 = {name: one for name, one in of.of(ENDPOINT).items() if service(of, one) == "s3"}
    statements = {name: one.get("PolicyDocument", {}).get("Statement", []) for name, one in s3.items()}
    return [name for name, all_of_it in statements.items() if not (all_of_it and all(map(held, all_of_it)))]


def reached_by_strangers(of: Assembly) -> list[str]:
    """Interface endpoints that carry calls with another account's credentials."""
    found = {service(of, one): one for one in of.of(ENDPOINT).values() if one["VpcEndpointType"] == "Interface"}
    return [
        name
        for name, one in found.items()
        if name not in WITHOUT_POLICY
        and [s.get("Condition") for s in one.get("PolicyDocument", {}).get("Statement", [])] != [OURS]
    ]


def ports(of: Assembly) -> list[str]:
    """Groups that let something in, or anything but HTTPS out. CDK's word for no way out is an impossible address."""
    wrong = []
    for name, group in of.of("AWS::EC2::SecurityGroup").items():
        out = [rule for rule in group.get("SecurityGroupEgress", []) if rule.get("CidrIp") != "255.255.255.255/32"]
        told = {(rule["IpProtocol"], rule.get("FromPort"), rule.get("ToPort")) for rule in out}
        wrong += [name] if told - {("tcp", 443, 443)} or group.get("SecurityGroupIngress") else []
    return wrong


def names_of_others(of: Assembly) -> list[str]:
    """Networks in which others' names are looked up: a name that is asked for is a message to its owner."""
    groups = of.of("AWS::Route53Resolver::FirewallRuleGroup")
    lists = of.of("AWS::Route53Resolver::FirewallDomainList")
    guarded = {}
    for association in of.of("AWS::Route53Resolver::FirewallRuleGroupAssociation").values():
        rules = groups[association["FirewallRuleGroupId"]["Fn::GetAtt"][0]]["FirewallRules"]
        in_order = sorted(rules, key=lambda rule: rule["Priority"])
        told = [(r["Action"], *lists[r["FirewallDomainListId"]["Fn::GetAtt"][0]]["Domains"]) for r in in_order]
        guarded[association["VpcId"]["Ref"]] = told
    wanted = [("ALLOW", "*.amazonaws.com"), ("BLOCK", "*")]
    return [name for name in of.of("AWS::EC2::VPC") if guarded.get(name) != wanted]


CHECKS = (
    parsing_in_the_open,
    ways_out,
    reaching_other_buckets,
    reached_by_strangers,
    ports,
    names_of_others,
)
