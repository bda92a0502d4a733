"""The whole product in one stack: a bucket, a function for each step, the state machine, and the rules between them."""

from pathlib import Path
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infrastructure.bundle import TARGET
from infrastructure.compute import Compute, Surroundings
from infrastructure.settings import Settings
from infrastructure.storage import Storage
from infrastructure.workflow import Workflow, executions_arn


class RedactionStack(Stack):
    """No look-ups and no account: the template is the same wherever it is made.

    bundle: the code of the zip functions, as infrastructure.bundle makes it.
    """

    def __init__(
        self, scope: Construct, name: str, *, settings: Settings, bundle: Path = TARGET, **options: Any
    ) -> None:
        super().__init__(scope, name, description="Redacts faces in videos dropped into a bucket", **options)
        storage = Storage(self, "Storage", settings=settings)
        topic = _topic(self, settings)
        around = Surroundings(storage.bucket, topic, executions_arn(self), settings)
        compute = Compute(self, "Compute", around=around, bundle=bundle)
        Workflow(self, "Workflow", bucket=storage.bucket, functions=compute.functions)


def _topic(scope: Construct, settings: Settings) -> sns.Topic:
    """Where Report tells people of a failed job."""
    topic = sns.Topic(scope, "Failures", display_name="Face redaction: failed jobs", enforce_ssl=True)
    if settings.notify:
        topic.add_subscription(subscriptions.EmailSubscription(settings.notify))
    return topic
