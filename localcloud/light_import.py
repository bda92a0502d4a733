"""The interpreter imports moto.batch for one enumeration, and with it moto.ec2: a second, and nothing we serve."""

import importlib
import importlib.metadata
import sys
from enum import Enum
from types import ModuleType
from typing import Any

MOTO = "5.2.5"
_HEAVY = ("moto.batch", "moto.batch.utils")


class JobStatus(Enum):
    """Stands in for moto.batch's while the interpreter is imported; no state machine here submits batch jobs."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


def load_interpreter() -> Any:
    """Imports moto's Step Functions interpreter without moto.batch, which stays importable afterwards.

    Raises RuntimeError for any version of moto but the one that the patches were written for.
    """
    found = importlib.metadata.version("moto")
    if found != MOTO:
        raise RuntimeError(f"the embedded cloud is made for moto {MOTO}, not {found}")
    absent = [name for name in _HEAVY if name not in sys.modules]
    for name in absent:
        stand_in = ModuleType(name)
        stand_in.__dict__.update(JobStatus=JobStatus, __path__=[])
        sys.modules[name] = stand_in
    try:
        return importlib.import_module("moto.stepfunctions.parser.models")
    finally:
        for name in absent:
            del sys.modules[name]
        # The import bound the stand-in to its parent package as well.
        package = sys.modules["moto"]
        if absent and isinstance(getattr(package, "batch", None), ModuleType):
            delattr(package, "batch")
