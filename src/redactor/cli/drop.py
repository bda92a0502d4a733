"""What goes into the bucket for one video of the command line, and what comes back out of it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from redactor.bucket import Results
from redactor.cli.wishes import Wishes, WrongUsage, check_video, id_list, read, written
from redactor.client.files import whole
from redactor.errors import InvalidPreset
from redactor.preset import Mode, Preset, parse_preset

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


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
    check_video(video)
    mode = wishes.wanted_mode()
    preset = _preset(video, out, wishes, mode)
    sidecars = [("_preset.json", preset)]
    if mode is Mode.REDACT or (mode is None and _mode_of(preset) is Mode.REDACT):
        sidecars.append(("_annotations.json", _annotations(video, out, wishes)))
        sidecars += [("_IDList.txt", ids) for ids in [id_list(wishes)] if ids is not None]
    return Drop(video, out, tuple((f"{video.name}{suffix}", data) for suffix, data in sidecars))


def preset_of(video: Path, given: Path | None) -> Preset:
    """The preset that a job of this video would have, checked. Raises WrongUsage."""
    if not video.is_file():
        raise WrongUsage(f"{video} is not a file")
    try:
        return parse_preset(read(given), str(given)) if given else Preset()
    except InvalidPreset as error:
        raise WrongUsage(error.message) from error


def _earlier(video: Path, out: Path) -> bytes:
    """The preset of the job whose annotations lie in DIR: who asked for Black there wants Black of the second pass."""
    report = out / f"{video.stem}_report.json"
    if not report.is_file():
        return b"{}"
    try:
        told = json.loads(read(report))["preset"]
        return json.dumps({name: value for name, value in told.items() if name != "from"}).encode()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WrongUsage(f"{report} is no report of ours: name the preset with --preset") from error


def _preset(video: Path, out: Path, wishes: Wishes, mode: Mode | None) -> bytes:
    """The preset file with the options put in. One that cannot be read goes as it is: the job names its fault."""
    second = mode is Mode.REDACT and wishes.annotations is None
    data = read(wishes.preset) if wishes.preset else _earlier(video, out) if second else b"{}"
    if mode is None and wishes.blur is None:
        return data
    try:
        preset = parse_preset(data, str(wishes.preset or "preset"))
    except InvalidPreset:
        return data
    return written(wishes.applied(preset, mode))


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
    return read(wishes.annotations or default)


def bring_back(s3: "S3Client", bucket: str, video_key: str, out: Path) -> list[Path]:
    """Downloads all results of a video into a folder, each whole or not at all, and removes what they make untrue."""
    out.mkdir(parents=True, exist_ok=True)
    prefix = Results(video_key).prefix
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    written = [_download(s3, bucket, key, out / key.removeprefix(prefix)) for key in keys]
    tidy(out, Path(video_key).stem, {path.name for path in written})
    return written


def _download(s3: "S3Client", bucket: str, key: str, path: Path) -> Path:
    with whole(path) as temporary:
        s3.download_file(bucket, key, str(temporary))
    return path


def tidy(out: Path, stem: str, written: set[str]) -> None:
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
