"""A small zoo of clips: one of each container, codec and habit that once lost somebody's frames."""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from redactor import detectors, models
from redactor.detectors.faces import Detector
from redactor.media.probe import probe
from redactor.media.source import Source, open_source
from redactor.media.streams import Streams
from tests.media_factory import Clip, make_clip
from tests.unit.pipeline import weights

FAST_VP9 = {"deadline": "realtime", "cpu-used": "8"}
NTSC = Fraction(30000, 1001)
ZOO: dict[str, tuple[str, dict[str, Any]]] = {
    "plain": ("a.mp4", {"audio": "aac"}),
    "open gop": ("a.mp4", {"codec_options": {"x264-params": "open-gop=1"}, "bframes": 3}),
    "late start": ("a.mp4", {"start": 50_001, "audio": "aac", "audio_start": 20_000}),
    "variable rate": ("a.mp4", {"steps": (512, 700, 3, 2000)}),
    "one frame": ("a.mp4", {"frames": 1}),
    "intra refresh": ("a.mp4", {"codec_options": {"x264-params": "intra-refresh=1"}, "bframes": 0, "frames": 72}),
    "hevc open gop": ("a.mp4", {"codec": "libx265", "codec_options": {"x265-params": "open-gop=1:log-level=none"}}),
    "fragmented": ("a.mp4", {"container_options": {"movflags": "frag_keyframe+empty_moov"}, "audio": "aac"}),
    "ntsc rotated": ("a.mp4", {"rotation": 90, "rate": NTSC, "ticks": 1001, "sample_aspect": Fraction(4, 3)}),
    "prores": ("a.mov", {"codec": "prores_ks", "pix_fmt": "yuv422p10le", "bframes": 0, "audio": "pcm_s16le"}),
    "matroska": ("a.mkv", {"codec_options": {"x264-params": "open-gop=1"}, "audio": ("ac3", "flac")}),
    "vp9": ("a.webm", {"codec": "libvpx-vp9", "bframes": 0, "codec_options": FAST_VP9, "audio": "libopus"}),
    "vp8": ("a.webm", {"codec": "libvpx", "bframes": 0, "codec_options": {**FAST_VP9, "auto-alt-ref": "1"}}),
    "avi": ("a.avi", {"codec": "mpeg4", "rate": NTSC, "audio": "libmp3lame"}),
    "mjpeg full range": ("a.avi", {"codec": "mjpeg", "pix_fmt": "yuvj420p", "bframes": 0, "color": {"color_range": 2}}),
    # Neither AVI nor WMV names the channels of its sound.
    "avi pcm": ("a.avi", {"codec": "mpeg4", "audio": "pcm_s16le"}),
    "wmv": ("a.wmv", {"codec": "wmv2", "bframes": 0, "audio": "pcm_s16le"}),
    "ts": ("a.ts", {"codec_options": {"x264-params": "open-gop=1"}, "frames": 72, "audio": "aac"}),
    "mpeg2 ts": ("a.ts", {"codec": "mpeg2video", "audio": "mp2"}),
    "flv": ("a.flv", {"audio": "aac"}),
}


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Clip]:
    """Name in ZOO -> its clip, made when first asked for."""
    made: dict[str, Clip] = {}

    def clip(name: str) -> Clip:
        if name not in made:
            file, how = ZOO[name]
            made[name] = make_clip(tmp_path_factory.mktemp("zoo") / file, **how)
        return made[name]

    return clip


@pytest.fixture(scope="session")
def detector() -> Detector:
    """Whichever network the product would run here."""
    env = {**os.environ, **weights()}
    return detectors.load(tuple(models.choose("yunet", env).models), env)


@contextmanager
def opened(path: Path) -> Iterator[tuple[Source, Streams]]:
    """The source at path and what it is made of."""
    with path.open("rb") as file, open_source(file, path.stat().st_size) as source:
        yield source, probe(source)


class Watched(io.BytesIO):
    """Counts the bytes that are read of it."""

    count = 0

    def read1(self, size: int | None = -1, /) -> bytes:
        data = super().read1(-1 if size is None else size)
        self.count += len(data)
        return data
