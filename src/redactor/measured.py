"""What the steps were measured to cost, and what of AWS is assumed because it cannot be measured without an account."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass

DATE = "2026-11-26"
COMMAND = "python -m benchmarks.costs aws_bezos_vogels.mp4 --seconds 9 --times 3"
MACHINE = "two vCPUs of an AMD EPYC server"

# Step -> pixels of a frame -> (CPU milliseconds a frame, wall milliseconds on two vCPUs). The clip has 30 frames a
# second, two people in most of them and is embedded; other sizes than 720 lines are the same scaled. Those of 720 and
# 1080 lines are medians of three runs of 9 s in minutes in which neighbours did not slow the machine down (then all
# takes half as long again); those of 2160 of two runs of 3 s just after them, in which they may have; those of 360 are
# older, as all later runs fell into slow minutes (12.9 to 15.1 for detect).
FRAME: Mapping[str, Mapping[int, tuple[float, float]]] = {
    "detect": {230_400: (11.7, 10.9), 921_600: (25.9, 25.9), 2_073_600: (36.8, 36.8), 8_294_400: (298.3, 296.7)},
    "redact": {230_400: (7.9, 5.8), 921_600: (19.5, 16.1), 2_073_600: (35.1, 26.5), 8_294_400: (155.7, 109.7)},
    # Five people in view and fifteen looks a second, documents included: what these take depends on faces, not on
    # pixels. Merge an hour (benchmarks.merge --every 2; of ten minutes .071), select ten minutes.
    "merge": {921_600: (0.079, 0.079)},
    "select": {921_600: (0.019, 0.019)},
}
# Detect on a GPU likewise (python -m benchmarks.gpu). None that ECS would start was to be had, so it has no price.
GPU = "an H200 beside four cores"
ON_GPU: Mapping[int, tuple[float, float]] = {921_600: (7.1, 7.1), 2_073_600: (10.6, 10.6)}
# CPU milliseconds a frame, a megabyte read and a part opened: packets are passed on, whatever they show. Verify hashes
# what it reads twice, as packets and as the file; Prove first as packets, and then goes on with the file's hash, which
# HANDED counts. The last is what the short clip leaves of join beside the first two.
PACKETS: Mapping[str, tuple[float, float, float]] = {
    "join": (0.019, 1.73, 15.0),
    "prove": (0.008, 3.27, 0.0),
    "verify": (0.01, 3.29, 0.0),
}
HANDED = 0.65
# Seconds of one vCPU for a call and for each frame that Plan tries to start from (benchmarks.plan: 720 of an MP4 take
# .4 s; of codecs whose key frames must be decoded for that, much longer) or each machine that Warm asks for: a thousand
# calls, 32 under way at a time, of a server that answers after 20 ms.
FIXED: Mapping[str, tuple[float, float]] = {
    "accept": (0.2, 0.0),
    "plan": (0.07, 0.0005),
    "publish": (0.2, 0.0),
    "warm": (0.05, 0.0022),
}
# CPU seconds of a request, its bytes apart: of a thousand small ones, 64 under way at a time (store/quick.py).
REQUEST = 0.0011
# Of a range whose address was signed before (store/ranges.py).
RANGE = 0.0008
# Seconds of one vCPU before the first frame: the libraries, and in Detect the models.
START: Mapping[str, float] = {"zip": 0.4, "image": 0.7, "detect": 1.0}
# Bytes of output for a byte of source: 1.1 where that has 1.1 Mbit/s, 0.6 where it was encoded at crf 16.
OUTPUT = 1.0


@dataclass(frozen=True)
class Assumed:
    """A figure of AWS that was not measured here. why: where it is from."""

    value: float
    unit: str
    why: str


ASSUMED: Mapping[str, Assumed] = {
    "read": Assumed(0.03, "s to the first byte of an object", "usual in one region; S3's own guide says 0.1 to 0.2"),
    "write": Assumed(0.05, "s for a small object", "usual in one region; S3's own guide says 0.1 to 0.2"),
    "stream": Assumed(
        75e6,
        "bytes/s between S3 and one function, each way, over however many connections",
        "600 Mbit/s: published measurements of Lambda say 400 to 700",
    ),
    "copy": Assumed(250e6, "bytes/s that S3 copies in one request", "a guess"),
    "image": Assumed(3.0, "s to start a function of an image, libraries apart", "published cold starts, 2 to 5 s"),
    "package": Assumed(0.3, "s to start a zip function, libraries apart", "published cold starts, 0.2 to 0.5 s"),
    "event": Assumed(
        0.8,
        "s from a written object to the function that its event calls",
        "EventBridge: published, 0.1 to 0.5 s; S3 before it: a guess, as its guide says seconds, sometimes a minute",
    ),
    "replaced": Assumed(7200.0, "s until Lambda replaces a machine that is in use", "published, about two hours"),
    "kept": Assumed(300.0, "s that a function's machine stays without work", "published, 5 to 15 minutes and more"),
    "task": Assumed(35.0, "s until a Fargate task runs; the image's download is paid", "published, 30 to 60 s"),
    "transition": Assumed(0.1, "s from one state to the next", "a guess"),
    "child": Assumed(300.0, "children a second that Maps start", "StartExecution's quota in us-east-1, its refill"),
    "children": Assumed(
        1300.0, "children that Maps start at once", "that quota's bucket; AWS does not say that Maps are held to it"
    ),
}


def per_frame(step: str, pixels: float) -> tuple[float, float]:
    """(CPU seconds, wall seconds on two vCPUs) of one frame."""
    return _between(FRAME[step], pixels)


def on_gpu(pixels: float) -> float:
    """Seconds in which Detect looks at one frame."""
    return _between(ON_GPU, pixels)[1]


def _between(rows: Mapping[int, tuple[float, float]], pixels: float) -> tuple[float, float]:
    """Between two measured sizes on a line, above the largest in proportion to it, below the smallest as that."""
    sizes = sorted(rows)
    if len(sizes) == 1:
        return _seconds(rows[sizes[0]])
    at = bisect_left(sizes, pixels)
    if at == 0:
        return _seconds(rows[sizes[0]])
    if at == len(sizes):
        return _seconds(rows[sizes[-1]], pixels / sizes[-1])
    low, high = sizes[at - 1], sizes[at]
    part = (pixels - low) / (high - low)
    (a, b), (c, d) = rows[low], rows[high]
    return _seconds((a + part * (c - a), b + part * (d - b)))


def _seconds(row: tuple[float, float], times: float = 1.0) -> tuple[float, float]:
    return row[0] * times / 1000, row[1] * times / 1000


def assumed(name: str) -> float:
    return ASSUMED[name].value
