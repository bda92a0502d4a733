"""foo_annotations.json: where the faces are, frame by frame. Its schema is in docs/schemas."""

from redactor.annotations.boxes import SegmentBoxes, cut_boxes
from redactor.annotations.faces import Annotations, Event, Face, FaceTable
from redactor.annotations.reader import read_annotations
from redactor.annotations.timeline import Timeline, check_source, timeline
from redactor.annotations.writer import write_annotations

__all__ = [
    "Annotations",
    "Event",
    "Face",
    "FaceTable",
    "SegmentBoxes",
    "Timeline",
    "check_source",
    "cut_boxes",
    "read_annotations",
    "timeline",
    "write_annotations",
]
