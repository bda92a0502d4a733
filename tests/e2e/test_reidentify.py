"""`reidentify: false`: no template of a face is ever written, and the report says by what people were told apart."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from localcloud.patches.hooks import HOOKS, Dropped
from redactor.work import TEMPLATES
from tests.e2e.conftest import Bench, Outcome
from tests.media_factory import FaceClip

Watched = Callable[..., tuple[Outcome, list[str]]]


@pytest.fixture
def watched(bench: Bench, faces: Callable[..., FaceClip], monkeypatch: pytest.MonkeyPatch) -> Watched:
    """watched(**experimental) -> the outcome of an analysis, and the key of every object created meanwhile."""

    def run(**experimental: object) -> tuple[Outcome, list[str]]:
        keys: list[str] = []
        hooks = HOOKS[bench.cloud.account]

        def dropped(one: Dropped) -> None:
            keys.append(one.key)
            hooks.dropped(one)

        monkeypatch.setitem(HOOKS, bench.cloud.account, replace(hooks, dropped=dropped))
        clip = faces(name="two.mp4", frames=48, width=480, faces=2)
        outcome = bench.run(clip.path, {"mode": "analyze", "experimentalOptions": experimental})
        monkeypatch.setitem(HOOKS, bench.cloud.account, hooks)
        assert outcome.status == "SUCCEEDED", outcome
        return outcome, keys

    return run


def test_without_it_no_template_is_ever_written(watched: Watched) -> None:
    outcome, keys = watched(reidentify=False)
    assert any("/detections/" in key for key in keys)
    assert [key for key in keys if TEMPLATES in key] == []
    report = outcome.json("_report.json")
    assert report["preset"]["experimentalOptions"]["reidentify"] is False
    assert "embedding" not in report["models"]
    assert outcome.json("_annotations.json")["facesDetected"] >= 2


@pytest.mark.identity
def test_with_it_templates_are_written_and_no_version_of_them_is_left(bench: Bench, watched: Watched) -> None:
    outcome, keys = watched(reidentify=True)
    written = [key for key in keys if TEMPLATES in key]
    assert written
    assert "embedding" in outcome.json("_report.json")["models"]
    there = bench.cloud.s3().list_object_versions(Bucket=bench.cloud.bucket, Prefix=written[0].rpartition("/")[0])
    assert "Versions" not in there
