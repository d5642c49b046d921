"""Appending rows to the logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from nba_pipeline.engine import logs
from nba_pipeline.engine.protocols import Warehouse


@dataclass(frozen=True)
class Writer:
    """Whose rows are written, and when.

    Attributes:
        warehouse: Where the logs are.
        run_id: The run.
        now: The run's moment.
    """

    warehouse: Warehouse
    run_id: str
    now: datetime

    def append(self, log: logs.Log, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append rows, each given by the columns it has."""
        if rows:
            whole = pa.array(rows, pa.struct(list(log.schema)))
            self.warehouse.append(log, pa.Table.from_struct_array(whole))
