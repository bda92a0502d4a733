"""How a player turns, mirrors and weaves a decoded frame: its display matrix and its field order."""

import struct
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, cast

from av.error import FFmpegError
from av.filter import Graph
from av.video.frame import VideoFrame

# What FFmpeg's select filter calls interlace_type.
_TOP_FIRST = 1
_ANY_CLOCK = Fraction(1, 25)


def fields(*, interlaced: bool, top_first: bool) -> str:
    """How a frame's rows were taken, in words."""
    if not interlaced:
        return "progressive"
    return "top field first" if top_first else "bottom field first"


def turn(frame: VideoFrame) -> int:
    """Degrees clockwise that a player turns the picture, after mirroring it left to right if it does."""
    # av counts anticlockwise, and takes mirroring left to right for half a turn: faces would stand on their heads.
    return -frame.rotation + (180 if is_mirrored(frame) else 0)


def is_mirrored(frame: VideoFrame) -> bool:
    """Whether the display matrix turns the picture over: its determinant is negative. ISO/IEC 14496-12, 6.2.2."""
    # The stubs of av know of motion vectors only.
    matrix = cast("Mapping[str, Any]", frame.side_data).get("DISPLAYMATRIX")
    if matrix is None:
        return False
    a, b, _, c, d, *_ = struct.unpack("=9i", bytes(matrix))
    return bool(a * d < b * c)


def is_top_first(frame: VideoFrame) -> bool:
    """Whether the upper field of an interlaced frame was taken first. av does not tell; a filter can."""
    graph = _graph(frame, "select", f"eq(interlace_type,{_TOP_FIRST})")
    graph.push(frame)
    graph.push(None)
    try:
        graph.pull()
    except FFmpegError:
        return False
    return True


class Weave:
    """Marks frames of one size and format as interlaced, so that an encoder keeps their fields apart."""

    def __init__(self, *, top_first: bool) -> None:
        self._order = "tff" if top_first else "bff"
        self._graph: Graph | None = None

    def mark(self, frame: VideoFrame) -> VideoFrame:
        """The same samples, time and picture type, flagged."""
        self._graph = self._graph or _graph(frame, "setfield", self._order)
        kind, clock = frame.pict_type, frame.time_base
        self._graph.push(frame)
        marked = self._graph.pull()
        if not isinstance(marked, VideoFrame):
            raise TypeError("a filter for pictures gave something else")
        marked.pict_type, marked.time_base = kind, clock
        return marked


def _graph(frame: VideoFrame, name: str, argument: str) -> Graph:
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or _ANY_CLOCK
    )
    step, sink = graph.add(name, f"'{argument}'"), graph.add("buffersink")
    source.link_to(step)
    step.link_to(sink)
    graph.configure()
    return graph
