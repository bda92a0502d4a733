"""What the keys of the bucket mean: which file is a video, a sidecar, a result; and where results go.

    input/<path>/foo.mp4               a video; its results stand under output/<path>/foo.mp4/
    input/<path>/foo_preset.json       its preset; else preset.json there or in a folder above
    input/<path>/foo_annotations.json  its annotations
    input/<path>/foo_IDList.txt        whom to hide (also idlist.txt); beside the thumbnails too
    work/<job>/                        everything a job writes before it publishes

A sidecar is named after the video's stem or its whole file name (foo.mp4_preset.json). Suffixes match in any letter
case.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from posixpath import basename, dirname, splitext

from redactor.errors import AmbiguousSidecar, InvalidKey

INPUT, OUTPUT, WORK = "input/", "output/", "work/"
VIDEO_SUFFIXES = (
    ".mp4",
    ".mov",
    ".wmv",
    ".asf",
    ".m4v",
    ".mkv",
    ".webm",
    ".avi",
    ".ts",
    ".mts",
    ".m2ts",
    ".mpg",
    ".mpeg",
    ".flv",
)
MAX_KEY_BYTES = 1024
# The longest name a result adds to output/<path>/foo.mp4/, after the stem.
_LONGEST_RESULT = "_annotations.json"


class Kind(StrEnum):
    VIDEO = "video"
    PRESET = "preset"
    ANNOTATIONS = "annotations"
    ID_LIST = "id list"
    OTHER = "other"


# Suffix of the file's name in lower case -> what it is; the part before it names the video (empty: any in the folder).
_SIDECARS = {
    "_preset.json": Kind.PRESET,
    "_annotations.json": Kind.ANNOTATIONS,
    "_idlist.txt": Kind.ID_LIST,
}
_NAMELESS = {"preset.json": Kind.PRESET, "annotations.json": Kind.ANNOTATIONS, "idlist.txt": Kind.ID_LIST}


@dataclass(frozen=True)
class Name:
    """A key taken apart. subject: the stem or file name that a sidecar is named after, "" where it names none."""

    key: str
    kind: Kind
    subject: str

    @property
    def folder(self) -> str:
        """The key's folder with its closing slash."""
        return dirname(self.key) + "/"


def name(key: str) -> Name:
    """What a key is, by its file name alone."""
    file = basename(key)
    lower = file.lower()
    if lower in _NAMELESS:
        return Name(key, _NAMELESS[lower], "")
    for suffix, kind in _SIDECARS.items():
        if lower.endswith(suffix):
            return Name(key, kind, file[: -len(suffix)])
    if lower.endswith(VIDEO_SUFFIXES):
        return Name(key, Kind.VIDEO, file)
    return Name(key, Kind.OTHER, "")


def stem(video_key: str) -> str:
    """foo for input/a/foo.mp4."""
    return splitext(basename(video_key))[0]


def is_result_name(video_key: str) -> bool:
    """Whether a video is named as our own result is: foo_redacted.mp4."""
    return stem(video_key).lower().endswith("_redacted")


def output_prefix(video_key: str) -> str:
    """output/<path>/foo.mp4/ for input/<path>/foo.mp4; raises InvalidKey where no result key would fit."""
    if not video_key.startswith(INPUT):
        raise InvalidKey(f"{video_key!r} is not under {INPUT}", field="key", allowed=[INPUT + "…"])
    prefix = OUTPUT + video_key.removeprefix(INPUT) + "/"
    if len((prefix + stem(video_key) + _LONGEST_RESULT).encode()) > MAX_KEY_BYTES:
        raise InvalidKey(f"the key is too long: its results' keys would pass {MAX_KEY_BYTES} bytes", field="key")
    return prefix


def video_of_output(folder: str) -> str:
    """input/<path>/foo.mp4 for output/<path>/foo.mp4/."""
    return INPUT + folder.removeprefix(OUTPUT).removesuffix("/")


def fits(sidecar: Name, video_key: str) -> bool:
    """Whether the sidecar is named after this video, by stem or by whole file name, or names none."""
    return sidecar.subject in ("", stem(video_key), basename(video_key))


def videos_for(sidecar: Name, keys: Iterable[str]) -> list[str]:
    """The videos of a folder that a sidecar fits; a whole file name beats a stem."""
    videos = [key for key in keys if name(key).kind is Kind.VIDEO and not is_result_name(key)]
    exact = [key for key in videos if basename(key) == sidecar.subject]
    return exact or [key for key in videos if fits(sidecar, key)]


def sidecar_for(video_key: str, kind: Kind, keys: Iterable[str]) -> str | None:
    """The key of the sidecar of this kind among the keys of a folder; whole file name first, then stem, then nameless.

    Raises AmbiguousSidecar where the sidecar found fits another video of the folder too, or where two fit equally.
    """
    keys = list(keys)
    found = [n for n in map(name, keys) if n.kind is kind and fits(n, video_key)]
    for subject in (basename(video_key), stem(video_key), ""):
        named = [n for n in found if n.subject == subject]
        if len(named) > 1:
            raise AmbiguousSidecar(f"{len(named)} files are the {kind} of {video_key!r}", field=named[1].key)
        if named:
            return _unshared(named[0], video_key, keys)
    return None


def _unshared(sidecar: Name, video_key: str, keys: list[str]) -> str:
    """The sidecar's key. A preset without a name is meant for all; anything else must fit one video."""
    others = [key for key in videos_for(sidecar, keys) if key != video_key]
    if others and not (sidecar.kind is Kind.PRESET and not sidecar.subject):
        raise AmbiguousSidecar(f"{sidecar.key!r} fits {video_key!r} and {others[0]!r}", field=sidecar.key)
    return sidecar.key


def job_index(key: str, version: str) -> str:
    """work/jobs/<hash>/: where a client finds the jobs of an object it uploaded, by key and version."""
    digest = hashlib.sha256(f"{key}\n{version}".encode()).hexdigest()[:32]
    return f"{WORK}jobs/{digest}/"


@dataclass(frozen=True)
class Results:
    """The public names of one video's results."""

    video_key: str

    @property
    def prefix(self) -> str:
        return output_prefix(self.video_key)

    def _named(self, suffix: str) -> str:
        return f"{self.prefix}{stem(self.video_key)}{suffix}"

    @property
    def redacted(self) -> str:
        return self._named("_redacted.mp4")

    @property
    def annotations(self) -> str:
        return self._named("_annotations.json")

    @property
    def report(self) -> str:
        return self._named("_report.json")

    @property
    def error(self) -> str:
        return self._named("_error.json")

    @property
    def thumbs(self) -> str:
        """What every thumbnail's key begins with."""
        return self._named("_thumb")

    def thumb(self, face_id: int) -> str:
        return f"{self.thumbs}{face_id:06d}.jpg"
