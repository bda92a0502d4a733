"""The one bucket: what goes in, what a job writes on the way, what comes out, and how long each stays."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infrastructure.settings import Settings
from redactor.bucket import INPUT, WORK

# The tag that Publish sets on thumbnails and annotations.
PERSONAL_DATA = {"redactor": "personal-data"}


class Storage(Construct):
    """bucket: versioned, encrypted, owner enforced, TLS only, closed to the public; kept when the stack goes."""

    def __init__(self, scope: Construct, name: str, *, settings: Settings, key: kms.Key) -> None:
        super().__init__(scope, name)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            versioned=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            removal_policy=RemovalPolicy.RETAIN,
            lifecycle_rules=_lifecycle(settings),
        )
        _send_events(self.bucket)


def _lifecycle(settings: Settings) -> list[s3.LifecycleRule]:
    return [
        s3.LifecycleRule(id="work", prefix=WORK, expiration=Duration.days(settings.work_days)),
        s3.LifecycleRule(
            id="personal-data", tag_filters=PERSONAL_DATA, expiration=Duration.days(settings.personal_data_days)
        ),
        *([_input(settings)] if settings.input_days else []),
        # With versioning, expiry only hides an object: this is what removes it.
        s3.LifecycleRule(
            id="leftovers",
            noncurrent_version_expiration=Duration.days(settings.noncurrent_days),
            abort_incomplete_multipart_upload_after=Duration.days(settings.upload_days),
            expired_object_delete_marker=True,
        ),
    ]


def _input(settings: Settings) -> s3.LifecycleRule:
    return s3.LifecycleRule(id="input", prefix=INPUT, expiration=Duration.days(settings.input_days))


def _send_events(bucket: s3.Bucket) -> None:
    """Every event to EventBridge, natively: `event_bridge_enabled` would bring a Lambda of its own."""
    resource = bucket.node.default_child
    assert isinstance(resource, s3.CfnBucket)
    resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
        event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
    )
