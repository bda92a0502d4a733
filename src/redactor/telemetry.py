"""What a running step says of itself: a log line, counts and seconds, a trace. Not deployed, it says the line only.

No keys, boxes or crops anywhere in it: a file name is personal data too. So an answer is told by its numbers and
fixed words, and an error by its name: its text stands in the job's record, which Report turns into foo_error.json.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.metrics import Metrics, MetricUnit

# What is told of an answer: words that do not come from a person, and numbers, each of which is a metric too.
_WORDS = ("outcome", "code")
_NUMBERS = ("segments", "frames", "faces", "hidden", "visible", "bytes")
# The stack sets it; without it there is nobody to count for.
_NAMESPACE = "POWERTOOLS_METRICS_NAMESPACE"
# Set where Lambda listens for traces.
_DAEMON = "AWS_XRAY_DAEMON_ADDRESS"

logger = Logger(service="redactor")


@contextmanager
def observed(step: str, job: str | None = None, segment: int | None = None) -> Iterator[dict[str, Any]]:
    """Tells of one run of a step. The block puts the step's answer into the dictionary that it is given.

    Where it is deployed, an error leaves as one of the same name without its text, as Lambda writes into its log what
    a handler raises.
    """
    answer: dict[str, Any] = {}
    about = {"step": step, "job": job, "segment": segment}
    started = time.monotonic()
    with _traced(about):  # outside of what follows: a trace holds the text of an error that passes it
        try:
            yield answer
        except Exception as error:
            logger.warning("step failed", extra={**about, "error": type(error).__name__})
            _count(step, {"Failed": 1})
            if not _deployed():
                raise
            raise _nameless(error) from None
    told = {name: answer[name] for name in _WORDS if isinstance(answer.get(name), str)}
    numbers = {name: answer[name] for name in _NUMBERS if isinstance(answer.get(name), int)}
    logger.info("step finished", extra={**about, **told, **numbers})
    counts = numbers | ({told["outcome"]: 1} if "outcome" in told else {})
    _count(step, {name.capitalize(): value for name, value in counts.items()}, time.monotonic() - started)


def _deployed() -> bool:
    return _NAMESPACE in os.environ


def _count(step: str, counts: Mapping[str, int], seconds: float | None = None) -> None:
    """Writes metrics in CloudWatch's embedded format to standard output, with the step as a dimension."""
    if not _deployed():
        return
    metrics = Metrics()
    metrics.add_dimension("step", step)
    for name, value in counts.items():
        metrics.add_metric(name, MetricUnit.Count, value)
    if seconds is not None:
        metrics.add_metric("Seconds", MetricUnit.Seconds, seconds)
    metrics.flush_metrics()


@contextmanager
def _traced(about: Mapping[str, Any]) -> Iterator[None]:
    if _DAEMON not in os.environ:
        yield
        return
    tracer = _tracer()
    with tracer.provider.in_subsegment(f"## {about['step']}"):
        for name, value in about.items():
            if value is not None:
                tracer.put_annotation(name, value)
        yield


@lru_cache(maxsize=1)
def _tracer() -> Tracer:
    """Not patched into boto3, whose segments name keys."""
    # Lambda's own images set it; powertools and the X-Ray library take its absence for a run outside Lambda.
    os.environ.setdefault("LAMBDA_TASK_ROOT", str(Path.cwd()))
    return Tracer(auto_patch=False)


def _nameless(error: Exception) -> Exception:
    """An error of the same name, which is what Step Functions retries by, that keeps the trace and drops the text."""
    kind = type(type(error).__name__, (Exception,), {})
    told: Exception = kind("the job's record says more").with_traceback(error.__traceback__)
    return told
