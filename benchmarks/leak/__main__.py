"""python -m benchmarks.leak FOLDER [CLIP…]: how well faces are hidden and people told apart, clip by clip.

FOLDER: videos with foo.reference.json or foo.truth.json beside them. Clips made out of others (all signers of
FOLDER/asl in one video, synth_dev on a 4K canvas) are measured where their parts are there. CLIP: only these.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks import clips as made
from benchmarks.annotated import Placed, boxes
from benchmarks.measures import hiding, naming
from benchmarks.ours import Analysis, analyse, redacted
from benchmarks.pixels import leak
from benchmarks.reference import Clip, clips, read

BUILD = Path("build") / "benchmarks"
# Name -> by how much the picture is shrunk: a third of a 4K picture wide as it is, a ninth when shrunk.
_CANVASES = {"synth_4k": 1, "synth_4k_third": 3}
_COLUMNS = (
    *("clip", "faces", "leak95", "leak70", "pixel95", "pixel70", "extra", "over", "area", "IDF1", "switches"),
    *("ids/person", "decode", "network", "embed", "rest", "merge s"),
)


def main(arguments: list[str]) -> int:
    if not arguments or not Path(arguments[0]).is_dir():
        print(__doc__, file=sys.stderr)
        return 2
    folder, only = Path(arguments[0]), arguments[1:]
    print("leak, over: % (pixel: of the pixels of the video filled with Black); CPU: ms a frame by part")
    print(" ".join(f"{name:>10}" for name in _COLUMNS))
    for clip in _clips(folder, only):
        print(" ".join(f"{cell:>10}" for cell in _row(clip)), flush=True)
    if (folder / "asl").is_dir() and (not only or "asl_joined" in only):
        _signers(folder / "asl")
    return 0


def _clips(folder: Path, only: list[str]) -> Iterator[Clip]:
    yield from (clip for clip in clips(folder) if not only or clip.video.stem in only)
    synth, truth = folder / "synth_dev.mp4", folder / "synth_dev.truth.json"
    for name, shrunk in _CANVASES.items():
        if synth.is_file() and (not only or name in only):
            video = BUILD / f"{name}.mp4"
            yield read(video, made.on_canvas(synth, truth, video, shrunk))


def _row(clip: Clip) -> list[str]:
    analysis = analyse(clip.video)
    found = boxes(analysis.merged.annotations)
    hidden, named = hiding(clip, found), naming(clip, found)
    shown = leak(clip, redacted(clip.video, analysis.merged.annotations, BUILD / clip.video.stem))
    return [
        clip.video.stem[-10:],
        str(hidden.faces),
        *(f"{100 * value:.2f}" for value in (hidden.leak95, hidden.leak70, shown.leak95, shown.leak70)),
        f"{hidden.extra:.2f}",
        f"{100 * hidden.over:.2f}",
        f"{hidden.area:.2f}x",
        *([f"{named.idf1:.4f}", str(named.switches), f"{named.ids:.2f}"] if named else ["-", "-", "-"]),
        *_costs(analysis),
    ]


def _costs(analysis: Analysis) -> list[str]:
    seconds = analysis.seconds
    return [*(f"{seconds.a_frame(p):.1f}" for p in ("decode", "network", "embedding", "rest")), f"{seconds.merge:.2f}"]


def _signers(folder: Path) -> None:
    """Which ids each signer has, in the order of their shots."""
    video = BUILD / "asl_joined.mp4"
    ranges = made.joined(folder, video)
    analysis = analyse(video)
    found = boxes(analysis.merged.annotations)
    print(f"asl_joined: {' '.join(_costs(analysis))}; {analysis.merged.told.faces} ids in all")
    for who, shots in sorted(ranges.items()):
        named = [_largest(found, first, end) for first, end in shots]
        bare = sum(not found[n] for first, end in shots for n in range(first, end))
        print(f"  signer {who}: ids {named} in {len(shots)} shots, {bare} frames without any box")


def _largest(found: Mapping[int, list[Placed]], first: int, end: int) -> int | None:
    """The id with the most frames in a range."""
    counts = Counter(one.id for n in range(first, end) for one in found[n])
    return counts.most_common(1)[0][0] if counts else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
