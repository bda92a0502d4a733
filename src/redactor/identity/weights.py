"""Whether faces can be embedded here, and with what.

Plan and the command line ask too, who embed none: nothing large is imported for it.
"""

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from redactor import models
from redactor.errors import ModelMissing

if TYPE_CHECKING:
    from redactor.identity.embedder import Embedder

# A stack's setting: 0 where no job may compute embeddings, whatever its preset says.
VARIABLE = "REDACTOR_REIDENTIFY"
_NAMES = ("landmarks", "embedding")
_INSTEAD = "People are told apart by motion alone: who leaves and returns, or crosses a cut, gets another id"


def installed() -> bool:
    """Whether dlib is there; it is not imported."""
    return find_spec("dlib") is not None


def choose(env: Mapping[str, str] = os.environ) -> models.Choice:
    """The models that embed, none where they cannot or must not, and why. It fetches nothing; `bring` does."""
    if env.get(VARIABLE) == "0":
        return models.Choice({}, (f"{_INSTEAD}: it is set so here",))
    if not installed():
        return models.Choice({}, (f"{_INSTEAD}: the extra `identity` (dlib) is not installed",))
    try:
        return models.Choice(_found({**env, models.FETCH_VARIABLE: "0"}), ())
    except ModelMissing as error:
        return models.Choice({}, (f"{_INSTEAD}: {error.message}",))


def bring(env: Mapping[str, str] = os.environ) -> None:
    """Fetches the weights into the user's cache where they will be used and are not here. Raises ModelMissing."""
    if installed() and env.get(VARIABLE) != "0":
        _found(env)


def open_embedder(env: Mapping[str, str] = os.environ) -> "Embedder":
    """Raises ModelMissing where dlib or its weights are not to be had."""
    from redactor.identity.embedder import Embedder  # noqa: PLC0415  large

    found = _found(env)
    try:
        return Embedder(found["landmarks"], found["embedding"])
    except ImportError as error:
        raise ModelMissing("dlib is not installed here", field="identity") from error


def _found(env: Mapping[str, str]) -> dict[str, Path]:
    return {name: models.find(name, env) for name in _NAMES}
