"""The detectors on a real face, and the arithmetic around the networks without one."""

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import onnxruntime
import pytest
import skimage.data

from redactor import detectors, models
from redactor.detectors import faces, yunet
from redactor.detectors.blob import Blobs
from redactor.detectors.faces import Detector, Faces, nothing, suppressed, united
from redactor.detectors.graph import Graph, with_open_sizes
from redactor.detectors.session import open_session
from redactor.detectors.together import Together
from redactor.errors import GpuMissing, ModelMissing
from tests.conftest import shared
from tests.unit.sightings import stream

PORTRAIT = np.ascontiguousarray(skimage.data.astronaut()[:, :, ::-1])
FACE = np.array([180.0, 62.0, 269.0, 175.0])
EYES_NOSE_MOUTH = np.array([203, 101, 245, 101, 223, 124, 204, 144, 240, 142])


def environment() -> dict[str, str]:
    """As set, with the optional folder of weights beside the checkout, and without fetching: tests stay off the net."""
    folders = [os.environ.get(models.PATH_VARIABLE, ""), str(shared("models"))]
    return {**os.environ, models.PATH_VARIABLE: os.pathsep.join(folders), models.FETCH_VARIABLE: "0"}


@pytest.fixture(scope="module")
def detector() -> Detector:
    """Whichever network the product would run here."""
    return detectors.load(tuple(models.choose("yunet", environment()).models), environment())


def pictures(detector: Detector, picture: np.ndarray) -> list[np.ndarray]:
    def shrunk(side: int) -> np.ndarray:
        scale = min(1.0, side / max(picture.shape[:2]))
        return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)

    return [shrunk(side) for side in detector.long_sides]


def test_a_face_is_found_where_it_is(detector):
    found = detector.detect(pictures(detector, PORTRAIT))
    assert found.scores.tolist() == pytest.approx([0.9], abs=0.1)
    assert found.boxes[0] * 512 == pytest.approx(FACE, abs=15)
    assert found.landmarks[0] * 512 == pytest.approx(EYES_NOSE_MOUTH, abs=8)


def test_the_same_pictures_give_the_same_faces(detector):
    first, second = (detector.detect(pictures(detector, PORTRAIT)) for _ in range(2))
    assert first.boxes.tolist() == second.boxes.tolist()
    assert first.scores.tolist() == second.scores.tolist()


@pytest.mark.parametrize("size", [(37, 53), (100, 33), (512, 512)])
def test_a_picture_of_any_size_without_faces_has_none(detector, size):
    found = detector.detect(pictures(detector, np.full((*size, 3), 90, np.uint8)))
    assert (found.boxes.shape, found.scores.shape, found.landmarks.shape) == ((0, 4), (0,), (0, 10))


def test_many_faces_are_all_found(detector):
    tile = cv2.resize(PORTRAIT[:240, 110:340], (64, 66), interpolation=cv2.INTER_AREA)
    found = detector.detect(pictures(detector, np.tile(tile, (9, 9, 1))))
    assert len(found.scores) >= 70


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_detections_are_in_pixels_of_the_decoded_frame(rotation):
    video = stream(200, 100, rotation, Fraction(2))
    # Upright the frame is 400 x 100, or 100 x 400; the face is in the upper left corner as people see it.
    found = Faces(np.array([[0.0, 0.0, 0.25, 0.5]]), np.array([0.51234]), np.tile([0.1, 0.2], 5)[None])
    (one,) = faces.detections(found, video)
    corner = {0: (0, 0, 50, 50), 90: (0, 75, 100, 100), 180: (150, 50, 200, 100), 270: (100, 0, 200, 25)}[rotation]
    assert one.box == corner
    assert one.score == 0.5123
    assert one.landmarks is not None
    assert len(one.landmarks) == 10


def test_detections_lie_on_a_grid_that_json_keeps_exactly():
    found = Faces(np.array([[1 / 3, 1 / 7, 0.9, 0.8]]), np.array([1 / 3]), np.full((1, 10), 1 / 3))
    (one,) = faces.detections(found, stream(1280, 720))
    assert all((value * 64).is_integer() for value in (*one.box, *(one.landmarks or ())))
    assert one.score == 0.3333


def test_of_two_overlapping_faces_the_better_stays():
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10]], dtype=np.float64)
    assert suppressed(boxes, np.array([0.5, 0.9, 0.4]), 0.4).tolist() == [1, 2]


def test_of_equal_faces_the_first_from_the_upper_left_stays():
    boxes = np.array([[1, 0, 11, 10], [0, 0, 10, 10]], dtype=np.float64)
    assert suppressed(boxes, np.array([0.5, 0.5]), 0.4).tolist() == [1]


def test_nothing_united_is_nothing():
    assert united([], 0.4).scores.size == united([nothing(), nothing()], 0.4).scores.size == 0


class Sees:
    """A detector that reports how wide a picture it was given."""

    def __init__(self, *long_sides: int) -> None:
        self.long_sides = long_sides
        self.given: list[int] = []

    def detect(self, pictures: list[np.ndarray]) -> Faces:
        self.given = [picture.shape[1] for picture in pictures]
        start = self.long_sides[0] / 10_000
        return Faces(np.array([[start, 0, start + 0.01, 0.1]]), np.array([0.9]), np.zeros((1, 10)))

    def detect_all(self, frames: list[list[np.ndarray]]) -> list[Faces]:
        return [self.detect(pictures) for pictures in frames]


def test_detectors_together_get_their_own_pictures_and_find_what_each_finds():
    one, other = Sees(320, 1280), Sees(960)
    both = Together((one, other))
    found = both.detect([np.zeros((9, side, 3), np.uint8) for side in both.long_sides])
    assert both.long_sides == (320, 960, 1280)
    assert (one.given, other.given) == ([320, 1280], [960])
    assert len(found.scores) == 2


@pytest.mark.parametrize("size", [(64, 96), (50, 60), (1, 33)])
def test_a_network_is_fed_planes_with_black_to_the_right_and_below(size):
    random, blobs = np.random.default_rng(3), Blobs()
    for shape in (size, (64, 96), size):  # what was fed before leaves no trace
        picture = random.integers(1, 256, (*shape, 3), np.uint8)
        planes = blobs.blob(picture)
        padded = cv2.copyMakeBorder(picture, 0, -shape[0] % 32, 0, -shape[1] % 32, cv2.BORDER_CONSTANT)
        assert planes.dtype == np.float32
        assert np.array_equal(planes, cv2.dnn.blobFromImage(padded))


def test_every_model_has_a_detector_and_every_detector_a_model():
    assert detectors.DETECTORS.keys() == models.MODELS.keys() - {"landmarks", "embedding"}


class Network:
    """In place of YuNet's session: sees one face, in column 3 of row 2 of the stride of 8, and counts how often it
    looks."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, ...]] = []

    def get_outputs(self) -> list[SimpleNamespace]:
        return [
            SimpleNamespace(name=f"{what}_{stride}") for what in ("cls", "obj", "bbox", "kps") for stride in (8, 16, 32)
        ]

    def run(self, names: list[str], feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        high, wide = feed["input"].shape[2:]
        self.sizes.append((high, wide))
        cells = {stride: high // stride * (wide // stride) for stride in (8, 16, 32)}
        width = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
        out = {
            name: np.zeros((1, cells[int(name.split("_")[1])], width[name.split("_")[0]]), np.float32) for name in names
        }
        at = 2 * (wide // 8) + 3
        out["cls_8"][0, at], out["obj_8"][0, at] = 0.81, 1.0
        out["bbox_8"][0, at] = 0.5, 0.25, np.log(2), np.log(3)
        out["kps_8"][0, at] = np.arange(10) / 10
        return [out[name] for name in names]


def test_yunet_is_decoded_from_the_upper_left_corner_of_its_cells():
    found = yunet.YuNet(Network()).detect([np.zeros((50, 60, 3), np.uint8)])
    assert found.scores == pytest.approx([0.9])
    assert found.boxes[0] * [60, 50, 60, 50] == pytest.approx([28 - 8, 18 - 12, 28 + 8, 18 + 12])
    assert found.landmarks[0, :2] * [60, 50] == pytest.approx([24.0, 16.8])


def test_pictures_are_padded_to_what_the_network_takes():
    network = Network()
    yunet.YuNet(network).detect([np.zeros((50, 60, 3), np.uint8), np.zeros((96, 97, 3), np.uint8)])
    assert network.sizes == [(64, 64), (96, 128)]


def test_a_small_source_is_looked_at_once():
    network = Network()
    found = yunet.YuNet(network).detect([np.zeros((50, 60, 3), np.uint8)] * 2)
    assert (len(network.sizes), len(found.scores)) == (1, 1)


def field(number: int, payload: bytes | int) -> bytes:
    """One field of a protobuf message, small enough for one-byte lengths."""
    if isinstance(payload, int):
        return bytes([number << 3, payload])
    return bytes([number << 3 | 2, len(payload)]) + payload


def value_info(name: bytes, *dims: int) -> bytes:
    shape = b"".join(field(1, field(1, dim)) for dim in dims)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, shape)))


def test_a_graph_exported_for_one_size_takes_any_once_its_sizes_are_opened():
    node = field(1, b"in") + field(2, b"out") + field(4, b"Identity")
    graph = field(1, node) + field(2, b"g") + field(11, value_info(b"in", 2, 3)) + field(12, value_info(b"out", 2, 3))
    model = field(1, 8) + field(7, graph) + field(8, field(2, 13))
    picture = {"in": np.ones((5, 7), np.float32)}
    with pytest.raises(onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument):
        open_session(model).run(None, picture)
    opened = open_session(with_open_sizes(model, {"in": ("rows", "columns")}, {"out": ("rows", "columns")}))
    assert np.asarray(opened.run(None, picture)[0]).shape == (5, 7)


def test_a_graph_that_is_written_here_runs():
    net = Graph()
    kernel, bias = np.arange(12, dtype=np.float32).reshape(2, 3, 1, 2), np.array([0.5, -1000], np.float32)
    at = net.add("Relu", net.add("Conv", "in", kernel, bias, strides=(1, 2)))
    net.add("Flatten", at, output="out")
    model = net.model({"in": ("n", 3, 1, 4)}, {"out": ("n", 4)})
    picture = np.random.default_rng(1).random((5, 3, 1, 4)).astype(np.float32)
    wanted = np.einsum("nchkw,ocw->nok", picture.reshape(5, 3, 1, 2, 2), kernel[:, :, 0]) + bias[:, None]
    found = np.asarray(open_session(model, weights=net.weights).run(None, {"in": picture})[0])
    assert found == pytest.approx(np.maximum(wanted, 0).reshape(5, 4), rel=1e-5)


def has_weights(name: str) -> bool:
    try:
        return bool(models.find(name, environment()))
    except ModelMissing:
        return False


@pytest.mark.parametrize("name", [name for name in detectors.DETECTORS if has_weights(name)])
def test_each_detector_whose_weights_are_here_finds_the_face(name):
    one = detectors.load((name,), environment())
    found = one.detect(pictures(one, PORTRAIT))
    assert found.boxes[0] * 512 == pytest.approx(FACE, abs=15)
    assert found.landmarks[0] * 512 == pytest.approx(EYES_NOSE_MOUTH, abs=8)


def test_who_looks_at_footage_tells_nobody(tmp_path: Path) -> None:
    """onnxruntime would leave an identifier of the device in the cache, and send events home."""
    program = "import redactor.detectors, onnxruntime; onnxruntime.get_available_providers()"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "ORT_"))}
    environment = {**kept, "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
    assert [*tmp_path.rglob("*")] == []


def can_run(wanted: str) -> bool:
    try:
        return bool(models.choose(wanted, environment()).models)
    except ModelMissing:
        return False


@pytest.mark.parametrize("wanted", [wanted for wanted in ("yunet", "centerface", "strict") if can_run(wanted)])
def test_several_frames_at_once_are_seen_as_one_by_one(wanted: str) -> None:
    detector = detectors.load(tuple(models.choose(wanted, environment()).models), environment())
    small = [cv2.resize(PORTRAIT, (320, 320)), cv2.resize(PORTRAIT, (640, 640)), PORTRAIT][-len(detector.long_sides) :]
    frames = [[np.ascontiguousarray(np.roll(p, 16 * n, axis=1)) for p in small] for n in range(3)]
    for together, alone in zip(detector.detect_all(frames), map(detector.detect, frames), strict=True):
        for name in ("boxes", "scores", "landmarks"):
            assert np.array_equal(getattr(together, name), getattr(alone, name))
        assert len(alone.scores)
    assert detector.detect_all([]) == []


def test_a_gpu_that_was_asked_for_and_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(GpuMissing) as refused:
        open_session(b"", {"REDACTOR_DEVICE": "gpu"})
    assert not refused.value.retryable


def test_a_device_that_nobody_knows_is_refused_with_the_right_words() -> None:
    with pytest.raises(GpuMissing, match="REDACTOR_DEVICE is tpu") as refused:
        open_session(b"", {"REDACTOR_DEVICE": "tpu"})
    assert refused.value.allowed == ("cpu", "gpu")


class Session:
    """onnxruntime on a machine whose GPU does not work: it says so in its log and takes the CPU."""

    def __init__(self, graph: bytes, options: object, providers: list[object]) -> None:
        self.asked = [one[0] if isinstance(one, tuple) else one for one in providers]

    def get_providers(self) -> list[str]:
        return self.asked[1:]

    def get_outputs(self) -> list[object]:
        return self.asked


def test_falling_back_on_the_cpu_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    both = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: both)
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None)
    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    with pytest.raises(GpuMissing, match="none here that works"):
        open_session(b"", {"REDACTOR_DEVICE": "gpu"})
    monkeypatch.setattr(Session, "get_providers", lambda self: self.asked)
    opened = open_session(b"", {"REDACTOR_DEVICE": "gpu"})
    assert opened.get_outputs() == both
