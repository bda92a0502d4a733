"""One job for one drop, whatever arrives twice, fails, or is killed."""

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from localcloud.journal import Finished, Started
from tests.e2e.conftest import Bench
from tests.media_factory import FaceClip


def given(bench: Bench, key: str, version: str) -> dict[str, object]:
    return {"bucket": bench.cloud.bucket, "key": key, "version": version}


def test_the_same_event_many_times_is_one_job(bench: Bench, faces: Callable[..., FaceClip]) -> None:
    key = f"{bench.folder()}foo.mp4"
    version = bench.put(key, faces(frames=30).path.read_bytes())
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(bench.start, [given(bench, key, version)] * 8))
    assert {outcome.status for outcome in outcomes} == {"SUCCEEDED"}
    jobs = {outcome.answer["job"] for outcome in outcomes}
    assert len(jobs) == 1
    assert bench.invocations(jobs.pop(), "plan") == 1
    s3, name = bench.cloud.s3(), key.replace("input/", "output/") + "/foo_redacted.mp4"
    versions = s3.list_object_versions(Bucket=bench.cloud.bucket, Prefix=name)["Versions"]
    assert len(versions) == 1


def test_after_a_failure_the_same_drop_runs_again(bench: Bench, faces: Callable[..., FaceClip]) -> None:
    folder, video = bench.folder(), faces(frames=30).path
    bench.put(f"{folder}foo_preset.json", b'{"mode": "redact"}')
    bench.put(f"{folder}foo_annotations.json", b'{"version": 1}')
    key = f"{folder}foo.mp4"
    failed = bench.drop(key, video.read_bytes())
    assert failed.json("_error.json")["code"] == "InvalidAnnotations"
    version = bench.cloud.s3().head_object(Bucket=bench.cloud.bucket, Key=key)["VersionId"]
    again = bench.start(given(bench, key, version))
    assert again.status == "FAILED"
    jobs = [
        one
        for one in bench.cloud.journal.invocations("plan")
        if one.payload["job"] == failed.json("_error.json")["job"]
    ]
    assert len(jobs) == 2


def test_a_worker_killed_in_the_middle_of_a_segment_changes_nothing(
    bench: Bench, faces: Callable[..., FaceClip]
) -> None:
    video = faces(name="killed.mp4", frames=120, gop=24).path
    calm = bench.run(video, {})
    before = len(bench.cloud.journal.invocations("redact"))
    killed = threading.Event()

    def kill_the_first_redactor() -> None:
        seen = len(bench.cloud.journal.happenings)

        def is_new_redact(happening: object) -> bool:
            return (
                isinstance(happening, Started)
                and happening.function == "redact"
                and happening in bench.cloud.journal.happenings[seen:]
            )

        bench.cloud.journal.await_happening(is_new_redact, 60)
        for pid in bench.cloud.worker_pids:
            os.kill(pid, signal.SIGKILL)
        killed.set()

    thread = threading.Thread(target=kill_the_first_redactor)
    thread.start()
    shaken = bench.run(video, {})
    thread.join()
    assert killed.is_set()
    assert shaken.status == "SUCCEEDED", shaken
    attempts = bench.cloud.journal.invocations("redact")[before:]
    assert any(isinstance(one, Finished) and one.error == "Runtime.ExitError" for one in attempts)
    assert shaken.file("_redacted.mp4") == calm.file("_redacted.mp4")


def test_a_newer_version_supersedes_the_older_event(bench: Bench, faces: Callable[..., FaceClip]) -> None:
    key, data = f"{bench.folder()}foo.mp4", faces(frames=30).path.read_bytes()
    old = bench.put(key, b"old")
    bench.drop(key, data)
    late = bench.start(given(bench, key, old))
    assert (late.status, late.answer["outcome"]) == ("SUCCEEDED", "superseded")


def test_results_start_nothing(bench: Bench, faces: Callable[..., FaceClip]) -> None:
    folder, video = bench.folder(), faces(frames=30).path
    done = bench.run(video, {"mode": "analyze"}, folder=folder)
    for name in done.results:
        key = f"{folder.replace('input/', 'output/')}{video.name}/{name}"
        assert not [one for one in bench.cloud.journal.happenings if getattr(one, "key", None) == key]
