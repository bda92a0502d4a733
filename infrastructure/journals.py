"""Log groups: under the one key, kept as long as the settings say, gone with the stack."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from infrastructure.settings import Settings

_DAYS = logs.RetentionDays
# Days -> CDK's word for them; settings.LOG_DAYS lists the same days without CDK.
RETENTION = {
    1: _DAYS.ONE_DAY,
    3: _DAYS.THREE_DAYS,
    5: _DAYS.FIVE_DAYS,
    7: _DAYS.ONE_WEEK,
    14: _DAYS.TWO_WEEKS,
    30: _DAYS.ONE_MONTH,
    60: _DAYS.TWO_MONTHS,
    90: _DAYS.THREE_MONTHS,
    120: _DAYS.FOUR_MONTHS,
    150: _DAYS.FIVE_MONTHS,
    180: _DAYS.SIX_MONTHS,
    365: _DAYS.ONE_YEAR,
    400: _DAYS.THIRTEEN_MONTHS,
    545: _DAYS.EIGHTEEN_MONTHS,
    731: _DAYS.TWO_YEARS,
}


def log_group(
    scope: Construct, name: str, *, settings: Settings, key: kms.Key, called: str | None = None
) -> logs.LogGroup:
    """A log group; called: its name, where a service asks for a certain one."""
    return logs.LogGroup(
        scope,
        name,
        log_group_name=called,
        encryption_key=key,
        retention=RETENTION[settings.log_days],
        removal_policy=RemovalPolicy.DESTROY,
    )
