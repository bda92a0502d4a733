"""What really is in a clip: reference boxes beside it, foo.reference.json (sampled frames) or foo.truth.json (all)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Box = tuple[float, float, float, float]

# A face of which less is visible counts neither way.
_VISIBLE = 0.5


@dataclass(frozen=True)
class Person:
    """One face in one frame. box: tight, pixels of the decoded frame; who: None where nobody said."""

    box: Box
    who: str | None


@dataclass(frozen=True)
class Frame:
    """faces: what must be covered; unclear: boxes that count neither way."""

    faces: tuple[Person, ...]
    unclear: tuple[Box, ...]


@dataclass(frozen=True)
class Clip:
    """A video and what is in it. frames: by index in presentation order, only those that somebody looked at."""

    video: Path
    size: tuple[int, int]
    frames: Mapping[int, Frame]


def clips(folder: Path) -> Iterator[Clip]:
    """All clips of a folder that have a reference, by name."""
    for path in sorted([*folder.glob("*.reference.json"), *folder.glob("*.truth.json")]):
        stem = path.name.rsplit(".", 2)[0]
        videos = [one for one in folder.glob(f"{stem}.*") if one.suffix != ".json"]
        if videos:
            yield read(videos[0], path)


def read(video: Path, reference: Path) -> Clip:
    doc = json.loads(reference.read_text())
    rows = doc["frames"].items() if isinstance(doc["frames"], dict) else enumerate(doc["frames"])
    return Clip(video, (doc["width"], doc["height"]), {int(index): _frame(row) for index, row in rows})


def _frame(row: Any) -> Frame:
    """One frame of either form: faces and doubtful boxes, or everybody with how much of them is visible."""
    if isinstance(row, dict):
        return Frame(tuple(Person(_box(box), None) for box in row["faces"]), tuple(map(_box, row["doubtful"])))
    seen = tuple(Person(_box(one["box"]), str(one["id"])) for one in row if one["visible"] >= _VISIBLE)
    return Frame(seen, tuple(_box(one["box"]) for one in row if one["visible"] < _VISIBLE))


def _box(values: Sequence[float]) -> Box:
    x1, y1, x2, y2 = values
    return float(x1), float(y1), float(x2), float(y2)
