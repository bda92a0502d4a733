"""Damaging packets of a real file, wherever its container has put them."""

import random
from pathlib import Path

import av


def broken(path: Path, *numbers: int, seed: int | None = None) -> Path:
    """A copy of a video in which the packets of the picture with these numbers, in file order, are damaged from their
    first quarter on: by noise, or where there is no seed by ones throughout. Not for transport streams."""
    with av.open(str(path)) as container:
        payloads = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    data, noise = bytearray(path.read_bytes()), random.Random(seed)
    for payload in (payloads[n] for n in numbers):
        place, size = data.index(payload), len(payload)
        for at in range(place + size // 4, place + size):
            data[at] = 0xFF if seed is None else noise.randrange(256)
    name = "-".join(map(str, (*numbers, seed)))
    copy = path.with_name(f"{path.stem}-broken-{name}{path.suffix}")
    copy.write_bytes(data)
    return copy
