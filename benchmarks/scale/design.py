"""The flow as it is built, and as it might be: each what-if changes what single calls ask of S3, and says so."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from redactor.costs import CALLS, Call, Footage

Change = Callable[[Call, Footage], Call]
# S3's smallest part of a multipart upload but the last.
SMALLEST_PART = 5 << 20
_TOGETHER, _RANGES = 32, 16


@dataclass(frozen=True)
class Design:
    """changes: step -> what its call becomes."""

    name: str
    changes: Mapping[str, Change]

    def calls(self, footage: Footage) -> Mapping[str, Call]:
        made = {step: call(footage) for step, call in CALLS.items()}
        return made | {step: change(made[step], footage) for step, change in self.changes.items()}

    def and_(self, name: str, **changes: Change) -> "Design":
        """This one with further changes, one after another where both change a step."""
        both = {
            step: _then(self.changes[step], change) if step in self.changes else change
            for step, change in changes.items()
        }
        return Design(name, {**self.changes, **both})


def _then(first: Change, second: Change) -> Change:
    return lambda call, footage: second(first(call, footage), footage)


def _copied(call: Call, footage: Footage) -> Call:
    """S3 puts the parts together; Join reads verdicts and indexes and writes the new index. The sound would be cut by
    the segments' own workers, as reading it here means reading the source."""
    index = footage.frames * 16.0
    return Call(0, 4 + 3 * footage.segments, 4 + footage.segments, index, index, footage.output)


def _together(call: Call, footage: Footage) -> Call:
    return replace(call, reads=math.ceil(call.reads / _TOGETHER), writes=math.ceil(call.writes / _TOGETHER))


def _looks_at_once(call: Call, footage: Footage) -> Call:
    return replace(call, frames=call.frames / _RANGES)


def _in_ranges(call: Call, footage: Footage) -> Call:
    return replace(call, frames=call.frames / _RANGES, down=call.down / _RANGES)


def _read_once(call: Call, footage: Footage) -> Call:
    """Its hash and its packets in one pass; the sound's digests from the segments' own workers."""
    return replace(call, down=call.down / 3, reads=math.ceil(call.reads / 3))


def _copies_at_once(call: Call, footage: Footage) -> Call:
    return replace(call, copied=call.copied / _RANGES, writes=math.ceil(call.writes / _RANGES))


def _halved(call: Call, footage: Footage) -> Call:
    return replace(call, frames=call.frames / 2)


AS_BUILT = Design("streamed, as built", {})
COPY = AS_BUILT.and_("what-if: server-side copy", join=_copied)
# Each with all before it.
FURTHER = (
    small := COPY.and_(
        f"and small objects {_TOGETHER} at a time",
        plan=_together,
        merge=_together,
        select=_together,
        join=_together,
        verify=_together,
    ),
    ranges := small.and_(f"and Verify in {_RANGES} ranges at a time", verify=_in_ranges),
    once := ranges.and_("and Verify reads the result once and no source", verify=_read_once),
    copies := once.and_(f"and {_RANGES} copies at a time", join=_copies_at_once, publish=_copies_at_once),
    looks := copies.and_(f"and Plan looks at {_RANGES} places at a time", plan=_looks_at_once),
    looks.and_("and MergeTracks and SelectFaces in half the time", merge=_halved, select=_halved),
)
