"""In which light a detector sees a frame."""

import os

import cv2
import numpy as np
import pytest

from redactor.detectors import lighting, load
from redactor.detectors.faces import Picture
from redactor.models import choose
from tests.media_factory import face_pictures
from tests.unit.pipeline import weights

SIZE = (180, 320)


def even(light: int, size: tuple[int, int] = SIZE) -> Picture:
    return np.full((*size, 3), light, np.uint8)


def test_in_the_light_a_picture_is_looked_at_as_it_is() -> None:
    pictures = [even(lighting.DARK), even(lighting.DARK, (720, 1280))]
    assert lighting.lights(pictures, lighting.DARK) == [pictures]


@pytest.mark.parametrize(("light", "brightened"), [(47, 96), (24, 96), (12, 96), (6, 48), (0, 0)])
def test_in_the_dark_all_pictures_are_brightened_alike(light: int, brightened: int) -> None:
    (pictures,) = lighting.lights([even(light), even(light, (720, 1280))], light)
    assert [picture.shape[:2] for picture in pictures] == [SIZE, (720, 1280)]
    assert all(np.abs(picture.astype(int) - brightened).max() <= 1 for picture in pictures)


def test_what_brightening_would_burn_out_is_looked_at_as_it_is_too() -> None:
    lamp = even(12)
    lamp[80:96, 100:116] = 150
    bright, as_it_is = lighting.lights([lamp], 12)
    assert as_it_is[0] is lamp
    assert bright[0][0, 0, 0] > 90


def test_a_small_face_in_the_light_counts_in_a_large_picture_too() -> None:
    """24 pixels of 4K are two of the small picture."""
    large = even(12, (2160, 3840))
    large[1000:1024, 2000:2024] = 150
    assert len(lighting.lights([cv2.resize(large, (320, 180), interpolation=cv2.INTER_AREA), large], 12)) == 2


def test_a_face_in_the_dark_is_found() -> None:
    env = {**os.environ, **weights()}
    detector = load(choose("yunet", env).models, env)
    picture, _ = face_pictures(width=320, height=240, face_height=40)
    dark = np.clip(picture(0) / 16 + np.random.default_rng(4).normal(0, 4, (240, 320, 3)), 0, 255).astype(np.uint8)
    pictures = [dark] * len(detector.long_sides)
    as_it_is = detector.detect(pictures).scores.max(initial=0)
    lights = lighting.lights(pictures, float(dark.mean()))
    seen = lighting.together([detector.detect(lit) for lit in lights]).scores.max(initial=0)
    assert seen > 0.5
    assert seen > as_it_is + 0.1
