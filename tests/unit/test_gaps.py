"""A video with corrupt groups of pictures through all steps: refused, or black there and listed, as the preset says."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from redactor.errors import DamagedVideo, OutputMismatch
from redactor.media.streams import Gap
from redactor.preset import BlurType, Experimental, Preset
from tests.damage import broken
from tests.media_factory import FaceClip
from tests.unit.pipeline import HALF_A_SECOND, Pipeline

HALF = Experimental(segment_seconds=Fraction(1, 2), allow_gaps=True)
# Of the clip's groups of six frames the third, which starts its second segment, and the last.
BROKEN = (12, 14, 31)
BLACK = [*range(12, 18), *range(30, 36)]


@pytest.fixture(scope="module")
def damaged(two_faces: FaceClip) -> Path:
    return broken(two_faces.path, *BROKEN)


@pytest.fixture(scope="module")
def spared(damaged: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    with Pipeline(damaged, tmp_path_factory.mktemp("gaps"), preset=Preset(experimental=HALF)) as made:
        yield made


def black_frames(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        lumas = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    return [n for n, luma in enumerate(lumas) if np.percentile(luma, 99) < 24]


def test_by_default_the_job_fails_by_name(damaged: Path, tmp_path: Path) -> None:
    with Pipeline(damaged, tmp_path, preset=HALF_A_SECOND) as strict, pytest.raises(DamagedVideo, match="corrupt"):
        strict.detected  # noqa: B018


def test_damaged_groups_are_black_from_edge_to_edge_and_every_other_frame_is_there(
    spared: Pipeline, pipeline: Pipeline
) -> None:
    assert [segment.start for segment in spared.segments] == [None, 12 * 512, 24 * 512]
    assert spared.frames == pipeline.frames
    assert spared.verify(spared.out).frames == 36
    assert black_frames(spared.out) == BLACK
    with av.open(str(spared.out)) as ours, av.open(str(pipeline.out)) as whole:
        for n, (one, other) in enumerate(zip(ours.decode(video=0), whole.decode(video=0), strict=True)):
            assert one.pts == other.pts
            if n not in BLACK:
                difference = one.to_ndarray(format="gray").astype(int) - other.to_ndarray(format="gray")
                assert np.abs(difference[:40]).mean() < 3  # above the faces


def test_they_are_listed_with_their_times_and_numbers(spared: Pipeline) -> None:
    told = spared.merged.told.gaps
    assert [(gap.start, gap.end, gap.frames) for gap in told] == [(12 * 512, 18 * 512, 6), (30 * 512, 36 * 512, 6)]
    assert all("corrupt" in gap.reason or "lost" in gap.reason for gap in told)
    assert spared.verify(spared.out).gaps == told
    assert spared.verify(spared.out, ours=False).gaps == told


def test_another_split_gives_the_same_annotations_and_gaps(spared: Pipeline, tmp_path: Path) -> None:
    whole = replace(HALF, segment_seconds=Fraction(10))
    with spared.again(tmp_path, preset=Preset(experimental=whole)) as other:
        assert len(other.segments) == 1
        assert other.merged.annotations == spared.merged.annotations
        assert other.merged.told.gaps == spared.merged.told.gaps


@pytest.mark.parametrize("blur", [BlurType.BOX, BlurType.BLACK], ids=str)
def test_nothing_of_a_damaged_group_is_shown_whatever_the_blur(
    damaged: Path, tmp_path: Path, spared: Pipeline, blur: BlurType
) -> None:
    with spared.again(tmp_path, blur=blur) as other:
        other.planned, other.merged = spared.planned, spared.merged
        other.verify(other.out)
        with av.open(str(other.out)) as container:
            lumas = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
        assert all(np.median(lumas[n][:60]) < 24 for n in BLACK)


def test_of_a_segment_with_damage_nothing_is_copied(spared: Pipeline, tmp_path: Path) -> None:
    copying = replace(HALF, copy_untouched=True)
    with spared.again(tmp_path, preset=Preset(experimental=copying)) as other:
        other.verify(other.out)
        assert black_frames(other.out) == BLACK
        assert [bool(verdict.untouched.runs) for verdict in other.verdicts if verdict.gaps] == [False, False]


def test_black_frames_that_nobody_listed_are_refused(spared: Pipeline) -> None:
    first, middle, last = spared.verdicts
    for gaps in ((), (*middle.gaps, Gap(20 * 512, 21 * 512, 1, "x")), (replace(middle.gaps[0], frames=5),)):
        with pytest.raises(OutputMismatch, match="black"):
            spared.verify(spared.out, verdicts=[first, replace(middle, gaps=gaps), last])
    fewer = replace(middle, gaps=(replace(middle.gaps[0], frames=5),))
    with pytest.raises(OutputMismatch, match="the number of black frames"):
        spared.verify(spared.out, verdicts=[first, fewer, last], ours=False)
