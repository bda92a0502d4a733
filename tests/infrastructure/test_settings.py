"""What may differ between deployments: typed, checked, documented."""

import re
from dataclasses import asdict, fields
from typing import Any

import pytest

from infrastructure.settings import PREFIX, InvalidSetting, Settings, project_context
from tests.conftest import ROOT

PROFILES: Any = project_context()[f"{PREFIX}profiles"]
# What a profile decides; everything else is spelt out once.
BY_PROFILE = set(PROFILES["sandbox"])
ALL = asdict(Settings())


def test_cdk_json_spells_out_every_setting_with_its_default() -> None:
    flat = {key.removeprefix(PREFIX): value for key, value in project_context().items()}
    assert flat.pop("profiles") == PROFILES
    assert flat == {name: value for name, value in ALL.items() if name not in BY_PROFILE}
    assert Settings.of(project_context()) == Settings()


def test_every_profile_decides_the_same_settings() -> None:
    assert PROFILES.keys() == {"sandbox", "production"}
    assert {name: set(own) for name, own in PROFILES.items()} == dict.fromkeys(PROFILES, BY_PROFILE)
    assert ALL.keys() - {"profile"} > BY_PROFILE


def test_the_page_lists_every_setting_with_its_default_in_each_profile() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    once, _, twice = page.partition("What depends on the profile.")
    rows = dict(re.findall(r"^\| `(\w+)` \| (?:`([^`]*)`|\(nobody\)) \|", once, re.MULTILINE))
    assert rows == {name: str(value) for name, value in ALL.items() if name not in BY_PROFILE}
    both = {name: row for name, *row in re.findall(r"^\| `(\w+)` \| `(\w+)` \| `(\w+)` \|", twice, re.MULTILINE)}
    assert both == {name: [str(PROFILES[p][name]) for p in ("sandbox", "production")] for name in BY_PROFILE}


def test_a_sandbox_asks_for_no_more_than_a_new_account_has() -> None:
    assert Settings().memory_limit <= 3008
    assert Settings().segments_at_once <= 5


def test_a_profile_decides_what_is_not_given_itself() -> None:
    production = Settings.of({**project_context(), "redactor:profile": "production"})
    assert (production.segments_at_once, production.memory_limit, production.zones) == (100, 10240, 2)
    own = Settings.of({**project_context(), "redactor:profile": "production", "redactor:segments_at_once": "7"})
    assert (own.segments_at_once, own.memory_limit) == (7, 10240)


def test_a_profile_that_there_is_not_is_refused_and_the_right_ones_named() -> None:
    with pytest.raises(InvalidSetting, match="sandbox, production, not prod"):
        Settings.of({**project_context(), "redactor:profile": "prod"})


def test_numbers_may_come_as_text_as_the_command_line_gives_them() -> None:
    assert Settings.of({"redactor:work_days": "14"}) == Settings(work_days=14)


def test_context_that_is_not_ours_is_left_alone() -> None:
    assert Settings.of({"@aws-cdk/core:newStyleStackSynthesis": True}) == Settings()


def test_a_misspelt_setting_is_refused_and_the_right_ones_named() -> None:
    with pytest.raises(InvalidSetting, match=r"work_day;.*work_days"):
        Settings.of({"redactor:work_day": 3})


@pytest.mark.parametrize("value", ["soon", "1.5", "", None])
def test_days_that_are_no_number_are_refused(value: object) -> None:
    with pytest.raises(InvalidSetting, match="work_days must be int"):
        Settings.of({"redactor:work_days": value})


@pytest.mark.parametrize("name", [f.name for f in fields(Settings) if f.type is int and f.name != "input_days"])
def test_nothing_expires_before_a_day_is_over(name: str) -> None:
    with pytest.raises(InvalidSetting, match=name):
        Settings.of({f"redactor:{name}": 0})


def test_what_was_dropped_may_stay_for_ever_but_not_less_than_that() -> None:
    assert Settings.of({"redactor:input_days": 0}).input_days == 0
    with pytest.raises(InvalidSetting, match="input_days must be at least 0"):
        Settings.of({"redactor:input_days": -1})


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("compute", "cloud", "lambda, fargate, gpu, auto"),
        ("log_days", 31, "30, 60"),
        ("memory_limit", 512, "1769 to 10240"),
    ],
)
def test_a_word_or_number_that_does_not_exist_is_refused_and_the_right_ones_named(
    name: str, value: object, named: str
) -> None:
    with pytest.raises(InvalidSetting, match=named):
        Settings.of({f"redactor:{name}": value})
