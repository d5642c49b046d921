"""What the run that a plan describes would read, where reading is billed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nba_pipeline.engine.session import Partition, Session
    from nba_pipeline.engine.table import Table
    from nba_pipeline.warehouse.bigquery import BigQueryWarehouse


@dataclass(frozen=True)
class Cost:
    """What bringing one table up to date reads.

    Attributes:
        table: ``dataset.name``.
        bytes: Read of its inputs and of its own rows. What is not stored yet is not counted.
        source: Who says so.
    """

    table: str
    bytes: int
    source: str


def costs_of(reports: Sequence[Partition], session: Session) -> list[Cost]:
    """The bytes each table of a plan would read; none where reading is not billed.

    Args:
        reports: The plan.
        session: What it was made with.

    Raises:
        WarehouseError: When BigQuery cannot be asked.
    """
    from nba_pipeline.warehouse.bigquery import BigQueryWarehouse

    warehouse = session.warehouse
    if not isinstance(warehouse, BigQueryWarehouse):
        return []
    busy: dict[str, list[date]] = {}
    for report in reports:
        if report.verdict == "compute":
            busy.setdefault(report.table.partition(".")[2], []).append(report.date)
    return [
        _cost(session.tables[name], sorted(dates), session, warehouse)
        for name, dates in busy.items()
    ]


def _cost(
    table: Table, dates: Sequence[date], session: Session, warehouse: BigQueryWarehouse
) -> Cost:
    from nba_pipeline.engine.materialize import BATCH_DATES
    from nba_pipeline.engine.reading import readings

    total = 0
    sources: dict[str, None] = {}
    for first in range(0, len(dates), BATCH_DATES):
        batch = dates[first : first + BATCH_DATES]
        own = (table, batch, table.schema.names)
        read = [(session.tables[r.table], r.dates, r.columns) for r in readings(table, batch)]
        for each in (*read, own):
            found = warehouse.cost(*each)
            total += found.count
            sources[found.source] = None
    return Cost(table.full_name, total, " and ".join(sources))


def cost_lines(costs: Sequence[Cost]) -> Iterable[str]:
    """A line for each table, and one for all of them."""
    if not costs:
        return
    yield "bytes to be read, of what is stored now:"
    for cost in costs:
        yield f"  {cost.table.partition('.')[2]}: {cost.bytes:,} ({cost.source})"
    yield f"  in all: {sum(cost.bytes for cost in costs):,}"
