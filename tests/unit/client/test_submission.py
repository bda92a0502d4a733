"""What goes up for a video, in which order, and that nothing left in the bucket gets into its job."""

import json
from pathlib import Path
from typing import Any

import pytest

from redactor.bucket import Results
from redactor.cli.submission import Bucket, Submission, prepare
from redactor.cli.wishes import Wishes, WrongUsage
from redactor.client.transfers import Transfers
from redactor.errors import InvalidKey, InvalidPreset
from redactor.preset import BlurType, Mode
from redactor.store import Store

VIDEO = b"a video, as far as the bucket knows"


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "foo.mp4"
    path.write_bytes(VIDEO)
    return path


@pytest.fixture
def key(folder: str) -> str:
    return f"input/{folder}foo.mp4"


@pytest.fixture
def submit(bucket: Store, transfers: Transfers, folder: str, video: Path) -> Any:
    def submission(default: str = "{}", **wishes: Any) -> Submission:
        return prepare(video, folder, Wishes(**wishes), Bucket(bucket, transfers, default))

    return submission


@pytest.fixture
def analysed(bucket: Store, transfers: Transfers, key: str, video: Path) -> None:
    """The video and its annotations stand in the bucket."""
    transfers.finish(transfers.send(key, video, lambda size, kept: None))
    bucket.write(Results(key).annotations, b"{}")


def preset_of(submission: Submission) -> Any:
    (content,) = [content for key, content in submission.sidecars if key.endswith("_preset.json")]
    return json.loads(content)


def names(submission: Submission) -> list[str]:
    return [key.rpartition("/")[2] for key, _ in submission.sidecars]


def test_a_video_alone_starts_its_job_with_whatever_preset_holds_in_the_bucket(submit: Any, key: str) -> None:
    assert submit() == Submission(submit().video, key, (), None)


def test_options_go_into_the_preset_that_holds(submit: Any, bucket: Store, folder: str) -> None:
    assert preset_of(submit('{"blurType": "Black"}', mode=Mode.ANALYZE))["blurType"] == "Black"
    bucket.write(f"input/{folder}preset.json", b'{"blurType": "High", "resolution": "StandardDefinition"}')
    made = preset_of(submit('{"blurType": "Black"}', mode=Mode.ANALYZE))
    assert (made["mode"], made["blurType"], made["resolution"]) == ("analyze", "High", "StandardDefinition")


def test_a_preset_file_takes_the_place_of_the_one_that_holds(submit: Any, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text("{'options': {'Mode': 'Analyze'}}")
    made = submit('{"blurType": "Black"}', preset=tmp_path / "p.json", blur=BlurType.LOW)
    assert (preset_of(made)["mode"], preset_of(made)["blurType"]) == ("analyze", "Low")


def test_a_preset_file_that_is_none_goes_as_it_is_and_the_job_names_its_fault(submit: Any, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text("nonsense")
    assert submit(preset=tmp_path / "p.json").sidecars[0][1] == b"nonsense"
    with pytest.raises(InvalidPreset):
        submit(preset=tmp_path / "p.json", ids="1", annotations=tmp_path / "p.json")


def test_ids_alone_start_the_second_pass_beside_the_results(submit: Any, analysed: None, key: str) -> None:
    made = submit(ids="1,4")
    assert made.sidecars == ()
    assert made.trigger == (f"{Results(key).prefix}foo.mp4_IDList.txt", b"1,4")


def test_mode_redact_without_ids_hides_everyone_whatever_list_was_left(submit: Any, analysed: None) -> None:
    assert submit(mode=Mode.REDACT).trigger[1].strip() == b""


def test_another_blur_for_the_second_pass_is_a_preset_that_starts_nothing(submit: Any, analysed: None) -> None:
    made = submit(ids="1", blur=BlurType.BLACK)
    assert (preset_of(made)["mode"], preset_of(made)["blurType"]) == ("combined", "Black")
    assert made.trigger is not None


@pytest.mark.parametrize("lack", ["video", "annotations", "the same video"])
def test_a_second_pass_without_a_first_is_refused(
    submit: Any, bucket: Store, analysed: None, video: Path, lack: str
) -> None:
    key = submit().key
    if lack == "video":
        bucket.delete(key)
    elif lack == "annotations":
        bucket.delete(Results(key).annotations)
    else:
        video.write_bytes(VIDEO + b"!")
    with pytest.raises(WrongUsage, match="--mode analyze first"):
        submit(ids="1")


def test_annotations_of_a_video_that_stands_start_one_job_by_their_list(
    submit: Any, analysed: None, tmp_path: Path, key: str
) -> None:
    (tmp_path / "a.json").write_bytes(b"{}")
    made = submit(annotations=tmp_path / "a.json")
    assert names(made) == ["foo.mp4_preset.json", "foo.mp4_annotations.json"]
    # With redact in the preset the annotations would start a job before the list is there.
    assert preset_of(made)["mode"] == "combined"
    assert made.trigger == (f"{key}_IDList.txt", b"\n")


@pytest.mark.parametrize("stands", [b"", b"another video, as far as the bucket knows"])
def test_annotations_of_a_video_that_is_not_there_go_before_it(
    submit: Any, bucket: Store, tmp_path: Path, key: str, stands: bytes
) -> None:
    if stands:
        bucket.write(key, stands)
    (tmp_path / "a.json").write_bytes(b"{}")
    made = submit(annotations=tmp_path / "a.json", ids="2")
    assert names(made) == ["foo.mp4_preset.json", "foo.mp4_annotations.json", "foo.mp4_IDList.txt"]
    assert preset_of(made)["mode"] == "redact"
    assert made.trigger is None


def test_a_preset_that_would_be_ignored_is_refused(submit: Any, analysed: None, bucket: Store, key: str) -> None:
    """What was analysed by hand keeps the preset of that hand: a weaker blur than was asked for could come of it."""
    report = json.dumps({"preset": {"mode": "analyze", "blurType": "Low", "from": "input"}}).encode()
    bucket.write(Results(key).report, report, metadata={"redactor-job": "j"})
    with pytest.raises(WrongUsage, match="by hand"):
        submit(ids="1", blur=BlurType.BLACK)
    assert submit(ids="1").trigger is not None


def test_what_cannot_be_a_job_is_refused_before_anything_goes_up(
    bucket: Store, transfers: Transfers, video: Path, tmp_path: Path
) -> None:
    there = Bucket(bucket, transfers, "{}")
    with pytest.raises(InvalidKey, match="too long"):
        prepare(video, "x" * 1000 + "/", Wishes(), there)
    (tmp_path / "empty.mp4").write_bytes(b"")
    with pytest.raises(WrongUsage, match="empty"):
        prepare(tmp_path / "empty.mp4", "", Wishes(), there)
    with pytest.raises(WrongUsage, match="mean mode redact"):
        prepare(video, "", Wishes(mode=Mode.ANALYZE, ids="1"), there)
