"""The state machine, the rules that start and report it, and whoever is told when something is lost."""

import re
from typing import Any

from infrastructure.rules import RULES, WARMINGS, Warming, substitute
from infrastructure.steps import AHEAD
from tests.infrastructure.conftest import Assembly

# All that rules call beforehand.
WARMED = [step for row in WARMINGS for step in row.steps]
MACHINE = "AWS::StepFunctions::StateMachine"
# (namespace, metric): every way in which a job or an event is lost.
WATCHED = {
    ("AWS/States", "ExecutionsFailed"),
    ("AWS/States", "ExecutionsTimedOut"),
    ("AWS/States", "ExecutionsAborted"),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"),
    ("AWS/Lambda", "Errors"),
}


def not_filled_in(of: Assembly) -> list[str]:
    """Names in the definition for which the stack puts nothing, and what it puts for no name."""
    _, machine = of.one(MACHINE)
    return sorted(
        set(re.findall(r"\$\{(\w+)\}", machine["DefinitionString"])) ^ machine["DefinitionSubstitutions"].keys()
    )


def called_without_leave(of: Assembly) -> list[str]:
    """Functions that the definition names and the machine may not call, and the other way round."""
    _, machine = of.one(MACHINE)
    statements = [*of.statements(machine["RoleArn"]["Fn::GetAtt"][0])]
    allowed = {of.names(r) for s in statements if "lambda:InvokeFunction" in s["Action"] for r in s["Resource"]}
    named = {of.names(v) for k, v in machine["DefinitionSubstitutions"].items() if k.endswith("Function")}
    return sorted(allowed ^ named)


def telling_what_states_were_given(of: Assembly) -> list[str]:
    """A state machine whose log holds keys, that is, file names; or that keeps no log, or sends no trace."""
    _, machine = of.one(MACHINE)
    log = machine.get("LoggingConfiguration", {})
    told = (log.get("Level"), log.get("IncludeExecutionData"), machine.get("TracingConfiguration"))
    return [] if told == ("ALL", False, {"Enabled": True}) else ["the state machine"]


def forgotten_events(of: Assembly) -> list[str]:
    """Rules that are not deployed as the table says, do not try for a day, or leave nothing where they fail."""
    (queue,) = of.of("AWS::SQS::Queue")
    deployed: dict[str, Any] = {t["Id"]: t for r in of.of("AWS::Events::Rule").values() for t in r["Targets"]}
    wrong = sorted(deployed.keys() ^ {*(rule.name for rule in RULES), *WARMED})
    for rule in RULES:
        target = deployed.get(rule.name, {})
        told = (
            {"InputPathsMap": dict(rule.transformer.paths), "InputTemplate": rule.transformer.template}
            if rule.transformer
            else None
        )
        right = (
            target.get("InputTransformer") == told
            and target.get("DeadLetterConfig") == {"Arn": {"Fn::GetAtt": [queue, "Arn"]}}
            and target.get("RetryPolicy") == {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}
        )
        wrong += [] if right else [rule.name]
    return wrong


def rules_not_admitted(of: Assembly) -> list[str]:
    """Rules that the dead-letter queue does not admit, but for those whose events nobody misses."""
    policies = of.of("AWS::SQS::QueuePolicy").values()
    admitted = {
        statement.get("Condition", {}).get("ArnEquals", {}).get("aws:SourceArn", {}).get("Fn::GetAtt", [""])[0]
        for policy in policies
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow" and "sqs:SendMessage" in statement["Action"]
    }
    missed = {name for name, rule in of.of("AWS::Events::Rule").items() if not {*WARMED} & _called(rule)}
    return sorted(missed - admitted)


def reports_lost(of: Assembly) -> list[str]:
    """Functions that EventBridge calls without waiting and whose failures go nowhere."""
    (queue,) = of.of("AWS::SQS::Queue")
    rules = of.of("AWS::Events::Rule")
    asked = {name for name, rule in rules.items() if not {*WARMED} & _called(rule)}
    called = {
        one["FunctionName"]["Fn::GetAtt"][0]
        for one in of.of("AWS::Lambda::Permission").values()
        if one["SourceArn"]["Fn::GetAtt"][0] in asked
    }
    kept = {
        config["FunctionName"]["Ref"]
        for config in of.of("AWS::Lambda::EventInvokeConfig").values()
        if config.get("DestinationConfig") == {"OnFailure": {"Destination": {"Fn::GetAtt": [queue, "Arn"]}}}
    }
    return sorted(called - kept)


def wrongly_warmed(of: Assembly) -> list[str]:
    """Functions that are called beforehand otherwise than the table says, or without leave, or tried again."""
    rules = of.of("AWS::Events::Rule")
    found = {name: row for name, rule in rules.items() for row in WARMINGS if _called(rule) & {*row.steps}}
    wrong = [row.name for row in WARMINGS if [*found.values()].count(row) != 1]
    for name, row in found.items():
        wrong += [] if _told(rules[name]) == _wanted(of, row) else [name]
        wrong += sorted(_called(rules[name]) ^ {*row.steps})
        permitted = {
            one["FunctionName"]["Fn::GetAtt"][0]
            for one in of.of("AWS::Lambda::Permission").values()
            if one["SourceArn"] == {"Fn::GetAtt": [name, "Arn"]} and one["Principal"] == "events.amazonaws.com"
        }
        for target in rules[name]["Targets"]:
            function, retry = target["Arn"]["Fn::GetAtt"][0], target["RetryPolicy"]["MaximumRetryAttempts"]
            right = function.startswith(f"Compute{target['Id'].capitalize()}Function") and function in permitted
            wrong += [] if right and (target.get("Input"), retry) == (row.input, 0) else [target["Id"]]
    return wrong


def _called(rule: dict[str, Any]) -> set[str]:
    return {target["Id"] for target in rule["Targets"]}


def _told(rule: dict[str, Any]) -> tuple[Any, ...]:
    return rule.get("EventPattern"), rule.get("ScheduleExpression"), rule["State"]


def _wanted(of: Assembly, row: Warming) -> tuple[Any, ...]:
    (bucket,) = of.of("AWS::S3::Bucket")
    pattern: Any = substitute(row.pattern, {"Bucket": "?"})
    if pattern:
        pattern["detail"]["bucket"]["name"] = [{"Ref": bucket}]
    return pattern, row.schedule, "DISABLED" if row.optional and not of.settings.warm_ahead else "ENABLED"


def warmed_late(of: Assembly) -> list[str]:
    """Functions that are called for nothing but a machine, whose calls Lambda keeps for long or repeats."""
    once = {
        config["FunctionName"]["Ref"]
        for config in of.of("AWS::Lambda::EventInvokeConfig").values()
        if (config.get("MaximumRetryAttempts"), config.get("MaximumEventAgeInSeconds")) == (0, 60)
    }
    wanted = {*WARMED, *AHEAD}
    return [step for step in wanted if not any(name.startswith(f"Compute{step.capitalize()}Function") for name in once)]


def unwatched(of: Assembly) -> list[str]:
    """Ways to lose a job or an event that call nobody; alarms that reach no topic, or only when it comes again."""
    (topic,) = of.of("AWS::SNS::Topic")
    alarms = of.of("AWS::CloudWatch::Alarm")
    seen = {(alarm["Namespace"], alarm["MetricName"]) for alarm in alarms.values()}
    wanted = {
        "AlarmActions": [{"Ref": topic}],
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
        "TreatMissingData": "notBreaching",
    }
    mute = [n for n, alarm in alarms.items() if {key: alarm.get(key) for key in wanted} != wanted]
    return [" ".join(one) for one in sorted(WATCHED - seen)] + mute


CHECKS = (
    not_filled_in,
    called_without_leave,
    telling_what_states_were_given,
    forgotten_events,
    rules_not_admitted,
    reports_lost,
    wrongly_warmed,
    warmed_late,
    unwatched,
)
