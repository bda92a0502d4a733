"""What a detector says about one frame: frozen values that travel from Detect to MergeTracks."""

from dataclasses import dataclass

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Detection:
    """One face as a detector sees it: tight, from brow to chin.

    box: (x1, y1, x2, y2) in pixels of the decoded frame, unclipped, in steps of 1/64.
    score: 0..1, in steps of 1e-4.
    quality: how good a portrait this is (crops.py), in steps of 1e-4; 0 until it was judged.
    landmarks: right eye, left eye, nose, right and left mouth corner as x, y, x, y, … in pixels of the decoded frame;
        None where the detector has none, and in what Detect stores (nothing after it needs them).
    """

    box: Box
    score: float
    quality: float = 0.0
    landmarks: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class FrameRecord:
    """All that Detect stores about one frame; the tracker sees nothing else.

    pts, duration: ticks of the stream's time_base.
    signature: what scenes.signature made of the upright picture, so that cuts and camera motion are found globally.
    detections: None where the detector did not look (a lower detection rate), () where it found nothing.
    """

    pts: int
    duration: int
    signature: bytes
    detections: tuple[Detection, ...] | None
