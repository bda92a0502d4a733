"""Looking at what was made: frames, packets and planes of an MP4 in memory."""

import hashlib
import io
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Planes = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]


def packets(data: bytes, kind: str, track: int = 0) -> list[tuple[Fraction, str]]:
    """(time in seconds, md5 of the payload) of every packet of a track that is shown, in file order."""
    with av.open(io.BytesIO(data)) as container:
        stream = [one for one in container.streams if one.type == kind][track]
        return [
            (packet.pts * stream.time_base, hashlib.md5(bytes(packet)).hexdigest())
            for packet in container.demux(stream)
            if packet.size and not packet.is_discard
        ]


def times(data: bytes) -> list[Fraction]:
    """When each frame is shown, by the packets."""
    return sorted(at for at, _ in packets(data, "video"))


def frames(data: bytes) -> Iterator[Planes]:
    """The decoded planes, frame by frame."""
    with av.open(io.BytesIO(data)) as container:
        for frame in container.decode(video=0):
            yield planes(frame)


def planes(frame: Any) -> Planes:
    y, u, v = (
        np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width].copy()
        for plane in frame.planes
    )
    return y, u, v
