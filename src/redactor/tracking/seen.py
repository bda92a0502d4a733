"""All detections of the video as arrays, in the coordinates in which tracking is easy: upright, and still when the
camera pans."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from redactor import coordinates, scenes
from redactor.media.streams import VideoStream
from redactor.sightings import Sightings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Seen:
    """One row a detection, ordered by frame, then by position in its frame; F frames, N rows.

    frame, position, score: (N,); boxes: (N, 4) upright pixels; still: (N, 4) the same where they would be had the
    camera not moved since the shot began; side: (N,) root of the area of the detection itself, upright pixels, whatever
    a box came to hold beside it. seconds: (F,), since the first frame; looked: (L,), frames that the detector
    looked at, ascending; interval: seconds between them; shot: (F,); camera: (F, 2) upright pixels that still things
    have moved since their shot began. size: (width, height) of the upright picture.
    """

    frame: Ints
    position: Ints
    score: Floats
    boxes: Floats
    still: Floats
    side: Floats
    seconds: Floats
    looked: Ints
    interval: float
    shot: Ints
    camera: Floats
    size: tuple[float, float]

    def shot_of(self, frame: int) -> tuple[int, int]:
        """First frame of the shot that a frame is in, and the one after its last."""
        first, end = np.searchsorted(self.shot, [self.shot[frame], self.shot[frame] + 1]).tolist()
        return first, end

    def lasting(self, frame: int) -> float:
        """Seconds that the shot lasts in which a frame is, all frames taken for equally long."""
        first, end = self.shot_of(frame)
        return float((end - first) * self.seconds[-1] / max(1, len(self.seconds) - 1))


def gather(sightings: Sightings, video: VideoStream) -> Seen:
    """The whole video as the tracker sees it."""
    boxes = coordinates.upright_boxes(sightings.boxes, video)
    frame = sightings.frame
    seconds = np.asarray((sightings.pts - sightings.pts[:1]) * float(video.time_base), dtype=np.float64)
    looked = np.flatnonzero(sightings.looked)
    scene = scenes.read(sightings.signatures)
    size = coordinates.size(video)
    camera = scene.camera * size
    return Seen(
        frame=frame,
        position=sightings.position,
        score=sightings.score,
        boxes=boxes,
        still=boxes - np.tile(camera[frame], 2),
        side=np.sqrt((boxes[:, 2:] - boxes[:, :2]).prod(axis=1).clip(0)),
        seconds=seconds,
        looked=looked,
        interval=float(np.median(np.diff(seconds[looked]))) if len(looked) > 1 else 0.0,
        shot=scene.shot,
        camera=camera,
        size=size,
    )


def points(seen: Seen) -> Floats:
    """(N, 3): centre x, centre y (still pixels) and size (root of the area) of each row."""
    low, high = seen.still[:, :2], seen.still[:, 2:]
    sizes = np.sqrt((high - low).prod(axis=1).clip(1e-6))
    return np.column_stack([(low + high) / 2, sizes])
