"""From a row of permissions.py to the policies of a role."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from infrastructure.network import Network
from infrastructure.permissions import ACCESS, Access
from infrastructure.settings import Settings

_READ = ["s3:GetObject", "s3:GetObjectVersion"]
_WRITE = ["s3:PutObject", "s3:PutObjectTagging", "s3:AbortMultipartUpload"]
_DELETE = ["s3:DeleteObject"]
_ERASE = ["s3:DeleteObjectVersion"]
# A multipart upload is read back by S3 itself when it is completed: whoever writes must be able to decrypt.
_DECRYPT = ["kms:Decrypt"]
_ENCRYPT = ["kms:Decrypt", "kms:GenerateDataKey"]
# How Lambda puts a function into subnets, as its documentation lists it.
_ATTACH = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
]

Grant = tuple[list[str], list[str], Mapping[str, Any]]


@dataclass(frozen=True)
class Surroundings:
    """What functions and tasks work with. executions: the ARN pattern of the state machine's executions."""

    bucket: s3.Bucket
    key: kms.Key
    topic: sns.Topic
    network: Network
    executions: str
    settings: Settings


def role(scope: Construct, name: str, *, service: str, description: str) -> iam.Role:
    return iam.Role(scope, name, assumed_by=iam.ServicePrincipal(service), description=description)


def allow(taker: iam.Role, access: Access, around: Surroundings) -> None:
    """Lets the role do what the row says."""
    for actions, resources, conditions in _grants(access, around):
        if resources:
            statement = iam.PolicyStatement(actions=actions, resources=resources, conditions={**conditions})
            taker.add_to_policy(statement)


def attach(taker: iam.Role) -> None:
    """Lets Lambda put the role's function into subnets, and the function's own code not do the like.

    Only calls that code makes carry the function's ARN; Lambda's own do not.
    """
    functions = Stack.of(taker).format_arn(
        service="lambda", resource="function", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
    )
    by_code = {"ArnLike": {"lambda:SourceFunctionArn": functions}}
    taker.add_to_policy(iam.PolicyStatement(actions=_ATTACH, resources=["*"]))
    taker.add_to_policy(
        iam.PolicyStatement(effect=iam.Effect.DENY, actions=_ATTACH, resources=["*"], conditions=by_code)
    )


def step_role(scope: Construct, step: str, around: Surroundings) -> iam.Role:
    """The role of one step's function."""
    made = role(
        scope, "Role", service="lambda.amazonaws.com", description=f"What {step} of a face redaction job may do"
    )
    allow(made, ACCESS[step], around)
    return made


def _grants(access: Access, around: Surroundings) -> Iterator[Grant]:
    """(actions, resources, conditions). Listing is by bucket: without it S3 calls a missing object forbidden."""
    bucket, key = around.bucket.bucket_arn, around.key.key_arn
    by_s3 = {"StringEquals": {"kms:ViaService": f"s3.{Stack.of(around.bucket).region}.amazonaws.com"}}

    def under(prefixes: tuple[str, ...]) -> list[str]:
        return [around.bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes]

    yield ["s3:ListBucket"], [bucket], {}
    yield _READ, under(access.reads), {}
    yield _WRITE, under(access.writes), {}
    yield _DELETE, under(access.deletes), {}
    yield ["s3:ListBucketVersions"], [bucket] if access.erases else [], {}
    yield _ERASE, under(access.erases), {}
    yield (_ENCRYPT if access.writes else _DECRYPT), [key] if access.reads or access.writes else [], by_s3
    yield ["states:DescribeExecution"], [around.executions] if access.follows_executions else [], {}
    yield ["sns:Publish"], [around.topic.topic_arn] if access.notifies else [], {}
    by_sns = {"StringEquals": {"kms:ViaService": f"sns.{Stack.of(around.bucket).region}.amazonaws.com"}}
    yield _ENCRYPT, [key] if access.notifies else [], by_sns
