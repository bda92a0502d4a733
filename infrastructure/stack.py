"""The whole product in one stack: one construct for each subject, put together here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infrastructure.acknowledgements import acknowledge
from infrastructure.bundle import TARGET
from infrastructure.clients import ClientPolicy
from infrastructure.compute import Compute
from infrastructure.encryption import data_key, from_alarms
from infrastructure.network import Network
from infrastructure.observability import Observability
from infrastructure.roles import Surroundings
from infrastructure.settings import Settings
from infrastructure.storage import Storage
from infrastructure.tasks import Tasks
from infrastructure.workflow import Workflow, executions_arn, machine_name


class RedactionStack(Stack):
    """No look-ups and no account: the template is the same wherever it is made.

    bundle: the code of the zip functions, as infrastructure.bundle makes it. dockerfiles: as in Tasks.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        settings: Settings,
        bundle: Path = TARGET,
        dockerfiles: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(scope, name, description="Redacts faces in videos dropped into a bucket", **options)
        key = data_key(self)
        storage = Storage(self, "Storage", settings=settings, key=key)
        network = Network(self, "Network", settings=settings, bucket=storage.bucket, key=key)
        topic = _topic(self, settings, key)
        around = Surroundings(storage.bucket, key, topic, network, executions_arn(self), settings)
        functions = Compute(self, "Compute", around=around, bundle=bundle).functions
        tasks = Tasks(self, "Tasks", around=around, dockerfiles=dockerfiles) if settings.tasks else None
        workflow = Workflow(self, "Workflow", around=around, functions=functions, tasks=tasks)
        clients = ClientPolicy(
            self,
            "Clients",
            bucket=storage.bucket,
            key=key,
            machine=workflow.machine.state_machine_arn,
            executions=executions_arn(self),
        )
        Observability(self, "Observability", workflow=workflow, functions=functions, topic=topic)
        for output, value, description in (
            ("BucketName", storage.bucket.bucket_name, "Drop videos under input/ here"),
            ("StateMachineArn", workflow.machine.state_machine_arn, "Its executions are the jobs"),
            ("DefaultPreset", settings.default_preset, "The preset of a video that has none beside it or above"),
            ("DeadLettersUrl", workflow.dead_letters.queue_url, "Events that reached nobody"),
            ("ReportFunction", functions["report"].function_name, "Writes foo_error.json"),
            ("ClientPolicy", clients.policy.managed_policy_arn, "Attach it to whoever submits videos"),
            ("KeyId", key.key_id, "What the bucket is encrypted with; it stays when the stack goes"),
        ):
            CfnOutput(self, output, value=value, description=description)
        acknowledge(self, storage.bucket, machine=machine_name(self), tasks=tasks)


def _topic(scope: Construct, settings: Settings, key: kms.Key) -> sns.Topic:
    """Where Report tells people of a failed job, and CloudWatch of an alarm."""
    topic = sns.Topic(
        scope, "Failures", display_name="Face redaction: failed jobs and alarms", enforce_ssl=True, master_key=key
    )
    cloudwatch = iam.ServicePrincipal("cloudwatch.amazonaws.com", conditions=from_alarms(Stack.of(scope)))
    topic.add_to_resource_policy(
        iam.PolicyStatement(principals=[cloudwatch], actions=["sns:Publish"], resources=[topic.topic_arn])
    )
    if settings.notify:
        topic.add_subscription(subscriptions.EmailSubscription(settings.notify))
    return topic
