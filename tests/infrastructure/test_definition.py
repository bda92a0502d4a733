"""One definition: what is deployed is what the embedded cloud runs."""

import json
from typing import Any

from infrastructure.kinds import NOWHERE, SUBSTITUTIONS, TASKS, substitution
from infrastructure.rules import substitute
from infrastructure.steps import BY_RULE, STEPS
from localcloud.cloud import Cloud
from tests.infrastructure.conftest import Assembly


def without_intervals(value: Any) -> Any:
    """The definition but for how long its Retry waits."""
    if isinstance(value, dict):
        return {name: without_intervals(part) for name, part in value.items() if name != "IntervalSeconds"}
    return [without_intervals(part) for part in value] if isinstance(value, list) else value


def test_the_synthesized_definition_is_the_one_that_the_embedded_cloud_runs(shaped: Assembly) -> None:
    _, machine = shaped.one("AWS::StepFunctions::StateMachine")
    with Cloud(1, bucket="same") as cloud:
        run = json.loads(cloud.sfn().describe_state_machine(stateMachineArn=cloud.state_machine)["definition"])
    here = {step.substitution: step.name for step in STEPS.values()} | {"Bucket": "same"}
    here |= dict.fromkeys(SUBSTITUTIONS, NOWHERE) | {substitution(kind): kind for kind in TASKS}
    deployed = json.loads(machine["DefinitionString"])
    assert without_intervals(substitute(deployed, here)) == without_intervals(run)
    # And everything that the deployed one names is filled in.
    assert machine["DefinitionSubstitutions"].keys() == here.keys() - {STEPS[name].substitution for name in BY_RULE}
