"""The job configuration: read once, at the edge, into one frozen value."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import Any, Literal

from redactor import jsontext
from redactor.errors import InvalidPreset
from redactor.options import Option, Reader, entries, flag, group, number, read, shortened, word

MAX_BYTES = 64 * 1024
# Height in pixels of the smallest face that is looked for unless the preset says otherwise.
USUAL_FACE = 24


class Mode(StrEnum):
    COMBINED = "combined"
    ANALYZE = "analyze"
    REDACT = "redact"


class BlurType(StrEnum):
    LOW = "Low"
    MED = "Med"
    HIGH = "High"
    BOX = "Box"
    BLACK = "Black"


class Resolution(StrEnum):
    """The resolution of the analysis, never that of the output."""

    SOURCE = "SourceResolution"
    STANDARD = "StandardDefinition"


class Detector(StrEnum):
    YUNET = "yunet"
    CENTERFACE = "centerface"
    STRICT = "strict"


class Compute(StrEnum):
    """Where segments are worked on: in functions, in container tasks, the detection on a GPU, or as it fits."""

    LAMBDA = "lambda"
    FARGATE = "fargate"
    GPU = "gpu"
    AUTO = "auto"


@dataclass(frozen=True)
class Experimental:
    """thumbnails: in combined mode too. redact_again: take a *_redacted.* too. segment_seconds: what a worker gets.
    reidentify: know people again by their faces. min_face: height of the smallest face wanted, in pixels of the
    source. keep_depth: ten bits, 4:2:2, 4:4:4 and HDR stay, where they are. match_bitrate: the output's picture
    takes as many bits as the source's. allow_gaps: what cannot be decoded comes out black, instead of no output.
    copy_untouched: groups of pictures without anything to hide are copied. compute: where segments are worked on, None:
    as the deployment has it."""

    thumbnails: bool = False
    redact_again: bool = False
    segment_seconds: Fraction = Fraction(10)
    detector: Detector = Detector.YUNET
    reidentify: bool = True
    min_face: Fraction = Fraction(USUAL_FACE)
    compute: Compute | None = None
    allow_gaps: bool = False
    keep_depth: bool = False
    match_bitrate: bool = False
    copy_untouched: bool = False


@dataclass(frozen=True)
class Preset:
    """blur_from: whether the preset names its blur type. detection_rate: frames a second, None: every frame."""

    mode: Mode = Mode.COMBINED
    blur: BlurType = BlurType.MED
    blur_from: Literal["preset", "default"] = "default"
    resolution: Resolution = Resolution.SOURCE
    detection_rate: Fraction | None = None
    experimental: Experimental = Experimental()
    warnings: tuple[str, ...] = ()


def parse_preset(data: bytes | str, origin: str) -> Preset:
    """The preset in a file or a string: strict JSON or the single-quoted form, either shape, any letter case.

    origin: where it came from, for messages. Raises InvalidPreset.
    """
    if len(data) > MAX_BYTES:
        raise InvalidPreset(f"{origin} has more than {MAX_BYTES} bytes: that is no preset")
    try:
        doc = jsontext.parse(data)
    except jsontext.NotJson as error:
        raise InvalidPreset(f"{origin} is not JSON: {error}", field=error.where or None) from None
    return preset_from(doc, origin)


def preset_from(doc: object, origin: str) -> Preset:
    """The preset in a parsed document, such as the console's input. Raises InvalidPreset; unknown options only warn."""
    warnings: list[str] = []
    values = read(OPTIONS, _options(doc, origin, warnings), warnings)
    experimental = read(EXPERIMENTAL, values.pop("experimental", ()), warnings)
    return Preset(
        **values,
        blur_from="preset" if "blur" in values else "default",
        experimental=Experimental(**experimental),
        warnings=tuple(warnings),
    )


def with_mode(preset: Preset, mode: Mode) -> Preset:
    """The same preset in another mode: what an id list makes of the preset of the analysis."""
    return replace(preset, mode=mode)


def describe(preset: Preset) -> dict[str, Any]:
    """The preset as understood: jsonable, the flat shape, every default written out. preset_from reads it back."""
    experimental = preset.experimental
    return {
        "mode": str(preset.mode),
        "blurType": str(preset.blur),
        "resolution": str(preset.resolution),
        "detectionFrameRate": None if preset.detection_rate is None else str(preset.detection_rate),
        "experimentalOptions": {
            "thumbnails": experimental.thumbnails,
            "redactAgain": experimental.redact_again,
            "segmentSeconds": str(experimental.segment_seconds),
            "detector": str(experimental.detector),
            "reidentify": experimental.reidentify,
            "minFace": str(experimental.min_face),
            "compute": None if experimental.compute is None else str(experimental.compute),
            "allowGaps": experimental.allow_gaps,
            "keepDepth": experimental.keep_depth,
            "copyUntouched": experimental.copy_untouched,
            "matchBitrate": experimental.match_bitrate,
        },
    }


def _options(doc: object, origin: str, warnings: list[str]) -> Iterator[Option]:
    """All options of either shape: those at the root and those under `options`."""
    for option in entries(doc, "", origin):
        if option.name not in ROOT:
            yield option
        elif option.value is not None:
            yield from ROOT[option.name](option, warnings)


def _version(option: Option, warnings: list[str]) -> Iterable[Option]:
    if str(option.value).strip() not in ("1", "1.0"):
        warnings.append(f"{option.origin}: version {shortened(option.value)} is read as version 1.0")
    return ()


def _type(option: Option, warnings: list[str]) -> Iterable[Option]:
    if str(option.value).lstrip("#").lower() != PRESET_TYPE.lower():
        raise option.refused("the preset of the face redactor", [f"#{PRESET_TYPE}"])
    return ()


PRESET_TYPE = "Microsoft.Media.FaceDetectorPreset"

# What stands at the root beside options: each may check itself, warn, or hold options.
ROOT: Mapping[str, Callable[[Option, list[str]], Iterable[Option]]] = {
    "options": lambda option, _: group(option),
    "version": _version,
    "@odata.type": _type,
}

# Option in lower case -> the attribute it fills and how it is read. A new option is one line here.
OPTIONS: Mapping[str, Reader] = {
    "mode": ("mode", word(Mode)),
    "blurtype": ("blur", word(BlurType)),
    "resolution": ("resolution", word(Resolution)),
    "detectionframerate": ("detection_rate", number(Fraction(1, 100), Fraction(1000))),
    "experimentaloptions": ("experimental", group),
}
EXPERIMENTAL: Mapping[str, Reader] = {
    "thumbnails": ("thumbnails", flag),
    "redactagain": ("redact_again", flag),
    "segmentseconds": ("segment_seconds", number(Fraction(1, 100), Fraction(86400))),
    "detector": ("detector", word(Detector)),
    "reidentify": ("reidentify", flag),
    "minface": ("min_face", number(Fraction(4), Fraction(10_000))),
    "compute": ("compute", word(Compute)),
    "allowgaps": ("allow_gaps", flag),
    "keepdepth": ("keep_depth", flag),
    "copyuntouched": ("copy_untouched", flag),
    "matchbitrate": ("match_bitrate", flag),
}
