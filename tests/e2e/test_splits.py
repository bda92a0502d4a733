"""Where the video is cut, and by how many workers it is read, must not matter."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Bench
from tests.media_factory import FaceClip


def annotations(bench: Bench, video: Path, seconds: float) -> tuple[int, bytes, dict[str, bytes]]:
    """Segments it was cut into, annotations and thumbnails."""
    outcome = bench.run(video, {"mode": "analyze", "experimentalOptions": {"segmentSeconds": seconds}})
    thumbs = {name: data for name, data in outcome.results.items() if name.endswith(".jpg")}
    return outcome.answer["plan"]["segments"], outcome.file("_annotations.json"), thumbs


def test_one_segment_and_many_give_the_same_bytes(bench: Bench, faces: Callable[..., FaceClip]) -> None:
    video = faces(name="splits.mp4", frames=72, away=range(30, 40), gop=6).path
    one, whole, thumbs = annotations(bench, video, 60)
    many, parts, other_thumbs = annotations(bench, video, 0.25)
    assert one == 1
    assert many >= 8
    assert parts == whole
    assert other_thumbs == thumbs


@pytest.mark.slow
def test_real_video_too(bench: Bench, shared_media: Path) -> None:
    video = shared_media / "synth_dev.mp4"
    _, whole, thumbs = annotations(bench, video, 60)
    many, parts, other_thumbs = annotations(bench, video, 1)
    assert many >= 2
    assert parts == whole
    assert other_thumbs == thumbs
