"""What cannot be done ends by name within seconds, and leaves nothing but foo_error.json."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from tests.conftest import ROOT
from tests.e2e.conftest import Bench, Outcome
from tests.media_factory import FaceClip, make_clip

SECONDS = 20


@pytest.fixture(scope="module")
def whole(faces: Callable[..., FaceClip]) -> bytes:
    return faces(frames=30).path.read_bytes()


def refused(outcome: Outcome, code: str, started: float) -> dict[str, object]:
    """The error, after checking that it is all there is, and that it came soon."""
    assert outcome.status == "FAILED"
    (name,) = outcome.results
    assert name.endswith("_error.json")
    error = json.loads(outcome.results[name])
    assert error["code"] == code, error
    jsonschema.validate(error, json.loads((ROOT / "docs" / "schemas" / "error.schema.json").read_text()))
    assert time.monotonic() - started < SECONDS
    return dict(error)


BAD = {
    "text": (lambda whole: b"this is no video, whatever its name says\n" * 50, "UnreadableVideo"),
    "empty": (lambda whole: b"", "UnreadableVideo"),
    "cut": (lambda whole: whole[: len(whole) * 7 // 10], "TruncatedVideo"),
    "ffconcat": (lambda whole: b"ffconcat version 1.0\nfile 'secret.mp4'\n", "UnreadableVideo"),
    "m3u8": (lambda whole: b"#EXTM3U\n#EXTINF:10,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n", "UnreadableVideo"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_whole_video_is_refused_while_planning(bench: Bench, whole: bytes, kind: str) -> None:
    make, code = BAD[kind]
    key, started = f"{bench.folder()}foo.mp4", time.monotonic()
    error = refused(bench.drop(key, make(whole)), code, started)
    assert error["step"] == "plan"
    assert error["retryable"] is False


def test_sound_without_a_picture_is_refused(bench: Bench, tmp_path: Path) -> None:
    import av  # noqa: PLC0415

    clip = make_clip(tmp_path / "foo.mp4", frames=24, audio="aac").path
    sound = tmp_path / "sound.mp4"
    with av.open(str(clip)) as source, av.open(str(sound), "w") as out:
        stream = out.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    started = time.monotonic()
    error = refused(bench.drop(f"{bench.folder()}foo.mp4", sound.read_bytes()), "UnreadableVideo", started)
    assert "audio only" in str(error["message"])


def test_an_unknown_mode_is_refused_with_the_allowed_words(bench: Bench, faces: Callable[..., FaceClip]) -> None:
    started = time.monotonic()
    outcome = bench.run(faces(frames=30).path, {"version": "1.0", "options": {"mode": "remove"}})
    error = refused(outcome, "InvalidPreset", started)
    assert error["allowed"] == ["combined", "analyze", "redact"]


@pytest.fixture(scope="module")
def analyzed(bench: Bench, faces: Callable[..., FaceClip]) -> bytes:
    return bench.run(faces(frames=30).path, {"mode": "analyze"}).file("_annotations.json")


def test_an_id_that_nobody_has_is_refused(bench: Bench, faces: Callable[..., FaceClip], analyzed: bytes) -> None:
    started = time.monotonic()
    outcome = bench.run(faces(frames=30).path, {"mode": "redact"}, annotations=analyzed, IDList=b"1\n99\n")
    assert "99" in str(refused(outcome, "InvalidIdList", started)["message"])


def test_annotations_of_another_video_are_refused(
    bench: Bench, faces: Callable[..., FaceClip], analyzed: bytes
) -> None:
    started = time.monotonic()
    outcome = bench.run(faces(frames=31).path, {"mode": "redact"}, annotations=analyzed)
    assert refused(outcome, "InvalidAnnotations", started)["field"] == "$.source.fingerprint"


def test_annotations_made_by_hand_must_have_an_event_for_every_frame(
    bench: Bench, faces: Callable[..., FaceClip], analyzed: bytes
) -> None:
    doc = json.loads(analyzed)
    del doc["source"]
    fragment = doc["fragments"][0]
    fragment["duration"] -= fragment["interval"]
    fragment["events"].pop()
    started = time.monotonic()
    outcome = bench.run(faces(frames=30).path, {"mode": "redact"}, annotations=json.dumps(doc).encode())
    refused(outcome, "InvalidAnnotations", started)


def test_a_failed_job_leaves_an_earlier_good_result_alone(bench: Bench, faces: Callable[..., FaceClip]) -> None:
    folder, video = bench.folder(), faces(frames=30).path
    good = bench.run(video, {}, folder=folder)
    bad = bench.drop(f"{folder}{video.name}", b"no video")
    assert bad.status == "FAILED"
    assert bad.file("_redacted.mp4") == good.file("_redacted.mp4")
    assert bad.json("_error.json")["code"] == "UnreadableVideo"
