"""What may differ between two deployments: the context keys `redactor:<name>` of cdk.json, typed and checked.

Each can be given for one deployment too: `make deploy ARGS="-c redactor:work_days=14"`. docs/settings.md lists them.
What a profile of cdk.json (`redactor:profiles`) says holds unless the setting itself is given.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from redactor.places import TASKS

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "redactor:"

# compute -> the kinds of container task that it needs.
COMPUTE: Mapping[str, tuple[str, ...]] = {str(word): tuple(map(str, kinds)) for word, kinds in TASKS.items()}
# What CloudWatch Logs accepts as a retention.
LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731)
# MB of memory that Lambda gives any function, and the most it gives one.
_MEMORY = range(1769, 10240 + 1)
# Off is 0 where something need not happen at all.
_MAY_BE_ZERO = ("input_days",)


class InvalidSetting(ValueError):
    """A context key `redactor:…` that no setting has, or a value that its type does not admit."""


@dataclass(frozen=True)
class Settings:
    """One deployment's choices. Days are whole days, counted by S3 from midnight UTC.

    profile: the row of `redactor:profiles` that the settings after it come from where they are not given themselves.
    segments_at_once: how many segments of one video are worked on at a time, in each of the two Maps.
    memory_limit: MB that a function may have at most; a step that wants more gets this.
    warm_ahead: whether machines of Redact and Prove start while other steps work, which takes functions at a time that
        the account must have to spare.
    isolated_tasks: whether container tasks stand in subnets without a way out, behind interface endpoints that cost
        money while idle; false: in public subnets, with egress on port 443.
    zones: availability zones of the network.
    work_days: how long work/ (intermediate results, claims, failed jobs) stays; a redrive needs it.
    personal_data_days: how long published thumbnails and annotations stay.
    input_days: how long what was dropped under input/ stays; 0 for ever.
    noncurrent_days: how long an overwritten or deleted object can be brought back.
    upload_days: how long an upload that was never completed is kept.
    log_days: how long logs are kept.
    compute: where segments run unless a preset says otherwise: lambda, fargate, gpu, auto.
    tasks_at_once: how many of one video's segments are in container tasks at a time, in each of the two Maps.
    default_preset: the preset of a video that has none beside it or above, as it would stand in preset.json.
    reidentify: whether people may be known again by their faces; false: no job computes face embeddings.
    notify: an e-mail address that hears of every failed job and every alarm, or nothing.
    """

    profile: str = "sandbox"
    segments_at_once: int = 5
    memory_limit: int = 3008
    warm_ahead: bool = False
    isolated_tasks: bool = False
    zones: int = 1
    work_days: int = 7
    personal_data_days: int = 30
    input_days: int = 0
    noncurrent_days: int = 7
    upload_days: int = 2
    log_days: int = 30
    compute: str = "lambda"
    tasks_at_once: int = 10
    default_preset: str = "{}"
    reidentify: bool = True
    notify: str = ""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            least = 0 if name in _MAY_BE_ZERO else 1
            if type(value) is int and value < least:
                raise InvalidSetting(f"{PREFIX}{name} must be at least {least}, not {value}")
        for name, allowed in (("compute", tuple(COMPUTE)), ("log_days", LOG_DAYS), ("memory_limit", _MEMORY)):
            if (value := vars(self)[name]) not in allowed:
                raise InvalidSetting(f"{PREFIX}{name} must be among {_listed(allowed)}, not {value}")

    @property
    def tasks(self) -> tuple[str, ...]:
        """The kinds of container task that `compute` needs."""
        return COMPUTE[self.compute]

    @classmethod
    def of(cls, context: Mapping[str, object]) -> Self:
        """The settings among an app's context; the command line gives numbers as text, which is accepted."""
        given = {key.removeprefix(PREFIX): value for key, value in context.items() if key.startswith(PREFIX)}
        given = _profile(given.pop("profiles", {}), given.get("profile", cls.profile)) | given
        known = {field.name: type(field.default) for field in fields(cls)}
        if unknown := sorted(given.keys() - known.keys()):
            raise InvalidSetting(f"no setting is called {', '.join(unknown)}; there are {', '.join(known)}")
        return cls(**{name: _cast(name, known[name], value) for name, value in given.items()})


def project_context() -> dict[str, object]:
    """The context that cdk.json gives, as the CDK command line would hand it to the app."""
    context: dict[str, object] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return context


def _profile(profiles: object, name: object) -> dict[str, object]:
    """What the profile says; nothing where the context holds no profiles."""
    if not isinstance(profiles, Mapping):
        raise InvalidSetting(f"{PREFIX}profiles must be a table of profiles")
    if profiles and name not in profiles:
        raise InvalidSetting(f"{PREFIX}profile must be among {', '.join(profiles)}, not {name}")
    return dict(profiles[name]) if profiles else {}


def _listed(allowed: tuple[object, ...] | range) -> str:
    return f"{allowed[0]} to {allowed[-1]}" if isinstance(allowed, range) else ", ".join(map(str, allowed))


def _boolean(text: str) -> bool:
    known = {"true": True, "false": False}
    if text.lower() not in known:
        raise ValueError(text)
    return known[text.lower()]


def _cast(name: str, kind: type, value: object) -> Any:
    try:
        return _boolean(str(value)) if kind is bool else kind(str(value))
    except ValueError as error:
        raise InvalidSetting(f"{PREFIX}{name} must be {kind.__name__}, not {value!r}") from error
