"""A function for every step of the table, each with a role and a log group of its own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk import Duration, RemovalPolicy, Size
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from infrastructure.permissions import ACCESS, Access
from infrastructure.settings import ROOT, Settings
from infrastructure.steps import STEPS, Step

DOCKERFILE = "containers/worker/Dockerfile"

_READ = ["s3:GetObject", "s3:GetObjectVersion"]
_WRITE = ["s3:PutObject", "s3:PutObjectTagging", "s3:AbortMultipartUpload"]
_DELETE = ["s3:DeleteObject"]
_ERASE = ["s3:DeleteObjectVersion"]
# The steps that a Map starts once a segment; Accept hands their number at once to the state machine.
_FANNED_OUT = ("detect", "redact")


@dataclass(frozen=True)
class Surroundings:
    """What the functions work with. executions: the ARN pattern of the state machine's executions."""

    bucket: s3.Bucket
    topic: sns.Topic
    executions: str
    settings: Settings


class Compute(Construct):
    """functions: step name -> its function. bundle: the code of the zip functions, as `make build` makes it."""

    def __init__(self, scope: Construct, name: str, *, around: Surroundings, bundle: Path) -> None:
        super().__init__(scope, name)
        self._around, self._bundle = around, bundle
        self.functions: Mapping[str, lambda_.Function] = {step.name: self._function(step) for step in STEPS.values()}

    def _function(self, step: Step) -> lambda_.Function:
        scope = Construct(self, step.name.capitalize())
        log_group = logs.LogGroup(
            scope, "Logs", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        common = {
            "description": f"{step.name} of a face redaction job",
            "architecture": lambda_.Architecture.X86_64,
            "memory_size": step.memory,
            "timeout": Duration.seconds(step.timeout),
            "ephemeral_storage_size": Size.mebibytes(step.disk),
            "environment": _environment(step, self._around),
            "role": _role(scope, step, self._around, log_group),
            "log_group": log_group,
        }
        make = {"zip": self._zip, "image": _image}[step.kind]
        return make(scope, step, common)

    def _zip(self, scope: Construct, step: Step, common: Mapping[str, Any]) -> lambda_.Function:
        code = lambda_.Code.from_asset(str(self._bundle), exclude=["**/__pycache__"])
        runtime = lambda_.Runtime.PYTHON_3_13
        return lambda_.Function(scope, "Function", runtime=runtime, code=code, handler=step.handler, **common)


def _image(scope: Construct, step: Step, common: Mapping[str, Any]) -> lambda_.Function:
    """One image for all of them; what differs is its command."""
    code = lambda_.DockerImageCode.from_image_asset(
        str(ROOT), file=DOCKERFILE, cmd=[step.handler], platform=ecr_assets.Platform.LINUX_AMD64
    )
    return lambda_.DockerImageFunction(scope, "Function", code=code, **common)


def _environment(step: Step, around: Surroundings) -> dict[str, str]:
    own = {
        "accept": {
            "REDACTOR_CONCURRENCY": json.dumps(dict.fromkeys(_FANNED_OUT, around.settings.segments_at_once)),
            "REDACTOR_DEFAULT_PRESET": around.settings.default_preset,
        },
        "plan": {"REDACTOR_REIDENTIFY": str(int(around.settings.reidentify))},
        "report": {"REDACTOR_TOPIC": around.topic.topic_arn},
    }
    return {"REDACTOR_BUCKET": around.bucket.bucket_name} | own.get(step.name, {})


def _role(scope: Construct, step: Step, around: Surroundings, log_group: logs.LogGroup) -> iam.Role:
    role = iam.Role(
        scope,
        "Role",
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        description=f"What {step.name} of a face redaction job may do",
    )
    log_group.grant_write(role)
    for actions, resources in _grants(ACCESS[step.name], around):
        role.add_to_policy(iam.PolicyStatement(actions=actions, resources=resources))
    return role


def _grants(access: Access, around: Surroundings) -> list[tuple[list[str], list[str]]]:
    """(actions, resources) of one step. Listing is by bucket: without it S3 calls a missing object forbidden."""

    def under(prefixes: tuple[str, ...]) -> list[str]:
        return [around.bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes]

    grants = [
        (["s3:ListBucket"], [around.bucket.bucket_arn]),
        (_READ, under(access.reads)),
        (_WRITE, under(access.writes)),
        (_DELETE, under(access.deletes)),
        (["s3:ListBucketVersions"], [around.bucket.bucket_arn] if access.erases else []),
        (_ERASE, under(access.erases)),
        (["states:DescribeExecution"], [around.executions] if access.follows_executions else []),
        (["sns:Publish"], [around.topic.topic_arn] if access.notifies else []),
    ]
    return [(actions, resources) for actions, resources in grants if resources]
