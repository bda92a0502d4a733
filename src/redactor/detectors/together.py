"""Several detectors as one: what any of them finds."""

from collections.abc import Sequence
from dataclasses import dataclass

from redactor.detectors.faces import Detector, Faces, Picture, united

OVERLAP = 0.4


@dataclass(frozen=True)
class Together:
    """A Detector that runs each of its parts on the pictures that part wants."""

    parts: tuple[Detector, ...]

    @property
    def long_sides(self) -> tuple[int, ...]:
        return tuple(sorted({side for part in self.parts for side in part.long_sides}))

    def detect(self, pictures: Sequence[Picture]) -> Faces:
        """As Detector.detect."""
        by_side = dict(zip(self.long_sides, pictures, strict=True))
        return united([part.detect([by_side[side] for side in part.long_sides]) for part in self.parts], OVERLAP)
