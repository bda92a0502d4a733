"""Which faces are embedded: the same ones however the video is split, and not too many."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from redactor.detectors.detection import Detection, FrameRecord
from redactor.identity.embedder import vector
from redactor.identity.sampling import CELL, Sampler, Template, lasting
from redactor.sightings import Sightings
from tests.unit.sightings import FRAME, STILL, TIME_BASE, face, scenery, stream

VIDEO = stream(512, 512)
CELL_TICKS = int(CELL / TIME_BASE)
PICTURE = np.zeros((512, 512, 3), np.uint8)


def good(x: float, y: float = 100.0, quality: float = 0.5, score: float = 0.9) -> Detection:
    return replace(face(x, y, 60, score), quality=quality)


def frame(pts: int, *found: Detection, mark: bytes = STILL) -> FrameRecord:
    return FrameRecord(pts, FRAME, mark, found)


def sampled(records: list[FrameRecord]) -> list[Template]:
    sampler = Sampler(VIDEO, lambda portrait, face, points: "AACAPw==")
    for record in records:
        sampler.add(record, record.detections or (), PICTURE)
    return list(sampler.templates)


def keys(records: list[FrameRecord]) -> list[tuple[int, int]]:
    return [(one.pts, one.position) for one in sampled(records)]


def test_a_face_is_embedded_once_a_cell_of_the_absolute_grid():
    count = 3 * CELL_TICKS // FRAME
    pts = [n * FRAME + 7 * CELL_TICKS + CELL_TICKS // 2 for n in range(count)]
    found = keys([frame(at, good(100)) for at in pts])
    assert [at // CELL_TICKS for at, _ in found] == [7, 8, 9, 10]


def test_after_a_cut_it_is_embedded_again():
    marks = [STILL] * 5 + [scenery(1)] * 5
    assert keys([frame(n * FRAME, good(100), mark=mark) for n, mark in enumerate(marks)]) == [(0, 0), (5 * FRAME, 0)]


def test_who_comes_later_is_embedded_then():
    records = [frame(n * FRAME, good(100), *([good(300)] if n > 3 else [])) for n in range(8)]
    assert keys(records) == [(0, 0), (4 * FRAME, 1)]


def test_weak_and_unclear_faces_are_not_embedded():
    assert keys([frame(0, good(100, score=0.7), good(300, quality=0.05))]) == []


def test_frames_that_were_not_looked_at_are_passed_over():
    assert keys([FrameRecord(0, FRAME, STILL, None), frame(FRAME, good(100))]) == [(FRAME, 0)]


def test_a_crowd_takes_turns_and_everybody_gets_one():
    crowd = [good(40 + 100 * n) for n in range(15)]
    records = [frame(n * FRAME, *crowd) for n in range(5 * CELL_TICKS // FRAME)]
    found = keys(records)
    assert all(sum(pts == at for at, _ in found) <= 6 for pts, _ in found)
    assert len(found) <= 6 * 6
    assert {position for _, position in found} == set(range(15))


def test_an_embedding_is_not_printed():
    (one,) = sampled([frame(0, good(100))])
    assert "AACAPw==" not in repr(one)


steps = st.lists(
    st.tuples(
        st.integers(1, CELL_TICKS // 2),
        st.sampled_from([STILL, STILL, STILL, scenery(1)]),
        st.lists(st.tuples(st.sampled_from([100.0, 110.0, 130.0, 300.0]), st.sampled_from([0.05, 0.5])), max_size=9),
    ),
    min_size=1,
    max_size=14,
)


@settings(deadline=None, max_examples=80)
@given(steps, st.sets(st.integers(0, 14)))
def test_any_split_leaves_the_same_embeddings_as_none(steps, cuts):
    pts, records = 0, []
    for step, mark, found in steps:
        pts += step
        records.append(frame(pts, *(good(x, quality=quality) for x, quality in found), mark=mark))
    bounds = sorted({0, len(records), *(cut for cut in cuts if cut < len(records))})
    parts = [one for start, end in pairwise(bounds) for one in sampled(records[start:end])]
    kept = lasting(reversed(parts), Sightings.of(records), VIDEO.time_base)
    assert list(kept.vectors) == keys(records)
    assert kept.missing == 0


def test_what_was_erased_is_counted():
    records = [frame(0, good(100)), frame(CELL_TICKS, good(100))]
    kept = lasting(sampled(records)[:1], Sightings.of(records), VIDEO.time_base)
    assert (len(kept.vectors), kept.missing) == (1, 1)


def test_an_embedding_survives_being_text():
    assert vector("AACAPwAAAEA=").tolist() == [1.0, 2.0]
