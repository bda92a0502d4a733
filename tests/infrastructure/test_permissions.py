"""Who may do what: all of it in one file that a person reads, nothing on everything, and every service that must write.

Where permissions.txt differs from the template on purpose, write it anew:
`REDACTOR_WRITE_PERMISSIONS=1 make test ARGS="tests/infrastructure/test_permissions.py"`, and read the difference.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infrastructure.permissions import ACCESS, UNSCOPED, together
from tests.infrastructure.checks.permissions import WRITERS, admits, attachable, documents, principals
from tests.infrastructure.conftest import Assembly, as_list

SNAPSHOT = Path(__file__).with_name("permissions.txt")
BUCKET = "StorageBucket"


def lines(assembly: Assembly) -> Iterator[str]:
    """One for each effect, holder, action and resource: of roles, of policies to attach, and of those on a resource."""
    for role, properties in assembly.of("AWS::IAM::Role").items():
        for statement in assembly.statements(role):
            yield from told(assembly, assembly.names({"Ref": role}), statement)
        for arn in properties.get("ManagedPolicyArns", []):
            yield f"Allow {assembly.names({'Ref': role})}: all of {assembly.names(arn)}"
    for name, statement in attachable(assembly):
        yield from told(assembly, assembly.names({"Ref": name}), statement)
    for _, name, statement in documents(assembly):
        who = " ".join(sorted(map(assembly.names, principals(statement))))
        yield from told(assembly, f"{assembly.names({'Ref': name})} to {who}", statement)


def told(assembly: Assembly, holder: str, statement: dict[str, Any]) -> Iterator[str]:
    under = f" if {assembly.names(condition)}" if (condition := statement.get("Condition")) else ""
    for action in as_list(statement["Action"]):
        for resource in as_list(statement["Resource"]):
            # Of an object, the bucket and the key.
            on = assembly.names(resource).replace(f"{BUCKET}/", f"{BUCKET}: ", 1)
            yield f"{statement['Effect']} {holder}: {action} on {on}{under}"


def test_what_everybody_may_do_is_what_a_person_read_last(full: Assembly) -> None:
    found = sorted(set(lines(full)))
    if os.environ.get("REDACTOR_WRITE_PERMISSIONS"):
        SNAPSHOT.write_text("\n".join(found) + "\n")
    assert found == SNAPSHOT.read_text().splitlines()


def test_every_reason_is_needed_by_somebody(full: Assembly) -> None:
    allowed = {a for r in full.of("AWS::IAM::Role") for s in full.statements(r) for a in s["Action"]}
    assert UNSCOPED.keys() <= allowed
    assert [action for action, reason in UNSCOPED.items() if len(reason) < 20] == []


def test_only_the_role_by_which_ecs_runs_instances_holds_a_policy_of_aws(assembly: Assembly, full: Assembly) -> None:
    def managed(of: Assembly) -> list[str]:
        return [of.names(arn) for role in of.of("AWS::IAM::Role").values() for arn in role.get("ManagedPolicyArns", [])]

    assert managed(assembly) == []
    assert [arn.rpartition("/")[2] for arn in managed(full)] == ["AmazonECSInfrastructureRolePolicyForManagedInstances"]


def test_a_functions_own_code_may_not_touch_the_network_by_which_lambda_attaches_it(assembly: Assembly) -> None:
    attached = [role for role in assembly.of("AWS::IAM::Role") if _actions(assembly, role, "Allow", "ec2:")]
    assert len(attached) == 8
    for role in attached:
        assert _actions(assembly, role, "Deny", "ec2:") == _actions(assembly, role, "Allow", "ec2:")


def _actions(assembly: Assembly, role: str, effect: str, prefix: str) -> set[str]:
    of = [statement for statement in assembly.statements(role) if statement["Effect"] == effect]
    return {action for statement in of for action in statement["Action"] if action.startswith(prefix)}


@pytest.mark.parametrize("step", ACCESS)
def test_whoever_reads_may_decrypt_and_whoever_writes_may_encrypt_through_the_store_only(
    full: Assembly, step: str
) -> None:
    mine = [line for line in lines(full) if line.startswith(f"Allow Compute{step.capitalize()}Role: kms:")]
    through = {line.partition("kms:ViaService: ")[2].partition(".")[0] for line in mine}
    assert through == {"s3"} | ({"sns"} if ACCESS[step].notifies else set())
    assert any("kms:Decrypt" in line for line in mine)
    assert any("kms:GenerateDataKey" in line for line in mine) == bool(ACCESS[step].writes)


@pytest.mark.parametrize(("kind", "service", "action"), WRITERS)
def test_a_service_that_must_write_is_admitted(shaped: Assembly, kind: str, service: str, action: str) -> None:
    assert admits(shaped, kind, service, action)


def test_rights_of_several_steps_are_those_of_each_and_no_more() -> None:
    both = together(("publish", "report"))
    assert set(both.writes) == {*ACCESS["publish"].writes, *ACCESS["report"].writes}
    assert (both.notifies, both.follows_executions) == (True, False)
    assert together(("detect",)) == ACCESS["detect"]
