"""A table of numbers whose computation takes its time, where other processes can import it."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.table import FanOut, Table
from nba_pipeline.engine.windows import Cells, Columns

#: CPU seconds ``busily`` takes for a chunk.
BUSY_SECONDS = 0.2


def slowly(cells: Cells) -> Columns:
    """Twice each number, after a while, and who computed it."""
    time.sleep(0.2)
    return {"n": cells["n"] * 2, "pid": np.full(len(cells), os.getpid())}


def busily(cells: Cells) -> Columns:
    """Each number, after computing for a while."""
    burn(BUSY_SECONDS)
    return {"n": cells["n"]}


def threads_told(cells: Cells) -> Columns:
    """How many threads numeric libraries use where it is computed, and where that is."""
    import pyarrow as pa
    import threadpoolctl

    told = {
        "numeric": sorted({pool["num_threads"] for pool in threadpoolctl.threadpool_info()}),
        "arrow": pa.cpu_count(),
        "variable": os.environ.get("OMP_NUM_THREADS"),
    }
    threads = np.empty(len(cells), dtype=object)
    threads[:] = [told] * len(cells)
    return {"n": cells["n"], "pid": np.full(len(cells), os.getpid()), "threads": threads}


def burn(seconds: float) -> None:
    """Use a thread's CPU for so many seconds."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def hold(megabytes: int) -> int:
    """Hold memory for a moment, every page of it; how many bytes."""
    held = np.ones(megabytes * 2**20, dtype=np.uint8)
    return int(held.sum())


def table_of(compute: Any) -> Table:
    """A table that computes so, of a player and a date."""
    return Table(
        name="numbers",
        dataset="nba_test",
        description="Made for tests.",
        entity=("player",),
        key=("player",),
        columns=(Column("player", str), Column("game_date", str)),
        inputs={},
        cells=lambda inputs: inputs["nobody"],
        compute=compute,
        version=1,
        fan_out=FanOut("player", "TEST_WORKERS", default_workers=2),
    )


def cells_of(count: int) -> Cells:
    """Cells numbered from 0."""
    return Cells({"n": np.arange(count)}, {})
