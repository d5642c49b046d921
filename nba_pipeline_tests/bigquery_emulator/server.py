"""Starts the emulator where nothing can be downloaded; only geography needs what it would."""

from __future__ import annotations

import duckdb
from bqemulator.cli import main
from bqemulator.storage.engine import DuckDBEngine


def _spatial_if_present(engine: DuckDBEngine) -> None:
    try:
        engine.connection.execute("LOAD spatial")
    except duckdb.Error:
        return


if __name__ == "__main__":
    # Checked against bqemulator 1.4.0, which is pinned for it.
    DuckDBEngine._load_spatial = _spatial_if_present
    main()
