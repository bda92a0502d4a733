"""The EventBridge rules as plain data: what starts the state machine, and what calls Report.

The stack and the embedded cloud read the same table. `${Name}` inside any string stands for a deployed resource;
`substitute` fills it in. This module imports no aws_cdk.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

# EventBridge wildcards know no letter case, so the spellings that people use are listed. Accept decides the rest.
_ID_LIST_NAMES = ("IDList.txt", "IdList.txt", "idList.txt", "idlist.txt", "IDLIST.txt", "IDLIST.TXT")
_ID_LISTS = tuple(f"output/*{before}{name}" for before in ("_", "/") for name in _ID_LIST_NAMES)


@dataclass(frozen=True)
class Transformer:
    """What a target is given instead of the event.

    paths: placeholder -> JSONPath into the event. template: JSON in which `<placeholder>` stands, outside quotes, for
    the value as JSON: a key that holds quotes, newlines or any letter arrives intact.
    """

    paths: Mapping[str, str]
    template: str


@dataclass(frozen=True)
class Rule:
    """Events that match `pattern` go to `target`: the state machine, or the step of that name.

    transformer: None hands the target the whole event.
    """

    name: str
    description: str
    pattern: Mapping[str, Any]
    target: Literal["state machine", "report"]
    transformer: Transformer | None = None


_PATHS = {
    "bucket": "$.detail.bucket.name",
    "key": "$.detail.object.key",
    "version": "$.detail.object.version-id",
    "etag": "$.detail.object.etag",
    "size": "$.detail.object.size",
    "sequencer": "$.detail.object.sequencer",
}

RULES = (
    Rule(
        name="Dropped",
        description="An object under input/, or an id list beside earlier results, starts the flow",
        pattern={
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": {
                "bucket": {"name": ["${Bucket}"]},
                "object": {"key": [{"prefix": "input/"}, *({"wildcard": name} for name in _ID_LISTS)]},
            },
        },
        target="state machine",
        transformer=Transformer(_PATHS, "{" + ",".join(f'"{name}":<{name}>' for name in _PATHS) + "}"),
    ),
    Rule(
        name="Ended",
        description="A job that failed, timed out or was aborted is reported",
        pattern={
            "source": ["aws.states"],
            "detail-type": ["Step Functions Execution Status Change"],
            # The exact ARN: the children of a distributed Map have others and are not reported one by one.
            "detail": {
                "stateMachineArn": ["${StateMachine}"],
                "status": ["FAILED", "TIMED_OUT", "ABORTED"],
            },
        },
        target="report",
    ),
)


@dataclass(frozen=True)
class Warming:
    """Events that match `pattern` call these steps with `input`, which asks for nothing but a machine that is ready
    when the flow comes to them. Not in the embedded cloud, whose workers are always there."""

    name: str
    description: str
    pattern: Mapping[str, Any]
    steps: tuple[str, ...]
    input: str


# Those of one call that come long enough after the drop: each would start a machine while all else waits. A rule has
# five targets at most.
WARMING = Warming(
    name="Warmed",
    description="An object under input/ starts machines for the steps that all others wait for",
    pattern={
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": ["${Bucket}"]}, "object": {"key": [{"prefix": "input/"}]}},
    },
    steps=("merge", "select", "join", "verify", "publish"),
    input='{"warm":true}',
)


def substitute(value: Any, names: Mapping[str, str]) -> Any:
    """The value with every `${Name}` in its strings replaced; raises KeyError for a name that is not given."""
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda found: names[found[1]], value)
    if isinstance(value, Mapping):
        return {key: substitute(part, names) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [substitute(part, names) for part in value]
    return value
