"""`redactor estimate`: what a job would take and cost on AWS, from the video's header alone."""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from rich.console import Console

from redactor import measured, prices
from redactor.cli.wishes import WrongUsage
from redactor.costs import Estimate, Footage, StepCost, kept
from redactor.errors import RedactorError
from redactor.plan import survey
from redactor.preset import Preset

# A figure that nobody measured is not made up.
UNKNOWN = "not measured"
_UNPRICED = "of the GPUs that ECS starts none was measured"
_NOTE = (
    f"List prices of {prices.REGION}, {prices.DATE}, without free tiers. Seconds are those paid for: a frame as "
    f"measured on {measured.DATE} ({measured.MACHINE}), waits and cold starts as assumed."
)


def footage(video: Path, preset: Preset) -> Footage:
    """Raises WrongUsage where it is no video that Plan would take, or its header does not say how long it is."""
    size = video.stat().st_size
    try:
        with video.open("rb") as file:
            streams, segments, _ = survey(file, size, preset)
    except RedactorError as error:
        raise WrongUsage(f"{video.name}: {error.code}: {error.message}") from error
    stream = streams.video
    frames = stream.expected_frames or round((stream.duration or 0) * stream.time_base * stream.rate)
    if not frames:
        raise WrongUsage(f"{video.name}: the header does not say how long the video is")
    return Footage.of(stream.width * stream.height, frames, len(segments), size)


def show(name: str, filmed: Footage, told: Sequence[Estimate], console: Console) -> None:
    """A row for each step, a pair of columns for each way to compute, under each other whatever the width."""
    console.print(f"{name}: {filmed.frames} frames of {filmed.pixels} pixels in {filmed.segments} segments")
    rows = list(_rows(told))
    wide = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(wide[0]), *(cell.rjust(width) for cell, width in zip(row[1:], wide[1:], strict=True))]
        console.print("  ".join(cells).rstrip(), markup=False)
    for one in told:
        if late := [name for name, cost in one.steps.items() if cost and cost.outlasts]:
            console.print(f"{one.compute}: too long for one function: {', '.join(late)}", markup=False)
    if any(one.steps.get("detect", ...) is None for one in told):
        taken = _time(filmed.frames * measured.on_gpu(filmed.pixels))
        console.print(f"gpu: detect would take {taken} s in one task, as on {measured.GPU}; {_UNPRICED}", markup=False)
    for what, dollars in kept(filmed).items():
        console.print(f"{what}: $ {_money(dollars)}", markup=False)
    console.print(_NOTE, markup=False)


def _rows(told: Sequence[Estimate]) -> Iterator[list[str]]:
    yield ["step", "calls", *chain.from_iterable((f"{one.compute} s", "$") for one in told)]
    for step in told[0].steps:
        costs = [one.steps[step] for one in told]
        calls = max(cost.calls for cost in costs if cost) if any(costs) else 0
        yield [step, str(calls or ""), *chain.from_iterable(map(_cells, costs))]
    for what in told[0].other:
        yield [what, "", *chain.from_iterable(("", _money(one.other[what])) for one in told)]
    yield ["all", "", *chain.from_iterable((_time(one.seconds), _money(one.dollars)) for one in told)]
    yield ["by the clock", "", *chain.from_iterable((_time(one.elapsed), "") for one in told)]


def _cells(cost: StepCost | None) -> tuple[str, str]:
    return (UNKNOWN, UNKNOWN) if cost is None else (_time(cost.seconds), _money(cost.dollars))


def _time(seconds: float | None) -> str:
    return UNKNOWN if seconds is None else f"{seconds:.1f}"


def _money(dollars: float | None) -> str:
    return UNKNOWN if dollars is None else f"{dollars:.5f}"
