"""States.* errors keep their names across Map and Parallel (moto turns them into States.Runtime)."""

from typing import Any

from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import iteration_worker
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branches_decl

from localcloud.patches.patch import Patch

_RESERVED = "States."


def _keeps_reserved_names(original: Any) -> Any:
    """moto's own class refuses the reserved prefix, which it should only where a person writes a name."""

    def name_of(error_name: str | None) -> ErrorName:
        if error_name is not None and error_name.startswith(_RESERVED):
            return StatesErrorName.from_name(error_name)
        made: ErrorName = original(error_name)
        return made

    return name_of


PATCHES = tuple(
    Patch(f"States.* errors cross a {state}", module, "CustomErrorName", _keeps_reserved_names)
    for state, module in (("Map", iteration_worker), ("Parallel", branches_decl))
)
