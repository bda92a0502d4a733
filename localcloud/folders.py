"""Private folders of the workers, as Lambda's /tmp."""

import shutil
from pathlib import Path


def empty(folder: Path) -> None:
    """Removes all that is in the folder, not the folder; one that is gone is empty."""
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
