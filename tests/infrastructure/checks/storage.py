"""The bucket and whatever else keeps something: closed, encrypted, and empty again in time."""

from collections.abc import Mapping
from typing import Any

from redactor.bucket import INPUT, WORK, Results
from redactor.publish import PERSONAL
from tests.infrastructure.conftest import Assembly, as_list

BUCKET = "AWS::S3::Bucket"


def open_to_others(of: Assembly) -> list[str]:
    """Buckets that are not closed to the public in every way, or that know owners beside the account."""
    closed = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
    owned = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    return [
        name
        for name, bucket in of.of(BUCKET).items()
        if (bucket.get("PublicAccessBlockConfiguration"), bucket.get("OwnershipControls")) != (closed, owned)
    ]


def reached_in_the_clear(of: Assembly) -> list[str]:
    """Buckets, queues and topics that do not refuse what comes without TLS; a bucket, below 1.2 too."""
    kinds = {BUCKET: "Bucket", "AWS::SQS::Queue": "Queues", "AWS::SNS::Topic": "Topics"}
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    wanted = {BUCKET: [insecure, {"NumericLessThan": {"s3:TlsVersion": 1.2}}]}
    wrong = []
    for kind, field in kinds.items():
        for name in of.of(kind):
            policies = of.of(f"{kind}Policy").values()
            mine = [p for p in policies if {"Ref": name} in as_list(p[field])]
            refused = [s["Condition"] for p in mine for s in p["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
            wrong += [] if all(one in refused for one in wanted.get(kind, [insecure])) else [name]
    return wrong


def under_no_key(of: Assembly) -> list[str]:
    """What keeps something and is not under the one key, which rotates; dead letters stand under the queue's own."""
    key, properties = of.one("AWS::KMS::Key")
    arn = {"Fn::GetAtt": [key, "Arn"]}
    by_default = {"KMSMasterKeyID": arn, "SSEAlgorithm": "aws:kms"}
    encrypted = [{"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": by_default}]
    wrong = [] if properties.get("EnableKeyRotation") is True else [key]
    for name, bucket in of.of(BUCKET).items():
        rules = bucket.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration")
        wrong += [] if rules == encrypted else [name]
    wrong += [name for name, group in of.of("AWS::Logs::LogGroup").items() if group.get("KmsKeyId") != arn]
    wrong += [name for name, topic in of.of("AWS::SNS::Topic").items() if topic.get("KmsMasterKeyId") != arn]
    return wrong + [name for name, queue in of.of("AWS::SQS::Queue").items() if not queue.get("SqsManagedSseEnabled")]


def lost_with_the_stack(of: Assembly) -> list[str]:
    """A bucket or key that goes when the stack goes, and a bucket whose objects can be overwritten for good."""
    kept = [name for kind in (BUCKET, "AWS::KMS::Key") for name in of.of(kind)]
    gone = [name for name in kept if of.resources[name].get("DeletionPolicy") != "Retain"]
    versioned = {"Status": "Enabled"}
    return gone + [name for name, one in of.of(BUCKET).items() if one.get("VersioningConfiguration") != versioned]


def kept_for_ever(of: Assembly) -> list[str]:
    """Logs without an end."""
    wanted = of.settings.log_days
    return [name for name, group in of.of("AWS::Logs::LogGroup").items() if group.get("RetentionInDays") != wanted]


def expiring_otherwise(of: Assembly) -> list[str]:
    """Objects that the lifecycle removes before or after their time, read together with the tags that Publish sets."""
    results, settings = Results(f"{INPUT}a/foo.mp4"), of.settings
    wanted: list[tuple[str, Mapping[str, str], int | None]] = [
        (f"{INPUT}a/foo.mp4", {}, settings.input_days or None),
        (f"{WORK}job/parts/0.mp4", {}, settings.work_days),
        (results.annotations, PERSONAL, settings.personal_data_days),
        (results.thumb(1), PERSONAL, settings.personal_data_days),
        (results.redacted, {}, None),
        (results.report, {}, None),
        (results.error, {}, None),
    ]
    _, bucket = of.one(BUCKET)
    rules = [r for r in bucket.get("LifecycleConfiguration", {"Rules": []})["Rules"] if r["Status"] == "Enabled"]
    return [key for key, tags, days in wanted if _days(rules, key, tags) != days]


def _days(rules: list[dict[str, Any]], key: str, tags: Mapping[str, str]) -> int | None:
    """After how many days S3 lets an object expire: by the shortest rule that holds for it."""
    fitting = [
        rule["ExpirationInDays"]
        for rule in rules
        if "ExpirationInDays" in rule
        and key.startswith(rule.get("Prefix", ""))
        and all(tags.get(tag["Key"]) == tag["Value"] for tag in rule.get("TagFilters", []))
    ]
    return min(fitting, default=None)


def leaving_remains(of: Assembly) -> list[str]:
    """What no rule for the whole bucket clears away: old versions, markers of deleted objects, broken uploads.

    With versioning, expiry by itself only hides an object.
    """
    _, bucket = of.one(BUCKET)
    rules = bucket.get("LifecycleConfiguration", {"Rules": []})["Rules"]
    whole = [r for r in rules if r["Status"] == "Enabled" and not {"Prefix", "TagFilters"} & r.keys()]
    wanted = {
        "NoncurrentVersionExpiration": {"NoncurrentDays": of.settings.noncurrent_days},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": of.settings.upload_days},
        "ExpiredObjectDeleteMarker": True,
    }
    return [field for field, value in wanted.items() if not any(rule.get(field) == value for rule in whole)]


def silent(of: Assembly) -> list[str]:
    """Buckets whose events do not reach EventBridge natively."""
    wanted = {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    return [name for name, bucket in of.of(BUCKET).items() if bucket.get("NotificationConfiguration") != wanted]


CHECKS = (
    open_to_others,
    reached_in_the_clear,
    under_no_key,
    lost_with_the_stack,
    kept_for_ever,
    expiring_otherwise,
    leaving_remains,
    silent,
)
