"""The flow as it is built, and as it might be: each what-if changes what single calls ask of S3, and says so."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from redactor.costs import CALLS, Call, Footage

Change = Callable[[Call, Footage], Call]
# S3's smallest part of a multipart upload but the last.
SMALLEST_PART = 5 << 20


@dataclass(frozen=True, eq=False)
class Design:
    """changes: step -> what its call becomes. One is equal to itself alone."""

    name: str
    changes: Mapping[str, Change]

    def calls(self, footage: Footage) -> Mapping[str, Call]:
        made = {step: call(footage) for step, call in CALLS.items()}
        return made | {step: change(made[step], footage) for step, change in self.changes.items()}


def together(footage: Footage) -> int:
    """How many neighbours' parts make a piece that S3 can copy."""
    return math.ceil(SMALLEST_PART * footage.segments / footage.output)


def _copied(call: Call, footage: Footage) -> Call:
    """S3 puts the parts together; Join reads the verdicts and writes the new index. What that says of each packet,
    Redact would note in the verdict, as it reads the packets of its part anyhow; the sound, and what Verify compares it
    with, would come from the segments' own workers, as reading it here means reading the source."""
    return Call(
        footage.frames,
        down=footage.frames * 24.0,
        up=footage.frames * 16.0,
        writes=4,
        many_reads=footage.segments,
        copies=math.ceil(footage.segments / together(footage)),
        copied=footage.output,
    )


def _gathered(call: Call, footage: Footage) -> Call:
    """Where parts are too small for S3 to copy, the worker that ends last of some neighbours reads the others' and
    writes all of them as one piece."""
    others = together(footage) - 1
    part = footage.output / footage.segments
    return replace(call, reads=call.reads + 2 * others, down=call.down + others * part, up=call.up + others * part)


AS_BUILT = Design("streamed, as built", {})
COPY = Design("what-if: server-side copy", {"join": _copied, "redact": _gathered})
