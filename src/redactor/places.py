"""Where each segment is worked on: in a function, in a container task on Fargate, or in one that has a GPU.

The same code runs in all of them, so this decides time and money and never the result. It stands in places.json, one
item a segment, which both Maps read; the plan beside it depends on video and preset alone.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from redactor.errors import InvalidPreset
from redactor.media.streams import Segment, VideoStream
from redactor.preset import Compute


class Place(StrEnum):
    """EITHER: in a function, and on Fargate where the function ran out of time or memory."""

    LAMBDA = "lambda"
    EITHER = "lambda or fargate"
    FARGATE = "fargate"
    GPU = "gpu"


# What a stack has beside functions, by its own word. Redact of a GPU job needs no GPU, but perhaps a longer run.
TASKS: Mapping[Compute, tuple[Place, ...]] = {
    Compute.LAMBDA: (),
    Compute.FARGATE: (Place.FARGATE,),
    Compute.GPU: (Place.FARGATE, Place.GPU),
    Compute.AUTO: (Place.FARGATE, Place.GPU),
}
# What may be asked of a stack that has these tasks: `auto` takes what there is.
_NEEDS: Mapping[Compute, tuple[Place, ...]] = {
    Compute.LAMBDA: (),
    Compute.AUTO: (),
    Compute.FARGATE: (Place.FARGATE,),
    Compute.GPU: (Place.GPU,),
}

# Seconds and bytes of /tmp that a segment in a function may be expected to take: half of what it has (steps.py), since
# an estimate is none of the video in hand.
SECONDS = 450.0
BYTES = 2 << 30
# Seconds of one vCPU for a million pixels of a frame, and for a face embedded in it, at most. measured.py has what it
# takes where half of the frames are looked at; here a network looks at each, as in the dark, and at all its pixels.
# Redact has two and a half times what it takes.
_DECODED, _LOOKED, _EMBEDDED = 0.02, 0.1, 0.1
_REDACTED = 0.06
# Noise at the encoder's quality takes no more.
_BYTES_A_PIXEL = 0.25


@dataclass(frozen=True)
class Estimate:
    """What one frame takes at most: seconds of one vCPU in detect and in redact, bytes of its part of the output.
    end: pts where the video ends, as its header says; None where it does not."""

    detect: float
    redact: float
    bytes: int
    end: int | None


@dataclass(frozen=True)
class Stack:
    """What a deployment has and wants. compute: its own word for jobs that have none.
    at_once: how many segments are worked on at a time, by step in functions and under `tasks` in tasks."""

    compute: Compute
    at_once: Mapping[str, int]

    @classmethod
    def of(cls, env: Mapping[str, str]) -> Self:
        """As functions are told of it."""
        at_once = env.get("REDACTOR_CONCURRENCY", '{"detect": 40, "redact": 40, "tasks": 10}')
        return cls(Compute(env.get("REDACTOR_COMPUTE", "lambda")), json.loads(at_once))


@dataclass(frozen=True)
class Item:
    """One segment in places.json. detect, redact: where that step of it runs."""

    n: int
    detect: Place
    redact: Place


def estimated(video: VideoStream, end: int | None, *, networks: int, embeds: bool) -> Estimate:
    """end: pts where the video ends, None where it is not known. networks: how many look at a frame. embeds: whether
    faces are embedded; of a crowd, one in every frame."""
    pixels = video.width * video.height
    millions = pixels / 1e6
    detect = millions * (_DECODED + networks * _LOOKED) + (_EMBEDDED if embeds else 0)
    return Estimate(round(detect, 4), round(millions * _REDACTED, 4), int(pixels * _BYTES_A_PIXEL), end)


def placed(
    segments: Iterable[Segment], video: VideoStream, each: Estimate, *, stack: Stack, wanted: Compute | None
) -> list[Item]:
    """wanted: the preset's word, None where it has none. Raises InvalidPreset for what the stack has not."""
    compute = wanted or stack.compute
    allowed = [word for word, needed in _NEEDS.items() if set(needed) <= set(TASKS[stack.compute])]
    if compute not in allowed:
        raise InvalidPreset(
            f"the preset asks for compute {compute}, which this deployment does not have",
            field="experimentalOptions.compute",
            allowed=allowed,
        )
    return [_item(segment, video, each, compute, fargate=Place.FARGATE in TASKS[stack.compute]) for segment in segments]


def concurrency(items: Iterable[Item], stack: Stack) -> dict[str, int]:
    """How many segments at a time, by step. Fewer only where more of them need a task than tasks may run at a time."""
    steps = {"detect": [item.detect for item in items], "redact": [item.redact for item in items]}
    return {step: _at_once(step, places, stack) for step, places in steps.items()}


def _at_once(step: str, places: list[Place], stack: Stack) -> int:
    tasks = sum(place in (Place.FARGATE, Place.GPU) for place in places)
    most, functions = stack.at_once["tasks"], stack.at_once[step]
    return functions if tasks <= most else most


def _item(segment: Segment, video: VideoStream, each: Estimate, compute: Compute, *, fargate: bool) -> Item:
    frames = _frames(segment, video, each.end)

    def place(seconds: float, size: float) -> Place:
        if compute in (Compute.LAMBDA, Compute.FARGATE):
            return Place(compute.value)
        if not fargate:
            return Place.LAMBDA
        return Place.FARGATE if seconds > SECONDS or size > BYTES else Place.EITHER

    detect = Place.GPU if compute is Compute.GPU else place(frames * each.detect, 0)
    return Item(segment.n, detect, place(frames * each.redact, frames * each.bytes))


def _frames(segment: Segment, video: VideoStream, end: int | None) -> float:
    """How many frames a segment has, about; infinite where its length is not known."""
    start = video.start if segment.start is None else segment.start
    end = end if segment.end is None else segment.end
    if start is None or end is None:
        return float(video.expected_frames or "inf")
    return float((end - start) * video.time_base * video.rate)
