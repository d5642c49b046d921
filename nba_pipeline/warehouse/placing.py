"""Files that appear under their name whole, or not at all.

What is written goes into a temporary file that is renamed over its place. A killed writer leaves at
most the temporary file, and its name tells who wrote it. All of them lie in one folder, so that
nobody looks for them among the thousands of files that are in their places.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Collection
from pathlib import Path

import pyarrow as pa

# In a container every process may have the number its predecessor had.
_MINE = uuid.uuid4().hex[:8]


class Placer:
    """Puts files in their places; any number of processes and threads may, at once."""

    def __init__(self, folder: Path) -> None:
        """Write first into ``folder``, which is on the file system of the places."""
        self._folder = folder
        self._swept = False

    def place(
        self, path: Path, content: Collection[bytes | pa.Buffer], *, synced: bool
    ) -> os.stat_result:
        """Put content in the place of a file.

        Args:
            path: Where; its folder is made if need be.
            content: What, piece by piece.
            synced: Whether it must be on the disk before it is in its place.

        Returns:
            The file that has the content, whatever lies in the place by now.

        Raises:
            OSError: When it cannot be written; what was there before is there still.
        """
        try:
            return self._placed(path, content, synced)
        except FileNotFoundError:
            for folder in (self._folder, path.parent):
                folder.mkdir(parents=True, exist_ok=True)
            return self._placed(path, content, synced)

    def _placed(
        self, path: Path, content: Collection[bytes | pa.Buffer], synced: bool
    ) -> os.stat_result:
        if not self._swept:
            self._sweep()
            self._swept = True
        temporary = self._folder / f"{os.getpid()}-{_MINE}-{uuid.uuid4().hex[:8]}.tmp"
        try:
            with temporary.open("wb") as file:
                file.writelines(content)
                file.flush()
                if synced:
                    os.fsync(file.fileno())
                status = os.fstat(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return status

    def _sweep(self) -> None:
        """Remove what killed writers left."""
        for stray in self._folder.iterdir():
            pid, _, whose = stray.name.partition("-")
            if pid.isdecimal() and _is_abandoned(int(pid), whose):
                stray.unlink(missing_ok=True)


def _is_abandoned(pid: int, whose: str) -> bool:
    """Whether a temporary file's writer is dead; a living writer still needs its own."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return pid == os.getpid() and not whose.startswith(_MINE)
