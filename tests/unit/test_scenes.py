"""Cuts and camera motion from signatures alone."""

import cv2
import numpy as np
import pytest
import skimage.data

from redactor import scenes

WIDTH, HEIGHT = 320, 180


def view(x: float, y: float = 150.0, image: np.ndarray | None = None) -> np.ndarray:
    """A window of the picture whose upper left corner is at (x, y)."""
    big = cv2.resize(skimage.data.astronaut() if image is None else image, (1200, 1200))
    return cv2.warpAffine(big, np.array([[1.0, 0.0, -x], [0.0, 1.0, -y]]), (WIDTH, HEIGHT))


def read(pictures: list[np.ndarray]) -> scenes.Scenes:
    return scenes.read(marks(*pictures))


def marks(*pictures: np.ndarray) -> np.ndarray:
    return np.frombuffer(b"".join(map(scenes.signature, pictures)), np.uint8)


def noisy(picture: np.ndarray, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 6, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def test_a_signature_is_small_and_the_same_for_the_same_picture():
    assert scenes.signature(view(100)) == scenes.signature(view(100))
    assert len(scenes.signature(view(100))) == 256


def test_no_frames_have_no_scenes():
    assert scenes.read(marks()).shot.size == 0


def test_one_frame_is_one_shot():
    assert scenes.read(marks(view(0))).shot.tolist() == [0]


def test_a_cut_starts_a_new_shot():
    other = skimage.data.coffee()
    pictures = [view(300)] * 10 + [view(300, image=other)] * 10
    found = read([noisy(picture, n) for n, picture in enumerate(pictures)])
    assert found.shot.tolist() == [0] * 10 + [1] * 10


def test_a_cut_on_the_second_and_on_the_last_frame_is_found():
    other = view(300, image=skimage.data.coffee())
    assert read([other, *[view(300)] * 8, other]).shot.tolist() == [0, *[1] * 8, 2]


@pytest.mark.parametrize("step", [0, 3, 9, 20])
def test_a_pan_is_measured_and_is_no_cut(step):
    found = read([noisy(view(100 + step * n), n) for n in range(20)])
    assert found.shot.max() == 0
    assert found.camera[-1] * [WIDTH, HEIGHT] == pytest.approx([-19 * step, 0], abs=4 + step)


def test_a_tilt_moves_along_y():
    found = read([view(300, 100 + 6 * n) for n in range(20)])
    assert found.camera[-1] * [WIDTH, HEIGHT] == pytest.approx([0, -114], abs=8)


def test_a_cut_is_one_from_either_side_alone():
    one, other = scenes.signature(view(300)), scenes.signature(view(300, image=skimage.data.coffee()))
    assert scenes.is_cut(one, other)
    assert scenes.is_cut(other, one)
    assert not scenes.is_cut(one, scenes.signature(noisy(view(303), 1)))


def test_motion_starts_anew_after_a_cut():
    other = skimage.data.coffee()
    found = read([view(100 + 9 * n) for n in range(10)] + [view(300, image=other)] * 5)
    assert found.camera[9, 0] < -0.2
    assert found.camera[10:].tolist() == [[0, 0]] * 5


def test_fading_light_is_neither_cut_nor_motion():
    fading = [(view(300) * (1 - 0.04 * n)).astype(np.uint8) for n in range(20)]
    found = read(fading)
    assert found.shot.max() == 0
    assert np.abs(found.camera).max() < 0.02


def test_a_black_video_stands_still():
    found = read([np.zeros((HEIGHT, WIDTH, 3), np.uint8)] * 5)
    assert found.shot.max() == 0
    assert not found.camera.any()


def test_pictures_of_any_size_have_signatures():
    assert len(scenes.signature(np.zeros((2, 2, 3), np.uint8))) == 256


def test_a_long_video_is_read_as_a_short_one(monkeypatch):
    """Frames are compared a block at a time; no neighbours are left out."""
    pictures = [view(100 + 9 * n) for n in range(10)] + [view(300, image=skimage.data.coffee())] * 5
    whole = read(pictures)
    monkeypatch.setattr(scenes, "_BLOCK", 4)
    blocks = read(pictures)
    assert blocks.shot.tolist() == whole.shot.tolist()
    assert blocks.camera.tolist() == whole.camera.tolist()
