"""The synthesized template: dropped videos reach the state machine, and each step its function with its rights."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from infrastructure.kinds import NOWHERE, SUBSTITUTIONS
from infrastructure.permissions import ACCESS
from infrastructure.rules import RULES
from infrastructure.steps import STEPS
from redactor.places import TASKS
from redactor.preset import Compute
from redactor.publish import PERSONAL
from tests.conftest import ROOT
from tests.infrastructure.conftest import STACK, Assembly

# Of the metrics; infrastructure/compute.py, which needs CDK.
NAMESPACE = "FaceRedaction"
ASL = (ROOT / "statemachine" / "redaction.asl.json").read_text()


def functions(assembly: Assembly) -> dict[str, dict[str, Any]]:
    """Step -> the properties of its function, found by the handler that it calls."""
    by_handler = {step.handler: step.name for step in STEPS.values()}
    found = assembly.of("AWS::Lambda::Function").values()
    return {by_handler[p.get("Handler") or p["ImageConfig"]["Command"][0]]: p for p in found}


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


def test_every_rule_of_the_table_is_deployed_with_its_transformer_and_a_dead_letter_queue(assembly: Assembly) -> None:
    queue, _ = assembly.one("AWS::SQS::Queue")
    deployed = {rule["Targets"][0]["Id"]: rule["Targets"][0] for rule in assembly.of("AWS::Events::Rule").values()}
    for rule in RULES:
        target = deployed.pop(rule.name)
        wanted = rule.transformer and {
            "InputPathsMap": rule.transformer.paths,
            "InputTemplate": rule.transformer.template,
        }
        assert target.get("InputTransformer") == wanted
        assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [queue, "Arn"]}}
        assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}
    assert deployed == {}


def test_the_dead_letter_queue_admits_every_rule(assembly: Assembly) -> None:
    _, policy = assembly.one("AWS::SQS::QueuePolicy")
    statements = policy["PolicyDocument"]["Statement"]
    senders = [s for s in statements if s["Effect"] == "Allow" and "sqs:SendMessage" in s["Action"]]
    admitted = {s["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::GetAtt"][0] for s in senders}
    assert admitted == assembly.of("AWS::Events::Rule").keys()


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


def test_every_step_has_its_function_with_a_role_and_a_log_of_its_own(assembly: Assembly) -> None:
    found = functions(assembly)
    assert found.keys() == STEPS.keys()
    assert len({role_of(properties) for properties in found.values()}) == len(STEPS)
    assert len({json.dumps(properties["LoggingConfig"]) for properties in found.values()}) == len(STEPS)


@pytest.mark.parametrize("step", STEPS.values(), ids=lambda step: step.name)
def test_a_function_is_as_the_table_says(assembly: Assembly, step: Any) -> None:
    properties = functions(assembly)[step.name]
    assert properties["MemorySize"] == min(step.memory, 3008)
    assert properties["Timeout"] == step.timeout
    assert properties["EphemeralStorage"] == {"Size": step.disk}
    assert properties.get("PackageType", "Zip").lower() == step.kind
    assert properties["Architectures"] == ["x86_64"]


def test_the_state_machine_may_call_what_its_definition_names_and_nothing_else(assembly: Assembly) -> None:
    _, definition = assembly.one("AWS::StepFunctions::StateMachine")
    named = [arn for name, arn in definition["DefinitionSubstitutions"].items() if name.endswith("Function")]
    statements = [*assembly.statements(definition["RoleArn"]["Fn::GetAtt"][0])]
    invoked = [r for s in statements if s["Action"] == ["lambda:InvokeFunction"] for r in s["Resource"]]
    assert sorted(map(json.dumps, invoked)) == sorted(map(json.dumps, named))
    assert key_patterns(statements, "s3:GetObject") == {"work/*"}


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


def test_production_gives_every_step_the_memory_that_it_asks_for(full: Assembly) -> None:
    assert {name: p["MemorySize"] for name, p in functions(full).items()} == {s.name: s.memory for s in STEPS.values()}


def test_there_are_no_custom_resources_and_no_functions_but_the_steps(shaped: Assembly) -> None:
    kinds = [resource["Type"] for resource in shaped.resources.values()]
    assert not [kind for kind in kinds if kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource"]
    assert kinds.count("AWS::Lambda::Function") == len(STEPS)


def test_every_image_is_built_for_linux_amd64(shaped: Assembly) -> None:
    images = shaped.assets["dockerImages"].values()
    assert images
    assert {image["source"]["platform"] for image in images} == {"linux/amd64"}


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


def test_the_bucket_is_versioned_private_and_kept(assembly: Assembly) -> None:
    name, bucket = assembly.one("AWS::S3::Bucket")
    _, policy = assembly.one("AWS::S3::BucketPolicy")
    (statement, old) = policy["PolicyDocument"]["Statement"]

    assert (old["Effect"], old["Condition"]) == ("Deny", {"NumericLessThan": {"s3:TlsVersion": 1.2}})
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert assembly.resources[name]["DeletionPolicy"] == "Retain"


def test_all_that_is_stored_is_under_the_one_key_which_rotates_and_is_kept(shaped: Assembly) -> None:
    key, properties = shaped.one("AWS::KMS::Key")
    arn = {"Fn::GetAtt": [key, "Arn"]}
    _, bucket = shaped.one("AWS::S3::Bucket")
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]

    assert rule["ServerSideEncryptionByDefault"] == {"KMSMasterKeyID": arn, "SSEAlgorithm": "aws:kms"}
    assert rule["BucketKeyEnabled"] is True
    assert properties["EnableKeyRotation"] is True
    assert shaped.resources[key]["DeletionPolicy"] == "Retain"
    assert shaped.one("AWS::SNS::Topic")[1]["KmsMasterKeyId"] == arn
    assert [group["KmsKeyId"] for group in shaped.of("AWS::Logs::LogGroup").values()] == [arn] * len(
        shaped.of("AWS::Logs::LogGroup")
    )
    assert shaped.one("AWS::SQS::Queue")[1]["SqsManagedSseEnabled"] is True


def test_what_was_dropped_expires_where_a_setting_says_so_and_never_by_itself(
    assembly: Assembly, synthesized: Callable[[str], Assembly]
) -> None:
    def rules(of: Assembly) -> dict[str, Any]:
        return {rule["Id"]: rule for rule in of.one("AWS::S3::Bucket")[1]["LifecycleConfiguration"]["Rules"]}

    assert "input" not in rules(assembly)
    assert not [rule for rule in rules(assembly).values() if rule.get("Prefix", "").startswith("input")]
    kept = rules(synthesized("sandbox with tasks"))["input"]
    assert (kept["Prefix"], kept["ExpirationInDays"]) == ("input/", 90)


def test_every_word_that_a_service_writes_of_its_own_accord_is_kept_as_long_as_the_settings_say(
    shaped: Assembly,
) -> None:
    assert {group["RetentionInDays"] for group in shaped.of("AWS::Logs::LogGroup").values()} == {30}


def test_the_state_machines_log_holds_every_event_but_nothing_that_states_were_given(assembly: Assembly) -> None:
    _, machine = assembly.one("AWS::StepFunctions::StateMachine")
    log = machine["LoggingConfiguration"]
    assert (log["Level"], log["IncludeExecutionData"]) == ("ALL", False)
    assert machine["TracingConfiguration"] == {"Enabled": True}


def test_every_function_is_traced_and_told_where_to_count(assembly: Assembly) -> None:
    for properties in functions(assembly).values():
        assert properties["TracingConfig"] == {"Mode": "Active"}
        told = properties["Environment"]["Variables"]
        assert (told["POWERTOOLS_METRICS_NAMESPACE"], told["POWERTOOLS_SERVICE_NAME"]) == (NAMESPACE, STACK)


def test_working_files_and_personal_data_expire_and_so_do_their_old_versions(assembly: Assembly) -> None:
    _, bucket = assembly.one("AWS::S3::Bucket")
    rules = {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}
    tags = {tag["Key"]: tag["Value"] for tag in rules["personal-data"]["TagFilters"]}

    assert rules["work"]["Prefix"] == "work/"
    assert rules["work"]["ExpirationInDays"] == 7
    assert tags == PERSONAL
    assert rules["personal-data"]["ExpirationInDays"] == 30
    assert rules["leftovers"]["NoncurrentVersionExpiration"]
    assert rules["leftovers"]["AbortIncompleteMultipartUpload"]
    assert rules["leftovers"]["ExpiredObjectDeleteMarker"] is True
    assert not [rule for rule in rules.values() if rule["Status"] != "Enabled"]


def test_plan_is_told_how_many_segments_each_map_works_on_and_what_the_stack_has(shaped: Assembly) -> None:
    read = set(re.findall(r"\$\.plan\.concurrency\.(\w+)", ASL))
    told = functions(shaped)["plan"]["Environment"]["Variables"]
    at_once = json.loads(told["REDACTOR_CONCURRENCY"])
    assert at_once.keys() == read | {"tasks"}
    assert at_once["tasks"] == 10
    kinds = {place.value for place in TASKS[Compute(told["REDACTOR_COMPUTE"])]}
    assert len(kinds) == len(shaped.of("AWS::ECS::TaskDefinition"))


def test_every_function_knows_its_bucket(assembly: Assembly) -> None:
    bucket, _ = assembly.one("AWS::S3::Bucket")
    known = [properties["Environment"]["Variables"]["REDACTOR_BUCKET"] for properties in functions(assembly).values()]
    assert known == [{"Ref": bucket}] * len(STEPS)
