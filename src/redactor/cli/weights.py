"""The detector's weights for the embedded cloud: found or fetched once, before any worker needs them."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path

from redactor import models
from redactor.errors import ModelMissing
from redactor.identity import weights

log = logging.getLogger(__name__)


def environment(env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What workers must be told to find the same weights: the folders, absolute, since each works in one of its own.

    Where no default weights are to be had it says so and goes on: mode redact needs none, another job fails by name.
    """
    try:
        models.choose(env=env)
    except ModelMissing as error:
        log.warning("%s. %s", error.message, error.advice)
    try:
        weights.bring(env)
    except ModelMissing as error:
        log.warning("People will be told apart by motion alone: %s", error.message)
    folders = [folder for folder in env.get(models.PATH_VARIABLE, "").split(os.pathsep) if folder]
    return {models.PATH_VARIABLE: os.pathsep.join(str(Path(folder).resolve()) for folder in folders)}
