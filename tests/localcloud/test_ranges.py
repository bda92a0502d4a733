"""Objects are served by range as S3 does, and as fast as if they were small."""

import time
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from localcloud.cloud import Cloud
from redactor.store import Store

SMALL = bytes(range(256)) * 4
KEY = 'ranges/a "b"+c%20\n\u00fc.mp4'


@pytest.fixture(scope="module")
def at(cloud: Cloud) -> dict[str, str]:
    place = {"Bucket": cloud.bucket, "Key": KEY}
    cloud.s3().put_object(**place, Body=SMALL, ContentType="video/mp4", Metadata={"colour": "green"})
    return place


@pytest.fixture(scope="module")
def s3(cloud: Cloud) -> Any:
    return cloud.s3()


def expected(begin: int | None, end: int | None) -> bytes:
    if begin is None:
        return SMALL[-end:] if end else b""
    return SMALL[begin : None if end is None else end + 1]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, len(SMALL) - 1), st.integers(0, 2 * len(SMALL)) | st.none())
def test_a_range_is_what_it_says(s3: Any, at: dict[str, str], begin: int, more: int | None) -> None:
    end = None if more is None else begin + more
    answer = s3.get_object(**at, Range=f"bytes={begin}-{'' if end is None else end}")
    body = answer["Body"].read()
    assert body == expected(begin, end)
    assert answer["ContentRange"] == f"bytes {begin}-{begin + len(body) - 1}/{len(SMALL)}"
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["ContentLength"]) == (206, len(body))


@pytest.mark.parametrize("last", [1, 10, len(SMALL), 5000])
def test_a_suffix_is_the_end_of_the_object(s3: Any, at: dict[str, str], last: int) -> None:
    answer = s3.get_object(**at, Range=f"bytes=-{last}")
    assert answer["Body"].read() == SMALL[-last:]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206


@pytest.mark.parametrize("wanted", [None, "bytes=0-1,3-4", "bytes=5-3", "bytes=-", "frames=1-2"])
def test_what_is_no_single_range_gets_the_whole(s3: Any, at: dict[str, str], wanted: str | None) -> None:
    answer = s3.get_object(**at, **({"Range": wanted} if wanted else {}))
    assert answer["Body"].read() == SMALL
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert "ContentRange" not in answer


@pytest.mark.parametrize("wanted", [f"bytes={len(SMALL)}-", "bytes=9999-10000", "bytes=-0"])
def test_a_range_behind_the_end_is_refused(s3: Any, at: dict[str, str], wanted: str) -> None:
    with pytest.raises(ClientError) as caught:
        s3.get_object(**at, Range=wanted)
    assert caught.value.response["Error"]["Code"] == "InvalidRange"
    assert caught.value.response["ResponseMetadata"]["HTTPHeaders"]["content-range"] == f"bytes */{len(SMALL)}"


def test_a_range_has_the_headers_of_the_object(s3: Any, at: dict[str, str]) -> None:
    head, part = s3.head_object(**at), s3.get_object(**at, Range="bytes=0-0")
    for name in ("ETag", "VersionId", "ContentType", "Metadata", "LastModified", "AcceptRanges"):
        assert part[name] == head[name]


def test_conditions_are_kept(s3: Any, at: dict[str, str]) -> None:
    etag = s3.head_object(**at)["ETag"]
    assert s3.get_object(**at, IfMatch=etag, Range="bytes=1-2")["Body"].read() == SMALL[1:3]
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.get_object(**at, IfMatch='"other"', Range="bytes=1-2")
    with pytest.raises(ClientError, match="304"):
        s3.get_object(**at, IfNoneMatch=etag)


def test_each_version_is_served(s3: Any, cloud: Cloud) -> None:
    place = {"Bucket": cloud.bucket, "Key": "ranges/versions"}
    first = s3.put_object(**place, Body=b"first")["VersionId"]
    s3.put_object(**place, Body=b"second")
    deleted = s3.delete_object(**place)["VersionId"]
    assert s3.get_object(**place, VersionId=first, Range="bytes=1-")["Body"].read() == b"irst"
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(**place, Range="bytes=1-")
    for version in (deleted, "none-of-them"):
        with pytest.raises(ClientError):
            s3.get_object(**place, VersionId=version)


def test_an_empty_object_is_served(s3: Any, cloud: Cloud) -> None:
    place = {"Bucket": cloud.bucket, "Key": "ranges/empty"}
    s3.put_object(**place, Body=b"")
    assert s3.get_object(**place)["Body"].read() == b""
    with pytest.raises(ClientError, match="InvalidRange"):
        s3.get_object(**place, Range="bytes=0-0")


def test_a_presigned_url_serves_ranges(s3: Any, at: dict[str, str]) -> None:
    url = s3.generate_presigned_url("get_object", Params=at)
    request = urllib.request.Request(url, headers={"Range": "bytes=2-3"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        assert (answer.status, answer.read()) == (206, SMALL[2:4])


def test_an_unsigned_request_is_refused(cloud: Cloud, at: dict[str, str]) -> None:
    url = f"{cloud.endpoint}/{cloud.bucket}/ranges/versions"
    with pytest.raises(urllib.error.HTTPError, match=r"403|404"):
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url)


def test_listing_and_tags_still_come_from_moto(s3: Any, cloud: Cloud, at: dict[str, str]) -> None:
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=cloud.bucket, Prefix="ranges/a")["Contents"]]
    assert keys == [KEY]
    assert s3.get_object_tagging(**at)["TagSet"] == []


def test_a_small_range_of_a_large_object_takes_no_longer(s3: Any, cloud: Cloud) -> None:
    def seconds(size: int, n: int) -> float:
        began = time.perf_counter()
        wanted = f"bytes={n * 1000}-{n * 1000 + 65535}"
        s3.get_object(Bucket=cloud.bucket, Key=f"ranges/{size}", Range=wanted)["Body"].read()
        return time.perf_counter() - began

    small, large = 100_000, 100_000_000
    for size in (small, large):
        s3.put_object(Bucket=cloud.bucket, Key=f"ranges/{size}", Body=b"\x01" * size)
    # In turn, so that whatever else the machine does slows both down.
    times = [(seconds(small, n), seconds(large, n)) for n in range(15)]
    of_small, of_large = (sorted(column)[7] for column in zip(*times, strict=True))
    assert of_large < 4 * of_small


def test_the_products_reader_needs_one_signature_for_many_ranges(cloud: Cloud, at: dict[str, str]) -> None:
    store, seen = Store(cloud.bucket, cloud.s3()), list[str]()
    store.client.meta.events.register("before-send.s3.GetObject", lambda request, **_: seen.append(request.url))
    found = store.head(KEY)
    assert found is not None
    ranges = store.ranges(found)
    assert [ranges.fetch(n, n + 9) for n in range(20)] == [SMALL[n : n + 9] for n in range(20)]
    assert len(seen) == 20
    assert len(set(seen)) == 1
    assert "Signature" in seen[0]
