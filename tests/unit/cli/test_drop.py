"""What the command line puts into the bucket for one video."""

import json
from pathlib import Path

import pytest

from redactor.cli.drop import Wishes, WrongUsage, prepare
from redactor.preset import BlurType, Mode, Preset, describe, parse_preset


@pytest.fixture
def video(tmp_path: Path) -> Path:
    (tmp_path / "foo.mp4").write_bytes(b"video")
    (tmp_path / "foo_annotations.json").write_bytes(b"{}")
    return tmp_path / "foo.mp4"


def reported(video: Path, preset: Preset) -> None:
    report = {"preset": {**describe(preset), "from": "input/foo.mp4_preset.json"}}
    (video.parent / "foo_report.json").write_text(json.dumps(report))


def dropped(video: Path, wishes: Wishes) -> Preset:
    sidecars = dict(prepare(video, video.parent, wishes).sidecars)
    return parse_preset(sidecars["foo.mp4_preset.json"], "preset")


def test_the_second_pass_keeps_the_blur_type_of_the_first(video: Path) -> None:
    reported(video, Preset(mode=Mode.ANALYZE, blur=BlurType.BLACK))
    preset = dropped(video, Wishes(ids="1"))
    assert (preset.mode, preset.blur, preset.warnings) == (Mode.REDACT, BlurType.BLACK, ())


@pytest.mark.parametrize("wishes", [Wishes(ids="1", blur=BlurType.HIGH), Wishes(blur=BlurType.HIGH, mode=Mode.REDACT)])
def test_a_blur_type_that_is_asked_for_beats_that_of_the_first_pass(video: Path, wishes: Wishes) -> None:
    reported(video, Preset(mode=Mode.ANALYZE, blur=BlurType.BLACK))
    assert dropped(video, wishes).blur is BlurType.HIGH


@pytest.mark.parametrize("wishes", [Wishes(), Wishes(mode=Mode.ANALYZE)])
def test_a_first_pass_owes_nothing_to_what_lies_in_its_folder(video: Path, wishes: Wishes) -> None:
    reported(video, Preset(mode=Mode.COMBINED, blur=BlurType.BOX))
    assert dropped(video, wishes).blur is BlurType.MED


def test_annotations_from_elsewhere_bring_no_preset(video: Path) -> None:
    reported(video, Preset(blur=BlurType.BLACK))
    elsewhere = video.parent / "foo_annotations.json"
    assert dropped(video, Wishes(annotations=elsewhere)).blur is BlurType.MED


@pytest.mark.parametrize("text", ["no json", "[]", "{}", '{"preset": 1}'])
def test_a_report_that_is_not_ours_is_wrong_usage(video: Path, text: str) -> None:
    (video.parent / "foo_report.json").write_text(text)
    with pytest.raises(WrongUsage, match="--preset"):
        prepare(video, video.parent, Wishes(ids="1"))
