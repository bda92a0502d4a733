"""What may differ between two deployments: the context keys `redactor:<name>` of cdk.json, typed and checked.

Each can be given for one deployment too: `make deploy ARGS="-c redactor:work_days=14"`. docs/settings.md lists them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "redactor:"


class InvalidSetting(ValueError):
    """A context key `redactor:…` that no setting has, or a value that its type does not admit."""


@dataclass(frozen=True)
class Settings:
    """One deployment's choices. Days are whole days, counted by S3 from midnight UTC.

    work_days: how long work/ (intermediate results, claims, failed jobs) stays; a redrive needs it.
    personal_data_days: how long published thumbnails and annotations stay.
    noncurrent_days: how long an overwritten or deleted object can be brought back.
    upload_days: how long an upload that was never completed is kept.
    segments_at_once: how many segments of one video are worked on at a time, in each of the two Maps.
    default_preset: the preset of a video that has none beside it or above, as it would stand in preset.json.
    reidentify: whether people may be known again by their faces; false: no job computes face embeddings.
    notify: an e-mail address that hears of every failed job, or nothing.
    """

    work_days: int = 7
    personal_data_days: int = 30
    noncurrent_days: int = 7
    upload_days: int = 2
    segments_at_once: int = 100
    default_preset: str = "{}"
    reidentify: bool = True
    notify: str = ""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if type(value) is int and value < 1:
                raise InvalidSetting(f"{PREFIX}{name} must be at least 1, not {value}")

    @classmethod
    def of(cls, context: Mapping[str, object]) -> Self:
        """The settings among an app's context; the command line gives numbers as text, which is accepted."""
        given = {key.removeprefix(PREFIX): value for key, value in context.items() if key.startswith(PREFIX)}
        known = {field.name: type(field.default) for field in fields(cls)}
        if unknown := sorted(given.keys() - known.keys()):
            raise InvalidSetting(f"no setting is called {', '.join(unknown)}; there are {', '.join(known)}")
        return cls(**{name: _cast(name, known[name], value) for name, value in given.items()})


def project_context() -> dict[str, object]:
    """The context that cdk.json gives, as the CDK command line would hand it to the app."""
    context: dict[str, object] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return context


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
