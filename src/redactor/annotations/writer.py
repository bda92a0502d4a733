"""Writing foo_annotations.json, in the shape that the readers of the old service need."""

import json
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby, pairwise

from redactor.annotations.faces import Face
from redactor.errors import DamagedVideo, VideoTooLarge
from redactor.media.streams import FrameTime, VideoStream

MAX_ID = 999_999
_GRID = 100_000  # five decimals


def write_annotations(
    video: VideoStream, table: Sequence[FrameTime], faces: Sequence[Sequence[Face]], fingerprint: str
) -> bytes:
    """The file for these frames. table: every frame of the video in order of pts; faces: the boxes of each.

    Boxes are rounded outwards to five decimals, so none gets smaller, and written in order of id. Raises DamagedVideo
    where pts do not grow, VideoTooLarge for more than 999,999 ids, ValueError for what no detector may hand over:
    lengths that differ, an id twice in a frame or below 1, a size that is negative or not finite.
    """
    if len(table) != len(faces):
        raise ValueError(f"{len(table)} frames but boxes for {len(faces)}")
    head = {
        "version": 1,
        "timescale": video.time_base.denominator,
        "offset": 0,
        "framerate": _framerate(video, table),
        "width": video.width,
        "height": video.height,
    }
    tail = {
        "source": {"fingerprint": fingerprint, "frames": len(table)},
        "facesDetected": len({face.id for row in faces for face in row}),
    }
    fragments = ",\n".join(_fragments(video.time_base.numerator, table, faces))
    return f'{_compact(head)[:-1]},"fragments":[\n{fragments}],\n{_compact(tail)[1:]}\n'.encode()


def _compact(doc: object) -> str:
    return json.dumps(doc, separators=(",", ":"))


def _framerate(video: VideoStream, table: Sequence[FrameTime]) -> float:
    """Frames a second for human eyes, from the header, or else from the table."""
    rate = video.rate
    if rate <= 0 and table:
        rate = len(table) / ((table[-1].pts + table[-1].duration - table[0].pts) * video.time_base)
    return round(float(rate), 3)


def _fragments(ticks: int, table: Sequence[FrameTime], faces: Sequence[Sequence[Face]]) -> Iterator[str]:
    """One text for each run of frames that last equally long. ticks: how many of the file's make one of the table's."""
    lasting = _durations(table)
    for interval, run in groupby(range(len(table)), key=lasting.__getitem__):
        frames = list(run)
        events = ",\n ".join(_event(index, faces[index]) for index in frames)
        start, step = table[frames[0]].pts * ticks, interval * ticks
        yield f'{{"start":{start},"duration":{step * len(frames)},"interval":{step},"events":[\n {events}]}}'


def _durations(table: Sequence[FrameTime]) -> list[int]:
    """How long each frame is shown: until the next one, and the last as long as its packet says."""
    lasting = [after.pts - frame.pts for frame, after in pairwise(table)]
    lasting += [frame.duration for frame in table[-1:]]
    for index, duration in enumerate(lasting):
        if duration <= 0:
            raise DamagedVideo(f"frame {index} at pts {table[index].pts} lasts {duration} ticks")
    return lasting


def _event(index: int, faces: Sequence[Face]) -> str:
    if not faces:
        return "[]"
    rows = sorted(faces, key=lambda face: face.id)
    if any(one.id == after.id for one, after in pairwise(rows)):
        raise ValueError(f"an id twice in frame {index}")
    return f"[{','.join(_row(index, face) for face in rows)}]"


def _row(index: int, face: Face) -> str:
    if face.id > MAX_ID:
        raise VideoTooLarge(f"more than {MAX_ID} faces")
    finite = math.isfinite(face.x + face.y + face.width + face.height)
    if face.id < 1 or not finite or face.width < 0 or face.height < 0:
        raise ValueError(f"no face: {face}")
    x, width = _outwards(face.x, face.width)
    y, height = _outwards(face.y, face.height)
    return f'{{"index":{index},"id":{face.id},"x":{x:.5f},"y":{y:.5f},"width":{width:.5f},"height":{height:.5f}}}'


def _outwards(low: float, size: float) -> tuple[float, float]:
    """A side of a box on the grid of five decimals: unchanged where it lies on it, else the next larger one."""
    start, length = round(low * _GRID), round(size * _GRID)
    if start / _GRID != low or length / _GRID != size:
        start = _floor(low, 0.0)
        length = -_floor(-low, -size) - start
    return start / _GRID, length / _GRID


def _floor(one: float, other: float) -> int:
    """floor((one + other) * _GRID) of the decimals that the floats print as; by way of floats where that is certain."""
    near, slack = (one + other) * _GRID, (abs(one) + abs(other)) * _GRID * 2**-50
    low, high = math.floor(near - slack), math.floor(near + slack)
    return low if low == high else math.floor((Fraction(repr(one)) + Fraction(repr(other))) * _GRID)
