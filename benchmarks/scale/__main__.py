"""python -m benchmarks.scale [--seed 0] [--check VIDEO]: T(W), cost and queueing of jobs on AWS, simulated.

An hour of 1080p30 alone, for 1 to 1,000 segments at once and the segment length that is quickest for each; then a
hundred such hours, and a hundred clips of a minute, dropped at once. Calls take what benchmarks.costs measured
(src/redactor/measured.py); waits, cold starts and stragglers are assumed there and in account.py. What is not built is
named a what-if. --check runs a video on the embedded cloud with one worker, and the model of it beside.
"""

import argparse
import statistics
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from benchmarks.scale.check import check
from benchmarks.scale.design import AS_BUILT, COPY
from benchmarks.scale.flow import Outcome, World, simulate, undisturbed
from redactor.costs import Footage

# An hour of 1080p30 at 8 Mbit/s, in and out.
_SECONDS, _RATE, _PIXELS, _BYTES_A_SECOND = 3600, 30, 1920 * 1080, 1_000_000
LENGTHS = (2, 3, 4, 6, 10, 16, 20, 30, 60, 120, 300, 600)
_AT_ONCE = (1, 10, 100, 500, 1000)
TARGET_SECONDS, TARGET_DOLLARS = 60.0, 0.60
_SEEDS, _SLOWER = 9, 1.5


def footage(length: float, seconds: int = _SECONDS) -> Footage:
    """length: seconds of one segment."""
    size = seconds * _BYTES_A_SECOND
    return Footage(_PIXELS, seconds * _RATE, max(1, round(seconds / length)), size, size)


@cache
def best(world: World, seed: int) -> tuple[int, Outcome]:
    """The segment length that ends soonest, and how."""
    tried = [(length, simulate([footage(length)], world, seed)[0][0]) for length in LENGTHS]
    return min((one for one in tried if not one[1].failed), key=lambda one: one[1].took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--check", type=Path)
    given = parser.parse_args()
    if given.check:
        check(given.check)
        return
    tables(given.seed)


def tables(seed: int) -> None:
    """Prints all of them."""
    _hour(seed)
    _lengths(seed)
    _target(seed)
    _crowd(seed, "hours of 1080p30", footage(10), 1000)
    _crowd(seed, "minutes of 1080p30", footage(10, 60), 1000)


def _hour(seed: int) -> None:
    print("## One hour of 1080p30, T(W)\n")
    _head("segments at once", "join", "best segment s", "segments", "T s", "without stragglers s", "$")
    for at_once in _AT_ONCE:
        for design in (AS_BUILT, COPY):
            world = World(at_once, design=design)
            length, one = best(world, seed)
            filmed = footage(length)
            calm = simulate([filmed], undisturbed(world), seed)[0][0]
            print(
                f"| {at_once} | {design.name} | {length} | {filmed.segments} | {one.took:.0f} | {calm.took:.0f} | "
                f"{one.dollars:.2f} |"
            )
    print("\nBy step, at 100 and at 1,000 at once:\n")
    _head("at once", "join", *_steps())
    for at_once in (100, 1000):
        for design in (AS_BUILT, COPY):
            _, one = best(World(at_once, design=design), seed)
            print(f"| {at_once} | {design.name} | " + " | ".join(f"{s:.1f}" for s in one.elapsed.values()) + " |")


def _steps() -> Sequence[str]:
    return list(simulate([footage(60)], World(100), 0)[0][0].elapsed)


def _lengths(seed: int) -> None:
    print("\n## Length of a segment, 100 at once, as built\n")
    _head("segment s", "segments", "T s", "$")
    for length in LENGTHS:
        one = simulate([footage(length)], World(100), seed)[0][0]
        print(
            f"| {length} | {footage(length).segments} | {one.failed or format(one.took, '.0f')} | {one.dollars:.2f} |"
        )


def _target(seed: int) -> None:
    print(f"\n## {TARGET_SECONDS:.0f} s and $ {TARGET_DOLLARS:.2f} at 1,000 at once\n")
    head = ("best segment s", "T s, median", "least", "most", "without stragglers", "$", "holds")
    _head(f"design, {_SEEDS} seeds", *head)
    for what, world in worlds():
        length, _ = best(world, seed)
        outcomes = [simulate([footage(length)], world, seed + n)[0][0] for n in range(_SEEDS)]
        took, calm = sorted(one.took for one in outcomes), simulate([footage(length)], undisturbed(world), seed)[0][0]
        middle, dollars = statistics.median(took), statistics.median(one.dollars for one in outcomes)
        print(
            f"| {what} | {length} | {middle:.1f} | {took[0]:.1f} | {took[-1]:.1f} | {calm.took:.1f} | {dollars:.2f} | "
            f"{'yes' if holds(middle, dollars) else 'no'} |"
        )


def worlds() -> list[tuple[str, World]]:
    """What is built; the what-if; and that on machines as slow as this one in its slow minutes."""
    built, copied = (World(1000, design=design) for design in (AS_BUILT, COPY))
    slower = replace(copied, slower=_SLOWER)
    return [
        (AS_BUILT.name, built),
        (COPY.name, copied),
        (f"{COPY.name}, all computing {_SLOWER:g} times as long", slower),
    ]


def holds(seconds: float, dollars: float) -> bool:
    return seconds <= TARGET_SECONDS and dollars <= TARGET_DOLLARS


def _crowd(seed: int, what: str, filmed: Footage, limit: int) -> None:
    print(f"\n## A hundred {what} at once, {limit} functions at a time\n")
    _head(
        "segments at once", "failed", "first s", "median s", "last s", "$ a job", "throttled calls", "at work at most"
    )
    for at_once in (5, 10, 20, 100):
        outcomes, most = simulate([filmed] * 100, World(at_once, concurrency=limit), seed)
        done = sorted(one.took for one in outcomes if not one.failed)
        times = f"{done[0]:.0f} | {statistics.median(done):.0f} | {done[-1]:.0f}" if done else "- | - | -"
        cost = statistics.mean(one.dollars for one in outcomes)
        throttled = sum(one.used.throttled for one in outcomes)
        print(f"| {at_once} | {100 - len(done)} | {times} | {cost:.2f} | {throttled:,} | {most} |")


def _head(*names: str) -> None:
    print(f"| {' | '.join(names)} |\n|{'---|' * len(names)}")


if __name__ == "__main__":
    main()
