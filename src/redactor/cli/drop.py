"""What goes into the bucket for one video of the command line, and what comes back out of it."""

import json
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from redactor.bucket import VIDEO_SUFFIXES, Results
from redactor.errors import InvalidIdList, InvalidPreset
from redactor.idlist import parse_id_list
from redactor.preset import BlurType, Mode, Preset, describe, parse_preset

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


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


@dataclass(frozen=True)
class Drop:
    """One video and its sidecars, as file names beside it -> content. out: the folder for the results."""

    video: Path
    out: Path
    sidecars: tuple[tuple[str, bytes], ...]

    def keys(self, folder: str) -> Iterator[tuple[str, bytes]]:
        """Keys of the sidecars under a folder of the bucket, with what they hold."""
        return ((f"{folder}{name}", data) for name, data in self.sidecars)


def prepare(video: Path, out: Path, wishes: Wishes) -> Drop:
    """Reads and checks what the command line names; raises WrongUsage with a sentence for the person."""
    if not video.is_file():
        raise WrongUsage(f"{video} is not a file")
    if not video.name.lower().endswith(VIDEO_SUFFIXES):
        raise WrongUsage(f"{video.name}: the name must end in one of {', '.join(VIDEO_SUFFIXES)}")
    mode = Mode.REDACT if wishes.implies_redact else wishes.mode
    if wishes.implies_redact and wishes.mode not in (None, Mode.REDACT):
        raise WrongUsage(f"--ids, --id-list and --annotations mean mode redact, not {wishes.mode}")
    preset = _preset(video, out, wishes, mode)
    sidecars = [("_preset.json", preset)]
    if mode is Mode.REDACT or (mode is None and _mode_of(preset) is Mode.REDACT):
        sidecars.append(("_annotations.json", _annotations(video, out, wishes)))
        sidecars += [("_IDList.txt", ids) for ids in [_id_list(wishes)] if ids is not None]
    return Drop(video, out, tuple((f"{video.name}{suffix}", data) for suffix, data in sidecars))


def preset_of(video: Path, given: Path | None) -> Preset:
    """The preset that a job of this video would have, checked. Raises WrongUsage."""
    if not video.is_file():
        raise WrongUsage(f"{video} is not a file")
    try:
        return parse_preset(_read(given), str(given)) if given else Preset()
    except InvalidPreset as error:
        raise WrongUsage(error.message) from error


def _earlier(video: Path, out: Path) -> bytes:
    """The preset of the job whose annotations lie in DIR: who asked for Black there wants Black of the second pass."""
    report = out / f"{video.stem}_report.json"
    if not report.is_file():
        return b"{}"
    try:
        told = json.loads(_read(report))["preset"]
        return json.dumps({name: value for name, value in told.items() if name != "from"}).encode()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WrongUsage(f"{report} is no report of ours: name the preset with --preset") from error


def _preset(video: Path, out: Path, wishes: Wishes, mode: Mode | None) -> bytes:
    """The preset file with the options put in. One that cannot be read goes as it is: the job names its fault."""
    second = mode is Mode.REDACT and wishes.annotations is None
    data = _read(wishes.preset) if wishes.preset else _earlier(video, out) if second else b"{}"
    if mode is None and wishes.blur is None:
        return data
    try:
        preset = parse_preset(data, str(wishes.preset or "preset"))
    except InvalidPreset:
        return data
    if mode is not None:
        preset = replace(preset, mode=mode)
    if wishes.blur is not None:
        preset = replace(preset, blur=wishes.blur, blur_from="preset")
    return json.dumps(_written(preset)).encode()


def _written(preset: Preset) -> dict[str, object]:
    """The preset as a file that reads back as the same."""
    doc = describe(preset)
    return doc if preset.blur_from == "preset" else {key: value for key, value in doc.items() if key != "blurType"}


def _mode_of(preset: bytes) -> Mode | None:
    try:
        return parse_preset(preset, "preset").mode
    except InvalidPreset:
        return None


def _annotations(video: Path, out: Path, wishes: Wishes) -> bytes:
    default = out / f"{video.stem}_annotations.json"
    if wishes.annotations is None and not default.is_file():
        raise WrongUsage(
            f"there are no annotations at {default}: run --mode analyze first, or name them with --annotations"
        )
    return _read(wishes.annotations or default)


def _id_list(wishes: Wishes) -> bytes | None:
    if wishes.ids is not None:
        data = wishes.ids.encode()
        try:
            if parse_id_list(data) is None:
                raise WrongUsage("--ids names no id")
        except InvalidIdList as error:
            raise WrongUsage(f"--ids: {error.message}") from error
        return data
    return _read(wishes.id_list) if wishes.id_list else None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WrongUsage(f"{path} cannot be read: {error.strerror}") from error


def bring_back(s3: "S3Client", bucket: str, video_key: str, out: Path) -> list[Path]:
    """Downloads all results of a video into a folder, each whole or not at all, and removes what they make untrue."""
    out.mkdir(parents=True, exist_ok=True)
    prefix = Results(video_key).prefix
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    written = [_download(s3, bucket, key, out / key.removeprefix(prefix)) for key in keys]
    _tidy(out, Path(video_key).stem, {path.name for path in written})
    return written


def _download(s3: "S3Client", bucket: str, key: str, path: Path) -> Path:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")
    os.close(handle)
    try:
        s3.download_file(bucket, key, temporary)
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)
    return path


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _tidy(out: Path, stem: str, written: set[str]) -> None:
    """An earlier failure is over when none came now; thumbnails of ids that new annotations lack are nobody's."""
    if f"{stem}_error.json" not in written:
        (out / f"{stem}_error.json").unlink(missing_ok=True)
    if f"{stem}_annotations.json" in written:
        known = {int(n) for n in re.findall(rb'"id":(\d+)', (out / f"{stem}_annotations.json").read_bytes())}
        for thumb in out.glob(f"{_escaped(stem)}_thumb*.jpg"):
            digits = thumb.stem.removeprefix(f"{stem}_thumb")
            if digits.isascii() and digits.isdigit() and int(digits) not in known:
                thumb.unlink()


def _escaped(stem: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", stem)
