"""Who may do what: nothing on everything but for a reason, and every service that must write may."""

import re
from collections.abc import Iterator
from typing import Any

from infrastructure.permissions import ACCESS, UNSCOPED
from tests.infrastructure.checks.compute import functions
from tests.infrastructure.conftest import Assembly, as_list

FUNCTION = "AWS::Lambda::Function"
# Kind of resource-based policy -> where its document is.
POLICIES = {
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::SQS::QueuePolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::EC2::VPCEndpoint": "PolicyDocument",
}
# (kind of policy, its service, the action by which it writes): all that must write without a role of ours.
WRITERS = [
    ("AWS::SQS::QueuePolicy", "events.amazonaws.com", "sqs:SendMessage"),
    ("AWS::SNS::TopicPolicy", "cloudwatch.amazonaws.com", "sns:Publish"),
    ("AWS::KMS::Key", "cloudwatch.amazonaws.com", "kms:GenerateDataKey*"),
    ("AWS::KMS::Key", "cloudwatch.amazonaws.com", "kms:Decrypt"),
    ("AWS::KMS::Key", "logs.<AWS::Region>.amazonaws.com", "kms:GenerateDataKey*"),
    ("AWS::KMS::Key", "logs.<AWS::Region>.amazonaws.com", "kms:Encrypt*"),
]


def documents(of: Assembly) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(kind, logical id, statement) of every policy on a resource."""
    for kind, document in POLICIES.items():
        for name, properties in of.of(kind).items():
            for statement in properties.get(document, {"Statement": []})["Statement"]:
                yield kind, name, statement


def principals(statement: dict[str, Any]) -> list[Any]:
    given = statement["Principal"]
    return [one for kind in given.values() for one in as_list(kind)] if isinstance(given, dict) else [given]


def attachable(of: Assembly) -> Iterator[tuple[str, dict[str, Any]]]:
    """(logical id, statement) of every policy that people attach to their own roles."""
    for name, properties in of.of("AWS::IAM::ManagedPolicy").items():
        for statement in properties["PolicyDocument"]["Statement"]:
            yield name, statement | {key: as_list(statement[key]) for key in ("Action", "Resource")}


def _allowed(of: Assembly) -> Iterator[tuple[str, str, list[Any]]]:
    """(role or policy to attach, action, resources) of everything that it allows."""
    by_role = [(role, statement) for role in of.of("AWS::IAM::Role") for statement in of.statements(role)]
    for holder, statement in [*by_role, *attachable(of)]:
        if statement["Effect"] == "Allow":
            yield from ((holder, action, statement["Resource"]) for action in statement["Action"])


def unscoped(of: Assembly) -> list[str]:
    """Actions on every resource that nobody gave a reason for."""
    return [f"{role}: {a}" for role, a, resources in _allowed(of) if "*" in resources and a not in UNSCOPED]


def patterns(of: Assembly) -> list[str]:
    """Roles that may do whatever fits a pattern."""
    return [f"{role}: {action}" for role, action, _ in _allowed(of) if "*" in action]


def passing_any_role(of: Assembly) -> list[str]:
    """Who may hand on a role must say to which service."""
    return [
        role
        for role in of.of("AWS::IAM::Role")
        for statement in of.statements(role)
        if "iam:PassRole" in statement["Action"] and "iam:PassedToService" not in str(statement.get("Condition"))
    ]


def calling_others(of: Assembly) -> list[str]:
    """Steps whose functions may call other functions than their rows say, or are told of others."""
    wrong = []
    found = functions(of)
    for step, one in found.items():
        names = [name for called in ACCESS[step].calls for name, p in of.of(FUNCTION).items() if p == found[called]]
        wanted = sorted(str({"Fn::GetAtt": [name, "Arn"]}) for name in names)
        statements = of.statements(one["Role"]["Fn::GetAtt"][0])
        allowed = [
            str(r) for s in statements if any(a.startswith("lambda:") for a in s["Action"]) for r in s["Resource"]
        ]
        told = re.findall(r"\{'Fn::GetAtt': .*?\}", str(one["Environment"]["Variables"].get("REDACTOR_FUNCTIONS", "")))
        wrong += [] if sorted(allowed) == sorted(told) == wanted else [step]
    return wrong


def admits(of: Assembly, kind: str, service: str, action: str) -> bool:
    """Whether a policy of that kind lets the service do so."""
    return any(
        statement["Effect"] == "Allow"
        and action in as_list(statement["Action"])
        and service in map(of.names, principals(statement))
        for one, _, statement in documents(of)
        if one == kind
    )


def not_admitted(of: Assembly) -> list[str]:
    """Services that must write and may not."""
    return [" ".join(writer) for writer in WRITERS if not admits(of, *writer)]


def admitted_for_anybody(of: Assembly) -> list[str]:
    """Services, and everybody, that a policy admits without saying on whose behalf.

    A service acts for whoever asks it to. Image layers are the registry's, for whoever has the link that it gave.
    """
    layers = "starport-layer-bucket"
    return [
        f"{name}: {who}"
        for _, name, statement in documents(of)
        if statement["Effect"] == "Allow" and not statement.get("Condition")
        for who in map(of.names, principals(statement))
        if not who.endswith(":root") and layers not in of.names(statement.get("Resource"))
    ]


CHECKS = (unscoped, patterns, passing_any_role, calling_others, not_admitted, admitted_for_anybody)
