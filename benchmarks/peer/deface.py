"""deface, the peer: in a virtual environment of its own, made when it is first needed."""

import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.peer.tree import Cost, measured

VERSION = "1.5.0"
_SCALE = "640x360"


def environment(folder: Path) -> Path:
    """The deface command."""
    command = folder / "bin" / "deface"
    if not command.is_file():
        print(f"setting up deface {VERSION} in {folder} …", file=sys.stderr)
        venv.create(folder, with_pip=True)
        wanted = [f"deface=={VERSION}", "onnxruntime"]
        python = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*python, *wanted], check=True)
    return command


def run(command: Path, video: Path, out: Path) -> Cost:
    """Boxes drawn solid, as our Black."""
    out.parent.mkdir(parents=True, exist_ok=True)
    options = ["--scale", _SCALE, "--replacewith", "solid", "--boxes", "--keep-audio", "--output", str(out)]
    return measured([str(command), *options, str(video)])
