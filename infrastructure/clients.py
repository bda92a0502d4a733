"""What a person's own credentials need for `redactor submit`, `status`, `jobs` and `cancel`: one policy to attach.

It starts no execution and reads no part of a job's working files but how far it is.
"""

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infrastructure.permissions import CLIENT
from infrastructure.roles import Grant


class ClientPolicy(Construct):
    """policy: a managed policy of the stack's own, which nobody holds until somebody attaches it."""

    def __init__(
        self, scope: Construct, name: str, *, bucket: s3.Bucket, key: kms.Key, machine: str, executions: str
    ) -> None:
        super().__init__(scope, name)
        stack = Stack.of(self)
        by_s3 = {"StringEquals": {"kms:ViaService": f"s3.{stack.region}.amazonaws.com"}}

        def under(patterns: Sequence[str]) -> list[str]:
            return [bucket.arn_for_objects(pattern) for pattern in patterns]

        rows: tuple[Grant, ...] = (
            (["cloudformation:DescribeStacks"], [stack.stack_id], {}),
            (["s3:ListBucket", "s3:ListBucketMultipartUploads"], [bucket.bucket_arn], {}),
            (["s3:GetObject", "s3:GetObjectVersion"], under(CLIENT.reads), {}),
            (["s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"], under(CLIENT.writes), {}),
            (["kms:Decrypt", "kms:GenerateDataKey"], [key.key_arn], by_s3),
            (["states:ListExecutions"], [machine], {}),
            (["states:DescribeExecution", "states:GetExecutionHistory", "states:StopExecution"], [executions], {}),
        )
        self.policy = iam.ManagedPolicy(
            self,
            "Policy",
            description="What redactor submit, status, jobs and cancel need of this stack",
            statements=[
                iam.PolicyStatement(actions=actions, resources=resources, conditions=conditions)
                for actions, resources, conditions in rows
            ],
        )
