"""The patches as a whole: complete, cheap, exact, and nobody else's business."""

import subprocess
import sys
from pathlib import Path

import pytest
from moto.stepfunctions.responses import get_backend

from localcloud import light_import
from localcloud.cloud import Cloud
from localcloud.patches import PATCHES


def test_every_patch_has_a_contract_test() -> None:
    texts = "".join(path.read_text() for path in Path(__file__).parent.glob("test_patches_*.py"))
    assert [name for name in PATCHES if f'without("{name}")' not in texts] == []


def test_another_version_of_moto_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(light_import, "MOTO", "0.0.0")
    with pytest.raises(RuntimeError, match=r"made for moto 0\.0\.0, not 5\.2\.5"):
        light_import.load_interpreter()


def test_the_interpreter_is_imported_without_what_it_does_not_need() -> None:
    program = (
        "import sys, localcloud.patches\n"
        "assert 'moto.ec2' not in sys.modules\n"
        "import moto.batch.utils\n"
        "assert moto.batch.utils.JobStatus.RUNNABLE"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)


def test_other_accounts_of_moto_are_left_alone(cloud: Cloud) -> None:
    assert type(get_backend("999999999999", "us-east-1")).__name__ == "StepFunctionBackend"
