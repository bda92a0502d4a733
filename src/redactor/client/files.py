"""Files that appear under their names whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A hidden file beside the path to write into; it takes the path's place where nothing is raised."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp made it for its owner's eyes only; others get the rights that any new file has.
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
