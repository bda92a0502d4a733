"""What a person looks at, and what calls one: a dashboard, and alarms that reach the topic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from infrastructure.compute import NAMESPACE
from infrastructure.steps import FANNED_OUT, STEPS
from infrastructure.workflow import Workflow

_PERIOD = Duration.minutes(5)
# A dead letter that lies so long is forgotten by people, and after 14 days by the queue.
_FORGOTTEN = Duration.days(2)


@dataclass(frozen=True)
class Watch:
    """One alarm: it goes off as soon as the metric is above the threshold. docs/operations.md has its row."""

    name: str
    metric: cloudwatch.Metric
    description: str
    threshold: float = 0


class Observability(Construct):
    """Alarms stand on what the services count themselves: events about executions come with best effort only."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        workflow: Workflow,
        functions: Mapping[str, lambda_.Function],
        topic: sns.Topic,
    ) -> None:
        super().__init__(scope, name)
        self._workflow, self._functions = workflow, functions
        self.alarms = [self._alarm(watch, topic) for watch in self._watched()]
        self._dashboard()

    def _watched(self) -> Sequence[Watch]:
        machine, letters, report = self._workflow.machine, self._workflow.dead_letters, self._functions["report"]
        oldest = letters.metric_approximate_age_of_oldest_message(period=_PERIOD, statistic="Maximum")
        waiting = letters.metric_approximate_number_of_messages_visible(period=_PERIOD, statistic="Maximum")
        return (
            Watch("JobsFailed", machine.metric_failed(period=_PERIOD), "A job failed: see its foo_error.json"),
            Watch("JobsTimedOut", machine.metric_timed_out(period=_PERIOD), "A job ran for longer than a day"),
            Watch("JobsAborted", machine.metric_aborted(period=_PERIOD), "A job was stopped by hand"),
            Watch("DeadLetters", waiting, "An event reached neither the state machine nor Report"),
            Watch("DeadLettersForgotten", oldest, "A dead letter has waited for two days", _FORGOTTEN.to_seconds()),
            Watch("ReportFailed", report.metric_errors(period=_PERIOD), "Report failed: a job's error may be untold"),
        )

    def _alarm(self, watch: Watch, topic: sns.Topic) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            watch.name,
            metric=watch.metric,
            alarm_description=watch.description,
            threshold=watch.threshold,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            # Nothing happened, nothing was counted.
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(topic))
        return alarm

    def _counted(self, metric: str, step: str, statistic: str = "Sum") -> cloudwatch.Metric:
        """What a step counted itself (src/redactor/telemetry.py)."""
        return cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name=metric,
            dimensions_map={"service": Stack.of(self).stack_name, "step": step},
            statistic=statistic,
            period=_PERIOD,
            label=step,
        )

    def _dashboard(self) -> None:
        machine = self._workflow.machine
        ended = [machine.metric_succeeded(), machine.metric_failed(), machine.metric_timed_out()]
        rows: Sequence[tuple[str, Sequence[cloudwatch.IMetric]]] = (
            ("Jobs", [self._counted("Accepted", "accept"), self._counted("Published", "publish"), *ended]),
            ("Failed attempts by step", [self._counted("Failed", step) for step in STEPS]),
            ("Segments", [self._counted("Segments", "plan")]),
            ("Faces", [self._counted("Faces", "merge")]),
            ("Frames", [self._counted("Frames", step) for step in FANNED_OUT]),
            ("Seconds by step, average", [self._counted("Seconds", step, "Average") for step in STEPS]),
            ("Functions at work", [self._functions[step].metric("ConcurrentExecutions") for step in FANNED_OUT]),
            ("Dead letters", [self._workflow.dead_letters.metric_approximate_number_of_messages_visible()]),
        )
        board = cloudwatch.Dashboard(self, "Dashboard", dashboard_name=f"{Stack.of(self).stack_name}-Redaction")
        widgets = [cloudwatch.GraphWidget(title=title, left=[*metrics], width=12) for title, metrics in rows]
        for left in range(0, len(widgets), 2):
            board.add_widgets(*widgets[left : left + 2])
