"""Writing foo_annotations.json, in the shape that the readers of the old service need."""

import json
from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import groupby, islice, pairwise

import numpy as np

from redactor.annotations.faces import FaceTable
from redactor.annotations.grid import outwards
from redactor.annotations.lines import LARGEST, lines
from redactor.errors import DamagedVideo, VideoTooLarge
from redactor.media.streams import FrameTime, VideoStream

MAX_ID = 999_999
_BLOCK = 4096
# Between two events of a fragment, and after the last.
_NEXT, _END = ",\n ", "]}"


def write_annotations(video: VideoStream, table: Sequence[FrameTime], faces: FaceTable, fingerprint: str) -> bytes:
    """The file for these frames. table: every frame of the video in order of pts.

    Boxes are rounded outwards to five decimals, so none gets smaller, and written in order of id. Raises DamagedVideo
    where pts do not grow, VideoTooLarge for more than 999,999 ids, ValueError for what no detector may hand over: a
    frame that is not there, an id twice in a frame or below 1, a size that is negative, a box a billion pictures away.
    """
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
        "facesDetected": len(np.unique(faces.id)),
    }
    starts, ordered, out = _starts(video.time_base.numerator, table), _ordered(faces, len(table)), BytesIO()
    rows, counts = _rows(ordered), np.bincount(ordered.frame, minlength=len(table)).tolist()
    out.write(f'{_compact(head)[:-1]},"fragments":[\n'.encode())
    for index, count in enumerate(counts):
        out.write(f"{starts.get(index, _NEXT)}[{','.join(islice(rows, count))}]".encode())
    out.write(f"{_END if table else ''}],\n{_compact(tail)[1:]}\n".encode())
    return out.getvalue()


def _compact(doc: object) -> str:
    return json.dumps(doc, separators=(",", ":"))


def _framerate(video: VideoStream, table: Sequence[FrameTime]) -> float:
    """Frames a second for human eyes, from the header, or else from the table."""
    rate = video.rate
    if rate <= 0 and table:
        rate = len(table) / ((table[-1].pts + table[-1].duration - table[0].pts) * video.time_base)
    return round(float(rate), 3)


def _starts(ticks: int, table: Sequence[FrameTime]) -> dict[int, str]:
    """The text before the event of each frame that starts a fragment, a run of frames that last equally long. ticks:
    how many of the file's make one of the table's."""
    starts: dict[int, str] = {}
    index = 0
    for interval, run in groupby(_durations(table)):
        count, start, step = len(list(run)), table[index].pts * ticks, interval * ticks
        end = f"{_END},\n" if index else ""
        starts[index] = f'{end}{{"start":{start},"duration":{step * count},"interval":{step},"events":[\n '
        index += count
    return starts


def _durations(table: Sequence[FrameTime]) -> list[int]:
    """How long each frame is shown: until the next one, and the last as long as its packet says."""
    lasting = [after.pts - frame.pts for frame, after in pairwise(table)]
    lasting += [frame.duration for frame in table[-1:]]
    for index, duration in enumerate(lasting):
        if duration <= 0:
            raise DamagedVideo(f"frame {index} at pts {table[index].pts} lasts {duration} ticks")
    return lasting


def _ordered(faces: FaceTable, frames: int) -> FaceTable:
    """By frame, then id; checked."""
    order = np.lexsort((faces.id, faces.frame))
    frame, ids, box = faces.frame[order], faces.id[order], faces.box[order]
    twice = (np.diff(frame) == 0) & (np.diff(ids) == 0)
    if twice.any():
        raise ValueError(f"an id twice in frame {frame[twice.argmax()]}")
    if (ids > MAX_ID).any():
        raise VideoTooLarge(f"more than {MAX_ID} faces")
    wrong = (frame < 0) | (frame >= frames) | (ids < 1) | (box[:, 2:] < 0).any(axis=1)
    wrong |= ~(np.abs(box) < LARGEST).all(axis=1)  # nor is what is no number
    if wrong.any():
        n = wrong.argmax()
        raise ValueError(f"no face: id {ids[n]} at {box[n].tolist()} in frame {frame[n]} of {frames}")
    return FaceTable(frame, ids, box)


def _rows(faces: FaceTable) -> Iterator[str]:
    """The text of each face, made for a few thousand at a time."""
    for at in range(0, len(faces.id), _BLOCK):
        here = slice(at, at + _BLOCK)
        start, length = outwards(faces.box[here, :2], faces.box[here, 2:])
        yield from lines(faces.frame[here], faces.id[here], np.concatenate([start, length], axis=1))
