"""The synthesized template: dropped videos reach the state machine, and each step its function with its rights."""

import json
import re
from typing import Any

import pytest

from infrastructure.permissions import ACCESS
from infrastructure.steps import STEPS
from tests.conftest import ROOT
from tests.infrastructure.checks.compute import functions
from tests.infrastructure.conftest import STACK, Assembly

# Of the metrics; infrastructure/compute.py, which needs CDK.
NAMESPACE = "FaceRedaction"
ASL = (ROOT / "statemachine" / "redaction.asl.json").read_text()


def role_of(properties: dict[str, Any]) -> str:
    role: str = properties["Role"]["Fn::GetAtt"][0]
    return role


def key_patterns(statements: list[dict[str, Any]], action: str) -> set[str]:
    """The key patterns of the bucket's objects that an action is allowed on: {"input/*"}."""
    resources = [r for s in statements if action in s["Action"] for r in s["Resource"]]
    return {r["Fn::Join"][1][-1].removeprefix("/") for r in resources}


def test_the_buckets_events_reach_the_state_machine_made_from_the_very_file(assembly: Assembly) -> None:
    bucket, properties = assembly.one("AWS::S3::Bucket")
    machine, definition = assembly.one("AWS::StepFunctions::StateMachine")
    (rule,) = [
        rule for rule in assembly.of("AWS::Events::Rule").values() if rule["EventPattern"]["source"] == ["aws.s3"]
    ]
    (target,) = rule["Targets"]

    assert properties["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    assert rule["EventPattern"]["detail"]["bucket"]["name"] == [{"Ref": bucket}]
    assert target["Arn"] == {"Ref": machine}
    assert definition["DefinitionString"] == ASL
    assert definition["DefinitionSubstitutions"].keys() == set(re.findall(r"\$\{(\w+)\}", ASL))
    allowed = [*assembly.statements(role_of({"Role": target["RoleArn"]}))]
    assert [(s["Action"], s["Resource"]) for s in allowed] == [(["states:StartExecution"], [{"Ref": machine}])]


def test_failed_executions_are_reported(assembly: Assembly) -> None:
    machine, _ = assembly.one("AWS::StepFunctions::StateMachine")
    (rule,) = [
        (n, r) for n, r in assembly.of("AWS::Events::Rule").items() if "aws.states" in r["EventPattern"]["source"]
    ]
    _, permission = assembly.one("AWS::Lambda::Permission")

    assert rule[1]["EventPattern"]["detail"]["stateMachineArn"] == [{"Ref": machine}]
    assert rule[1]["Targets"][0]["Arn"] == permission["FunctionName"]
    assert permission["SourceArn"] == {"Fn::GetAtt": [rule[0], "Arn"]}
    called = assembly.of("AWS::Lambda::Function")[permission["FunctionName"]["Fn::GetAtt"][0]]
    assert called == functions(assembly)["report"]


def test_the_state_machine_may_call_what_its_definition_names_and_nothing_else(assembly: Assembly) -> None:
    _, definition = assembly.one("AWS::StepFunctions::StateMachine")
    named = [arn for name, arn in definition["DefinitionSubstitutions"].items() if name != "Bucket"]
    statements = [*assembly.statements(definition["RoleArn"]["Fn::GetAtt"][0])]
    invoked = [r for s in statements if s["Action"] == ["lambda:InvokeFunction"] for r in s["Resource"]]
    assert sorted(map(json.dumps, invoked)) == sorted(map(json.dumps, named))
    assert key_patterns(statements, "s3:GetObject") == {"work/*"}


def test_a_distributed_map_may_start_and_watch_executions_of_its_own_machine(assembly: Assembly) -> None:
    _, definition = assembly.one("AWS::StepFunctions::StateMachine")
    name = definition["StateMachineName"]
    granted = {
        (action, resource["Fn::Join"][1][-1].lstrip(":"))
        for statement in assembly.statements(definition["RoleArn"]["Fn::GetAtt"][0])
        for action in statement["Action"]
        if action.startswith("states:")
        for resource in statement["Resource"]
    }
    watched = {"states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"}
    executions = {f"execution:{name}:*", f"execution:{name}/*"}
    assert granted == {
        ("states:StartExecution", f"stateMachine:{name}"),
        *((action, execution) for action in watched for execution in executions),
    }


@pytest.mark.parametrize("step", STEPS)
def test_a_step_reads_and_writes_where_its_row_says(assembly: Assembly, step: str) -> None:
    statements = [*assembly.statements(role_of(functions(assembly)[step]))]
    rows = {
        "s3:GetObject": ACCESS[step].reads,
        "s3:PutObject": ACCESS[step].writes,
        "s3:DeleteObject": ACCESS[step].deletes,
    }
    for action, prefixes in rows.items():
        assert key_patterns(statements, action) == {f"{prefix}*" for prefix in prefixes}


def test_the_input_is_untouched_and_only_publish_and_report_write_results() -> None:
    assert not [step for step, access in ACCESS.items() if any(p.startswith("input/") for p in access.writes)]
    assert not [step for step, access in ACCESS.items() if any(p.startswith("input/") for p in access.deletes)]
    assert {step for step, access in ACCESS.items() if "output/" in access.writes} == {"publish", "report"}


def test_the_image_is_given_what_its_dockerfile_copies_and_little_else(assembly: Assembly) -> None:
    (image,) = assembly.assets["dockerImages"].values()
    context = assembly.folder / image["source"]["directory"]
    dockerfile = (context / image["source"]["dockerFile"]).read_text()
    copied = [name for line in re.findall(r"^COPY (.+) \S+$", dockerfile, re.MULTILINE) for name in line.split()]

    assert "src/redactor" in copied
    # The weights come by `make models`, which the template does not need.
    assert [name for name in copied if not (context / name).exists()] in ([], ["build/models"])
    assert {path.name for path in context.iterdir()} <= {
        ".dockerignore",
        "LICENSE",
        "docs",
        "requirements",
        "src",
        "containers",
        "build",
    }
    assert not [*context.rglob("__pycache__")]


def test_every_function_is_traced_and_told_where_to_count(assembly: Assembly) -> None:
    for properties in functions(assembly).values():
        assert properties["TracingConfig"] == {"Mode": "Active"}
        told = properties["Environment"]["Variables"]
        assert (told["POWERTOOLS_METRICS_NAMESPACE"], told["POWERTOOLS_SERVICE_NAME"]) == (NAMESPACE, STACK)


def test_accept_is_told_how_many_segments_each_map_works_on(assembly: Assembly) -> None:
    read = set(re.findall(r"\$\.concurrency\.(\w+)", ASL))
    told = json.loads(functions(assembly)["accept"]["Environment"]["Variables"]["REDACTOR_CONCURRENCY"])
    assert told == dict.fromkeys(read, 5)


def test_every_function_knows_its_bucket(assembly: Assembly) -> None:
    bucket, _ = assembly.one("AWS::S3::Bucket")
    known = [properties["Environment"]["Variables"]["REDACTOR_BUCKET"] for properties in functions(assembly).values()]
    assert known == [{"Ref": bucket}] * len(STEPS)
