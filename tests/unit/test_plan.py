"""What Plan decides, and on what it depends: the video and the preset, nothing else."""

import io
import os
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

import redactor.plan
from redactor import models
from redactor.errors import ModelMissing, TruncatedVideo, UnreadableVideo
from redactor.jsonable import decode, encode
from redactor.media.streams import Segment
from redactor.models import MODELS, Choice
from redactor.plan import Plan, plan
from redactor.preset import BlurType, Detector, Experimental, Mode, Preset
from tests.media_factory import FaceClip, make_clip
from tests.unit.pipeline import HALF_A_SECOND, Pipeline, weights


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in weights().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def no_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(models.PATH_VARIABLE, str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def planned(data: bytes, preset: Preset = HALF_A_SECOND) -> tuple[Plan, list[Segment]]:
    return plan(io.BytesIO(data), len(data), preset)


def told_apart(made: tuple[Plan, list[Segment]]) -> tuple[Plan, list[Segment]]:
    """Without the warnings: where weights were looked for is told, and is another place on another machine."""
    return replace(made[0], warnings=()), made[1]


def test_it_says_what_the_video_is(pipeline: Pipeline) -> None:
    video = pipeline.plan.streams.video
    assert (video.width, video.height, video.codec, video.expected_frames) == (320, 160, "h264", 36)
    assert [track.codec for track in pipeline.plan.streams.audio] == ["aac"]
    assert len(pipeline.plan.fingerprint) == 64


def test_segments_adjoin_and_cover_the_whole_video(pipeline: Pipeline) -> None:
    segments = pipeline.segments
    assert [segment.n for segment in segments] == [0, 1, 2]
    assert (segments[0].start, segments[-1].end) == (None, None)
    assert all(before.end == after.start for before, after in pairwise(segments))
    assert all(segment.key is not None and segment.key.pts == segment.start for segment in segments[1:])


def test_the_preset_says_how_long_a_segment_is(two_faces: FaceClip) -> None:
    data = two_faces.path.read_bytes()
    longer = Preset(experimental=Experimental(segment_seconds=Fraction(3, 4)))
    assert [len(planned(data, preset)[1]) for preset in (HALF_A_SECOND, longer, Preset())] == [3, 2, 1]


def test_the_same_video_and_preset_give_the_same_plan_on_any_machine(
    two_faces: FaceClip, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setenv("REDACTOR_CONCURRENCY", '{"detect": 1, "redact": 1}')
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
    assert encode(told_apart(planned(two_faces.path.read_bytes()))) == encode(told_apart(pipeline.planned))


def test_what_is_drawn_changes_nothing_in_it(two_faces: FaceClip, pipeline: Pipeline) -> None:
    preset = replace(HALF_A_SECOND, mode=Mode.ANALYZE, blur=BlurType.BLACK, blur_from="preset")
    assert told_apart(planned(two_faces.path.read_bytes(), preset)) == told_apart(pipeline.planned)


def test_another_video_has_another_fingerprint(tmp_path: Path, pipeline: Pipeline) -> None:
    other = make_clip(tmp_path / "other.mp4", frames=3).path.read_bytes()
    assert planned(other)[0].fingerprint != pipeline.plan.fingerprint


def test_the_model_is_named_with_its_hash(pipeline: Pipeline) -> None:
    assert pipeline.plan.models
    assert all(MODELS[name].sha256 == digest for name, digest in pipeline.plan.models.items())


def test_another_detector_than_the_one_asked_for_is_a_warning(
    two_faces: FaceClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def choose(wanted: str) -> Choice:
        asked.append(wanted)
        return Choice({"centerface": Path("x")}, ("instead",))

    monkeypatch.setattr(redactor.plan, "choose", choose)
    preset = Preset(experimental=Experimental(detector=Detector.STRICT))
    found, _ = planned(two_faces.path.read_bytes(), preset)
    assert asked == ["strict"]
    assert found.models == {"centerface": MODELS["centerface"].sha256}
    assert "instead" in found.warnings


@pytest.mark.usefixtures("no_weights")
def test_without_any_model_the_job_fails(two_faces: FaceClip) -> None:
    with pytest.raises(ModelMissing):
        planned(two_faces.path.read_bytes())


@pytest.mark.usefixtures("no_weights")
def test_redact_needs_no_model(two_faces: FaceClip) -> None:
    assert planned(two_faces.path.read_bytes(), Preset(mode=Mode.REDACT))[0].models == {}


def test_what_is_no_whole_video_is_refused(two_faces: FaceClip) -> None:
    data = two_faces.path.read_bytes()
    with pytest.raises(UnreadableVideo):
        planned(b"no video, but a few words")
    with pytest.raises(TruncatedVideo):
        planned(data[: len(data) // 2])


def test_it_travels_as_json(pipeline: Pipeline) -> None:
    assert decode(Plan, encode(pipeline.plan)) == pipeline.plan
    assert decode(list[Segment], encode(pipeline.segments)) == pipeline.segments
