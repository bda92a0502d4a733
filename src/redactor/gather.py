"""From one dropped object to the set a job needs: video, preset, annotations, id list; or why there is none yet."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from posixpath import dirname
from typing import Any

from redactor.bucket import (
    INPUT,
    OUTPUT,
    Kind,
    Name,
    Results,
    fits,
    name,
    sidecar_for,
    stem,
    video_of_output,
    videos_for,
)
from redactor.errors import AmbiguousSidecar, SourceChanged
from redactor.job import MARK
from redactor.preset import Mode, Preset, parse_preset, preset_from, with_mode
from redactor.store import Object, Store

# Where a preset that came with the execution's input is from.
BY_HAND = "input"
_PRESET_NAMES = ("preset.json", "Preset.json", "PRESET.JSON")


class Quiet(Exception):
    """Nothing to do: the state to end in (ignored, waiting, superseded), and why."""

    def __init__(self, outcome: str, reason: str) -> None:
        super().__init__(reason)
        self.outcome, self.reason = outcome, reason


@dataclass(frozen=True)
class Set:
    """What a job works on. preset_from: the preset's key, "input" or "default"."""

    source: Object
    preset: Preset
    preset_from: str
    annotations: Object | None = None
    id_list: Object | None = None


@dataclass(frozen=True)
class Presets:
    """Where a preset may come from besides the bucket. given: with the execution's input. default: the stack's."""

    given: Mapping[str, Any] | None
    default: str

    def of(self, video_key: str, store: Store) -> tuple[Preset, str]:
        """The preset that holds for a video, and where it was found; raises InvalidPreset, AmbiguousSidecar."""
        if self.given is not None:
            return preset_from(self.given, BY_HAND), BY_HAND
        key = _preset_key(video_key, store)
        if key is None:
            return parse_preset(self.default, "default"), "default"
        return parse_preset(store.read(key), key), key

    def after_analysis(self, video_key: str, store: Store) -> tuple[Preset, str]:
        """As of; but a preset that the analysis was started with by hand holds for what an id list starts too."""
        earlier = _preset_by_hand(video_key, store) if self.given is None else None
        return earlier or self.of(video_key, store)


def gather(trigger: Object, presets: Presets, store: Store) -> Set:
    """The set that the object completes; raises Quiet where it completes none, InputError where it cannot be one."""
    dropped = name(trigger.key)
    start = _STARTS.get(dropped.kind)
    if start is None:
        raise Quiet("ignored", "the object is no video and no annotations or id list of one")
    return start(trigger, dropped, presets, store)


def _from_video(trigger: Object, dropped: Name, presets: Presets, store: Store) -> Set:
    preset, origin = presets.of(dropped.key, store)
    found = Set(trigger, preset, origin)
    if preset.mode is not Mode.REDACT:
        return found
    beside = _siblings(dropped.folder, store)
    annotations = _annotations(dropped.key, beside, store)
    return replace(found, annotations=annotations, id_list=_sidecar(dropped.key, Kind.ID_LIST, beside, store))


def _from_annotations(trigger: Object, dropped: Name, presets: Presets, store: Store) -> Set:
    if not dropped.key.startswith(INPUT):
        raise Quiet("ignored", "annotations start a job only beside their video")
    source = _video_beside(dropped, store)
    preset, origin = presets.of(source.key, store)
    if preset.mode is not Mode.REDACT:
        raise Quiet("ignored", "annotations start a job only where the video's preset says redact")
    beside = _siblings(dropped.folder, store)
    return Set(source, preset, origin, trigger, _sidecar(source.key, Kind.ID_LIST, beside, store))


def _from_id_list(trigger: Object, dropped: Name, presets: Presets, store: Store) -> Set:
    source = _video_of_results(dropped, store) if dropped.key.startswith(OUTPUT) else _video_beside(dropped, store)
    preset, origin = presets.after_analysis(source.key, store)
    annotations = _annotations(source.key, _siblings(dropped.folder, store), store)
    return Set(source, with_mode(preset, Mode.REDACT), origin, annotations, trigger)


_STARTS: Mapping[Kind, Callable[[Object, Name, Presets, Store], Set]] = {
    Kind.VIDEO: _from_video,
    Kind.ANNOTATIONS: _from_annotations,
    Kind.ID_LIST: _from_id_list,
}


def _video_beside(sidecar: Name, store: Store) -> Object:
    """The one video in the sidecar's folder that it fits; raises Quiet (waiting) or AmbiguousSidecar."""
    found = videos_for(sidecar, store.keys(sidecar.folder + sidecar.subject, deep=False))
    if len(found) > 1:
        raise AmbiguousSidecar(f"{sidecar.key!r} fits {len(found)} videos", field=sidecar.key, allowed=found)
    source = store.head(found[0]) if found else None
    if source is None:
        raise Quiet("waiting", f"the video of this {sidecar.kind} is not there yet")
    return source


def _video_of_results(sidecar: Name, store: Store) -> Object:
    """The video whose results' folder the sidecar lies in."""
    key = video_of_output(sidecar.folder)
    if name(key).kind is not Kind.VIDEO or not fits(sidecar, key):
        raise Quiet("ignored", "the list does not lie beside a video's results")
    source = store.head(key)
    if source is None:
        raise SourceChanged(f"{key!r} is no longer there", field="key")
    return source


def _siblings(folder: str, store: Store) -> list[str]:
    """The keys of a folder that may be sidecars, or videos that share them."""
    return [key for key in store.keys(folder, deep=False) if name(key).kind is not Kind.OTHER]


def _sidecar(video_key: str, kind: Kind, keys: list[str], store: Store) -> Object | None:
    key = sidecar_for(video_key, kind, keys)
    return store.head(key) if key else None


def _annotations(video_key: str, beside: list[str], store: Store) -> Object:
    """From the given folder, else from the results' folder; raises Quiet (waiting) where there are none."""
    found = _sidecar(video_key, Kind.ANNOTATIONS, beside, store) or store.head(Results(video_key).annotations)
    if found is None:
        raise Quiet("waiting", "the annotations are not there yet")
    return found


def _preset_by_hand(video_key: str, store: Store) -> tuple[Preset, str] | None:
    """The preset of a job that was started by hand, which stands in no file but that job's report."""
    stands = store.head(Results(video_key).report)
    if stands is None or MARK not in stands.metadata:
        return None
    told = json.loads(store.read(stands.key, stands.version))["preset"]
    return (preset_from(told, stands.key), BY_HAND) if told.pop("from") == BY_HAND else None


def _preset_key(video_key: str, store: Store) -> str | None:
    """foo_preset.json beside the video, else the nearest preset.json upwards."""
    folder = dirname(video_key)
    own = sidecar_for(video_key, Kind.PRESET, _named(video_key, store))
    while own is None and folder:
        own = next((key for key in (f"{folder}/{n}" for n in _PRESET_NAMES) if store.head(key)), None)
        folder = dirname(folder)
    return own


def _named(video_key: str, store: Store) -> list[str]:
    """The keys of the video's folder that begin with its stem."""
    return list(store.keys(f"{dirname(video_key)}/{stem(video_key)}", deep=False))
