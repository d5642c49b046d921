"""Rows that can be read anew, kept under names so that the next process need not.

A season is hundreds of small files, and opening each costs more than what is in it. Nothing here
is believed for lying here: whoever kept something says with it which files it was read from. What
is damaged, half written or another's counts as not there.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow as pa

from nba_pipeline.warehouse.placing import Placer

# The digest stands in front of the rows. Arrow wants its buffers on multiples of 64 bytes.
_ROOM = 64


class Shelf:
    """Arrow tables in a folder, which any number of processes may read and replace."""

    def __init__(self, folder: Path, placer: Placer) -> None:
        """Use ``folder``, which is made when ``placer`` first puts something there."""
        self._folder, self._placer = folder, placer

    def get(self, name: str) -> pa.Table | None:
        """What is kept under a name; what cannot be read counts as not there."""
        try:
            # Not mapped: whoever cuts a mapped file kills its readers.
            with pa.OSFile(str(self._path(name))) as file:
                content = file.read_buffer()
        except OSError:
            return None
        if content.size <= _ROOM:
            return None
        rows = content.slice(_ROOM)
        if content.slice(0, _ROOM).to_pybytes() != _digest(name, rows):
            return None
        return pa.ipc.open_stream(rows).read_all()

    def put(self, name: str, rows: pa.Table) -> None:
        """Keep rows under a name, in the place of what was kept there.

        Raises:
            OSError: When they cannot be written.
        """
        whole = pa.BufferOutputStream()
        with pa.ipc.new_stream(whole, rows.schema) as stream:
            stream.write_table(rows)
        content = whole.getvalue()
        # Not synced: what the disk loses is read from where it came from.
        self._placer.place(self._path(name), [_digest(name, content), content], synced=False)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.arrow"


def _digest(name: str, content: pa.Buffer) -> bytes:
    """Over the name as well, so that a file copied over another is not taken for it."""
    sha = hashlib.sha256(name.encode())
    sha.update(content)
    return sha.digest().ljust(_ROOM, b"\0")
