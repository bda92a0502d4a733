"""How good a portrait a detection is, and the picture itself."""

import math

import cv2
import numpy as np

from redactor import coordinates
from redactor.detectors.detection import Box, Detection
from redactor.detectors.faces import Floats, Picture
from redactor.media.streams import VideoStream

_TALLEST = 256  # px of a portrait
_JPEG_QUALITY = 90
# Around the tight face, in its width and height: the whole head and some shoulder.
_SIDE, _TOP, _BOTTOM = 0.45, 0.55, 0.45
# A face of this height (px of the upright frame) is as large as a portrait needs.
_LARGE = 160
_LOOK = 48  # px to which faces are brought before their sharpness is compared
_SHARP = 300.0  # variance of the Laplacian of a face half as sharp as can be
_UNKNOWN_POSE = 0.5


def quality(detection: Detection, picture: Picture, video: VideoStream) -> float:
    """0..1 in steps of 1e-4: large, sharp, frontal, certain and wholly in the picture is best.

    detection: with landmarks, if the detector has them. picture: the upright frame, (h, w, 3) uint8 BGR of any size.
    """
    box = _in_picture(detection.box, picture, video)
    face = _cut(picture, box)
    if not face.size:
        return 0.0
    _, y1, _, y2 = coordinates.upright_boxes(np.array([detection.box]), video)[0].tolist()
    size = min(1.0, (y2 - y1) / _LARGE) ** 0.5
    inside = face.shape[0] * face.shape[1] / max(1.0, (box[2] - box[0]) * (box[3] - box[1]))
    value = (
        detection.score
        * size
        * (0.3 + 0.7 * _sharpness(face))
        * (0.3 + 0.7 * frontality(detection, video))
        * min(1.0, inside)
    )
    return float(round(value, 4))


def head(picture: Picture, box: Box, video: VideoStream) -> Picture:
    """The head of a tight face with a margin, cut out of the upright frame, own memory.

    box: tight, pixels of the decoded frame. picture: as in quality; what of the margin lies outside is left away.
    """
    return _cut(picture, _around(_in_picture(box, picture, video))).copy()


def face_in_head(picture: Picture, box: Box, video: VideoStream) -> Box:
    """Where the tight face lies in what head() cut out, in that portrait's pixels, unclipped. Arguments as there."""
    x1, y1, x2, y2 = _in_picture(box, picture, video)
    dx, dy = _corner((x1, y1, x2, y2))
    return x1 - dx, y1 - dy, x2 - dx, y2 - dy


def landmarks_in_head(picture: Picture, detection: Detection, video: VideoStream) -> Floats | None:
    """The same for its landmarks, (5, 2); None where it has none."""
    if detection.landmarks is None:
        return None
    points = coordinates.upright_points(np.array([detection.landmarks]), video).reshape(5, 2)
    wide, high = coordinates.size(video)
    scale = np.array([picture.shape[1] / wide, picture.shape[0] / high])
    return np.asarray(points * scale - _corner(_in_picture(detection.box, picture, video)))


def within(picture: Picture, box: Box, video: VideoStream) -> Picture:
    """What a head-size box of the decoded frame holds, cut out of the upright frame without a margin, own memory."""
    return _cut(picture, _in_picture(box, picture, video)).copy()


def encoded(portrait: Picture) -> bytes:
    """JPEG, at most 256 px high, never enlarged. An empty picture (a face outside the frame) becomes one black
    pixel."""
    if not portrait.size:
        portrait = np.zeros((1, 1, 3), np.uint8)
    if portrait.shape[0] > _TALLEST:
        wide = max(1, round(portrait.shape[1] * _TALLEST / portrait.shape[0]))
        portrait = np.asarray(cv2.resize(portrait, (wide, _TALLEST), interpolation=cv2.INTER_AREA), np.uint8)
    _, data = cv2.imencode(".jpg", portrait, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return data.tobytes()


def _corner(face: Box) -> tuple[int, int]:
    """Where head() begins to cut."""
    left, top, _, _ = _around(face)
    return max(0, math.floor(left)), max(0, math.floor(top))


def _around(face: Box) -> Box:
    x1, y1, x2, y2 = face
    wide, high = x2 - x1, y2 - y1
    return x1 - _SIDE * wide, y1 - _TOP * high, x2 + _SIDE * wide, y2 + _BOTTOM * high


def _in_picture(box: Box, picture: Picture, video: VideoStream) -> Box:
    """A box of the decoded frame in pixels of the upright picture."""
    wide, high = coordinates.size(video)
    scale = np.tile([picture.shape[1] / wide, picture.shape[0] / high], 2)
    x1, y1, x2, y2 = (coordinates.upright_boxes(np.array([box]), video)[0] * scale).tolist()
    return x1, y1, x2, y2


def _cut(picture: Picture, box: Box) -> Picture:
    high, wide = picture.shape[:2]
    x1, y1 = (max(0, math.floor(value)) for value in box[:2])
    return picture[y1 : max(y1, min(high, math.ceil(box[3]))), x1 : max(x1, min(wide, math.ceil(box[2])))]


def _sharpness(face: Picture) -> float:
    """0..1: fine detail at a fixed size, so that a large face is not sharp just by being large."""
    grey = cv2.cvtColor(np.ascontiguousarray(face), cv2.COLOR_BGR2GRAY)
    grey = cv2.resize(grey, (_LOOK, _LOOK), interpolation=cv2.INTER_AREA)
    detail = float(cv2.Laplacian(grey, cv2.CV_32F).var())
    return float(detail / (detail + _SHARP))


def frontality(detection: Detection, video: VideoStream) -> float:
    """0 in profile, 0.5 where that is not known, 1 where the nose is midway between eyes that are as far apart as in a
    face from the front."""
    if detection.landmarks is None:
        return _UNKNOWN_POSE
    points: Floats = coordinates.upright_points(np.array([detection.landmarks]), video).reshape(5, 2)
    x1, _, x2, _ = coordinates.upright_boxes(np.array([detection.box]), video)[0].tolist()
    right, left, nose = points[0], points[1], points[2]
    apart = float(np.hypot(*(left - right)))
    if apart < 1e-6 or x2 <= x1:
        return 0.0
    along = float((nose - right) @ (left - right)) / apart**2  # 0 at the right eye, 1 at the left
    centred = max(0.0, 1 - 2 * abs(along - 0.5))
    return float(centred * min(1.0, apart / (x2 - x1) / 0.4))
