"""Which set a dropped object completes; what Accept's own tests do not show of it."""

import pytest

from redactor.errors import SourceChanged
from redactor.gather import Presets, Quiet, Set, gather
from redactor.preset import BlurType, Mode
from redactor.store import Store

VIDEO = "input/a/b/foo.mp4"
RESULTS = "output/a/b/foo.mp4/"
DEFAULT = '{"mode": "combined", "blurType": "Low"}'
REDACT = b'{"mode": "redact"}'


def gathered(store: Store, key: str, default: str = DEFAULT) -> Set:
    stands = store.head(key)
    assert stands is not None
    return gather(stands, Presets(None, default), store)


def outcome(store: Store, key: str) -> str:
    with pytest.raises(Quiet) as caught:
        gathered(store, key)
    assert str(caught.value) == caught.value.reason
    return caught.value.outcome


def put(store: Store, *keys: str, data: bytes = b"x") -> None:
    for key in keys:
        store.write(key, data)


def test_without_any_preset_the_stacks_default_holds(store: Store) -> None:
    put(store, VIDEO)
    found = gathered(store, VIDEO)
    assert (found.preset.blur, found.preset_from) == (BlurType.LOW, "default")


@pytest.mark.parametrize("key", ["input/a/b/preset.json", "input/a/Preset.json", "input/PRESET.JSON"])
def test_the_nearest_preset_upwards_holds(store: Store, key: str) -> None:
    put(store, VIDEO, "preset.json")
    put(store, key, data=b'{"mode": "analyze"}')
    found = gathered(store, VIDEO)
    assert (found.preset.mode, found.preset_from) == (Mode.ANALYZE, key)


def test_of_two_presets_upwards_the_nearer_holds(store: Store) -> None:
    put(store, VIDEO)
    put(store, "input/preset.json", "input/a/preset.json", data=REDACT)
    put(store, "input/a/b/preset.json", data=b'{"mode": "analyze"}')
    assert gathered(store, VIDEO).preset_from == "input/a/b/preset.json"


def test_a_preset_named_after_another_video_does_not_hold(store: Store) -> None:
    put(store, VIDEO)
    put(store, "input/a/b/foobar_preset.json", "input/a/b/bar_preset.json", data=REDACT)
    assert gathered(store, VIDEO).preset_from == "default"


def test_a_list_beside_a_video_is_no_matter_unless_its_preset_says_redact(store: Store) -> None:
    put(store, VIDEO, "input/a/b/foo_IDList.txt")
    assert gathered(store, VIDEO).id_list is None


def test_with_redact_the_video_brings_annotations_and_list_of_its_folder(store: Store) -> None:
    put(store, VIDEO, "input/a/b/foo_annotations.json", "input/a/b/foo.mp4_IDList.txt")
    put(store, "input/preset.json", data=REDACT)
    for key in (VIDEO, "input/a/b/foo_annotations.json"):
        found = gathered(store, key)
        assert found.annotations is not None
        assert found.id_list is not None
        assert (found.source.key, found.annotations.key) == (VIDEO, "input/a/b/foo_annotations.json")
        assert found.id_list.key == "input/a/b/foo.mp4_IDList.txt"


def test_with_redact_annotations_may_be_those_of_an_earlier_analysis(store: Store) -> None:
    put(store, VIDEO, RESULTS + "foo_annotations.json")
    put(store, "input/preset.json", data=REDACT)
    found = gathered(store, VIDEO)
    assert found.annotations is not None
    assert found.annotations.key == RESULTS + "foo_annotations.json"


def test_a_file_that_only_begins_like_the_video_is_no_sidecar(store: Store) -> None:
    put(store, VIDEO, "input/a/b/foobar_annotations.json", "input/a/b/c/foo_annotations.json")
    put(store, "input/preset.json", data=REDACT)
    assert outcome(store, VIDEO) == "waiting"


@pytest.mark.parametrize(
    "key",
    [
        RESULTS + "foo_annotations.json",
        "output/a/b/foo_IDList.txt",
        RESULTS + "bar_IDList.txt",
        "output/a/b/foo.txt/idlist.txt",
    ],
)
def test_what_lies_in_the_output_but_is_no_list_of_a_video_is_ignored(store: Store, key: str) -> None:
    put(store, VIDEO, key)
    assert outcome(store, key) == "ignored"


def test_a_list_among_results_whose_video_is_gone_fails_by_name(store: Store) -> None:
    put(store, RESULTS + "foo_IDList.txt", RESULTS + "foo_annotations.json")
    with pytest.raises(SourceChanged, match=r"input/a/b/foo\.mp4"):
        gathered(store, RESULTS + "foo_IDList.txt")


def test_a_list_without_annotations_anywhere_waits(store: Store) -> None:
    put(store, VIDEO, "input/a/b/idlist.txt")
    assert outcome(store, "input/a/b/idlist.txt") == "waiting"
