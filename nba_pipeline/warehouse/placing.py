"""Files that appear under their name whole, or not at all.

What is written goes into a temporary file that is renamed over its place. A killed writer leaves at
most the temporary file, and its name tells who wrote it.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

# In a container every process may have the number its predecessor had.
_MINE = uuid.uuid4().hex[:8]


def place(path: Path, content: Iterable[bytes | pa.Buffer], *, synced: bool) -> os.stat_result:
    """Put content in the place of a file.

    Args:
        path: Where; its name has one dot.
        content: What, piece by piece.
        synced: Whether it must be on the disk before it is in its place.

    Returns:
        The file that has the content, whatever lies in the place by now.

    Raises:
        OSError: When it cannot be written; what was there before is there still.
    """
    temporary = path.with_name(f".{path.stem}.{os.getpid()}-{_MINE}-{uuid.uuid4().hex[:8]}.tmp")
    try:
        with temporary.open("wb") as file:
            file.writelines(content)
            file.flush()
            if synced:
                os.fsync(file.fileno())
            status = os.fstat(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return status


def remove_abandoned(stray: Path) -> None:
    """Remove a temporary file whose writer is dead; a living writer still needs its own."""
    pid, _, whose = stray.name.split(".")[2].partition("-")
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        stray.unlink(missing_ok=True)
    except PermissionError:
        return
    if int(pid) == os.getpid() and not whose.startswith(_MINE):
        stray.unlink(missing_ok=True)
