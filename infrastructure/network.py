"""Where untrusted media is parsed: subnets whose only way out is S3, and there only this bucket."""

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_route53resolver as resolver
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infrastructure.journals import log_group
from infrastructure.settings import Settings

_HTTPS = ec2.Port.tcp(443)
_ISOLATED = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
_PUBLIC = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC)
# What a task in an isolated subnet calls beside S3: to be pulled and to log; an instance under ECS says it lives, too.
_TASK_ENDPOINTS = ("ecr.api", "ecr.dkr", "logs")
_INSTANCE_ENDPOINTS = ("ecs", "ecs-agent", "ecs-telemetry")
# Those two speak a protocol of ECS's own, and nothing says that they take a policy.
_WITHOUT_POLICY = ("ecs-agent", "ecs-telemetry")


class Network(Construct):
    """vpc; parsing, tasks: where functions and container tasks stand, each with its security group."""

    def __init__(self, scope: Construct, name: str, *, settings: Settings, bucket: s3.Bucket, key: kms.Key) -> None:
        super().__init__(scope, name)
        self._settings = settings
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            # Without a region the zones are chosen when the stack is deployed.
            max_azs=settings.zones,
            nat_gateways=0,
            restrict_default_security_group=False,
            subnet_configuration=_subnets(settings),
        )
        self._s3(bucket)
        self._flow_log(key)
        self._names()
        self.parsing = _ISOLATED
        self.parsing_group = self._group("Parsing", "Functions that parse media: S3 and nothing else")
        if settings.tasks:
            self.tasks = _ISOLATED if settings.isolated_tasks else _PUBLIC
            self.task_group = self._group("Tasks", "Container tasks: S3, the image registry, logs")
            self._endpoints()

    def _group(self, name: str, description: str) -> ec2.SecurityGroup:
        """Nothing comes in, and port 443 is all that goes out: where to is a matter of the subnet's routes."""
        group = ec2.SecurityGroup(self, name, vpc=self.vpc, description=description, allow_all_outbound=False)
        group.add_egress_rule(ec2.Peer.any_ipv4(), _HTTPS, "HTTPS; how far is a matter of the routes")
        return group

    def _s3(self, bucket: s3.Bucket) -> None:
        endpoint = self.vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
        stack = Stack.of(self)
        endpoint.add_to_policy(self._by_us(["s3:*"], [bucket.bucket_arn, bucket.arn_for_objects("*")]))
        # The layers of images lie in a bucket of the registry's, one for each region; tasks fetch them from there.
        layers = f"arn:{stack.partition}:s3:::prod-{stack.region}-starport-layer-bucket/*"
        endpoint.add_to_policy(
            iam.PolicyStatement(principals=[iam.AnyPrincipal()], actions=["s3:GetObject"], resources=[layers])
        )

    def _by_us(self, actions: list[str], resources: list[str]) -> iam.PolicyStatement:
        """Calls by this account's roles: whoever brings credentials of another account along gets nowhere."""
        mine = {"StringEquals": {"aws:PrincipalAccount": Stack.of(self).account}}
        return iam.PolicyStatement(
            principals=[iam.AnyPrincipal()], actions=actions, resources=resources, conditions=mine
        )

    def _endpoints(self) -> None:
        if not self._settings.isolated_tasks:
            return
        wanted = (*_TASK_ENDPOINTS, *(_INSTANCE_ENDPOINTS if "gpu" in self._settings.tasks else ()))
        group = ec2.SecurityGroup(
            self, "Endpoints", vpc=self.vpc, description="Interface endpoints for tasks", allow_all_outbound=False
        )
        group.add_ingress_rule(self.task_group, _HTTPS, "Tasks")
        for name in wanted:
            endpoint = self.vpc.add_interface_endpoint(
                "".join(word.capitalize() for word in name.replace(".", "-").split("-")),
                service=ec2.InterfaceVpcEndpointAwsService(name),
                subnets=_ISOLATED,
                security_groups=[group],
                open=False,
            )
            if name not in _WITHOUT_POLICY:
                endpoint.add_to_policy(self._by_us([f"{name.partition('.')[0]}:*"], ["*"]))

    def _flow_log(self, key: kms.Key) -> None:
        group = log_group(self, "Flows", settings=self._settings, key=key)
        role = iam.Role(self, "FlowsRole", assumed_by=iam.ServicePrincipal("vpc-flow-logs.amazonaws.com"))
        destination = ec2.FlowLogDestination.to_cloud_watch_logs(group, role)
        self.vpc.add_flow_log("FlowLog", destination=destination, traffic_type=ec2.FlowLogTrafficType.ALL)

    def _names(self) -> None:
        """A name is looked up by AWS for whoever asks, from isolated subnets too: so only AWS's own names are."""
        allowed = resolver.CfnFirewallDomainList(self, "OurNames", domains=["*.amazonaws.com"])
        others = resolver.CfnFirewallDomainList(self, "AllNames", domains=["*"])
        rule = resolver.CfnFirewallRuleGroup.FirewallRuleProperty
        rules = [
            rule(priority=1, action="ALLOW", firewall_domain_list_id=allowed.attr_id),
            rule(priority=2, action="BLOCK", block_response="NXDOMAIN", firewall_domain_list_id=others.attr_id),
        ]
        group = resolver.CfnFirewallRuleGroup(self, "Names", firewall_rules=rules)
        resolver.CfnFirewallRuleGroupAssociation(
            self, "NamesHere", firewall_rule_group_id=group.attr_id, priority=101, vpc_id=self.vpc.vpc_id
        )


def _subnets(settings: Settings) -> list[ec2.SubnetConfiguration]:
    isolated = ec2.SubnetConfiguration(name="Isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=20)
    public = ec2.SubnetConfiguration(
        name="Public",
        subnet_type=ec2.SubnetType.PUBLIC,
        cidr_mask=24,
        # A Fargate task asks for its own address; an instance gets one from its subnet or none.
        map_public_ip_on_launch="gpu" in settings.tasks,
    )
    wanted = settings.tasks and not settings.isolated_tasks
    return [isolated, public] if wanted else [isolated]
