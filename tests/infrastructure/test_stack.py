"""The synthesized template: dropped videos reach the state machine, and each step its function with its rights."""

import json
import re
from typing import Any

import pytest

from infrastructure.kinds import NOWHERE, SUBSTITUTIONS
from infrastructure.permissions import ACCESS
from infrastructure.steps import STEPS
from redactor.places import TASKS
from redactor.preset import Compute
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
        rule
        for name, rule in assembly.of("AWS::Events::Rule").items()
        if rule.get("EventPattern", {}).get("source") == ["aws.s3"] and "Dropped" in name
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
        (n, r)
        for n, r in assembly.of("AWS::Events::Rule").items()
        if "aws.states" in r.get("EventPattern", {}).get("source", [])
    ]
    (permission,) = [
        one for one in assembly.of("AWS::Lambda::Permission").values() if "Ended" in one["SourceArn"]["Fn::GetAtt"][0]
    ]

    assert rule[1]["EventPattern"]["detail"]["stateMachineArn"] == [{"Ref": machine}]
    assert rule[1]["Targets"][0]["Arn"] == permission["FunctionName"]
    assert permission["SourceArn"] == {"Fn::GetAtt": [rule[0], "Arn"]}
    called = assembly.of("AWS::Lambda::Function")[permission["FunctionName"]["Fn::GetAtt"][0]]
    assert called == functions(assembly)["report"]


def test_the_state_machine_may_call_what_its_definition_names_and_nothing_else(assembly: Assembly) -> None:
    _, definition = assembly.one("AWS::StepFunctions::StateMachine")
    named = [arn for name, arn in definition["DefinitionSubstitutions"].items() if name.endswith("Function")]
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


def test_plan_is_told_how_many_segments_each_map_works_on_and_what_the_stack_has(shaped: Assembly) -> None:
    read = set(re.findall(r"\$\.plan\.concurrency\.(\w+)", ASL))
    told = functions(shaped)["plan"]["Environment"]["Variables"]
    at_once = json.loads(told["REDACTOR_CONCURRENCY"])
    assert at_once.keys() == read | {"tasks"}
    assert at_once["tasks"] == 10
    kinds = {place.value for place in TASKS[Compute(told["REDACTOR_COMPUTE"])]}
    assert len(kinds) == len(shaped.of("AWS::ECS::TaskDefinition"))


def test_without_tasks_the_definition_names_none_and_its_role_may_start_none(assembly: Assembly) -> None:
    _, definition = assembly.one("AWS::StepFunctions::StateMachine")
    assert {definition["DefinitionSubstitutions"][name] for name in SUBSTITUTIONS} == {NOWHERE}
    allowed = {a for s in assembly.statements(definition["RoleArn"]["Fn::GetAtt"][0]) for a in s["Action"]}
    assert not {action for action in allowed if action.startswith(("ecs:", "iam:"))}


def test_the_state_machine_may_start_the_tasks_that_its_definition_names_where_it_names(full: Assembly) -> None:
    _, definition = full.one("AWS::StepFunctions::StateMachine")
    named = definition["DefinitionSubstitutions"]
    statements = [*full.statements(definition["RoleArn"]["Fn::GetAtt"][0])]
    (run,) = [s for s in statements if s["Action"] == ["ecs:RunTask"]]
    (handed,) = [s for s in statements if s["Action"] == ["iam:PassRole"]]
    tasks = full.of("AWS::ECS::TaskDefinition")
    assert run["Resource"] == [named["FargateTask"], named["GpuTask"]] == [{"Ref": name} for name in tasks]
    assert run["Condition"] == {"ArnEquals": {"ecs:cluster": named["Cluster"]}}
    roles = [task[role] for task in tasks.values() for role in ("TaskRoleArn", "ExecutionRoleArn")]
    assert sorted(map(json.dumps, handed["Resource"])) == sorted(map(json.dumps, roles))


def test_tasks_stand_where_the_settings_say(shaped: Assembly) -> None:
    named = shaped.one("AWS::StepFunctions::StateMachine")[1]["DefinitionSubstitutions"]
    if named["Cluster"] == NOWHERE:
        return
    subnets = shaped.of("AWS::EC2::Subnet")
    stands = [subnets[part["Ref"]] for part in refs(named["TaskSubnets"])]
    public = {subnet.get("MapPublicIpOnLaunch", False) for subnet in stands}
    assert public == {named["TaskPublicAddress"] == "ENABLED"}


def refs(value: Any) -> list[dict[str, str]]:
    """The subnets in a list that is joined by commas."""
    if "Ref" in value:
        return [value]
    between, parts = value["Fn::Join"]
    return [part for part in parts if isinstance(part, dict)] if between in ("", ",") else []


def test_every_function_knows_its_bucket(assembly: Assembly) -> None:
    bucket, _ = assembly.one("AWS::S3::Bucket")
    known = [properties["Environment"]["Variables"]["REDACTOR_BUCKET"] for properties in functions(assembly).values()]
    assert known == [{"Ref": bucket}] * len(STEPS)
