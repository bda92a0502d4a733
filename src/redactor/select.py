"""Select: the annotations and the id list, checked against the video, as the boxes each segment hides.

Our own annotations and those a person edited take this one path: Redact knows nothing but what is cut here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from redactor.annotations import SegmentBoxes, check_source, cut_boxes, read_annotations, timeline
from redactor.idlist import check_ids, parse_id_list
from redactor.media.streams import FrameTime, Segment
from redactor.memory import without_collection
from redactor.plan import Plan


@dataclass(frozen=True)
class Selected:
    """select.json. hidden: ids that are obscured; visible: ids that are annotated but stay in the picture."""

    hidden: tuple[int, ...]
    visible: tuple[int, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Selection:
    told: Selected
    boxes: tuple[SegmentBoxes, ...]


@without_collection()
def select(
    annotations: bytes, id_list: bytes, plan: Plan, segments: Sequence[Segment], frames: Sequence[FrameTime] | None
) -> Selection:
    """The boxes to hide. id_list: the file's bytes, blank for everyone. frames: the frame table where we analysed.

    Raises InvalidAnnotations (not readable, of another video, not frame for frame), InvalidIdList (unreadable, or an
    id that the annotations do not hold: a typo would leave a face clear).
    """
    video = plan.streams.video
    given = read_annotations(annotations)
    check_source(given, video, plan.fingerprint, len(frames) if frames else video.expected_frames)
    wanted = parse_id_list(id_list)
    check_ids(wanted, given.ids)
    line = timeline(given, video, [frame.pts for frame in frames] if frames else None)
    hidden = given.ids if wanted is None else wanted
    told = Selected(tuple(sorted(hidden)), tuple(sorted(given.ids - hidden)), (*given.warnings, *line.warnings))
    return Selection(told, tuple(cut_boxes(line, segments, wanted)))
