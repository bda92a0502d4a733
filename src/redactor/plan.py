"""Plan: what the video is, which model looks at it, how it is encoded, and where it is cut into segments.

It depends on the video and the preset alone, never on workers or compute.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from redactor.identity import weights
from redactor.media.copying import Copying, NotAlike, match
from redactor.media.cuts import GoesBack, cut, length
from redactor.media.encode import Encoder
from redactor.media.forms import Form, changes, form_of
from redactor.media.probe import ends, fingerprint, probe
from redactor.media.restarts import in_order
from redactor.media.source import open_source
from redactor.media.streams import Segment, Streams
from redactor.models import MODELS, Choice, choose
from redactor.places import Estimate, estimated
from redactor.preset import Mode, Preset


@dataclass(frozen=True)
class Plan:
    """plan.json. fingerprint: of the source, as annotations carry it. models: name -> sha256, none in mode redact.
    identity: the same for the models that embed faces, none where people are told apart by motion alone. form: of the
    output's pictures. estimate: what a frame takes at most, by which places are chosen. copying: how groups of pictures
    are copied, None where none is."""

    streams: Streams
    fingerprint: str
    models: Mapping[str, str]
    identity: Mapping[str, str]
    form: Form
    encoder: Encoder
    estimate: Estimate
    warnings: tuple[str, ...]
    copying: Copying | None = None


def plan(file: BinaryIO, size: int, preset: Preset) -> tuple[Plan, list[Segment]]:
    """Reads the header and a few key packets.

    Raises UnreadableVideo, TruncatedVideo, VideoTooLarge, DamagedVideo; ModelMissing where no detector can run.
    """
    both = ends(file, size)
    streams, segments, end = survey(file, size, preset)
    mark = fingerprint(both, size, streams)
    models, warnings = _models(preset)
    identity, doubts = _identity(preset)
    form = form_of(streams.video, keep=preset.experimental.keep_depth)
    changed = () if preset.mode is Mode.ANALYZE else changes(streams.video, form)
    estimate = estimated(streams.video, end, networks=len(models), embeds=bool(identity))
    copying, encoder, unlike = _copying(file, size, streams, form, preset)
    told = (*streams.warnings, *changed, *warnings, *doubts, *unlike)
    return Plan(streams, mark, models, identity, form, encoder, estimate, told, copying), segments


def _copying(
    file: BinaryIO, size: int, streams: Streams, form: Form, preset: Preset
) -> tuple[Copying | None, Encoder, tuple[str, ...]]:
    encoder = Encoder(match=preset.experimental.match_bitrate)
    if not preset.experimental.copy_untouched or preset.mode is Mode.ANALYZE:
        return None, encoder, ()
    try:
        if preset.experimental.allow_gaps:
            raise NotAlike("allowGaps blackens what this would copy")
        with open_source(file, size) as source:
            return *match(source, streams, form, encoder), ()
    except NotAlike as error:
        return None, encoder, (f"copyUntouched: everything is encoded: {error}",)


def survey(file: BinaryIO, size: int, preset: Preset) -> tuple[Streams, list[Segment], int | None]:
    """What the header and a few key packets say: streams, segments, and the pts at which the video ends, if one does.

    Needs no model. Raises as plan does, ModelMissing apart.
    """
    with open_source(file, size) as source:
        streams = in_order(source, probe(source))
        seconds = preset.experimental.segment_seconds
        try:
            segments = cut(source, streams, seconds)
        except GoesBack:
            streams = in_order(source, streams, through=True)
            segments = cut(source, streams, seconds)
        ticks = length(source, streams.video)
    start = streams.video.start
    return streams, segments, None if ticks is None or start is None else start + ticks


def _models(preset: Preset) -> tuple[dict[str, str], tuple[str, ...]]:
    """Chosen once for all segments, so that no two of them see with different eyes."""
    if preset.mode is Mode.REDACT:
        return {}, ()
    return _pinned(choose(preset.experimental.detector))


def _identity(preset: Preset) -> tuple[dict[str, str], tuple[str, ...]]:
    """Embeddings of faces are biometric data: a preset or a stack may forbid them."""
    if preset.mode is Mode.REDACT or not preset.experimental.reidentify:
        return {}, ()
    return _pinned(weights.choose())


def _pinned(choice: Choice) -> tuple[dict[str, str], tuple[str, ...]]:
    return {name: MODELS[name].sha256 for name in choice.models}, choice.warnings
