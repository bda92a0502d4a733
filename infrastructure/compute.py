"""A function for every step of the table, each with a role and a log group of its own."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aws_cdk import Duration, Size, Stack
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infrastructure.journals import log_group
from infrastructure.permissions import ACCESS
from infrastructure.roles import Surroundings, attach, step_role
from infrastructure.settings import ROOT
from infrastructure.steps import FANNED_OUT, STEPS, Step

DOCKERFILE = "containers/worker/Dockerfile"
# Of the metrics that the steps count; the dashboard reads them.
NAMESPACE = "FaceRedaction"


class Compute(Construct):
    """functions: step name -> its function. bundle: the code of the zip functions, as `make build` makes it."""

    def __init__(self, scope: Construct, name: str, *, around: Surroundings, bundle: Path) -> None:
        super().__init__(scope, name)
        self._around, self._bundle = around, bundle
        self.functions: Mapping[str, lambda_.Function] = {step.name: self._function(step) for step in STEPS.values()}
        for step, access in ACCESS.items():
            if access.calls:
                self._connect(step, access.calls)

    def _function(self, step: Step) -> lambda_.Function:
        scope, settings = Construct(self, step.name.capitalize()), self._around.settings
        journal = log_group(scope, "Logs", settings=settings, key=self._around.key)
        role = step_role(scope, step.name, self._around)
        journal.grant_write(role)
        common = {
            "description": f"{step.name} of a face redaction job",
            "architecture": lambda_.Architecture.X86_64,
            "memory_size": min(step.memory, settings.memory_limit),
            "timeout": Duration.seconds(step.timeout),
            "ephemeral_storage_size": Size.mebibytes(step.disk),
            "environment": environment(self, self._around) | _own(step, self._around),
            "role": role,
            "log_group": journal,
            "tracing": lambda_.Tracing.ACTIVE,
        }
        if step.kind == "zip":
            return self._zip(scope, step, common)
        attach(role)
        return self._image(scope, step, common)

    def _connect(self, step: str, called: Sequence[str]) -> None:
        """Lets a step's function call others, and tells it where they are."""
        arns = {name: self.functions[name].function_arn for name in called}
        self.functions[step].add_to_role_policy(
            iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[*arns.values()])
        )
        self.functions[step].add_environment("REDACTOR_FUNCTIONS", Stack.of(self).to_json_string(arns))

    def _zip(self, scope: Construct, step: Step, common: Mapping[str, Any]) -> lambda_.Function:
        code = lambda_.Code.from_asset(str(self._bundle), exclude=["**/__pycache__"])
        runtime = lambda_.Runtime.PYTHON_3_13
        return lambda_.Function(scope, "Function", runtime=runtime, code=code, handler=step.handler, **common)

    def _image(self, scope: Construct, step: Step, common: Mapping[str, Any]) -> lambda_.Function:
        """One image for all of them; what differs is its command. What parses media has no way out but S3."""
        code = lambda_.DockerImageCode.from_image_asset(
            str(ROOT), file=DOCKERFILE, cmd=[step.handler], platform=ecr_assets.Platform.LINUX_AMD64
        )
        network = self._around.network
        inside: Mapping[str, Any] = {
            "vpc": network.vpc,
            "vpc_subnets": network.parsing,
            "security_groups": [network.parsing_group],
        }
        return lambda_.DockerImageFunction(scope, "Function", code=code, **inside, **common)


def environment(scope: Construct, around: Surroundings) -> dict[str, str]:
    """What every entry point is told, in a function and in a container task alike."""
    return {
        "REDACTOR_BUCKET": around.bucket.bucket_name,
        "POWERTOOLS_METRICS_NAMESPACE": NAMESPACE,
        "POWERTOOLS_SERVICE_NAME": Stack.of(scope).stack_name,
    }


def _own(step: Step, around: Surroundings) -> dict[str, str]:
    settings = around.settings
    at_once = {**dict.fromkeys(FANNED_OUT, settings.segments_at_once), "tasks": settings.tasks_at_once}
    stack = {"REDACTOR_COMPUTE": settings.compute, "REDACTOR_CONCURRENCY": json.dumps(at_once)}
    own = {
        "accept": {"REDACTOR_DEFAULT_PRESET": settings.default_preset},
        "plan": {"REDACTOR_REIDENTIFY": str(int(settings.reidentify)), **stack},
        "warm": stack,
        "report": {"REDACTOR_TOPIC": around.topic.topic_arn},
    }
    return own.get(step.name, {})
