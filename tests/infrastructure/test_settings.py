"""What may differ between deployments: typed, checked, documented."""

import re
from dataclasses import asdict, fields

import pytest

from infrastructure.settings import PREFIX, InvalidSetting, Settings, project_context
from tests.conftest import ROOT


def test_cdk_json_spells_out_every_setting_with_its_default() -> None:
    assert project_context() == {f"{PREFIX}{name}": value for name, value in asdict(Settings()).items()}


def test_the_page_lists_every_setting_with_its_default() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (?:`([^`]*)`|\(nobody\)) \|", page, re.MULTILINE))
    assert rows == {name: str(value) for name, value in asdict(Settings()).items()}


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


@pytest.mark.parametrize("name", [field.name for field in fields(Settings) if field.type is int])
def test_nothing_expires_before_a_day_is_over(name: str) -> None:
    with pytest.raises(InvalidSetting, match=name):
        Settings.of({f"redactor:{name}": 0})
