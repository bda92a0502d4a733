"""Every odd video of the table keeps its frames, times, sound and look, and nothing else reaches the output.

What is true is asked of the numbers in the pictures, the click in the sound, ffprobe, and FFmpeg in one go.
"""

from fractions import Fraction

import numpy as np
import pytest

from tests.formats.conftest import Outcomes
from tests.formats.make import counter
from tests.formats.outcome import FACE, ffprobe, hashes, lags, lumas, sound
from tests.formats.table import DOCUMENT, document
from tests.formats.video import RATE, Video
from tests.formats.videos import VIDEOS

pytestmark = pytest.mark.ffmpeg

KEPT = [video for video in VIDEOS if not video.refused]
REFUSED = [video for video in VIDEOS if video.refused]
# Fields of ffprobe that say the same of source and output. A source that says nothing is free, but see Video.kept.
LOOK = ("sample_aspect_ratio", "color_space", "color_primaries", "color_transfer", "rotation", "displaymatrix")
SILENT = (None, "unknown", "0:1", "gbr")
# What the muxer itself writes.
OWN_TAGS = {"major_brand", "minor_version", "compatible_brands", "language", "handler_name", "vendor_id"}
# Mean difference of luma outside the box that an encoder may make: at most 2.4 in this table.
LOSS = 4


def rows(videos: list[Video]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("video", videos, ids=lambda video: video.file)


@rows(KEPT)
def test_workers_together_see_the_frames_of_one_run(video: Video, outcomes: Outcomes) -> None:
    found = outcomes(video)
    assert (found.segments > 1) == video.segments
    assert found.hashes == hashes(found.source, found.stream)


@rows(KEPT)
def test_the_output_has_the_frames_that_a_player_shows(video: Video, outcomes: Outcomes) -> None:
    assert [counter(luma) for luma in lumas(outcomes(video).output)] == list(video.frames)


@rows(KEPT)
def test_frames_are_shown_when_they_were(video: Video, outcomes: Outcomes) -> None:
    found = outcomes(video)
    assert ffprobe(found.output).times == [time + found.shift for time in found.times]
    assert found.times == sorted(set(found.times))
    assert video.moved in found.warnings
    assert video.warns in found.warnings
    assert ("frames may be missing" in found.warnings) == ("missing" in video.warns)
    assert video.moved or not found.shift
    if not video.moved:
        told = ffprobe(found.source, found.stream).times
        assert all(time in (None, ours) for time, ours in zip(told, found.times, strict=True))


@rows(KEPT)
def test_the_sound_is_the_same_and_goes_with_the_picture(video: Video, outcomes: Outcomes) -> None:
    found = outcomes(video)
    same = tuple(sound(found.source, n) == sound(found.output, n) for n in range(len(video.sound)))
    assert same == tuple(what == "copied" for what in video.sound)
    if video.sound:
        assert all(abs(lag - video.lag) < Fraction(1, RATE) for lag in lags(found.output))


@rows(KEPT)
def test_the_look_is_kept(video: Video, outcomes: Outcomes) -> None:
    found = outcomes(video)
    before, after = ffprobe(found.source, found.stream).picture, ffprobe(found.output).picture
    for name in set(LOOK) - set(video.kept):
        assert before.get(name) in SILENT or after.get(name) == before.get(name), name
    for name, value in video.kept.items():
        assert str(after.get(name)) == value
    whole = 1 if "444" in video.pix_fmt else 2
    assert [-(-before[side] // whole) * whole for side in ("width", "height")] == [after["width"], after["height"]]
    assert (after["codec_name"], after["pix_fmt"].replace("yuvj", "yuv")) == ("h264", video.pix_fmt)
    other = {"the picture is": before["width"] != after["width"], "samples are": "becomes" in video.note}
    assert {words: words in found.warnings for words in other} == other


@rows(KEPT)
def test_the_box_is_hidden_and_the_rest_is_left_alone(video: Video, outcomes: Outcomes) -> None:
    found = outcomes(video)
    for before, after in zip(lumas(found.source, found.stream), lumas(found.output), strict=True):
        height, width = before.shape
        rest = slice(0, int(FACE.y * height) - 8)
        if "became SDR" in video.warns:  # brighter stays brighter
            assert np.corrcoef(after[rest, :width].ravel(), before[rest].ravel())[0, 1] > 0.9
        else:
            assert np.abs(after[rest, :width].astype(int) - before[rest]).mean() < LOSS
        left, top = int(FACE.x * width), int(FACE.y * height)
        inside = after[top + 8 : top + int(FACE.height * height) - 8, left + 8 : left + int(FACE.width * width) - 8]
        assert inside.max() < 40


@rows(KEPT)
def test_nothing_else_reaches_the_output(video: Video, outcomes: Outcomes) -> None:
    told = ffprobe(outcomes(video).output)
    assert told.kinds == ["video", *("audio" for _ in video.sound)]
    assert set(told.tags) <= OWN_TAGS


@rows(REFUSED)
def test_what_cannot_be_redacted_is_refused_by_name(video: Video, outcomes: Outcomes) -> None:
    assert video.refused is not None
    with pytest.raises(video.refused, match=video.why):
        outcomes(video)


def test_the_table_in_docs_is_made_of_these_rows() -> None:
    assert DOCUMENT.read_text() == document(), "make formats writes it anew"
