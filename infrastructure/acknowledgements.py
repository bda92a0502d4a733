"""What cdk-nag's AwsSolutions rules find here and why it stays: a row for each, and none that is not needed.

IAM5 names each wildcard that it finds, and each is acknowledged by that name: a new one is a new finding.
"""

from collections.abc import Mapping

from aws_cdk import Acknowledgment, CfnElement, Stack, Validations
from aws_cdk import aws_s3 as s3
from constructs import Construct, IConstruct

from infrastructure.permissions import CLIENTS_WORK
from infrastructure.tasks import Tasks

_BY_PREFIX = "a step's rights are cut by the prefixes of the one bucket, as infrastructure/permissions.py lists them"
_OWN_EXECUTIONS = "executions of this state machine: their names are made when they start"
_OWN_TASKS = "tasks of this one cluster: their names are made when they start"
_ARN = "arn:<AWS::Partition>:{service}:<AWS::Region>:<AWS::AccountId>"

# Rule -> why its finding stays.
_EVERYWHERE = {
    "S1": "access logs hold file names, which are personal data; CloudTrail's data events do better where wanted",
    "L1": "the zip functions run the Python of the worker image, which the lock files are made for",
    "SQS3": "it is the dead-letter queue itself, of rules and of Report, which the rule does not see",
    "IAM5[Resource::*]": "AWS lets nobody narrow these to a resource: infrastructure/permissions.py says which and why",
}
_TASKS = {
    "ECS2": "the environment names the bucket and the metrics; there is no secret",
}
_GPU = {
    "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/AmazonECSInfrastructureRolePolicyForManagedInstances]": (
        "AWS's own policy by which ECS starts and ends instances: what it takes changes with the service"
    ),
    f"IAM5[Resource::{_ARN.format(service='ecs')}:container-instance/*]": (
        "an instance registers itself: its name is made when it starts"
    ),
}
_PLANNED = ("work/*/job.json*", "work/*/places.json*")
_KEYS = ("input/*", "output/*", "work/*", "work/*/errors/*", "work/executions/*", "work/*/templates/*", *_PLANNED)
_CLIENT = ("output/*_IDList.txt", *CLIENTS_WORK)


def acknowledge(stack: Stack, bucket: s3.Bucket, *, machine: str, tasks: Tasks | None) -> None:
    """Says so for the whole stack. machine: the state machine's name. tasks: the container tasks in it."""
    objects = f"<{stack.get_logical_id(_element(bucket))}.Arn>"
    executions = f"{_ARN.format(service='states')}:execution:{machine}"
    _say(stack, _EVERYWHERE)
    _say(stack, {f"IAM5[Resource::{objects}/{keys}]": _BY_PREFIX for keys in (*_KEYS, *_CLIENT)})
    _say(stack, {f"IAM5[Resource::{executions}{names}]": _OWN_EXECUTIONS for names in (":*", "/*")})
    if tasks:
        running = f"{_ARN.format(service='ecs')}:task/<{stack.get_logical_id(_element(tasks.cluster))}>/*"
        _say(stack, _TASKS | (_GPU if tasks.gpu else {}) | {f"IAM5[Resource::{running}]": _OWN_TASKS})


def _element(construct: IConstruct) -> CfnElement:
    resource = construct.node.default_child
    assert isinstance(resource, CfnElement)
    return resource


def _say(scope: Construct, rows: Mapping[str, str]) -> None:
    Validations.of(scope).acknowledge(
        *(Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason) for rule, reason in rows.items())
    )
