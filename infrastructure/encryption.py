"""The one key: the bucket, the topic and all logs are under it, and it says which services may write with it."""

from collections.abc import Mapping

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

_DATA_KEYS = ("kms:Decrypt", "kms:GenerateDataKey*")
# What CloudWatch Logs asks for, as its documentation lists it.
_LOGS = ("kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*")


def data_key(scope: Construct) -> kms.Key:
    """A key that rotates; kept when the stack goes, as the bucket is unreadable without it.

    Admitted by the policy: CloudWatch Logs for this account's log groups, and CloudWatch for alarms on their way to the
    topic. Roles are admitted by their own policies. EventBridge is not: it writes to the dead letters only, which
    stand under a key of the queue service.
    """
    key = kms.Key(
        scope,
        "Key",
        description="Videos, results, notifications and logs of face redaction",
        enable_key_rotation=True,
        removal_policy=RemovalPolicy.RETAIN,
    )
    stack = Stack.of(scope)
    groups = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": _all(stack, "logs", "log-group")}}
    _admit(key, f"logs.{stack.region}.amazonaws.com", _LOGS, groups)
    _admit(key, "cloudwatch.amazonaws.com", _DATA_KEYS, from_alarms(stack))
    return key


def from_alarms(stack: Stack) -> dict[str, dict[str, str]]:
    """The conditions under which CloudWatch acts for an alarm of this account."""
    alarms = _all(stack, "cloudwatch", "alarm")
    return {"StringEquals": {"aws:SourceAccount": stack.account}, "ArnLike": {"aws:SourceArn": alarms}}


def _all(stack: Stack, service: str, resource: str) -> str:
    return stack.format_arn(
        service=service, resource=resource, resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
    )


def _admit(key: kms.Key, service: str, actions: tuple[str, ...], conditions: Mapping[str, object]) -> None:
    principal = iam.ServicePrincipal(service, conditions=conditions)
    key.add_to_resource_policy(iam.PolicyStatement(principals=[principal], actions=[*actions], resources=["*"]))
