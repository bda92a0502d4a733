"""Makes build/functions, the code of the zip functions: `python -m infrastructure.bundle`.

Locked wheels, src/redactor and functions/, and nothing that differs between two builders: no bytecode, no pip records
(they name the builder's paths), so the same sources give the same asset. Done only when a source has changed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from infrastructure.settings import ROOT

TARGET = ROOT / "build" / "functions"
LOCK = ROOT / "requirements" / "functions.txt"
SOURCES = (ROOT / "src" / "redactor", ROOT / "functions")

_PIP = (
    *("-qq", "--disable-pip-version-check", "--no-input", "--no-compile", "--no-deps", "--require-hashes"),
    # Pure Python only, also of what has compiled wheels for this platform.
    *("--only-binary=:all:", "--python-version=3.13", "--platform=any"),
)
# pip's own notes beside each package, and its scripts.
_JUNK = ("bin", *(f"*.dist-info/{note}" for note in ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")))


def bundle(target: Path = TARGET) -> Path:
    """The folder, made anew where the one there is not from these sources."""
    stamp = target.with_name(f"{target.name}.sha256")
    wanted = _digest()
    if not (target.is_dir() and stamp.is_file() and stamp.read_text() == wanted):
        stamp.unlink(missing_ok=True)
        _make(target)
        stamp.write_text(wanted)
    return target


def _make(target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    _install(target)
    for folder in SOURCES:
        shutil.copytree(folder, target / folder.name, ignore=shutil.ignore_patterns("__pycache__"))
    for junk in [found for pattern in _JUNK for found in target.glob(pattern)]:
        remove = shutil.rmtree if junk.is_dir() else os.remove
        remove(junk)


def _install(target: Path) -> None:
    """The locked wheels for the functions' Python; no source package, as it would be built for this machine."""
    command = [sys.executable, "-m", "pip", "install", *_PIP, f"--target={target}", f"--requirement={LOCK}"]
    subprocess.run(command, check=True)


def _digest() -> str:
    """Over the names and bytes of all sources."""
    files = (path for folder in SOURCES for path in folder.rglob("*") if path.is_file())
    found = [path for path in files if path.parent.name != "__pycache__"]
    digest = hashlib.sha256()
    for path in sorted([*found, LOCK, Path(__file__)]):
        digest.update(f"{path.relative_to(ROOT)}\n{path.stat().st_size}\n".encode() + path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    bundle()
