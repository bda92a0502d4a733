"""redactor[client] is enough for the client: nothing that decodes, computes or plays cloud."""

import os
import subprocess
import sys
from pathlib import Path

from localcloud.cloud import Cloud

# All that the other extras bring, and what stands around the product in a checkout.
ABSENT = ("av", "cv2", "dlib", "localcloud", "infrastructure", "moto", "numpy", "onnxruntime", "scipy", "werkzeug")
WITHOUT = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {ABSENT}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
from redactor.cli import main
main()
"""


def command(cloud: Cloud, where: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **cloud.environment}
    line = [sys.executable, "-c", WITHOUT, *words]
    return subprocess.run(line, cwd=where, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_a_video_is_submitted_with_the_clients_packages_alone(cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "alone.mp4").write_bytes(b"video")
    done = command(cloud, tmp_path, "submit", "alone.mp4", "--mode", "analyze")
    assert done.returncode == 0, done.stderr
    assert "alone.mp4: uploaded: s3://clients/input/alone.mp4 version " in done.stderr


def test_what_needs_more_says_what_to_install(cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "foo.mp4").write_bytes(b"video")
    for word in ("run", "estimate"):
        done = command(cloud, tmp_path, word, "foo.mp4")
        assert done.returncode == 2
        assert "[local]" in done.stderr
        assert "Traceback" not in done.stderr
