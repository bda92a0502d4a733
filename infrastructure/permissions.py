"""What each step may do: the prefixes it reads and writes, and what else it needs. Nothing else is granted.

Plain data, in the words of the bucket; roles.py turns it into policies.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from infrastructure.steps import AHEAD
from redactor.bucket import INPUT, OUTPUT, WORK


@dataclass(frozen=True)
class Access:
    """One step's rights. Prefixes are whole: everything under them.

    reads: objects and their versions. writes: puts, with tags, and multipart uploads. deletes: current versions only.
    erases: all versions of them, for good. In all of them an asterisk stands for any part of a key.
    follows_executions: asks Step Functions how executions of the state machine stand.
    notifies: publishes to the topic of failed jobs. calls: steps whose functions it calls.
    """

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    erases: tuple[str, ...] = ()
    follows_executions: bool = False
    notifies: bool = False
    calls: tuple[str, ...] = ()


# A step that fails records it under work/, and takes the record away when a retry of it succeeds.
_RECORDS = (f"{WORK}*/errors/",)
# Face embeddings are biometric data: gone when the job ends, with all their versions.
_FACES = (f"{WORK}*/templates/",)

ACCESS: Mapping[str, Access] = {
    # Its own record stands outside any job: there may be none yet.
    "accept": Access(
        reads=(INPUT, OUTPUT, WORK), writes=(WORK,), deletes=(*_RECORDS, f"{WORK}executions/"), follows_executions=True
    ),
    "plan": Access(reads=(INPUT, WORK), writes=(WORK,), deletes=_RECORDS),
    "detect": Access(reads=(INPUT, WORK), writes=(WORK,), deletes=_RECORDS),
    "merge": Access(reads=(INPUT, WORK), writes=(WORK,), deletes=_RECORDS),
    "select": Access(reads=(INPUT, OUTPUT, WORK), writes=(WORK,), deletes=_RECORDS),
    "redact": Access(reads=(INPUT, WORK), writes=(WORK,), deletes=_RECORDS),
    "join": Access(reads=(INPUT, WORK), writes=(WORK,), deletes=_RECORDS),
    "prove": Access(reads=(WORK,), writes=(WORK,), deletes=_RECORDS),
    "verify": Access(reads=(INPUT, WORK), writes=(WORK,), deletes=_RECORDS),
    "publish": Access(reads=(INPUT, OUTPUT, WORK), writes=(OUTPUT, WORK), deletes=(OUTPUT, *_RECORDS), erases=_FACES),
    "report": Access(reads=(INPUT, OUTPUT, WORK), writes=(OUTPUT,), erases=_FACES, notifies=True),
    "warm": Access(reads=(f"{WORK}*/job.json", f"{WORK}*/places.json"), calls=AHEAD),
}

# Of working files the client of a person sees which job works on what, who does that job, and how many segments there
# are; their results it counts by name.
CLIENTS_WORK = tuple(WORK + name for name in ("jobs/*", "executions/*/job.json", "*/claim.json", "*/segments.json"))
# Patterns here are whole keys.
CLIENT = Access(
    reads=(f"{INPUT}*", f"{OUTPUT}*", *CLIENTS_WORK),
    writes=(f"{INPUT}*", f"{OUTPUT}*_IDList.txt"),
)

# What may be allowed on every resource, and why: AWS lets nobody narrow these to one.
UNSCOPED: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "ec2:AssignPrivateIpAddresses",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:UnassignPrivateIpAddresses",
        ),
        "Lambda attaches a function to its subnets; the function's own code is denied the same",
    ),
    **dict.fromkeys(
        (
            "xray:GetSamplingRules",
            "xray:GetSamplingTargets",
            "xray:PutTelemetryRecords",
            "xray:PutTraceSegments",
        ),
        "traces belong to the account, not to a resource",
    ),
    **dict.fromkeys(
        (
            "logs:CreateLogDelivery",
            "logs:DeleteLogDelivery",
            "logs:DescribeLogGroups",
            "logs:DescribeResourcePolicies",
            "logs:GetLogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutResourcePolicy",
            "logs:UpdateLogDelivery",
        ),
        "Step Functions sets up the delivery of its log, which is no resource of its own",
    ),
    "ecr:GetAuthorizationToken": "a token for the registry, which is the account's",
    "ecs:DiscoverPollEndpoint": "an instance asks ECS where to call, before it has a name",
}


def together(steps: Iterable[str]) -> Access:
    """The rights of a role that serves several steps: all that one of them has."""
    rows = [ACCESS[step] for step in steps]

    def of(name: str) -> object:
        values = [getattr(row, name) for row in rows]
        if isinstance(values[0], bool):
            return any(values)
        return tuple(dict.fromkeys(prefix for value in values for prefix in value))

    return Access(**{field.name: of(field.name) for field in fields(Access)})  # type: ignore[arg-type]
