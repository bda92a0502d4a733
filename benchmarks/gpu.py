"""How many frames a second Detect looks at, by what runs the networks: `python -m benchmarks.gpu VIDEO`.

A row for the CPU, and one for a GPU, which says "not measured" and why where none can be used. Run it inside the GPU
image, or where onnxruntime-gpu is installed.
"""

import os
import sys
import time
from fractions import Fraction
from pathlib import Path

from redactor.detect import detect
from redactor.detectors.session import VARIABLE
from redactor.errors import GpuMissing
from redactor.media.source import open_source
from redactor.plan import plan
from redactor.preset import Experimental, Preset

_WHOLE = Preset(experimental=Experimental(segment_seconds=Fraction(86400)))


def row(video: Path, device: str) -> str:
    """A row of the table: device, frames, frames a second, faces found."""
    os.environ[VARIABLE] = device
    size = video.stat().st_size
    with video.open("rb") as file:
        planned, segments = plan(file, size, _WHOLE)
    with video.open("rb") as file, open_source(file, size) as source:
        began = time.monotonic()
        try:
            found = detect(source, planned, segments[0], _WHOLE).detections
        except GpuMissing as error:
            return f"| {device} | not measured: {error.message} | | |"
        seconds = time.monotonic() - began
    frames, faces = len(found.frames.pts), len(found.frames.score)
    return f"| {device} | {frames} | {frames / seconds:.1f} | {faces} |"


def main() -> None:
    print("| device | frames | frames/s | faces |\n|---|---|---|---|")
    for device in ("cpu", "gpu"):
        print(row(Path(sys.argv[1]), device), flush=True)


if __name__ == "__main__":
    main()
