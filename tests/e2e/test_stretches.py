"""A large result is looked at stretch by stretch, by many workers: the state machine goes that way."""

import hashlib
from collections.abc import Callable

from localcloud.cloud import Cloud
from redactor import models
from tests.e2e.conftest import Bench
from tests.media_factory import FaceClip


def test_a_result_that_counts_as_large_is_proved_apart(model_path: str, faces: Callable[..., FaceClip]) -> None:
    video = faces(name="placed.mp4", frames=24, gop=6).path
    large = {models.PATH_VARIABLE: model_path, "REDACTOR_STRETCH": "16000"}
    with Cloud(2, bucket="stretched", environment=large) as cloud:
        outcome = Bench(cloud).run(video, {"experimentalOptions": {"segmentSeconds": "1/4"}})
        proved = cloud.journal.invocations("prove")
    assert outcome.status == "SUCCEEDED"
    assert outcome.answer["join"]["proved"] == "apart"
    assert len(proved) >= 2
    report, made = outcome.json("_report.json"), outcome.file("_redacted.mp4")
    assert report["output"] == {"sha256": hashlib.sha256(made).hexdigest(), "bytes": len(made)}
    assert report["cost"]["steps"]["prove"] > 0
