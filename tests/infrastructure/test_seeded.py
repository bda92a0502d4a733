"""Every check sees what it is there for: the template is broken in one place, and the check named must say so."""

from typing import NamedTuple

import pytest

from tests.infrastructure.checks import CHECKS
from tests.infrastructure.conftest import Assembly
from tests.infrastructure.seeds import Plant, allow, broken, change, drop, properties, remove, resource, silence

BUCKET, KEY, DETECT = "S3::Bucket", "KMS::Key", "Lambda::Function"


class Seed(NamedTuple):
    """A defect: the check that must see it, and what breaks the template."""

    name: str
    check: str
    plant: Plant


def _rule(name: str, **fields: object) -> Plant:
    """Changes the lifecycle rule of that name."""

    def plant(of: Assembly) -> None:
        rules = properties(of, BUCKET)["LifecycleConfiguration"]["Rules"]
        next(rule for rule in rules if rule["Id"] == name).update(fields)

    return plant


def _other_tag(of: Assembly) -> None:
    rules = properties(of, BUCKET)["LifecycleConfiguration"]["Rules"]
    next(rule for rule in rules if rule["Id"] == "personal-data")["TagFilters"][0]["Value"] = "personal"


def _results_too(of: Assembly) -> None:
    rule = {"Id": "tidy", "Status": "Enabled", "Prefix": "output/", "ExpirationInDays": 30}
    properties(of, BUCKET)["LifecycleConfiguration"]["Rules"].append(rule)


def _fargate_gpu(of: Assembly) -> None:
    container = properties(of, "ECS::TaskDefinition", "Fargate")["ContainerDefinitions"][0]
    container["ResourceRequirements"] = [{"Type": "GPU", "Value": "1"}]


def _no_platform(of: Assembly) -> None:
    for image in of.assets["dockerImages"].values():
        image["source"].pop("platform")


def _shared_role(of: Assembly) -> None:
    properties(of, DETECT, "Detect")["Role"] = properties(of, DETECT, "Publish")["Role"]


def _any_address(of: Assembly) -> None:
    group = properties(of, "EC2::SecurityGroup", "Parsing")
    group["SecurityGroupEgress"] = [{"CidrIp": "0.0.0.0/0", "IpProtocol": "-1"}]


def _unlisted(of: Assembly) -> None:
    """Whoever is allowed to start the key's services, with no word on whose behalf."""
    for statement in properties(of, KEY)["KeyPolicy"]["Statement"]:
        statement.pop("Condition", None)


def _everybody(of: Assembly) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    properties(of, "S3::BucketPolicy")["PolicyDocument"]["Statement"].append(statement)


def _public_subnet(of: Assembly) -> None:
    """A default route for the table of an isolated subnet."""
    (table, *_) = [name for name in of.of("AWS::EC2::RouteTable") if "Isolated" in name]
    route = {"RouteTableId": {"Ref": table}, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}
    of.resources["Seeded"] = {"Type": "AWS::EC2::Route", "Properties": route}


def _deleted(kind: str) -> Plant:
    def plant(of: Assembly) -> None:
        (name,) = of.of(f"AWS::{kind}")
        of.resources[name]["DeletionPolicy"] = "Delete"

    return plant


def _misspelt(of: Assembly) -> None:
    machine = properties(of, "StepFunctions::StateMachine")
    machine["DefinitionString"] = machine["DefinitionString"].replace("${JoinFunction}", "${JoinerFunction}")


def _forbidden(of: Assembly) -> None:
    statements = properties(of, "IAM::Policy", "WorkflowMachine")["PolicyDocument"]["Statement"]
    next(one for one in statements if one["Action"] == "lambda:InvokeFunction")["Resource"].pop()


SEEDS = [
    Seed("a public bucket", "open_to_others", drop(BUCKET, "", "PublicAccessBlockConfiguration")),
    Seed(
        "a bucket with public policies",
        "open_to_others",
        change(BUCKET, "", "PublicAccessBlockConfiguration", "BlockPublicPolicy", to=False),
    ),
    Seed("a bucket with access lists", "open_to_others", drop(BUCKET, "", "OwnershipControls")),
    Seed("a second bucket", "open_to_others", resource("AWS::S3::Bucket")),
    Seed("a bucket without TLS", "reached_in_the_clear", remove("S3::BucketPolicy")),
    Seed(
        "a bucket with an old TLS",
        "reached_in_the_clear",
        drop("S3::BucketPolicy", "", "PolicyDocument", "Statement", 1),
    ),
    Seed("a bucket under no key", "under_no_key", drop(BUCKET, "", "BucketEncryption")),
    Seed("a key that does not rotate", "under_no_key", change(KEY, "", "EnableKeyRotation", to=False)),
    Seed("a log in the clear", "under_no_key", drop("Logs::LogGroup", "Detect", "KmsKeyId")),
    Seed("a topic that takes no alarm", "under_no_key", change("SNS::Topic", "", "KmsMasterKeyId", to="alias/aws/sns")),
    Seed("a bucket that goes with the stack", "lost_with_the_stack", _deleted(BUCKET)),
    Seed("a key that goes with the stack", "lost_with_the_stack", _deleted(KEY)),
    Seed("a bucket without versions", "lost_with_the_stack", drop(BUCKET, "", "VersioningConfiguration")),
    Seed("a log that is kept for ever", "kept_for_ever", drop("Logs::LogGroup", "Plan", "RetentionInDays")),
    Seed("a tag that Publish does not set", "expiring_otherwise", _other_tag),
    Seed("results that expire", "expiring_otherwise", _results_too),
    Seed("personal data that expires late", "expiring_otherwise", _rule("personal-data", ExpirationInDays=365)),
    Seed("all that expires as personal data", "expiring_otherwise", _rule("personal-data", TagFilters=[])),
    Seed("working files that stay", "expiring_otherwise", _rule("work", Status="Disabled")),
    Seed("working files under another prefix", "expiring_otherwise", _rule("work", Prefix="works/")),
    Seed("old versions that stay", "leaving_remains", _rule("leftovers", NoncurrentVersionExpiration=None)),
    Seed("remains of one folder only", "leaving_remains", _rule("leftovers", Prefix="work/")),
    Seed("broken uploads that stay", "leaving_remains", _rule("leftovers", AbortIncompleteMultipartUpload=None)),
    Seed("a bucket that says nothing", "silent", drop(BUCKET, "", "NotificationConfiguration")),
    Seed("a wildcard permission", "unscoped", allow("ComputeDetect", "s3:GetObject")),
    Seed("a permission for all of a service", "patterns", allow("ComputeDetect", "s3:*", on="arn:aws:s3:::x")),
    Seed(
        "a role that hands on any role",
        "passing_any_role",
        allow("WorkflowMachine", "iam:PassRole", on="arn:aws:iam::1:role/x"),
    ),
    Seed("a key that admits no log", "not_admitted", silence(KEY, "KeyPolicy", "logs.")),
    Seed("a key that admits no alarm", "not_admitted", silence(KEY, "KeyPolicy", "cloudwatch.")),
    Seed("a queue that admits no rule", "not_admitted", silence("SQS::QueuePolicy", "PolicyDocument", "events.")),
    Seed("a topic that admits no alarm", "not_admitted", silence("SNS::TopicPolicy", "PolicyDocument", "cloudwatch.")),
    Seed("a key for anybody's alarms", "admitted_for_anybody", _unlisted),
    Seed("a bucket for everybody", "admitted_for_anybody", _everybody),
    Seed("a parser outside of the network", "parsing_in_the_open", drop(DETECT, "Detect", "VpcConfig")),
    Seed("a subnet with a way out", "parsing_in_the_open", _public_subnet),
    Seed("a gateway to the internet", "ways_out", resource("AWS::EC2::InternetGateway")),
    Seed("a translated address", "ways_out", resource("AWS::EC2::NatGateway", SubnetId="x")),
    Seed("a way to any bucket", "reaching_other_buckets", drop("EC2::VPCEndpoint", "VpcS3", "PolicyDocument")),
    Seed(
        "a way to any bucket of a name",
        "reaching_other_buckets",
        change("EC2::VPCEndpoint", "VpcS3", "PolicyDocument", "Statement", 0, "Resource", to="*"),
    ),
    Seed(
        "a way for anybody's roles",
        "reaching_other_buckets",
        drop("EC2::VPCEndpoint", "VpcS3", "PolicyDocument", "Statement", 0, "Condition"),
    ),
    Seed("a log of somebody else's", "reached_by_strangers", drop("EC2::VPCEndpoint", "VpcLogs", "PolicyDocument")),
    Seed("a group that lets all out", "ports", _any_address),
    Seed(
        "a group that lets something in",
        "ports",
        change("EC2::SecurityGroup", "Parsing", "SecurityGroupIngress", to=[{"IpProtocol": "tcp"}]),
    ),
    Seed("a resolver for all names", "names_of_others", remove("Route53Resolver::FirewallRuleGroupAssociation")),
    Seed(
        "a list of all names",
        "names_of_others",
        change("Route53Resolver::FirewallDomainList", "OurNames", "Domains", to=["*"]),
    ),
    Seed("a custom resource", "custom_resources", resource("Custom::S3AutoDeleteObjects", ServiceToken="x")),
    Seed("a function that is no step", "custom_resources", resource("AWS::Lambda::Function", Handler="index.handler")),
    Seed("two steps with one role", "sharing", _shared_role),
    Seed("a function that ends before its step", "not_as_the_table_says", change(DETECT, "Detect", "Timeout", to=60)),
    Seed(
        "a function with a small disk",
        "not_as_the_table_says",
        change(DETECT, "Redact", "EphemeralStorage", to={"Size": 512}),
    ),
    Seed("a step without a function", "not_as_the_table_says", remove(DETECT, "Verify")),
    Seed("a function without a trace", "untraced", drop(DETECT, "Detect", "TracingConfig")),
    Seed(
        "a function that counts for nobody",
        "untraced",
        drop(DETECT, "Detect", "Environment", "Variables", "POWERTOOLS_METRICS_NAMESPACE"),
    ),
    Seed("an image for any machine", "for_another_machine", _no_platform),
    Seed("a function for arm", "for_another_machine", change(DETECT, "Detect", "Architectures", to=["arm64"])),
    Seed("a GPU on Fargate", "gpu_on_fargate", _fargate_gpu),
    Seed(
        "a size that Fargate lacks",
        "sizes_that_fargate_lacks",
        change("ECS::TaskDefinition", "Fargate", "Memory", to="4096"),
    ),
    Seed(
        "a container that is root",
        "powerful_containers",
        drop("ECS::TaskDefinition", "Fargate", "ContainerDefinitions", 0, "User"),
    ),
    Seed(
        "a container that may write anywhere",
        "powerful_containers",
        change("ECS::TaskDefinition", "Gpu", "ContainerDefinitions", 0, "ReadonlyRootFilesystem", to=False),
    ),
    Seed("a service that never rests", "never_idle", resource("AWS::ECS::Service", DesiredCount=1)),
    Seed("a substitution that is missing", "not_filled_in", _misspelt),
    Seed("a function that may not be called", "called_without_leave", _forbidden),
    Seed(
        "a log with file names",
        "telling_what_states_were_given",
        change("StepFunctions::StateMachine", "", "LoggingConfiguration", "IncludeExecutionData", to=True),
    ),
    Seed(
        "a machine without a trace",
        "telling_what_states_were_given",
        drop("StepFunctions::StateMachine", "", "TracingConfiguration"),
    ),
    Seed("a rule that forgets", "forgotten_events", drop("Events::Rule", "Dropped", "Targets", 0, "DeadLetterConfig")),
    Seed(
        "a rule that hands on the whole event",
        "forgotten_events",
        drop("Events::Rule", "Dropped", "Targets", 0, "InputTransformer"),
    ),
    Seed(
        "a rule that does not try again", "forgotten_events", drop("Events::Rule", "Ended", "Targets", 0, "RetryPolicy")
    ),
    Seed("a rule that is missing", "forgotten_events", remove("Events::Rule", "Ended")),
    Seed(
        "a rule that the queue refuses", "rules_not_admitted", silence("SQS::QueuePolicy", "PolicyDocument", "events.")
    ),
    Seed("a report that gets lost", "reports_lost", remove("Lambda::EventInvokeConfig", "Report")),
    Seed("a start that asks for work", "wrongly_warmed", drop("Events::Rule", "Warmed", "Targets", 0, "Input")),
    Seed(
        "a start that is tried again",
        "wrongly_warmed",
        change("Events::Rule", "Warmed", "Targets", 1, "RetryPolicy", "MaximumRetryAttempts", to=5),
    ),
    Seed("nothing that is warmed", "wrongly_warmed", remove("Events::Rule", "Warmed")),
    Seed("nothing that is kept", "wrongly_warmed", remove("Events::Rule", "Kept")),
    Seed(
        "a machine that is kept too rarely",
        "wrongly_warmed",
        change("Events::Rule", "Kept", "ScheduleExpression", to="rate(15 minutes)"),
    ),
    Seed("machines that nobody starts", "wrongly_warmed", change("Events::Rule", "Ahead", "State", to="DISABLED")),
    Seed(
        "machines for files of any step",
        "wrongly_warmed",
        change("Events::Rule", "Ahead", "EventPattern", "detail", "object", "key", to=[{"prefix": "work/"}]),
    ),
    Seed("a start that comes late", "warmed_late", remove("Lambda::EventInvokeConfig", "Redact")),
    Seed(
        "a start that Lambda repeats",
        "warmed_late",
        change("Lambda::EventInvokeConfig", "Warm", "MaximumRetryAttempts", to=2),
    ),
    Seed(
        "a parser that calls functions",
        "calling_others",
        allow("ComputeDetect", "lambda:InvokeFunction", on={"Fn::GetAtt": ["ComputeRedactFunction", "Arn"]}),
    ),
    Seed(
        "a step that calls more than its row says",
        "calling_others",
        allow("ComputeWarm", "lambda:InvokeFunction", on={"Fn::GetAtt": ["ComputeDetectFunction", "Arn"]}),
    ),
    Seed(
        "a function that does not know whom to call",
        "calling_others",
        drop(DETECT, "ComputeWarm", "Environment", "Variables", "REDACTOR_FUNCTIONS"),
    ),
    Seed("starts that are not allowed", "wrongly_warmed", remove("Lambda::Permission", "Join")),
    Seed("a failure that calls nobody", "unwatched", remove("CloudWatch::Alarm", "JobsFailed")),
    Seed("an alarm that nobody hears", "unwatched", drop("CloudWatch::Alarm", "DeadLetters", "AlarmActions")),
    Seed(
        "an alarm that takes its time",
        "unwatched",
        change("CloudWatch::Alarm", "JobsTimedOut", "EvaluationPeriods", to=3),
    ),
]


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_a_check_sees(seed: Seed, full: Assembly) -> None:
    assert CHECKS[seed.check](broken(full, seed.plant)) != []


def test_a_check_sees_a_function_that_a_new_account_refuses(assembly: Assembly) -> None:
    large = change(DETECT, "Detect", "MemorySize", to=10_240)
    assert CHECKS["too_large_for_a_sandbox"](broken(assembly, large)) == ["detect"]


def test_every_check_has_something_to_see() -> None:
    assert CHECKS.keys() == {seed.check for seed in SEEDS} | {"too_large_for_a_sandbox"}
