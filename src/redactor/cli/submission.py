"""What goes into a stack's bucket for one video of `submit`, under which keys and in which order.

The bucket's own rules start the job; what is uploaded is chosen so that they start exactly one, with nothing in it that
an earlier submission left beside the video.
"""

from dataclasses import dataclass
from pathlib import Path

from redactor.bucket import INPUT, Results, output_prefix
from redactor.cli.wishes import Wishes, WrongUsage, check_video, id_list, read, written
from redactor.client.transfers import Transfers
from redactor.errors import InvalidPreset
from redactor.gather import BY_HAND, Presets
from redactor.preset import Mode, Preset, parse_preset, with_mode
from redactor.store import Missing, Store

# What an id list that names nobody means: hide everyone.
_EVERYONE = b"\n"


@dataclass(frozen=True)
class Submission:
    """One video. Its parts go up first, if it goes up at all; then the sidecars; then what starts the job.

    key: the video's. sidecars: (key, content). trigger: the id list that starts the job; None: the video itself does.
    """

    video: Path
    key: str
    sidecars: tuple[tuple[str, bytes], ...]
    trigger: tuple[str, bytes] | None


@dataclass(frozen=True)
class Bucket:
    """Where it goes. default_preset: the stack's."""

    store: Store
    transfers: Transfers
    default_preset: str


def prepare(video: Path, folder: str, wishes: Wishes, bucket: Bucket) -> Submission:
    """Decides what goes up; raises WrongUsage, InvalidKey, InvalidPreset, and what the store raises.

    folder: under input/, "" or with its closing slash.
    """
    check_video(video)
    if not video.stat().st_size:
        raise WrongUsage(f"{video} is empty")
    key = f"{INPUT}{folder}{video.name}"
    prefix, mode = output_prefix(key), wishes.wanted_mode()
    if wishes.preset and not wishes.implies_redact and (as_it_is := _unreadable(wishes.preset)) is not None:
        # The job names its fault.
        return Submission(video, key, ((_preset_key(key), as_it_is),), None)
    preset = wishes.applied(_base(key, wishes, mode, bucket), mode)
    said = wishes.preset is not None or wishes.blur is not None
    if preset.mode is not Mode.REDACT:
        asked = said or mode is not None
        return Submission(video, key, ((_preset_key(key), written(preset)),) if asked else (), None)
    if said and _presets(bucket).after_analysis(key, bucket.store)[1] == BY_HAND:
        raise WrongUsage(
            f"{key} was analysed by hand with a preset of its own, which its second pass keeps: leave out --preset and "
            "--blur-type, or submit with --mode analyze first"
        )
    ids = id_list(wishes) or _EVERYONE
    if wishes.annotations is None:
        _check_analysed(key, video, bucket)
        # Beside the thumbnails it goes with the annotations that lie there, and with none that an earlier pass left
        # beside the video.
        quiet = ((_preset_key(key), written(_asleep(preset))),) if said else ()
        return Submission(video, key, quiet, (f"{prefix}{video.name}_IDList.txt", ids))
    annotations, list_key = (f"{key}_annotations.json", read(wishes.annotations)), f"{key}_IDList.txt"
    if _stands(key, video, bucket):
        return Submission(video, key, ((_preset_key(key), written(_asleep(preset))), annotations), (list_key, ids))
    return Submission(video, key, ((_preset_key(key), written(preset)), annotations, (list_key, ids)), None)


def _asleep(preset: Preset) -> Preset:
    """Where the preset of a video says redact, annotations that come start a job, before the id list has come."""
    return with_mode(preset, Mode.COMBINED)


def _preset_key(key: str) -> str:
    return f"{key}_preset.json"


def _unreadable(path: Path) -> bytes | None:
    """The content of a preset file that is no preset."""
    data = read(path)
    try:
        parse_preset(data, str(path))
    except InvalidPreset:
        return data
    return None


def _base(key: str, wishes: Wishes, mode: Mode | None, bucket: Bucket) -> Preset:
    """The preset that the options are put into: the file's that they name, else what holds in the bucket."""
    if wishes.preset is not None:
        return parse_preset(read(wishes.preset), str(wishes.preset))
    preset, _ = _presets(bucket).of(key, bucket.store)
    if (mode or preset.mode) is Mode.REDACT:
        preset, _ = _presets(bucket).after_analysis(key, bucket.store)
    return preset


def _presets(bucket: Bucket) -> Presets:
    return Presets(None, bucket.default_preset)


def _check_analysed(key: str, video: Path, bucket: Bucket) -> None:
    """A second pass is over the video and the annotations that stand in the bucket."""
    try:
        same = bucket.transfers.standing(key, video)
    except Missing:
        raise WrongUsage(f"{key} is not in the bucket: submit it with --mode analyze first") from None
    if same is False:
        raise WrongUsage(f"{video} is not the {key} that stands in the bucket: submit it with --mode analyze first")
    annotations = Results(key).annotations
    if bucket.store.head(annotations) is None:
        raise WrongUsage(
            f"there is no {annotations}: submit the video with --mode analyze first, or name --annotations"
        )


def _stands(key: str, video: Path, bucket: Bucket) -> bool:
    """Whether the bucket is known to hold this very file."""
    try:
        return bucket.transfers.standing(key, video) is True
    except Missing:
        return False
