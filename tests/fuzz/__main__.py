"""python -m tests.fuzz [HOW_MANY | bombs]: mutated files through Plan, each in a process of its own with limits.

Exit status 1 where one was neither planned nor refused by name, or took too long or too much.
"""

import io
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

from redactor.errors import RedactorError
from redactor.plan import plan
from redactor.preset import Mode, Preset
from tests.fuzz.bombs import BOMBS
from tests.fuzz.mutations import mutated
from tests.media_factory import make_clip
from tests.unit.media.conftest import ZOO

ALL = 1000
SECONDS, MEGABYTES = 10, 512
# So that a mistake does not take the machine along: address space, which is far more than what is used.
_BACKSTOP = 4 << 30
_SETTINGS = Preset(mode=Mode.REDACT)  # what Plan does with the file alone: no weights are looked for


@dataclass(frozen=True)
class Outcome:
    """One file. word: planned, the name of the error, or what must not be. seconds: wall; megabytes: most at once."""

    about: str
    word: str
    seconds: float
    megabytes: float

    @property
    def fine(self) -> bool:
        known = self.word == "planned" or self.word in {error.__name__ for error in _family(RedactorError)}
        return known and self.seconds <= SECONDS and self.megabytes <= MEGABYTES


def _family(error: type[RedactorError]) -> set[type[RedactorError]]:
    return {error}.union(*(_family(child) for child in error.__subclasses__()))


def clips() -> dict[str, bytes]:
    """A real file of each container and codec of the zoo."""
    with tempfile.TemporaryDirectory() as folder:
        return {name: make_clip(Path(folder) / file, **how).path.read_bytes() for name, (file, how) in ZOO.items()}


def tried(about: str, data: bytes) -> Outcome:
    """Plan in a forked process; its wall time and the most memory that it held, libraries included."""
    told, tell = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if not child:
        os.close(told)
        resource.setrlimit(resource.RLIMIT_AS, (_BACKSTOP, _BACKSTOP))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(2 * SECONDS)
        os.write(tell, _word(data).encode())
        os._exit(0)
    os.close(tell)
    _, status, used = os.wait4(child, 0)
    with os.fdopen(told, "rb") as pipe:
        word = pipe.read().decode() or f"killed by signal {status & 0x7F}"
    return Outcome(about, word, time.monotonic() - started, used.ru_maxrss / 1024)


def _word(data: bytes) -> str:
    try:
        plan(io.BytesIO(data), len(data), _SETTINGS)
    except RedactorError as error:
        return error.code
    except BaseException:  # noqa: BLE001 - whatever it is, it is what this looks for
        return traceback.format_exc()[-800:]
    return "planned"


def run(count: int) -> bool:
    """Tries so many, always the same; prints those that are not as they must be, and one line about all."""
    made = clips()
    outcomes = [tried(*mutated(number, made)) for number in Random(0).sample(range(ALL), count)]
    for one in outcomes:
        if not one.fine:
            print(f"{one.about}: {one.word}, {one.seconds:.1f} s, {one.megabytes:.0f} MB")
    words = Counter(one.word if one.fine else "NOT FINE" for one in outcomes)
    found = ", ".join(f"{word} {number}" for word, number in words.most_common())
    slowest, largest = max(one.seconds for one in outcomes), max(one.megabytes for one in outcomes)
    which = f"{len(outcomes)} mutated files" if count == ALL else f"{count} of {ALL} mutated files (sample)"
    print(f"{which}: {found}; slowest {slowest:.1f} s of {SECONDS}, largest {largest:.0f} MB of {MEGABYTES}")
    return all(one.fine for one in outcomes)


def defused() -> bool:
    """Whether each bomb is refused by the right name, soon and in little memory; prints a line for each."""
    outcomes = {name: tried(name, make()) for name, (_, make) in BOMBS.items()}
    for name, one in outcomes.items():
        print(f"{name}: {one.word}, {one.seconds:.1f} s, {one.megabytes:.0f} MB")
    return all(one.fine and one.word == BOMBS[name][0] for name, one in outcomes.items())


if __name__ == "__main__":
    if sys.argv[1:] == ["bombs"]:
        sys.exit(not defused())
    sys.exit(not run(int(sys.argv[1]) if len(sys.argv) > 1 else ALL))
