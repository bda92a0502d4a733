"""A real browser loads the outputs of a dozen odd videos, shows the right frame wherever it is sent, and plays on to
the end."""

from bisect import bisect
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.formats.browser import Browser, Shown, chromium
from tests.formats.conftest import Outcomes
from tests.formats.make import build, counter
from tests.formats.outcome import Luma, copied, ffprobe, lumas
from tests.formats.video import Video
from tests.formats.videos import BY_NAME

pytestmark = [pytest.mark.chromium, pytest.mark.ffmpeg]

# Clockwise quarter turns by which a player shows the coded picture.
TURNS = {"rotated-90.mp4": 1, "rotated-270.mp4": 3}
SAMPLE = ("h264-open-gop.mp4", "rotated-270.mp4", "edit-list-cut.mp4", "vfr.mkv")
REST = (
    "h264-tff.mp4",
    "hevc-hdr10.mp4",
    "vp9.webm",
    "wmv2.wmv",
    "prores.mov",
    "edit-list-delay.mp4",
    "anamorphic.mkv",
    "one-frame.mp4",
)
# Least correlation of the picture on the screen with the decoded one: it is .999 and more, and .82 at most with the
# frame beside it. HDR is shown tone-mapped: .95, and .76 with the frame beside it.
ALIKE, HDR_ALIKE = 0.99, 0.9
HDR = ("hevc-hdr10.mp4",)
# Seconds within which the browser's clock, which counts microseconds, says the same.
TICK = 1e-3


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def clip(name: str) -> object:
    return pytest.param(BY_NAME[name], id=name, marks=pytest.mark.of_set("browser clips", sampled=name in SAMPLE))


@pytest.mark.parametrize("video", [clip(name) for name in SAMPLE + REST])
def test_a_browser_plays_what_comes_out(video: Video, browser: Browser, outcomes: Outcomes) -> None:
    check(browser, outcomes(video).output, video)


@pytest.mark.parametrize("name", ["h264.mp4", "h264-all-intra.mp4"])
def test_a_browser_plays_across_the_seams_of_copied_pictures(name: str, browser: Browser, folder: Path) -> None:
    with copied(build(BY_NAME[name], folder), folder / f"{name}.copied") as flow:
        check(browser, flow.out, BY_NAME[name])


def check(browser: Browser, output: Path, video: Video) -> None:
    frames, probed = list(lumas(output)), ffprobe(output)
    times = [float(time) for time in probed.times if time is not None]

    loaded = browser.load(output)
    assert (loaded.width, loaded.height) == shape(probed.picture, TURNS.get(video.file, 0))
    assert loaded.duration >= times[-1]

    for n in places(len(times)):
        shown = browser.seek(middle(times, n))
        assert shown.time == pytest.approx(times[n], abs=TICK)
        picture = upright(shown, frames[n], TURNS.get(video.file, 0))
        assert counter(picture) == video.frames[n]
        assert likeness(picture, frames[n]) > (HDR_ALIKE if video.file in HDR else ALIKE)

    played = browser.play()
    assert played.ended
    assert played.at == pytest.approx(loaded.duration, abs=TICK)
    assert all(time == pytest.approx(nearest(times, time), abs=TICK) for time in played.times)
    assert played.times == sorted(set(played.times))
    assert len(played.times) >= len(times) // 4
    assert bool(played.sound) == bool(video.sound)


def places(count: int) -> list[int]:
    """Frames to seek to, back and forth, on both sides of a key frame too."""
    return [n for n in dict.fromkeys((count - 1, 0, 19, 20, 29, 30)) if n < count]


def middle(times: list[float], n: int) -> float:
    """A time at which frame n is shown, away from both of its ends."""
    return (times[n] + times[n + 1]) / 2 if n + 1 < len(times) else times[n] + 0.01


def nearest(times: list[float], time: float) -> float:
    return times[max(0, bisect(times, time + TICK) - 1)]


def shape(picture: dict[str, object], turns: int) -> tuple[int, int]:
    """Width and height on the screen, from what ffprobe says of the track."""
    aspect = Fraction(str(picture.get("sample_aspect_ratio", "1:1")).replace(":", "/"))
    width, height = round(int(str(picture["width"])) * aspect), int(str(picture["height"]))
    return (height, width) if turns % 2 else (width, height)


def upright(shown: Shown, coded: Luma, turns: int) -> Luma:
    """Luma of what is on the screen, turned back and scaled to the coded picture."""
    grey = np.rot90(cv2.cvtColor(shown.picture, cv2.COLOR_BGR2GRAY), turns)
    return np.asarray(cv2.resize(grey, coded.shape[::-1]), np.uint8)


def likeness(one: Luma, other: Luma) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])
