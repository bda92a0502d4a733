"""A made-up long video, as Detect leaves it under work/<job>/: people who walk through shots, leave and come back.

Seeded: every run makes the same documents. The rules that choose portraits and faces to embed are Detect's own.
"""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from redactor.crops import Crop, survivors
from redactor.detect import Found, SegmentDetections
from redactor.detectors.detection import Detection, FrameRecord
from redactor.detectors.faces import Floats, Picture
from redactor.identity.resnet import SIZE
from redactor.identity.sampling import Template, wanted
from redactor.media.encode import Encoder
from redactor.media.forms import form_of
from redactor.media.streams import Key, Segment, Streams, VideoStream
from redactor.places import estimated
from redactor.plan import Plan
from redactor.scenes import signature
from redactor.sightings import Sightings

RATE, TICKS = 30, 512
TIME_BASE = Fraction(1, RATE * TICKS)
WIDTH, HEIGHT = 1280, 720
_SEGMENT = 10 * RATE  # frames
_CAST = 40
# Of the people in a shot, so many are clear enough to be embedded.
_CLEAR = 2
# Embeddings of two people lie 0.9 apart, two of one person 0.25: as dlib's.
_APART, _WITHIN = 0.056, 0.0156
_JPEG = (3000, 9000)  # bytes of a portrait
_FALSE, _DOUBLE, _MISSED = 0.1, 0.02, 0.03  # a frame; a detection; a detection
_FALSE_ONE, _DOUBLE_ONE = -1, -2  # in place of a person's number


@dataclass(frozen=True)
class _Walk:
    """One person through one shot. seen: (n,) bool; tight: (n, 4) pixels; score, quality: (n,)."""

    person: int
    seen: npt.NDArray[np.bool_]
    tight: Floats
    score: Floats
    quality: Floats


@dataclass(frozen=True)
class _Face:
    """A detection and whose it is."""

    detection: Detection
    person: int


def plan(frames: int) -> Plan:
    video = VideoStream(
        index=0,
        codec="h264",
        width=WIDTH,
        height=HEIGHT,
        pix_fmt="yuv420p",
        time_base=TIME_BASE,
        rate=Fraction(RATE),
        rotation=0,
        sample_aspect=Fraction(1),
        interlaced=False,
        color_range=1,
        color_primaries=1,
        color_trc=1,
        colorspace=1,
        start=0,
        duration=frames * TICKS,
        expected_frames=frames,
    )
    estimate = estimated(video, video.duration, networks=1, embeds=True)
    streams, identity = Streams("mov", video, (), (), ()), {"embedding": "made up"}
    return Plan(streams, "0" * 64, {}, identity, form_of(video), Encoder(), estimate, ())


def segments(frames: int) -> list[Segment]:
    edges = [*range(0, frames, _SEGMENT), frames]
    return [
        Segment(n, start * TICKS if n else None, end * TICKS if end < frames else None, _key(start))
        for n, (start, end) in enumerate(pairwise(edges))
    ]


def _key(start: int) -> Key | None:
    return Key(start * TICKS, start * TICKS) if start else None


def found(frames: int, faces: int, seed: int = 0, every: int = 1) -> Iterator[Found]:
    """What Detect finds in each segment. faces: people in each shot. every: one frame in so many is looked at."""
    rng = np.random.default_rng(seed)
    people = rng.normal(0, _APART, (_CAST, SIZE))
    listed: list[tuple[FrameRecord, list[int]]] = []
    n = 0
    for at, (record, whose) in enumerate(_frames(frames, faces, rng)):
        listed.append((replace(record, detections=None), []) if at % every else (record, whose))
        if len(listed) == _SEGMENT:
            yield _segment(n, listed, people, rng)
            listed, n = [], n + 1
    if listed:
        yield _segment(n, listed, people, rng)


def _frames(count: int, faces: int, rng: np.random.Generator) -> Iterator[tuple[FrameRecord, list[int]]]:
    """Every frame, and who each of its detections is."""
    first = 0
    while first < count:
        length = min(int(rng.integers(4 * RATE, 40 * RATE)), count - first)
        walks = [_walk(who, n, faces, length, rng) for n, who in enumerate(rng.permutation(_CAST)[:faces].tolist())]
        for n, mark in enumerate(_signatures(length, rng)):
            seen = _seen(walks, n, rng)
            pts = (first + n) * TICKS
            yield FrameRecord(pts, TICKS, mark, tuple(one.detection for one in seen)), [one.person for one in seen]
        first += length


def _walk(person: int, place: int, places: int, length: int, rng: np.random.Generator) -> _Walk:
    """Sways around a place of their own; now and then something hides them for a while."""
    at, clear = np.arange(length) / RATE, place < _CLEAR
    room = WIDTH / places
    x = room * (place + 0.5 + 0.25 * np.sin(at * rng.uniform(0.2, 1.2) + rng.uniform(0, 6)))
    y = HEIGHT * (0.45 + 0.2 * np.sin(at * rng.uniform(0.1, 0.8) + rng.uniform(0, 6)))
    size = rng.uniform(0.2, 0.4) * room * (1 + 0.1 * np.sin(at * rng.uniform(0.1, 0.5)))
    tight = np.stack([x - size / 2, y - size * 0.6, x + size / 2, y + size * 0.6], axis=1)
    tight += rng.normal(0, 0.012, (length, 4)) * size[:, None]
    seen = rng.random(length) > _MISSED
    for start in np.flatnonzero(rng.random(length) < 1 / (25 * RATE)).tolist():
        seen[start : start + int(rng.uniform(0.2, 3) * RATE)] = False
    return _Walk(
        person,
        seen,
        np.round(tight * 64) / 64,
        np.round((0.92 if clear else 0.7) + rng.normal(0, 0.02 if clear else 0.07, length), 4).clip(0.2, 0.9999),
        np.round((0.45 if clear else 0.1) + rng.normal(0, 0.03, length), 4).clip(0.01),
    )


def _seen(walks: list[_Walk], n: int, rng: np.random.Generator) -> list[_Face]:
    """The best first, as detectors list them."""
    faces = [_face(walk.tight[n], walk.score[n], walk.quality[n], walk.person) for walk in walks if walk.seen[n]]
    for one in [face for face in faces if rng.random() < _DOUBLE]:
        shifted = np.array(one.detection.box) + np.tile(rng.uniform(-0.1, 0.1, 2), 2) * 60
        faces.append(_face(shifted, one.detection.score * 0.6, 0.05, _DOUBLE_ONE))
    if rng.random() < _FALSE:
        x, y, size = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(24, 120)
        faces.append(_face(np.array([x, y, x + size, y + size]), rng.uniform(0.25, 0.55), 0.03, _FALSE_ONE))
    return sorted(faces, key=lambda face: -face.detection.score)


def _face(box: Floats, score: float, quality: float, person: int) -> _Face:
    x1, y1, x2, y2 = (np.round(box * 64) / 64).tolist()
    return _Face(Detection((x1, y1, x2, y2), round(float(score), 4), round(float(quality), 4)), person)


def _signatures(length: int, rng: np.random.Generator) -> Iterator[bytes]:
    """Of one shot with some noise; in every third one the camera pans."""
    wide = np.kron(rng.integers(0, 256, (9, 40, 3)), np.ones((4, 4, 1), np.int64))
    pans = rng.random() < 1 / 3
    for n in range(length):
        left = int((48 + 40 * np.sin(n / 200)) if pans else 48)
        picture: Picture = (wide[:, left : left + 64] + rng.integers(-3, 4, (36, 64, 1))).clip(0, 255).astype(np.uint8)
        yield signature(picture)


def _segment(n: int, frames: list[tuple[FrameRecord, list[int]]], people: Floats, rng: np.random.Generator) -> Found:
    """Chooses portraits and faces to embed as Detect does, out of all detections of the segment."""
    records = tuple(record for record, _ in frames)
    who = {(record.pts, position): one for record, whose in frames for position, one in enumerate(whose)}
    seen = Sightings.of(records)
    crops = survivors(_candidates(records, who), seen, TIME_BASE)
    pictured = tuple(replace(crop, portrait=b64encode(rng.bytes(int(rng.integers(*_JPEG)))).decode()) for crop in crops)
    made = ((key, people[who[key]] + rng.normal(0, _WITHIN, SIZE)) for key in wanted(seen, TIME_BASE))
    templates = tuple(Template(*key, b64encode(one.astype("<f4").tobytes()).decode()) for key, one in made)
    return Found(SegmentDetections(n, seen, pictured, 24.0), templates)


def _candidates(records: tuple[FrameRecord, ...], who: dict[tuple[int, int], int]) -> Iterator[Crop]:
    """Enough crops for the rule to find all that it keeps: of each person the best of every half second."""
    best: dict[tuple[int, int], Crop] = {}
    for record in records:
        for position, one in enumerate(record.detections or ()):
            person, crop = who[record.pts, position], Crop(record.pts, position, one.box, one.quality)
            if person < 0:
                yield crop
                continue
            cell = (person, 2 * record.pts * TIME_BASE // 1)
            if cell not in best or best[cell].quality < crop.quality:
                best[cell] = crop
    yield from best.values()
