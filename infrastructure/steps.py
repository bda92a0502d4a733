"""The one table from step to handler: the stack, the embedded cloud and a test read it.

Plain data: this module imports no aws_cdk.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Step:
    """One function of the flow.

    name: the step's word, the same in the state machine, the entry point, the module and the test.
    handler: dotted path of the handler, importable from the root of the checkout, the zip and the image.
    kind: zip (pure Python, no pixels) or image (everything that touches pixels or packets).
    memory: MB. A Lambda has one vCPU for each 1,769 MB.
    timeout: seconds after which Lambda stops it; the state's TimeoutSeconds is longer.
    disk: MB of /tmp.
    """

    name: str
    kind: Literal["zip", "image"]
    memory: int
    timeout: int
    disk: int = 512

    @property
    def handler(self) -> str:
        return (
            f"functions.{self.name}.handler.handler" if self.kind == "zip" else f"containers.worker.{self.name}.handler"
        )

    @property
    def substitution(self) -> str:
        """The name that stands for the function in the state machine's definition."""
        return f"{self.name.capitalize()}Function"


_TABLE = (
    Step("accept", "zip", 1769, 60),
    Step("plan", "image", 1769, 120),
    Step("detect", "image", 1769, 900),
    Step("merge", "image", 3538, 900),
    Step("select", "image", 1769, 300),
    Step("redact", "image", 3538, 900, disk=4096),
    Step("join", "image", 1769, 900),
    Step("prove", "image", 1769, 300),
    Step("verify", "image", 1769, 900),
    Step("publish", "zip", 1769, 900),
    Step("report", "zip", 512, 60),
    Step("warm", "zip", 1769, 60),
)

STEPS = {step.name: step for step in _TABLE}
# Those that rules call, beside the state machine.
BY_RULE = ("report", "warm")
# The steps that a Map starts once a segment; Plan hands their number at once to the state machine.
FANNED_OUT = ("detect", "redact")
# Those that a Map starts many times: Prove once a stretch of a large result.
MAPPED = (*FANNED_OUT, "prove")
# Those of them whose machines Warm starts while other steps work. Detect begins too soon.
AHEAD = ("redact", "prove")
