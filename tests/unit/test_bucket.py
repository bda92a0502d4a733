"""What keys mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor.bucket import (
    Kind,
    Results,
    fits,
    job_index,
    name,
    output_prefix,
    sidecar_for,
    video_of_output,
    videos_for,
)
from redactor.errors import AmbiguousSidecar, InvalidKey


@pytest.mark.parametrize(
    ("key", "kind", "subject"),
    [
        ("input/foo.mp4", Kind.VIDEO, "foo.mp4"),
        ("input/a/FOO.MOV", Kind.VIDEO, "FOO.MOV"),
        ("input/foo_IDList.txt", Kind.ID_LIST, "foo"),
        ("input/foo.mp4_idlist.TXT", Kind.ID_LIST, "foo.mp4"),
        ("output/foo.mp4/idlist.txt", Kind.ID_LIST, ""),
        ("input/foo_annotations.json", Kind.ANNOTATIONS, "foo"),
        ("input/foo_preset.json", Kind.PRESET, "foo"),
        ("input/preset.json", Kind.PRESET, ""),
        ("input/folder/", Kind.OTHER, ""),
        ("input/foo.mp4.part", Kind.OTHER, ""),
    ],
)
def test_a_key_is_told_by_its_file_name(key: str, kind: Kind, subject: str) -> None:
    found = name(key)
    assert (found.kind, found.subject) == (kind, subject)


def test_videos_with_one_stem_have_separate_results() -> None:
    assert Results("input/a/foo.mp4").redacted == "output/a/foo.mp4/foo_redacted.mp4"
    assert Results("input/a/foo.mov").redacted == "output/a/foo.mov/foo_redacted.mp4"
    assert Results("input/a/foo.mp4").thumb(7) == "output/a/foo.mp4/foo_thumb000007.jpg"


@given(st.text(min_size=1, max_size=80).map(lambda text: f"input/{text}.mp4"))
def test_the_results_folder_leads_back_to_the_video_whatever_its_name(key: str) -> None:
    assert video_of_output(output_prefix(key)) == key


def test_a_key_whose_results_would_pass_1024_bytes_is_refused() -> None:
    with pytest.raises(InvalidKey):
        output_prefix("input/" + "ü" * 505 + ".mp4")


def test_a_sidecar_named_after_the_whole_file_name_beats_one_named_after_the_stem() -> None:
    keys = ["input/foo.mp4", "input/foo_IDList.txt", "input/foo.mp4_IDList.txt", "input/idlist.txt"]
    assert sidecar_for("input/foo.mp4", Kind.ID_LIST, keys) == "input/foo.mp4_IDList.txt"
    assert sidecar_for("input/foo.mp4", Kind.ID_LIST, keys[:2]) == "input/foo_IDList.txt"
    assert sidecar_for("input/foo.mp4", Kind.ID_LIST, [keys[0], keys[3]]) == "input/idlist.txt"


@pytest.mark.parametrize("sidecar", ["input/foo_annotations.json", "input/annotations.json"])
def test_a_sidecar_that_fits_two_videos_is_refused_by_name(sidecar: str) -> None:
    with pytest.raises(AmbiguousSidecar) as caught:
        sidecar_for("input/foo.mp4", Kind.ANNOTATIONS, ["input/foo.mp4", "input/foo.mov", sidecar])
    assert caught.value.field == sidecar


def test_a_preset_without_a_name_is_meant_for_all_videos() -> None:
    keys = ["input/foo.mp4", "input/bar.mp4", "input/preset.json"]
    assert sidecar_for("input/foo.mp4", Kind.PRESET, keys) == "input/preset.json"


def test_results_dropped_among_the_videos_are_nobodys_sidecar_partner() -> None:
    assert videos_for(name("input/idlist.txt"), ["input/foo.mp4", "input/foo_redacted.mp4"]) == ["input/foo.mp4"]


def test_a_sidecar_fits_only_the_video_it_names() -> None:
    assert fits(name("input/foo_IDList.txt"), "input/foo.mp4")
    assert not fits(name("input/bar_IDList.txt"), "input/foo.mp4")


def test_jobs_are_found_by_key_and_version() -> None:
    assert job_index("input/foo.mp4", "1") != job_index("input/foo.mp4", "2")
    assert job_index("input/foo.mp4", "1").startswith("work/jobs/")
