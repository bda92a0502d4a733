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
        return self.detect_all([pictures])[0]

    def detect_all(self, frames: Sequence[Sequence[Picture]]) -> list[Faces]:
        """As Detector.detect_all."""
        by_side = [dict(zip(self.long_sides, pictures, strict=True)) for pictures in frames]
        found = [part.detect_all([[one[side] for side in part.long_sides] for one in by_side]) for part in self.parts]
        return [united(parts, OVERLAP) for parts in zip(*found, strict=True)]
