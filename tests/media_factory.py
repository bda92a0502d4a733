"""Synthetic clips for tests, made with PyAV: any codec and container, exact timestamps, moving content, a real face.

clip = make_clip(tmp_path / "a.mp4", frames=48, bframes=2, start=1000)
clip.pts                 # what a player must show, in ticks of clip.time_base
face = face_clip(tmp_path / "f.mp4", frames=30)
face.boxes[7]            # the tight face of frame 7, or None where nobody is in the picture
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, partial
from math import pi, sin
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.data import astronaut

Image = NDArray[np.uint8]
Box = tuple[float, float, float, float]

AUDIO_RATE = 48000
# In skimage.data.astronaut(): the portrait we cut out, and the tight face in it, [x1, y1, x2, y2).
PORTRAIT = (110, 0, 340, 240)
FACE = (178, 62, 269, 177)


@dataclass(frozen=True)
class Clip:
    """A file and its truth. pts: presentation timestamps in ticks of time_base, rising, one a frame.

    Containers with a clock of their own (ms in mkv, 90 kHz in ts) give back rounded or rescaled timestamps.
    """

    path: Path
    time_base: Fraction
    pts: tuple[int, ...]


@dataclass(frozen=True)
class FaceClip:
    """boxes: for each frame the tight face, pixels, [x1, y1, x2, y2) half-open, or None where the person is away."""

    clip: Clip
    boxes: tuple[Box | None, ...]

    @property
    def path(self) -> Path:
        return self.clip.path


def make_clip(
    path: Path,
    *,
    frames: int = 48,
    width: int = 128,
    height: int = 96,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    rate: Fraction | int = 24,
    ticks: int | None = None,
    start: int = 0,
    steps: Sequence[int] = (),
    gop: int = 12,
    bframes: int = 2,
    codec_options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    audio: str | Sequence[str] = (),
    audio_start: int = 0,
    audio_samples: int | None = None,
    rotation: int = 0,
    sample_aspect: Fraction | None = None,
    color: dict[str, int] | None = None,
    metadata: dict[str, str] | None = None,
    languages: Sequence[str] = (),
    second_video: bool = False,
    subtitles: bool = False,
    picture: Callable[[int], Image] | None = None,
    coded: Callable[[Image], av.VideoFrame] | None = None,
) -> Clip:
    """Write a clip; the container follows from the suffix.

    rate, ticks: frames a second and ticks a frame, so time_base = 1/(rate*ticks); by default 512, or 1 where container
    or codec count frames (AVI, MPEG-1/2). start: pts of the first frame.
    steps: ticks from one frame to the next, used in turn (variable frame rate); default: always `ticks`.
    codec_options: for the encoder ("x264-params": "open-gop=1"). audio: encoder names, one a track, a sine each.
    audio_start: pts of the first audio sample, in samples. rotation: degrees clockwise that a player turns it.
    color: attributes of the encoder (color_range, color_primaries, color_trc, colorspace).
    picture: frame number -> BGR, height x width x 3; default `moving(width, height)`. coded: what makes such a picture
    a frame of pix_fmt; default: swscale.
    """
    tracks = (audio,) if isinstance(audio, str) else tuple(audio)
    ticks = ticks or (1 if path.suffix == ".avi" or codec.startswith("mpeg") else 512)
    time_base = 1 / (Fraction(rate) * ticks)
    pts = _timestamps(frames, start, tuple(steps) or (ticks,))
    options = {**_clock(path, time_base), **(container_options or {})}
    coded_frames = partial(_frames, picture or moving(width, height), coded or partial(_coded, pix_fmt), pts, time_base)
    how = _Coding(codec, width, height, pix_fmt, Fraction(rate), time_base, gop, bframes, codec_options or {})
    with av.open(str(path), "w", container_options=options) as out:
        out.metadata.update(metadata or {})
        video = _video_stream(out, how)
        video.codec_context.sample_aspect_ratio = sample_aspect or Fraction(1)
        for name, value in (color or {}).items():
            setattr(video.codec_context, name, value)
        if rotation:
            video.set_display_rotation(-rotation)
        extra = _video_stream(out, replace(how, bframes=0, options={})) if second_video else None
        sounds = [_audio_stream(out, name, n, languages) for n, name in enumerate(tracks)]
        words = out.add_mux_stream("mov_text") if subtitles else None
        out.start_encoding()
        if words is not None:
            _mux_words(out, words)
        samples = audio_samples or int(frames / Fraction(rate) * AUDIO_RATE)
        _interleave(
            out,
            [
                *[_encoded(s, _sine(s, n, audio_start, samples)) for n, s in enumerate(sounds)],
                _encoded(video, coded_frames(color or {})),
                *([_encoded(extra, coded_frames({}))] if extra else []),
            ],
        )
    return Clip(path, time_base, pts)


def face_clip(
    path: Path,
    *,
    frames: int = 30,
    width: int = 320,
    height: int = 240,
    face_height: int = 80,
    away: Sequence[int] = (),
    faces: int = 1,
    **how: Any,
) -> FaceClip:
    """A clip of a real face (public-domain portrait of scikit-image) moving from side to side over a quiet background.

    face_height: pixels, of the tight face. away: frame numbers without the person. faces: 1, or 2 side by side (the
    second one mirrored; `boxes` tells of the first). how: as for `make_clip`.
    """
    picture, box = face_pictures(width=width, height=height, face_height=face_height, away=away, faces=faces)
    clip = make_clip(path, frames=frames, width=width, height=height, picture=picture, **how)
    return FaceClip(clip, tuple(box(n) for n in range(frames)))


def face_pictures(
    *, width: int, height: int, face_height: int, away: Sequence[int] = (), faces: int = 1, period: int = 60
) -> tuple[Callable[[int], Image], Callable[[int], Box | None]]:
    """Picture and tight face by frame number, as `face_clip` says. period: frames for the way there and back."""
    portrait, (x1, y1, x2, y2) = _portrait(face_height)
    lane = width // faces

    def corner(n: int) -> tuple[int, int]:
        swing = 0.5 + 0.5 * sin(2 * pi * n / period - pi / 2)
        return round((lane - portrait.shape[1]) * swing), (height - portrait.shape[0]) // 2

    def picture(n: int) -> Image:
        image = _background(width, height).copy()
        if n not in away:
            x, y = corner(n)
            for k in range(faces):
                _paste(image, portrait[:, :: 1 - 2 * k], k * lane + x, y)
        return image

    def box(n: int) -> Box | None:
        x, y = corner(n)
        return None if n in away else (x + x1, y + y1, x + x2, y + y2)

    return picture, box


def moving(width: int, height: int) -> Callable[[int], Image]:
    """Frame number -> a picture unlike that of any other number: a sliding texture and a bright square on its way."""
    noise = np.random.default_rng(7).integers(0, 256, (24, 32, 3), np.uint8)
    texture = np.asarray(cv2.resize(noise, (width, height)), np.uint8)

    def picture(n: int) -> Image:
        image = np.roll(texture, (n * 2, n * 3), axis=(0, 1))
        x, y = n * 5 % max(1, width - 16), n * 3 % max(1, height - 16)
        image[y : y + 16, x : x + 16] = (n * 37 % 256, 255 - n * 11 % 256, 200)
        return image

    return picture


def _timestamps(frames: int, start: int, steps: Sequence[int]) -> tuple[int, ...]:
    pts = [start]
    for n in range(frames - 1):
        pts.append(pts[-1] + steps[n % len(steps)])
    return tuple(pts)


def _clock(path: Path, time_base: Fraction) -> dict[str, str]:
    """MP4 keeps every tick only where both of its clocks count them."""
    if path.suffix not in {".mp4", ".mov", ".m4v"}:
        return {}
    clock = str(time_base.denominator)
    return {"video_track_timescale": clock, "movie_timescale": clock}


@dataclass(frozen=True)
class _Coding:
    codec: str
    width: int
    height: int
    pix_fmt: str
    rate: Fraction
    time_base: Fraction
    gop: int
    bframes: int
    options: dict[str, str]


def _video_stream(out: Any, how: _Coding) -> Any:
    stream = out.add_stream(how.codec, rate=how.rate, options=how.options)
    context = stream.codec_context
    context.width, context.height, context.pix_fmt = how.width, how.height, how.pix_fmt
    context.time_base = stream.time_base = how.time_base
    context.gop_size, context.max_b_frames = how.gop, how.bframes
    context.thread_count = 1
    return stream


def _audio_stream(out: Any, codec: str, n: int, languages: Sequence[str]) -> Any:
    stream = out.add_stream(codec, rate=AUDIO_RATE, layout="stereo")
    if n < len(languages):
        stream.metadata["language"] = languages[n]
    return stream


def _frames(
    picture: Callable[[int], Image],
    coded: Callable[[Image], av.VideoFrame],
    pts: Sequence[int],
    time_base: Fraction,
    color: dict[str, int],
) -> Iterator[Any]:
    for n, when in enumerate(pts):
        frame = coded(picture(n))
        for name, value in color.items():
            setattr(frame, name, value)
        frame.pts, frame.time_base = when, time_base
        yield frame


def _coded(pix_fmt: str, image: Image) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(image, format="bgr24").reformat(format=pix_fmt)


def _sine(stream: Any, n: int, start: int, samples: int) -> Iterator[Any]:
    context = stream.codec_context
    block = context.frame_size or 1024
    for at in range(0, samples, block):
        when = np.arange(at, min(at + block, samples))
        wave = (0.3 * np.sin(2 * pi * (440 + 220 * n) * when / AUDIO_RATE)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(np.stack([wave, wave]), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = AUDIO_RATE, start + at, Fraction(1, AUDIO_RATE)
        yield from av.AudioResampler(context.format, context.layout, AUDIO_RATE).resample(frame)


def _encoded(stream: Any, frames: Iterator[Any]) -> Iterator[Any]:
    for frame in frames:
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _interleave(out: Any, sources: Sequence[Iterator[Any]]) -> None:
    """Packets of all streams by decoding time, as real muxers write them."""
    heads = {k: packet for k, source in enumerate(sources) if (packet := next(source, None))}
    while heads:
        k = min(heads, key=lambda n: heads[n].dts * heads[n].time_base)
        out.mux(heads.pop(k))
        if (packet := next(sources[k], None)) is not None:
            heads[k] = packet


def _mux_words(out: Any, stream: Any) -> None:
    packet = av.Packet(b"\x00\x05hello")
    packet.stream, packet.pts, packet.dts, packet.duration = stream, 0, 0, 1000
    packet.time_base = Fraction(1, 1000)
    out.mux(packet)


@cache
def _portrait(face_height: int) -> tuple[Image, Box]:
    left, top, right, bottom = PORTRAIT
    scale = face_height / (FACE[3] - FACE[1])
    image = np.ascontiguousarray(astronaut()[top:bottom, left:right, ::-1])
    size = (round((right - left) * scale), round((bottom - top) * scale))
    x1, x2 = ((x - left) * size[0] / (right - left) for x in (FACE[0], FACE[2]))
    y1, y2 = ((y - top) * size[1] / (bottom - top) for y in (FACE[1], FACE[3]))
    scaled = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return np.asarray(scaled, np.uint8), (x1, y1, x2, y2)


@cache
def _background(width: int, height: int) -> Image:
    ramp = np.linspace(90, 150, width, dtype=np.float32)[None, :, None] + np.linspace(-20, 20, height)[:, None, None]
    return np.repeat(ramp, 3, axis=2).astype(np.uint8)


def _paste(image: Image, patch: Image, x: int, y: int) -> None:
    """Put the patch at (x, y), cut off where it leaves the picture."""
    height, width = image.shape[:2]
    x1, y1 = max(0, x), max(0, y)
    x2, y2 = min(width, x + patch.shape[1]), min(height, y + patch.shape[0])
    if x1 < x2 and y1 < y2:
        image[y1:y2, x1:x2] = patch[y1 - y : y2 - y, x1 - x : x2 - x]
