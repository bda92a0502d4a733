"""Our annotations as boxes by frame, in pixels."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.reference import Box


@dataclass(frozen=True)
class Placed:
    """One id in one frame."""

    id: int
    box: Box


def boxes(annotations: bytes) -> Mapping[int, list[Placed]]:
    """Frame index -> who is annotated there; every frame of the video has an entry."""
    doc = json.loads(annotations)
    wide, high = doc["width"], doc["height"]
    events = [event for fragment in doc["fragments"] for event in fragment["events"]]
    return {
        index: [
            Placed(
                row["id"],
                (row["x"] * wide, row["y"] * high, (row["x"] + row["width"]) * wide, (row["y"] + row["height"]) * high),
            )
            for row in event
        ]
        for index, event in enumerate(events)
    }
