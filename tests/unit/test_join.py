"""The checked parts as one MP4: which parts it takes, and what it is called."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import pytest

from redactor.errors import MissingResult, OutputMismatch
from redactor.join import title
from redactor.media.mux import PartFile
from redactor.preset import BlurType
from tests.media_factory import make_clip
from tests.unit.pipeline import Pipeline


def metadata(path: Path) -> dict[str, str]:
    with av.open(str(path)) as made:
        return dict(made.metadata)


def test_it_holds_every_frame_and_the_sound(pipeline: Pipeline) -> None:
    told, out = pipeline.joined
    assert (told.parts, told.warnings) == (3, ())
    with av.open(str(out)) as made:
        assert [stream.type for stream in made.streams] == ["video", "audio"]
        pts = sorted(packet.pts for packet in made.demux(made.streams.video[0]) if packet.size)
    assert pts == [frame.pts for frame in pipeline.frames]


@pytest.mark.parametrize(
    ("parts", "verdicts"),
    [
        ([0, 1], [0, 1, 2]),
        ([0, 1, 2], [0, 1]),
        ([0, 1], [0, 1]),
        ([0, 2, 1], [0, 1, 2]),
        ([0, 1, 2], [0, 2, 1]),
        ([0, 1, 2, 2], [0, 1, 2]),
        ([], []),
    ],
    ids=["a part lacks", "a verdict lacks", "both lack", "parts swapped", "verdicts swapped", "one more", "nothing"],
)
def test_anything_but_one_part_and_one_verdict_a_segment_is_refused(
    pipeline: Pipeline, tmp_path: Path, parts: Sequence[int], verdicts: Sequence[int]
) -> None:
    other = pipeline.folder / "refused.mp4"
    with pytest.raises(MissingResult):
        pipeline.join([pipeline.parts[n] for n in parts], [pipeline.verdicts[n] for n in verdicts], other.name)
    assert not other.exists()


def test_another_segments_part_under_this_ones_number_is_refused(pipeline: Pipeline) -> None:
    foreign = PartFile.at(2, pipeline.redacted[1][1])
    with pytest.raises(OutputMismatch):
        pipeline.join([*pipeline.parts[:2], foreign], pipeline.verdicts, "refused.mp4")
    assert not (pipeline.folder / "refused.mp4").exists()


def whole_tags(flash: bytes, share: float) -> bytes:
    """The first tags of a Flash file; one cut inside a tag is refused. A tag: a byte, its length in three, seven more,
    the content, four that say the length again."""
    at = 13
    while at < share * len(flash):
        at += 15 + int.from_bytes(flash[at + 1 : at + 4], "big")
    return flash[:at]


@pytest.mark.parametrize(
    ("name", "share", "how", "warned"),
    [
        ("a.flv", 0.5, {"audio": "aac"}, True),
        ("a.flv", 1, {"audio": "aac"}, False),
        ("a.mkv", 1, {"audio": "aac", "audio_samples": 5 * 48000}, True),
        ("a.ts", 1, {"audio": "aac", "audio_samples": 5 * 48000}, True),
        ("a.ts", 1, {"audio": "aac"}, False),
    ],
    ids=["flv cut in half", "flv", "mkv with longer sound", "ts with longer sound", "ts"],
)
def test_a_picture_that_ends_before_its_file_is_warned_of(
    tmp_path: Path, name: str, share: float, how: dict[str, Any], warned: bool
) -> None:
    path = make_clip(tmp_path / name, frames=72, **how).path
    if share < 1:
        path.write_bytes(whole_tags(path.read_bytes(), share))
    with Pipeline(path, tmp_path) as made:
        warnings = made.joined[0].warnings
    assert any(line.startswith("the end may be missing: the file lasts") for line in warnings) == warned


@pytest.mark.parametrize("blur", BlurType)
def test_only_box_is_called_not_redacted(blur: BlurType) -> None:
    assert title(blur) == ("NOT REDACTED" if blur is BlurType.BOX else None)


def test_what_shows_faces_says_so_in_its_title(pipeline: Pipeline, tmp_path: Path) -> None:
    with pipeline.again(tmp_path, blur=BlurType.BOX) as box:
        box.selection = pipeline.selection
        assert metadata(box.out)["title"] == "NOT REDACTED"
    assert "title" not in metadata(pipeline.out)
