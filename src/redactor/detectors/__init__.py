"""Face detectors: a table from name to how one is opened. Adding a detector is one file here, one line in the table,
and one in models.MODELS for its weights."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from redactor import models
from redactor.detectors import centerface, yunet
from redactor.detectors.faces import Detector
from redactor.detectors.together import Together

DETECTORS: Mapping[str, Callable[[Path], Detector]] = {
    "yunet": yunet.load,
    "yunet_s": yunet.load,
    "centerface": centerface.load,
}


def load(names: Sequence[str], env: Mapping[str, str] = os.environ) -> Detector:
    """The detector over these models (names of models.Choice): one, or all of them together.

    Raises ModelMissing where the weights of one are not to be had.
    """
    opened = [DETECTORS[name](models.find(name, env)) for name in names]
    return opened[0] if len(opened) == 1 else Together(tuple(opened))
