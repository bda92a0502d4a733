"""What is hinted at is what is read: Plan's looks wait for nothing, and the plan is that of a local file."""

import io
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from redactor.jsonable import encode
from redactor.media import restarts
from redactor.plan import plan
from redactor.preset import Experimental, Mode, Preset
from redactor.store import Object, Store
from tests.media_factory import Image, make_clip

PRESET = Preset(mode=Mode.REDACT, experimental=Experimental(segment_seconds=Fraction(1, 4)))
# Of 20 segments of a quarter of a second; one picture in six is a key.
CLIPS: dict[str, dict[str, Any]] = {
    "a.mp4": {},
    "b.mkv": {"audio": "aac"},
    "c.ts": {"audio": "aac"},
    "d.wmv": {"codec": "wmv2", "bframes": 0, "codec_options": {"b": "12M"}},
}
# Requests that Plan waits for one by one: for the header, the index and the first few pictures.
ONE_BY_ONE = 10


class Bucket:
    """An S3 client with one object. waited: requests that nobody expected."""

    def __init__(self, data: bytes) -> None:
        self._data, self._thread = data, threading.get_ident()
        self.waited = 0

    def get_object(self, *, Range: str, **_: object) -> dict[str, io.BytesIO]:  # noqa: N803 - boto3's word
        start, last = map(int, Range.removeprefix("bytes=").split("-"))
        self.waited += threading.get_ident() == self._thread
        return {"Body": io.BytesIO(self._data[start : last + 1])}

    def plan(self) -> bytes:
        size = len(self._data)
        store: Any = self
        return encode(plan(Store("bucket", store).open(Object("key", "null", '"e"', size, {})), size, PRESET))


def noisy(n: int) -> Image:
    """Noise that stands still in most of the picture: key pictures are large, the others not that small."""
    picture = np.random.default_rng(n // 6).integers(0, 256, (240, 320, 3), np.uint8)
    picture[:200, :200] = np.random.default_rng(n).integers(0, 256, (200, 200, 3), np.uint8)
    return picture


@pytest.fixture(params=CLIPS)
def clip(request: pytest.FixtureRequest, tmp_path: Path) -> bytes:
    how = {"frames": 120, "width": 320, "height": 240, "gop": 6, "picture": noisy, **CLIPS[request.param]}
    return make_clip(tmp_path / request.param, **how).path.read_bytes()


def test_no_look_waits_for_its_bytes(clip: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restarts, "_SMALL", 0)
    monkeypatch.setattr(restarts, "_PLACES", 8)
    bucket = Bucket(clip)
    assert bucket.plan() == encode(plan(io.BytesIO(clip), len(clip), PRESET))
    assert bucket.waited <= ONE_BY_ONE
