"""python -m benchmarks.peer FOLDER [CLIP…]: deface and we on the same clips, in the same run, on this machine.

Each clip is done three times by both, in turn, for machines are now faster and now slower: medians, and the medians of
the ratios within a turn.

FOLDER: videos with foo.reference.json or foo.truth.json beside them. Each clip, and each of 720 lines scaled to 1080
too, is redacted by deface (CenterFace at 640x360, boxes drawn solid) and by `redactor run` (combined, Black). CPU
seconds are those of the whole process tree. What the embedded cloud costs without a video is shown apart, and not
counted again. Memory is that of the whole tree, and of one worker: all of deface, which is its decoder, network and
encoder in two processes; the largest process of ours, which does the same in one.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median

from benchmarks.clips import scaled
from benchmarks.ours import COMMAND
from benchmarks.peer import deface
from benchmarks.peer.tree import Cost, measured
from benchmarks.pixels import Leak, leak
from benchmarks.reference import Clip, clips

BUILD = Path("build") / "benchmarks"
_FROM, _TO = 720, 1080  # lines
_TURNS = 3
_COLUMNS = ("clip", "who", "CPU s", "wall s", "peak MB", "worker MB", "leak95 %", "leak70 %")


def main(arguments: list[str]) -> int:
    if not arguments or not Path(arguments[0]).is_dir():
        print(__doc__, file=sys.stderr)
        return 2
    command, only = deface.environment(BUILD / "deface"), arguments[1:]
    print(" ".join(f"{name:>11}" for name in _COLUMNS))
    start_up = _start_up()
    _print("(nothing)", "start-up", start_up, start_up.largest, None)
    for clip in clips(Path(arguments[0])):
        if not only or clip.video.stem in only:
            for one in _sizes(clip):
                _compare(one, command, start_up)
    return 0


def _sizes(clip: Clip) -> Iterator[Clip]:
    """The clip, and the same larger."""
    yield clip
    if clip.size[1] == _FROM:
        yield scaled(clip, BUILD / "peer" / f"{clip.video.stem}_{_TO}.mp4", _TO)


def _compare(clip: Clip, command: Path, start_up: Cost) -> None:
    name, folder = clip.video.stem, BUILD / "peer" / clip.video.stem
    options = ["run", "--blur-type", "Black", "--out", str(folder), str(clip.video)]
    turns = []
    for _ in range(_TURNS):
        theirs, whole = deface.run(command, clip.video, folder / "deface.mp4"), measured([*COMMAND, *options])
        turns.append((theirs, replace(whole, cpu=whole.cpu - start_up.cpu, wall=whole.wall - start_up.wall)))
    shown, seen = leak(clip, folder / "deface.mp4"), leak(clip, folder / f"{name}_redacted.mp4")
    theirs, ours = (Cost.median(one) for one in zip(*turns, strict=True))
    _print(name, "deface", theirs, theirs.peak, shown)
    _print(name, "redactor", ours, ours.largest, seen)
    parts = (("cpu", "cpu"), ("wall", "wall"), ("peak", "peak"), ("largest", "peak"))
    ratios = [median(getattr(us, of) / getattr(them, to) for them, us in turns) for of, to in parts]
    less = [f"{a / b:.2f}" if b else "-" for a, b in ((seen.leak95, shown.leak95), (seen.leak70, shown.leak70))]
    print(" ".join(f"{cell:>11}" for cell in (name[-11:], "ratio", *(f"{ratio:.2f}" for ratio in ratios), *less)))


def _start_up() -> Cost:
    """The embedded cloud, up and down, with nothing to do."""
    program = "from localcloud.cloud import Cloud\nwith Cloud(): pass"
    return measured([sys.executable, "-c", program])


def _print(name: str, who: str, cost: Cost, worker: float, seen: Leak | None) -> None:
    numbers = [f"{cost.cpu:.1f}", f"{cost.wall:.1f}", f"{cost.peak:.0f}", f"{worker:.0f}"]
    leaks = [f"{100 * value:.2f}" for value in (seen.leak95, seen.leak70)] if seen else ["-", "-"]
    print(" ".join(f"{cell:>11}" for cell in (name[-11:], who, *numbers, *leaks)), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
