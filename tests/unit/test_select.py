"""Who is hidden: annotations and id list, checked against the video, and what Redact gets to see of them."""

import json
from dataclasses import replace
from typing import Any

import pytest

from redactor.annotations import SegmentBoxes
from redactor.errors import InvalidAnnotations, InvalidIdList
from redactor.jsonable import decode, encode
from redactor.media.streams import FrameTime
from redactor.plan import Plan
from redactor.select import Selection, select
from tests.unit.pipeline import Pipeline


def selected(
    pipeline: Pipeline,
    ids: bytes = b"",
    *,
    annotations: bytes | None = None,
    plan: Plan | None = None,
    frames: tuple[FrameTime, ...] | None = None,
) -> Selection:
    given = pipeline.merged.annotations if annotations is None else annotations
    return select(given, ids, plan or pipeline.plan, pipeline.segments, frames)


def edited(pipeline: Pipeline, **root: Any) -> bytes:
    """Our annotations with other values at the root; None removes one."""
    doc = json.loads(pipeline.merged.annotations) | root
    return json.dumps({key: value for key, value in doc.items() if value is not None}).encode()


def ids_in(boxes: SegmentBoxes) -> set[int]:
    return {face.id for event in boxes.timeline.events for face in event.faces}


@pytest.mark.parametrize("blank", [b"", b"\r\n \n", b"\xef\xbb\xbf"])
def test_a_blank_list_hides_everybody(pipeline: Pipeline, blank: bytes) -> None:
    told = selected(pipeline, blank, frames=pipeline.frames).told
    assert (told.hidden, told.visible) == ((1, 2), ())


def test_a_list_hides_those_on_it_and_tells_who_stays_visible(pipeline: Pipeline) -> None:
    told = selected(pipeline, b"2\r\n2", frames=pipeline.frames).told
    assert (told.hidden, told.visible) == ((2,), (1,))


def test_no_box_of_a_visible_person_gets_through_to_redact(pipeline: Pipeline) -> None:
    everyone, some = (selected(pipeline, ids, frames=pipeline.frames).boxes for ids in (b"", b"2"))
    assert [ids_in(boxes) for boxes in everyone] == [{1, 2}] * 3
    assert [ids_in(boxes) for boxes in some] == [{2}] * 3
    for all_of_it, part in zip(everyone, some, strict=True):
        for frame in _own(pipeline, part):
            assert part.at(frame.pts) == tuple(face for face in all_of_it.at(frame.pts) if face.id == 2)


def test_each_segment_gets_the_boxes_of_its_frames_alone(pipeline: Pipeline) -> None:
    boxes = selected(pipeline, frames=pipeline.frames).boxes
    assert [(one.n, one.start, one.end) for one in boxes] == [(s.n, s.start, s.end) for s in pipeline.segments]
    assert sum(len(range(*one.owned)) for one in boxes) == 36
    for one in boxes:
        one.check([frame.pts for frame in _own(pipeline, one)])
        assert len(one.timeline.events) <= 12 + 2


def test_redact_reads_back_what_was_selected(pipeline: Pipeline) -> None:
    for boxes in selected(pipeline, frames=pipeline.frames).boxes:
        assert decode(SegmentBoxes, encode(boxes)) == boxes


def test_an_id_that_is_not_annotated_is_refused_by_name(pipeline: Pipeline) -> None:
    with pytest.raises(InvalidIdList, match="7"):
        selected(pipeline, b"1\n7", frames=pipeline.frames)


def test_a_list_that_cannot_be_read_is_refused(pipeline: Pipeline) -> None:
    with pytest.raises(InvalidIdList):
        selected(pipeline, b"one", frames=pipeline.frames)


@pytest.mark.parametrize("frames", [True, False], ids=["analysed", "given"])
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"source": {"fingerprint": "0" * 64, "frames": 36}}, "$.source.fingerprint"),
        ({"width": 640}, "$.width"),
        ({"height": 640}, "$.width"),
    ],
)
def test_annotations_of_another_video_are_refused(
    pipeline: Pipeline, change: dict[str, Any], field: str, frames: bool
) -> None:
    with pytest.raises(InvalidAnnotations) as caught:
        selected(pipeline, annotations=edited(pipeline, **change), frames=pipeline.frames if frames else None)
    assert caught.value.field == field


def test_annotations_for_another_number_of_frames_are_refused(pipeline: Pipeline) -> None:
    source = json.loads(pipeline.merged.annotations)["source"] | {"frames": 35}
    with pytest.raises(InvalidAnnotations) as caught:
        selected(pipeline, annotations=edited(pipeline, source=source))
    assert caught.value.field == "$.source.frames"


def test_a_frame_without_an_event_is_refused_where_the_frames_are_known(pipeline: Pipeline) -> None:
    last = pipeline.frames[-1]
    more = (*pipeline.frames, FrameTime(last.pts + last.duration, last.duration))
    with pytest.raises(InvalidAnnotations, match="has no event"):
        selected(pipeline, annotations=edited(pipeline, source=None), frames=more)


def test_an_event_without_a_frame_is_refused_where_the_frames_are_known(pipeline: Pipeline) -> None:
    with pytest.raises(InvalidAnnotations, match="has no frame"):
        selected(pipeline, annotations=edited(pipeline, source=None), frames=pipeline.frames[:-1])


def test_what_is_no_annotations_file_is_refused(pipeline: Pipeline) -> None:
    with pytest.raises(InvalidAnnotations):
        selected(pipeline, annotations=b"no json")


def test_our_own_annotations_select_the_same_with_and_without_the_frame_table(pipeline: Pipeline) -> None:
    known, unknown = selected(pipeline, frames=pipeline.frames), selected(pipeline)
    assert known.told == unknown.told
    for one, other in zip(known.boxes, unknown.boxes, strict=True):
        assert [one.at(f.pts) for f in _own(pipeline, one)] == [other.at(f.pts) for f in _own(pipeline, other)]


def test_a_shift_that_was_needed_is_a_warning(pipeline: Pipeline) -> None:
    """Annotations that count from 0, of a video that starts later."""
    later = tuple(replace(frame, pts=frame.pts + 512) for frame in pipeline.frames)
    streams = replace(pipeline.plan.streams, video=replace(pipeline.plan.streams.video, start=512))
    segments = [replace(pipeline.segments[0], end=None)]
    plan = replace(pipeline.plan, streams=streams)
    told = select(pipeline.merged.annotations, b"", plan, segments, later).told
    assert any("shifted" in line for line in told.warnings)


def test_a_frame_number_that_disagrees_with_time_is_a_warning(pipeline: Pipeline) -> None:
    doc = json.loads(pipeline.merged.annotations)
    doc["fragments"][0]["events"][3][0]["index"] = 30
    told = selected(pipeline, annotations=json.dumps(doc).encode(), frames=pipeline.frames).told
    assert told.warnings


def _own(pipeline: Pipeline, boxes: SegmentBoxes) -> list[FrameTime]:
    return [
        frame
        for frame in pipeline.frames
        if (boxes.start is None or frame.pts >= boxes.start) and (boxes.end is None or frame.pts < boxes.end)
    ]
