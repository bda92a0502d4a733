"""Clips that benchmarks make out of others: five signers in one video, small faces on a large canvas, a larger one."""

import json
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame

from benchmarks.reference import Box, Clip, Frame, Person

# Who signs in the clips of the folder asl, by their file names.
_SIGNERS = {
    "1": ("book", "learn", "school"),
    "2": ("again", "brother", "help", "no"),
    "3": ("eat", "sister"),
    "4": ("bird", "milk", "sorry"),
    "5": ("want",),
}
CANVAS = (3840, 2160)
_QUALITY = "16"


def joined(folder: Path, out: Path) -> dict[str, list[tuple[int, int]]]:
    """All clips of a folder of signers in one video, by name; returns the half-open frame ranges of each signer."""
    people = {name: who for who, names in _SIGNERS.items() for name in names}
    ranges: dict[str, list[tuple[int, int]]] = {}
    listed = [path for path in sorted(folder.glob("*.mkv")) if path.stem in people]

    def frames() -> Iterator[VideoFrame]:
        count = 0
        for path in listed:
            first = count
            for frame in _decoded(path):
                count += 1
                yield frame
            ranges.setdefault(people[path.stem], []).append((first, count))

    write(frames(), Fraction(30), out)
    return ranges


def on_canvas(video: Path, truth: Path, out: Path, shrunk: int) -> Path:
    """The video in the middle of a grey 4K picture, its sides divided by `shrunk`; returns its truth, written beside
    it."""
    doc = json.loads(truth.read_text())
    wide, high = doc["width"] // shrunk, doc["height"] // shrunk
    left, top = (CANVAS[0] - wide) // 4 * 2, (CANVAS[1] - high) // 4 * 2

    def frames() -> Iterator[VideoFrame]:
        for frame in _decoded(video):
            canvas = np.full((CANVAS[1], CANVAS[0], 3), 96, np.uint8)
            small = frame.reformat(width=wide, height=high, format="rgb24", interpolation="AREA")
            canvas[top : top + high, left : left + wide] = small.to_ndarray()
            yield VideoFrame.from_ndarray(canvas, format="rgb24")

    with av.open(str(video)) as container:
        rate = container.streams.video[0].average_rate or Fraction(25)
    write(frames(), Fraction(rate), out)
    for row in doc["frames"]:
        for one in row:
            one["box"] = [value / shrunk + (left, top)[n % 2] for n, value in enumerate(one["box"])]
    moved = out.with_name(f"{out.stem}.truth.json")
    moved.write_text(json.dumps({**doc, "width": CANVAS[0], "height": CANVAS[1]}))
    return moved


def scaled(clip: Clip, out: Path, height: int) -> Clip:
    """The video at another height, without sound."""
    by = Fraction(height, clip.size[1])
    size = round(clip.size[0] * by), height
    with av.open(str(clip.video)) as container:
        rate = Fraction(container.streams.video[0].average_rate or 25)
    write((frame.reformat(*size, interpolation="BICUBIC") for frame in _decoded(clip.video)), rate, out)
    return Clip(out, size, {n: _scaled(frame, float(by)) for n, frame in clip.frames.items()})


def _scaled(frame: Frame, by: float) -> Frame:
    def box(of: Box) -> Box:
        x1, y1, x2, y2 = (value * by for value in of)
        return x1, y1, x2, y2

    return Frame(tuple(Person(box(one.box), one.who) for one in frame.faces), tuple(map(box, frame.unclear)))


def _decoded(path: Path) -> Iterator[VideoFrame]:
    with av.open(str(path)) as container:
        yield from container.decode(video=0)


def write(frames: Iterable[VideoFrame], rate: Fraction, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(out), "w") as container:
        stream = None
        for n, frame in enumerate(frames):
            if stream is None:
                stream = container.add_stream("libx264", rate=rate, options={"crf": _QUALITY, "preset": "fast"})
                stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "yuv420p"
            plain = frame.reformat(format="yuv420p")
            plain.pts, plain.time_base, plain.pict_type = n, 1 / rate, 0
            container.mux(stream.encode(plain))
        if stream is not None:
            container.mux(stream.encode(None))
