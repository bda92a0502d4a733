"""What a container task runs: the same steps as the functions, by a command line.

    python -m containers.worker STEP JOB N EXECUTION RETRY

N: the segment. RETRY: how often the state machine has tried it before. Exits with 0 when it is done, else with 1, the
record of the failure written. ECS calls every other end than 0 States.TaskFailed, so the state machine repeats them
all; what no repetition would mend ends here at once, by its record, before anything is read or decoded.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence

from redactor.entry import failed_for_good

# The steps that run once a segment.
STEPS = ("detect", "redact")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m containers.worker", description="One step of one segment of a job."
    )
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("job")
    parser.add_argument("n", type=int)
    parser.add_argument("execution")
    parser.add_argument("retry", type=int)
    given = parser.parse_args(arguments)
    if given.retry and failed_for_good(given.step, given.job, given.n):
        parser.exit(1, "an earlier attempt failed for good: see its record\n")
    handler = importlib.import_module(f"containers.worker.{given.step}").handler
    # What it raises leaves with a trace and the status 1.
    handler({"job": given.job, "execution": given.execution, "n": given.n}, None)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
