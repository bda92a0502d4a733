"""The state machine, made from the file that the embedded cloud runs too, and the rules that start it and report it."""

from collections.abc import Mapping

from aws_cdk import ArnFormat, Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct, IConstruct

from infrastructure.journals import log_group
from infrastructure.kinds import NOWHERE, SUBSTITUTIONS
from infrastructure.roles import Surroundings
from infrastructure.rules import RULES, WARMINGS, Rule, Warming, substitute
from infrastructure.settings import ROOT
from infrastructure.steps import AHEAD, STEPS
from infrastructure.tasks import Tasks, run_tasks
from redactor.bucket import WORK

DEFINITION = ROOT / "statemachine" / "redaction.asl.json"


# EventBridge tries for a day, with growing pauses; what it still could not deliver becomes a dead letter.
_RETRY = events.CfnRule.RetryPolicyProperty(maximum_event_age_in_seconds=86_400, maximum_retry_attempts=185)

_AT_ONCE = events.CfnRule.RetryPolicyProperty(maximum_event_age_in_seconds=60, maximum_retry_attempts=0)


class Workflow(Construct):
    """machine: the state machine. dead_letters: events that reached neither it nor Report."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        around: Surroundings,
        functions: Mapping[str, lambda_.Function],
        tasks: Tasks | None = None,
    ) -> None:
        super().__init__(scope, name)
        self._around, self._bucket, self._functions, self._tasks = around, around.bucket, functions, tasks
        self.machine = self._machine()
        # Under the queue service's own key: EventBridge could not be told apart in the policy of one of ours.
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            retention_period=Duration.days(14),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
        )
        self._targets = {"state machine": self._start_machine, "report": self._call_report}
        for rule in RULES:
            self._rule(rule)
        for warming in WARMINGS:
            self._warm(warming)
        for step in sorted({*AHEAD, *(step for warming in WARMINGS for step in warming.steps)}):
            functions[step].configure_async_invoke(retry_attempts=0, max_event_age=Duration.seconds(60))
        # EventBridge calls a function without waiting for it, so what Report could not do must not get lost either.
        functions["report"].configure_async_invoke(on_failure=destinations.SqsDestination(self.dead_letters))

    def _machine(self) -> sfn.StateMachine:
        definition = DEFINITION.read_text()
        functions = {
            step.substitution: self._functions[step.name].function_arn
            for step in STEPS.values()
            if f"${{{step.substitution}}}" in definition
        }
        machine = sfn.StateMachine(
            self,
            "Machine",
            state_machine_name=machine_name(self),
            definition_body=sfn.DefinitionBody.from_string(definition),
            definition_substitutions={
                **functions,
                "Bucket": self._bucket.bucket_name,
                **dict.fromkeys(SUBSTITUTIONS, NOWHERE),
                **(self._tasks.substitutions if self._tasks else {}),
            },
            tracing_enabled=True,
            logs=self._journal(),
        )
        by_s3 = {"StringEquals": {"kms:ViaService": f"s3.{Stack.of(self).region}.amazonaws.com"}}
        for action, resources, conditions in (
            ("lambda:InvokeFunction", list(functions.values()), None),
            # The list of segments, which the Maps read.
            ("s3:GetObject", [self._bucket.arn_for_objects(f"{WORK}*")], None),
            ("kms:Decrypt", [self._around.key.key_arn], by_s3),
        ):
            machine.add_to_role_policy(
                iam.PolicyStatement(actions=[action], resources=resources, conditions=conditions)
            )
        _run_maps(self, machine)
        if self._tasks:
            run_tasks(self, machine, self._tasks)
        return machine

    def _journal(self) -> sfn.LogOptions:
        """Every event of every execution, without what the states were given: a key is a file name."""
        name = f"/aws/vendedlogs/states/{machine_name(self)}"
        group = log_group(self, "Logs", settings=self._around.settings, key=self._around.key, called=name)
        return sfn.LogOptions(destination=group, level=sfn.LogLevel.ALL, include_execution_data=False)

    def _rule(self, rule: Rule) -> None:
        names = {"Bucket": self._bucket.bucket_name, "StateMachine": self.machine.state_machine_arn}
        arn, role = self._targets[rule.target]()
        target = events.CfnRule.TargetProperty(
            id=rule.name,
            arn=arn,
            role_arn=role,
            input_transformer=_transformer(rule),
            retry_policy=_RETRY,
            dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=self.dead_letters.queue_arn),
        )
        pattern = substitute(rule.pattern, names)
        made = events.CfnRule(self, rule.name, description=rule.description, event_pattern=pattern, targets=[target])
        self._admit(rule, made.attr_arn)

    def _admit(self, rule: Rule, arn: str) -> None:
        """Lets the rule leave what it could not deliver, and call its function."""
        events_service = iam.ServicePrincipal("events.amazonaws.com", conditions={"ArnEquals": {"aws:SourceArn": arn}})
        self.dead_letters.grant_send_messages(events_service)
        if rule.target in self._functions:
            self._functions[rule.target].add_permission(
                rule.name, principal=iam.ServicePrincipal("events.amazonaws.com"), source_arn=arn
            )

    def _warm(self, rule: Warming) -> None:
        """What is not delivered at once is of no use, and missed by nobody."""
        called = {step: self._functions[step] for step in rule.steps}
        targets = [
            events.CfnRule.TargetProperty(id=step, arn=function.function_arn, input=rule.input, retry_policy=_AT_ONCE)
            for step, function in called.items()
        ]
        off = rule.optional and not self._around.settings.warm_ahead
        made = events.CfnRule(
            self,
            rule.name,
            description=rule.description,
            event_pattern=substitute(rule.pattern, {"Bucket": self._bucket.bucket_name}),
            schedule_expression=rule.schedule,
            state="DISABLED" if off else "ENABLED",
            targets=targets,
        )
        for function in called.values():
            function.add_permission(
                rule.name, principal=iam.ServicePrincipal("events.amazonaws.com"), source_arn=made.attr_arn
            )

    def _start_machine(self) -> tuple[str, str | None]:
        """The target's ARN, and the role by which EventBridge starts it."""
        role = iam.Role(self, "Starter", assumed_by=iam.ServicePrincipal("events.amazonaws.com"))
        self.machine.grant_start_execution(role)
        return self.machine.state_machine_arn, role.role_arn

    def _call_report(self) -> tuple[str, str | None]:
        return self._functions["report"].function_arn, None


def _transformer(rule: Rule) -> events.CfnRule.InputTransformerProperty | None:
    if rule.transformer is None:
        return None
    return events.CfnRule.InputTransformerProperty(
        input_paths_map=rule.transformer.paths, input_template=rule.transformer.template
    )


def executions_arn(scope: IConstruct) -> str:
    """The pattern that matches every execution a person or a rule starts.

    Made from the fixed name: the functions' roles stand before the state machine, which names the functions.
    """
    return _arn(scope, "execution", f"{machine_name(scope)}:*")


def machine_name(scope: IConstruct) -> str:
    return f"{Stack.of(scope).stack_name}-Redaction"


def _arn(scope: IConstruct, resource: str, name: str) -> str:
    return Stack.of(scope).format_arn(
        service="states", resource=resource, resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
    )


def _run_maps(scope: Construct, machine: sfn.StateMachine) -> None:
    """A distributed Map starts, watches, stops and redrives executions of its own state machine.

    A policy of its own, with ARNs from the fixed name: in the role's default policy it would wait for itself.
    """
    name = machine_name(scope)
    statements = [
        iam.PolicyStatement(actions=["states:StartExecution"], resources=[_arn(scope, "stateMachine", name)]),
        iam.PolicyStatement(
            actions=["states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"],
            resources=[_arn(scope, "execution", f"{name}:*"), _arn(scope, "execution", f"{name}/*")],
        ),
    ]
    iam.Policy(scope, "RunMaps", statements=statements, roles=[machine.role])
