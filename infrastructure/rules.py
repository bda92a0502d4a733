"""The EventBridge rules as plain data: what starts the state machine, what calls Report, and what starts machines.

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
    """Events that match `pattern`, or the clock by `schedule`, call these steps beside the flow, so that machines are
    ready when it comes to them. Not in the embedded cloud, whose workers are always there.

    input: what asks for nothing but a machine; None hands over the whole event. optional: whether the setting
    `warm_ahead` decides about the rule.
    """

    name: str
    description: str
    steps: tuple[str, ...]
    pattern: Mapping[str, Any] | None = None
    schedule: str | None = None
    input: str | None = '{"warm":true}'
    optional: bool = False


def _written(*keys: Mapping[str, str]) -> Mapping[str, Any]:
    """Objects of the bucket whose key fits one of these."""
    return {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": ["${Bucket}"]}, "object": {"key": [*keys]}},
    }


# Those of one call that come long enough after the drop: each would start a machine while all else waits. A rule has
# five targets at most.
WARMED = Warming(
    name="Warmed",
    description="An object under input/ starts machines for the steps that all others wait for",
    steps=("merge", "select", "join", "verify", "publish"),
    pattern=_written({"prefix": "input/"}),
)
AHEAD = Warming(
    name="Ahead",
    description="Plan's last file and MergeTracks's first call Warm, which starts machines for the steps of many calls",
    steps=("warm",),
    pattern=_written({"wildcard": "work/*/plan.json"}, {"wildcard": "work/*/frames.json"}),
    input=None,
    optional=True,
)
# Those that come too soon after the drop. A machine stays for five minutes and more without work.
KEPT = Warming(
    name="Kept",
    description="Every four minutes a call that asks for nothing keeps a machine of the first two steps",
    steps=("accept", "plan"),
    schedule="rate(4 minutes)",
)
WARMINGS = (WARMED, AHEAD, KEPT)


def substitute(value: Any, names: Mapping[str, str]) -> Any:
    """The value with every `${Name}` in its strings replaced; raises KeyError for a name that is not given."""
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda found: names[found[1]], value)
    if isinstance(value, Mapping):
        return {key: substitute(part, names) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [substitute(part, names) for part in value]
    return value
