"""One contract test for each patch: what holds with it, and that moto alone still needs it."""

import hashlib
import json
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.s3.models import FakeKey, FakeMultipart, S3Backend, _VersionedKeyStore, s3_backends
from moto.s3.responses import S3Response
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    distributed_item_processor_worker as processor,
)
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.responses import get_backend

from localcloud.cloud import Cloud
from localcloud.journal import ExecutionStarted
from localcloud.patches import PATCHES, without
from tests.localcloud.conftest import Run
from tests.localcloud.toys import PASS, distributed, inline, machine, retry, task

_MENDED: set[str] = set()


def mends(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    _MENDED.update(names)
    return lambda test: test


def test_every_patch_has_a_contract_test() -> None:
    assert set(PATCHES) == _MENDED


@pytest.fixture
def segments(cloud: Cloud) -> Callable[..., dict[str, Any]]:
    """The input of a distributed Map over n items, in the bucket."""

    def put(job: str, n: int, **more: Any) -> dict[str, Any]:
        key = f"work/{job}/segments.json"
        cloud.s3().put_object(Bucket=cloud.bucket, Key=key, Body=json.dumps(list(range(n))).encode())
        return {"job": job, "segments": key, "fails": [], "seconds": 0} | more

    return put


def test_the_interpreter_is_imported_without_what_it_does_not_need() -> None:
    program = (
        "import sys, localcloud.patches\n"
        "assert 'moto.ec2' not in sys.modules\n"
        "import moto.batch.utils\n"
        "assert moto.batch.utils.JobStatus.RUNNABLE"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)


@mends("lambda invoke runs the real handler")
def test_a_task_runs_the_real_handler(cloud: Cloud, run: Run) -> None:
    asl = machine(Describe=task("describe"))
    described = run(asl)
    assert described["output"]["function"] == "describe"
    assert described["output"]["pid"] in cloud.worker_pids
    before = len(cloud.journal.invocations("describe"))
    with without("lambda invoke runs the real handler"):
        assert run(asl)["status"] != "SUCCEEDED"
    assert len(cloud.journal.invocations("describe")) == before


@mends("a task's clock starts when a worker is free")
def test_waiting_for_a_worker_is_no_part_of_the_time_out(run: Run) -> None:
    branch = {"StartAt": "Sleep", "States": {"Sleep": task("sleeping", TimeoutSeconds=2)}}
    asl = machine(All={"Type": "Parallel", "Branches": [branch] * 4, "End": True})
    assert run(asl, {"seconds": 1.3})["status"] == "SUCCEEDED"
    with without("a task's clock starts when a worker is free"):
        assert run(asl, {"seconds": 1.3})["status"] == "FAILED"


@mends("a failed child fails the distributed Map")
def test_a_failed_child_fails_the_map_and_no_more_children_start(cloud: Cloud, run: Run, segments: Any) -> None:
    asl = machine(Segments=distributed(task("segment")))
    failed = run(asl, segments("one-fails", 60, fails=[3]))
    assert (failed["status"], failed["error"]) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    seen = [one for one in cloud.journal.invocations("segment") if one.payload["job"] == "one-fails"]
    assert len(seen) < 20
    assert [one.error for one in seen if one.error] == ["Refused"]
    with without("a failed child fails the distributed Map"):
        assert run(asl, segments("one-fails-unseen", 5, fails=[3]))["status"] == "SUCCEEDED"


def test_children_that_still_run_are_stopped(cloud: Cloud, run: Run, segments: Any) -> None:
    child = task("segment", Retry=retry("States.ALL"))
    child |= {"Next": "Sleep"}
    del child["End"]
    asl = machine(Segments=distributed(child))
    asl["States"]["Segments"]["ItemProcessor"]["States"]["Sleep"] = {"Type": "Wait", "Seconds": 1, "Next": "Late"}
    asl["States"]["Segments"]["ItemProcessor"]["States"]["Late"] = task("echo")
    child["Retry"] = retry("Nothing")
    before = len(cloud.journal.invocations("echo"))
    assert run(asl, segments("stops", 4, fails=[3]))["status"] == "FAILED"
    time.sleep(1.2)
    assert len(cloud.journal.invocations("echo")) == before


def test_a_failed_map_can_be_retried_and_caught_by_its_name(run: Run, segments: Any) -> None:
    caught = [{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "Next": "Caught"}]
    asl = machine(Segments=distributed(task("segment"), Catch=caught), Caught=PASS)
    assert run(asl, segments("caught", 3, fails=[1]))["status"] == "SUCCEEDED"


@mends("a distributed Map may have thousands of items")
def test_a_map_goes_through_any_number_of_items() -> None:
    def closed_jobs(items: int) -> int:
        closed: list[int] = []
        jobs = iter([SimpleNamespace(job_output=n) for n in range(items)])
        frame = SimpleNamespace(open_inner_frame=lambda: frame, delete_frame=lambda frame: None)
        worker = object.__new__(processor.DistributedItemProcessorWorker)
        worker._env, worker._stop_signal_received = frame, False
        worker._job_pool = SimpleNamespace(next_job=lambda: next(jobs, None), close_job=closed.append)
        worker._eval_job = lambda env, job: None
        worker._eval_pool(next(jobs), frame)
        return len(closed)

    assert closed_jobs(3000) == 3000
    with without("a distributed Map may have thousands of items"), pytest.raises(RecursionError):
        closed_jobs(3000)


@mends("a Map runs as many children as there are workers")
def test_a_map_starts_no_more_children_than_the_workers_can_serve(
    cloud: Cloud, start: Callable[..., str], segments: Any
) -> None:
    def concurrency(job: str) -> int:
        execution = start(machine(Segments=distributed(PASS)), segments(job, 9))
        assert cloud.wait(execution, 10)["status"] == "SUCCEEDED"
        run = cloud.sfn().list_map_runs(executionArn=execution)["mapRuns"][0]["mapRunArn"]
        return cloud.sfn().describe_map_run(mapRunArn=run)["maxConcurrency"]

    assert concurrency("bounded") == 4
    assert cloud.journal.happenings[-2].items == 9
    with without("a Map runs as many children as there are workers"):
        assert concurrency("unbounded") == 0


@mends("ItemReader reads from the store")
def test_a_map_reads_its_items_from_the_bucket(cloud: Cloud, run: Run, segments: Any) -> None:
    asl = machine(Segments=distributed(task("segment")))
    assert run(asl, segments("read", 3))["status"] == "SUCCEEDED"
    done = [one.payload["n"] for one in cloud.journal.invocations("segment") if one.payload["job"] == "read"]
    assert sorted(done) == [0, 1, 2]
    with without("ItemReader reads from the store"):
        assert run(asl, segments("read", 3))["status"] == "FAILED"


@mends("ItemReader failures have their name")
@pytest.mark.parametrize("body", [None, b"{", b'{"a": 1}'])
def test_items_that_cannot_be_read_fail_by_name(cloud: Cloud, run: Run, body: bytes | None) -> None:
    if body is not None:
        cloud.s3().put_object(Bucket=cloud.bucket, Key="work/unreadable", Body=body)
    given = {"job": "x", "segments": "work/unreadable" if body else "work/absent", "fails": [], "seconds": 0}
    asl = machine(Segments=distributed(PASS))
    assert run(asl, given)["error"] == "States.ItemReaderFailed"
    if body != b'{"a": 1}':
        with without("ItemReader failures have their name"):
            assert run(asl, given)["error"] == "States.Runtime"


@mends("States.* errors cross a Map", "States.* errors cross a Parallel")
@pytest.mark.parametrize("state", ["Map", "Parallel"])
def test_reserved_errors_keep_their_names(run: Run, state: str) -> None:
    large = task("large")
    around = {
        "Map": inline(
            large, Catch=[{"ErrorEquals": ["States.DataLimitExceeded"], "Next": "Caught"}], ItemsPath="$.all"
        ),
        "Parallel": {
            "Type": "Parallel",
            "Branches": [{"StartAt": "Child", "States": {"Child": large | {"InputPath": "$.all[0]"}}}],
            "Catch": [{"ErrorEquals": ["States.DataLimitExceeded"], "Next": "Caught"}],
            "End": True,
        },
    }
    asl, given = machine(Around=around[state], Caught=PASS), {"all": [{"bytes": 300_000}]}
    assert run(asl, given)["output"]["Error"] == "States.DataLimitExceeded"
    with without(f"States.* errors cross a {state}"):
        assert run(asl, given)["status"] == "FAILED"


@mends("Retry waits are shortened")
def test_a_retry_does_not_wait_as_long_as_on_aws(run: Run) -> None:
    full = retry("TryAgain", interval=2)[0] | {"MaxDelaySeconds": 2}
    asl = machine(Stumble=task("stumbling", Retry=[full]))
    began = time.monotonic()
    assert run(asl, {"name": "fast", "succeeds_at": 3})["output"] == {"calls": 3}
    assert time.monotonic() - began < 2
    with without("Retry waits are shortened"):
        began = time.monotonic()
        run(asl, {"name": "slow", "succeeds_at": 2})
        assert time.monotonic() - began >= 2


def test_jitter_does_not_outlast_the_wait(run: Run) -> None:
    full = retry("TryAgain", interval=20)[0] | {"JitterStrategy": "FULL", "MaxDelaySeconds": 60}
    began = time.monotonic()
    assert run(machine(Stumble=task("stumbling", Retry=[full])), {"name": "jitter", "succeeds_at": 2})
    assert time.monotonic() - began < 2


@mends("state machines are interpreted")
def test_a_state_machine_runs(cloud: Cloud, start: Callable[..., str]) -> None:
    def states() -> set[str]:
        execution = start(machine(Own=PASS))
        history = cloud.sfn().get_execution_history(executionArn=execution)["events"]
        return {event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event}

    assert states() <= {"Own"}
    with without("state machines are interpreted"):
        assert states() == {"A State"}


@mends("executions without a name get one")
def test_executions_without_a_name_are_told_apart(cloud: Cloud, start: Callable[..., str]) -> None:
    assert start(machine(Own=PASS)) != start(machine(Own=PASS))
    with without("executions without a name get one"):
        assert start(machine(Own=PASS)).endswith(":None")


@mends("a definition is parsed once")
def test_a_definition_is_not_parsed_again() -> None:
    text = json.dumps(machine(Own=PASS))
    assert AmazonStateLanguageParser.parse(text) is AmazonStateLanguageParser.parse(text)
    with without("a definition is parsed once"):
        assert AmazonStateLanguageParser.parse(text) is not AmazonStateLanguageParser.parse(text)


@mends("the first ending stands", "StopExecution gives its reason")
def test_an_execution_that_was_stopped_is_aborted(cloud: Cloud, start: Callable[..., str]) -> None:
    def stopped() -> dict[str, Any]:
        execution = start(machine(Sleep=task("sleeping")), {"seconds": 20})
        cloud.journal.await_happening(lambda one: getattr(one, "execution", "") == execution, 5)
        cloud.sfn().stop_execution(executionArn=execution, error="Enough", cause="no reason")
        return dict(cloud.wait(execution, 5))

    aborted = stopped()
    assert (aborted["status"], aborted["error"], aborted["cause"]) == ("ABORTED", "Enough", "no reason")
    with without("the first ending stands"):
        assert stopped()["status"] == "FAILED"
    with without("StopExecution gives its reason"):
        assert not stopped().get("error")


@mends("every ending is told")
def test_the_end_of_every_execution_is_told(cloud: Cloud, run: Run) -> None:
    execution = run(machine(Own=PASS))["executionArn"]
    assert cloud.journal.happenings[-1].execution == execution
    with without("every ending is told"), pytest.raises(TimeoutError):
        run(machine(Own=PASS), timeout=1)


@mends("created objects are told once and complete")
def test_a_multipart_upload_starts_one_execution(cloud: Cloud) -> None:
    def executions(key: str) -> int:
        multipart(cloud, key, [b"a" * 5_300_000, b"b"])
        time.sleep(0.3)
        return sum(isinstance(one, ExecutionStarted) and one.key == key for one in cloud.journal.happenings)

    assert executions("input/once.mp4") == 1
    with without("created objects are told once and complete"):
        assert executions("input/never.mp4") == 0


def multipart(cloud: Cloud, key: str, parts: list[bytes], **complete: Any) -> dict[str, Any]:
    s3, at = cloud.s3(), {"Bucket": cloud.bucket, "Key": key}
    upload = s3.create_multipart_upload(**at, Metadata={"colour": "green"})["UploadId"]
    done = [
        {"PartNumber": n, "ETag": s3.upload_part(**at, UploadId=upload, PartNumber=n, Body=body)["ETag"]}
        for n, body in enumerate(parts, 1)
    ]
    answer = s3.complete_multipart_upload(**at, UploadId=upload, MultipartUpload={"Parts": done}, **complete)
    return dict(answer)


@contextmanager
def together(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, parties: int = 3) -> Iterator[None]:
    """Whoever calls waits for the others to come as well, or for a second."""
    original, barrier = getattr(owner, name), threading.Barrier(parties)

    def rendezvous(*args: Any, **kwargs: Any) -> Any:
        with suppress(threading.BrokenBarrierError):
            barrier.wait(1)
        return original(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, rendezvous)
        yield


@contextmanager
def slowly(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, seconds: float) -> Iterator[None]:
    """Widens a moment in which two requests can meet."""
    original = getattr(owner, name)

    def slow(*args: Any, **kwargs: Any) -> Any:
        time.sleep(seconds)
        return original(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, slow)
        yield


def at_once(action: Callable[[], Any], times: int = 3) -> int:
    """How many of them succeed; all others must be refused with 412."""
    codes: list[str] = []

    def attempt() -> None:
        try:
            action()
            codes.append("ok")
        except ClientError as error:
            codes.append(error.response["Error"]["Code"])

    threads = [threading.Thread(target=attempt) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(codes) <= {"ok", "PreconditionFailed"}
    return codes.count("ok")


@mends("conditional puts are atomic")
def test_of_many_that_claim_a_key_one_gets_it(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    def claim(key: str) -> int:
        s3 = cloud.s3()
        with together(monkeypatch, S3Response, "_get_checksum"):
            return at_once(lambda: s3.put_object(Bucket=cloud.bucket, Key=key, Body=b"me", IfNoneMatch="*"))

    assert claim("work/claim") == 1
    with without("conditional puts are atomic"):
        assert claim("work/claim-of-many") == 3


@mends("CompleteMultipartUpload is atomic and knows If-Match")
def test_of_many_that_publish_one_does(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    def publish(key: str) -> int:
        with together(monkeypatch, S3Backend, "complete_multipart_upload"):
            return at_once(lambda: multipart(cloud, key, [b"result"], IfNoneMatch="*"))

    name = "CompleteMultipartUpload is atomic and knows If-Match"
    assert publish("output/one") == 1
    multipart(cloud, "output/replaced", [b"first"])
    with pytest.raises(ClientError, match="PreconditionFailed"):
        multipart(cloud, "output/replaced", [b"second"], IfMatch='"wrong"')
    stands = cloud.s3().head_object(Bucket=cloud.bucket, Key="output/replaced")["ETag"]
    multipart(cloud, "output/replaced", [b"third"], IfMatch=stands)
    with without(name):
        assert publish("output/many") == 3
        multipart(cloud, "output/replaced", [b"second"], IfMatch='"wrong"')


@mends("deletes do not get lost among puts")
def test_a_delete_that_meets_a_put_is_not_lost(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    def markers(key: str) -> int:
        s3, at = cloud.s3(), {"Bucket": cloud.bucket, "Key": key}
        s3.put_object(**at, Body=b"1")
        with slowly(monkeypatch, _VersionedKeyStore, "setlist", 0.3):
            put = threading.Thread(target=lambda: s3.put_object(**at, Body=b"2"))
            put.start()
            time.sleep(0.1)
            s3.delete_object(**at)
            put.join()
        return len(s3.list_object_versions(Bucket=cloud.bucket, Prefix=key).get("DeleteMarkers", []))

    assert markers("work/deleted") == 1
    with without("deletes do not get lost among puts"):
        assert markers("work/resurrected") == 0


def key_of(value: bytes, cloud: Cloud) -> FakeKey:
    return FakeKey("k", value, account_id=cloud.account, region_name="us-east-1")


@mends("objects are read by position")
def test_reading_an_object_does_not_disturb_another_reader(cloud: Cloud) -> None:
    def disturbed(size: int) -> bool:
        key = key_of(b"x" * size, cloud)
        key._value_buffer.seek(3)
        assert key.value == b"x" * size
        moved = key._value_buffer.tell() != 3
        key.dispose()
        return moved

    assert not disturbed(10)
    assert not disturbed(3_000_000)
    with without("objects are read by position"):
        assert disturbed(10)


def peak(action: Callable[[], Any]) -> int:
    """Bytes of Python memory in use at the worst moment of the action, above what was before."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        action()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


PART = 6_000_000


@mends("a multipart upload is joined on disk")
def test_a_multipart_upload_is_not_held_in_memory(cloud: Cloud) -> None:
    backend = s3_backends[cloud.account]["aws"]

    def completing(key: str) -> int:
        upload = backend.create_multipart_upload(cloud.bucket, key, {}, "STANDARD", {}, None, "AES256", "")
        parts = [(n, upload.set_part(n, bytes([n]) * PART).etag) for n in (1, 2, 3)]
        return peak(lambda: backend.complete_multipart_upload(cloud.bucket, upload.id, iter(parts)))

    assert completing("work/joined") < PART
    whole = b"".join(bytes([n]) * PART for n in (1, 2, 3))
    made = cloud.s3().get_object(Bucket=cloud.bucket, Key="work/joined")
    assert made["Body"].read() == whole
    digests = b"".join(hashlib.md5(bytes([n]) * PART).digest() for n in (1, 2, 3))
    assert made["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-3"'
    with without("a multipart upload is joined on disk"):
        assert completing("work/joined-in-memory") > 3 * PART


def test_a_multipart_upload_keeps_its_metadata_and_its_rules(cloud: Cloud) -> None:
    multipart(cloud, "work/kept", [b"a" * 5_242_880, b"b"])
    assert cloud.s3().head_object(Bucket=cloud.bucket, Key="work/kept")["Metadata"] == {"colour": "green"}
    at = {"Bucket": cloud.bucket, "Key": "work/gone", "UploadId": "gone"}
    with pytest.raises(ClientError, match="NoSuchUpload"):
        cloud.s3().complete_multipart_upload(**at, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": "x"}]})
    with pytest.raises(ClientError, match="EntityTooSmall"):
        multipart(cloud, "work/refused", [b"a", b"b"])
    made = FakeMultipart("k", {}, cloud.account, "us-east-1")  # type: ignore[arg-type]
    made.set_part(1, b"a")
    with pytest.raises(Exception, match="One or more of the specified parts could not be found"):
        made.complete(iter([(1, "other")]))
    made.dispose()


@mends("a part is copied by its range")
def test_copying_a_part_reads_only_its_range(cloud: Cloud) -> None:
    s3, at = cloud.s3(), {"Bucket": cloud.bucket, "Key": "work/copied"}
    s3.put_object(Bucket=cloud.bucket, Key="work/source", Body=bytes(range(256)) * 40_000)
    upload = s3.create_multipart_upload(**at)["UploadId"]
    source = {"Bucket": cloud.bucket, "Key": "work/source"}

    def copy() -> None:
        backend = s3_backends[cloud.account]["aws"]
        backend.upload_part_copy(cloud.bucket, upload, 1, cloud.bucket, "work/source", None, 1, 300)

    assert peak(copy) < 3_000_000
    part = s3.upload_part_copy(**at, UploadId=upload, PartNumber=1, CopySource=source, CopySourceRange="bytes=1-300")
    parts = [{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}]
    with without("a part is copied by its range"):
        assert peak(copy) > 10_000_000
    s3.complete_multipart_upload(**at, UploadId=upload, MultipartUpload={"Parts": parts})
    assert s3.get_object(**at)["Body"].read() == (bytes(range(256)) * 2)[1:301]


@mends("large objects are in files")
def test_an_object_above_a_megabyte_is_in_a_file(cloud: Cloud) -> None:
    def in_a_file() -> bool:
        key = key_of(b"x" * 2_000_000, cloud)
        rolled: bool = key._value_buffer._rolled
        key.dispose()
        return rolled

    assert in_a_file()
    with without("large objects are in files"):
        assert not in_a_file()


def test_other_accounts_of_moto_are_left_alone(cloud: Cloud) -> None:
    assert type(get_backend("999999999999", "us-east-1")).__name__ == "StepFunctionBackend"
