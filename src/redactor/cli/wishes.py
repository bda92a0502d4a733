"""What the command line asks of a video, checked as far as it can be checked here."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from redactor.bucket import VIDEO_SUFFIXES
from redactor.errors import InvalidIdList
from redactor.idlist import parse_id_list
from redactor.preset import BlurType, Mode, Preset, describe


class WrongUsage(ValueError):
    """The command line asks for something that cannot be: exit 2."""


@dataclass(frozen=True)
class Wishes:
    """The options as given, None where they were not."""

    mode: Mode | None = None
    blur: BlurType | None = None
    ids: str | None = None
    id_list: Path | None = None
    annotations: Path | None = None
    preset: Path | None = None

    @property
    def implies_redact(self) -> bool:
        return any(given is not None for given in (self.ids, self.id_list, self.annotations))

    def check(self, videos: int) -> None:
        """Raises WrongUsage where the options exclude each other, or the number of videos."""
        if self.ids is not None and self.id_list is not None:
            raise WrongUsage("--ids and --id-list exclude each other")
        if self.annotations is not None and videos > 1:
            raise WrongUsage("--annotations are those of one video")

    def wanted_mode(self) -> Mode | None:
        """The mode that the options ask for, None where they leave it to the preset; raises WrongUsage."""
        if self.implies_redact and self.mode not in (None, Mode.REDACT):
            raise WrongUsage(f"--ids, --id-list and --annotations mean mode redact, not {self.mode}")
        return Mode.REDACT if self.implies_redact else self.mode

    def applied(self, preset: Preset, mode: Mode | None) -> Preset:
        """The preset with this mode, where there is one, and the blur type that was asked for."""
        if mode is not None:
            preset = replace(preset, mode=mode)
        return preset if self.blur is None else replace(preset, blur=self.blur, blur_from="preset")


def folders_of(videos: Sequence[Path], out: Path) -> list[Path]:
    """Where each video's results go: into `out` itself, or below it by file name where there are several.

    Raises WrongUsage where two have one name.
    """
    if len(videos) == 1:
        return [out]
    names = [video.name for video in videos]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise WrongUsage(f"two videos have the same file name: {', '.join(sorted(twice))}")
    return [out / name for name in names]


def check_video(video: Path) -> None:
    """Raises WrongUsage for what is no file, or not named as a video is."""
    if not video.is_file():
        raise WrongUsage(f"{video} is not a file")
    if not video.name.lower().endswith(VIDEO_SUFFIXES):
        raise WrongUsage(f"{video.name}: the name must end in one of {', '.join(VIDEO_SUFFIXES)}")


def written(preset: Preset) -> bytes:
    """The preset as a file that reads back as the same."""
    doc = describe(preset)
    if preset.blur_from == "default":
        del doc["blurType"]
    return json.dumps(doc).encode()


def id_list(wishes: Wishes) -> bytes | None:
    """The list that the options name, None where they name none; raises WrongUsage."""
    if wishes.ids is not None:
        data = wishes.ids.encode()
        try:
            if parse_id_list(data) is None:
                raise WrongUsage("--ids names no id")
        except InvalidIdList as error:
            raise WrongUsage(f"--ids: {error.message}") from error
        return data
    return read(wishes.id_list) if wishes.id_list else None


def read(path: Path) -> bytes:
    """A small file that an option names; raises WrongUsage."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise WrongUsage(f"{path} cannot be read: {error.strerror}") from error
