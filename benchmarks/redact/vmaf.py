"""VMAF (Li et al., 2016), by an ffmpeg that has libvmaf: out of a package, in a virtual environment of its own."""

import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

from redactor.covering import Rect

# Debian's ffmpeg and the av wheel come without libvmaf.
PACKAGE = "imageio-ffmpeg==0.8.1"
_WHERE = "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())"


def vmaf(source: Path, result: Path, rects: Sequence[Rect], folder: Path) -> float:
    """The mean over all frames, 0 to 100; both have the same frames. rects: what is covered in each, filled with black
    in both. folder: of the environment. Raises CalledProcessError."""
    fill = "".join(f",drawbox={r.left}:{r.top}:{r.width}:{r.height}:black:fill" for r in rects)
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch) / "vmaf.json"
        graph = (
            f"[0:v]setpts=N/TB/25{fill}[made];[1:v]setpts=N/TB/25{fill}[source];"
            f"[made][source]libvmaf=log_fmt=json:log_path={log}"
        )
        command = [_ffmpeg(folder), "-nostdin", "-v", "error", "-i", str(result), "-i", str(source)]
        subprocess.run([*command, "-filter_complex", graph, "-f", "null", "-"], check=True)
        return float(json.loads(log.read_text())["pooled_metrics"]["vmaf"]["mean"])


def _ffmpeg(folder: Path) -> str:
    python = folder / "bin" / "python"
    if not python.is_file():
        print(f"setting up {PACKAGE} in {folder} …", file=sys.stderr)
        venv.create(folder, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE]
        subprocess.run(pip, check=True)
    return subprocess.run([str(python), "-c", _WHERE], check=True, capture_output=True, text=True).stdout.strip()
