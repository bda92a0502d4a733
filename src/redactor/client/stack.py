"""Where a stack's things are: its CloudFormation outputs, which `redactor serve` answers for too."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from redactor.errors import InvalidKey

# The stack that `make deploy` makes, and the only one that `redactor serve` answers for.
STACK = "FaceRedaction"

# Attribute -> the output that holds it.
OUTPUTS = {"bucket": "BucketName", "state_machine": "StateMachineArn", "default_preset": "DefaultPreset"}


@dataclass(frozen=True)
class Deployed:
    """One stack. state_machine: its ARN. default_preset: the text of the preset that holds where no file says more."""

    name: str
    bucket: str
    state_machine: str
    default_preset: str

    @classmethod
    def of(cls, name: str, outputs: Callable[[str], Mapping[str, str]]) -> "Deployed":
        """outputs(stack) -> its outputs; raises InvalidKey where it is another kind of stack."""
        found = outputs(name)
        if missing := [output for output in OUTPUTS.values() if output not in found]:
            raise InvalidKey(f"the stack {name} has no output {', '.join(missing)}: is it ours, and up to date?")
        return cls(name, **{attribute: found[output] for attribute, output in OUTPUTS.items()})
