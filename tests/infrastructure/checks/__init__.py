"""What must hold of a template. A check takes any synthesized stack and returns what is wrong with it."""

from collections.abc import Callable, Mapping

from tests.infrastructure.checks import compute, network, permissions, storage, workflow
from tests.infrastructure.conftest import Assembly

Check = Callable[[Assembly], list[str]]

CHECKS: Mapping[str, Check] = {
    check.__name__: check for part in (storage, permissions, network, compute, workflow) for check in part.CHECKS
}
