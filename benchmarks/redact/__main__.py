"""python -m benchmarks.redact FOLDER [--seconds 8] [--memory]: what Redact costs, and what it leaves of the picture.

FOLDER: with aws_bezos_vogels.mp4 in it, or any one video: its first seconds, 720 lines high, and made 1080 lines
high. Needs ffmpeg. Four tables: CPU against a plain transcode by ffmpeg with the same x264 settings and threads, the
second look at the part apart, medians of five turns; what each blur type costs; PSNR, SSIM and VMAF outside the
boxes, and size, for ours and for ffmpeg's; peak memory of a worker by the length of its segment (--memory: at 1080
and 2160 lines).
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import av
import numpy as np

from benchmarks.redact.quality import quality
from benchmarks.redact.vmaf import vmaf
from benchmarks.redact.worker import PRESET, Spent, rects
from redactor.annotations import Face
from redactor.blurs import obscure
from redactor.media.encode import options
from redactor.media.source import DECODER_THREADS
from redactor.plan import plan
from redactor.preset import BlurType

BUILD = Path("build") / "benchmarks" / "redact"
_LINES = (720, 1080)
_TURNS = 5
_MEMORY = {1080: ((2, 10, 30), 500), 2160: ((2, 8), 1500)}  # lines -> seconds, MB allowed
_SIDES = (100, 200, 400)
_FFMPEG = ["ffmpeg", "-nostdin", "-v", "error", "-y"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--memory", action="store_true")
    given = parser.parse_args()
    video = next(iter(sorted(given.folder.glob("*bezos*.mp4")) or sorted(given.folder.glob("*.mp4"))))
    BUILD.mkdir(parents=True, exist_ok=True)
    if given.memory:
        _memory(video)
        return 0
    _speed([_clip(video, lines, given.seconds) for lines in _LINES])
    _blurs()
    return 0


def _speed(clips: Sequence[Path]) -> None:
    print("| clip | frames | ffmpeg, ms a frame | redact, ms a frame | ratio (1.15) | second look, ms a frame |")
    print("|---|---|---|---|---|---|")
    looks = []
    for clip in clips:
        theirs, part = BUILD / f"{clip.stem}.ffmpeg.mp4", BUILD / f"{clip.stem}.part.mp4"
        turns = [(_transcoded(clip, theirs), _redacted(clip, part)) for _ in range(_TURNS)]
        frames, ratio = turns[0][1].frames, median(ours.redact / plain for plain, ours in turns)
        costs = [(plain, ours.redact, ours.recheck) for plain, ours in turns]
        cells = [f"{1000 * median(cost) / frames:.1f}" for cost in zip(*costs, strict=True)]
        print(f"| {clip.stem} | {frames} | {cells[0]} | {cells[1]} | {ratio:.2f} | {cells[2]} |", flush=True)
        looks += [(clip, "redact", part), (clip, "ffmpeg", theirs)]
    print("\n| clip | by | PSNR outside, dB | SSIM outside | VMAF outside | size |\n|---|---|---|---|---|---|")
    for clip, who, made in looks:
        hidden = rects(*_size(clip))
        found, seen = quality(clip, made, hidden), vmaf(clip, made, hidden, BUILD / "vmaf")
        print(f"| {clip.stem} | {who} | {found.psnr:.2f} | {found.ssim:.4f} | {seen:.1f} | {found.size:.2f}x |")


def _transcoded(clip: Path, out: Path) -> float:
    """CPU seconds of ffmpeg with the settings of our encoder."""
    with clip.open("rb") as file:
        planned, _ = plan(file, clip.stat().st_size, PRESET)
    video, encoder = planned.streams.video, planned.encoder
    words = [word for name, value in options(video, planned.form, encoder).items() for word in (f"-{name}", value)]
    coding = [*words, "-g", str(round(video.rate * encoder.gop)), "-threads", str(encoder.threads)]
    decoding = ["-threads", str(DECODER_THREADS)]
    command = [*_FFMPEG, *decoding, "-i", str(clip), "-an", "-c:v", "libx264", *coding, str(out)]
    before = os.times()
    subprocess.run(command, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def _redacted(clip: Path, part: Path) -> Spent:
    command = [sys.executable, "-m", "benchmarks.redact.worker", str(clip), str(part)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Spent(**json.loads(done.stdout))


def _blurs() -> None:
    print("\n| blur | " + " | ".join(f"{side}x{side}, ms" for side in _SIDES) + " |\n|---|" + "---|" * len(_SIDES))
    rng = np.random.default_rng(1)
    planes = [rng.integers(16, 236, shape, np.uint8) for shape in ((1080, 1920), (540, 960), (540, 960))]
    for blur in BlurType:
        cells = [f"{_spent(lambda side=side, blur=blur: _hide(planes, side, blur)):.2f}" for side in _SIDES]  # type: ignore[misc]
        print(f"| {blur} | " + " | ".join(cells) + " |")


def _hide(planes: Sequence[np.ndarray], side: int, blur: BlurType) -> None:
    y, u, v = planes
    obscure((y, u, v), [Face(1, 0.3, 0.3, side / 1920, side / 1080)], blur)


def _spent(work: Callable[[], object], runs: int = 50) -> float:
    """CPU milliseconds, the median."""
    taken = []
    for _ in range(runs):
        begun = time.process_time()
        work()
        taken.append(1000 * (time.process_time() - begun))
    return median(taken)


def _memory(video: Path) -> None:
    print("| lines | segment, s | peak, MB | before the segment, MB | allowed, MB |\n|---|---|---|---|---|")
    for lines, (lengths, allowed) in _MEMORY.items():
        for seconds in lengths:
            spent = _redacted(_clip(video, lines, seconds), BUILD / "memory.mp4")
            print(f"| {lines} | {seconds} | {spent.peak:.0f} | {spent.before:.0f} | {allowed} |", flush=True)


def _clip(video: Path, lines: int, seconds: int) -> Path:
    """The video over and over for so many seconds, of so many lines, without sound."""
    out = BUILD / f"{lines}p-{seconds}s.mp4"
    if not out.is_file():
        size = ["-t", str(seconds), "-vf", f"scale=-2:{lines}"]
        coding = ["-an", "-c:v", "libx264", "-preset", "fast", "-crf", "16"]
        made = out.with_suffix(".making.mp4")
        subprocess.run([*_FFMPEG, "-stream_loop", "-1", "-i", str(video), *size, *coding, str(made)], check=True)
        made.rename(out)
    return out


def _size(clip: Path) -> tuple[int, int]:
    with av.open(str(clip)) as container:
        context = container.streams.video[0].codec_context
        return context.width, context.height


if __name__ == "__main__":
    sys.exit(main())
