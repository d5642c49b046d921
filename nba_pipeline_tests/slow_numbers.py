"""Computations for cluster tests, where workers of other processes can import them."""

from __future__ import annotations

import os
import time

import numpy as np

from nba_pipeline.engine.table import Columns
from nba_pipeline.engine.windows import Cells


def slowly(cells: Cells) -> Columns:
    """Twice each number, after a while, and who computed it."""
    time.sleep(0.2)
    return {"n": cells["n"] * 2, "pid": np.full(len(cells), os.getpid())}
