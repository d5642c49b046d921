"""Whether a date comes out the same however its computation is spread.

The date and its history are brought up to date once, in memory. Then the date is computed anew for
each way of spreading, every time from the same inputs, and the results are held against the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.engine.fanout import open_pools
from nba_pipeline.engine.finished import refuse_problems
from nba_pipeline.engine.materialize import materialize
from nba_pipeline.engine.overlay import Overlay
from nba_pipeline.engine.protocols import Warehouse
from nba_pipeline.engine.rehearsal import bring
from nba_pipeline.engine.replay import Difference, differences
from nba_pipeline.engine.session import Session
from nba_pipeline.engine.table import Table


@dataclass(frozen=True)
class Way:
    """One way of spreading a computation.

    Attributes:
        executor: Where it runs.
        chunk_cells: Cells of a chunk; None leaves it as it is.
    """

    executor: str
    chunk_cells: int | None = None

    @property
    def name(self) -> str:
        """The executor, and the size of the chunks where one was asked for."""
        return f"{self.executor}/{self.chunk_cells}" if self.chunk_cells else self.executor


@dataclass
class Verdict:
    """What one table came out as.

    Attributes:
        table: ``dataset.name``.
        hashes: Data version by way.
        first_difference: Of the first way that differs, its first differing value.
    """

    table: str
    hashes: dict[str, str] = field(default_factory=dict)
    first_difference: tuple[str, Difference] | None = None

    @property
    def equal(self) -> bool:
        """Whether every way gave the same."""
        return len(set(self.hashes.values())) == 1


def verify(
    selected: Sequence[Table],
    day: date,
    session: Session,
    ways: Sequence[Way],
    span: tuple[date, date],
) -> list[Verdict]:
    """Compute a date in several ways, writing nothing.

    Args:
        selected: The tables, in data-flow order.
        day: The date.
        session: What to work with; its warehouse is only read.
        ways: How to spread the computation.
        span: The first and the last partition there is.

    Raises:
        PipelineError: When the date cannot be built in the first place.
    """
    session = replace(session, warehouse=Overlay(session.warehouse))
    refuse_problems(bring(selected, [day], session, span))
    verdicts = {table.name: Verdict(table.full_name) for table in selected}
    first: Overlay | None = None
    for way in ways:
        results = Overlay(session.warehouse)
        _compute(selected, day, replace(session, warehouse=results, force=True), way)
        first = first or results
        for table in selected:
            _compare(verdicts[table.name], table, day, way.name, (first, results))
    return list(verdicts.values())


def verify_warehouses(
    selected: Sequence[Table],
    day: date,
    session: Session,
    warehouses: Mapping[str, Warehouse],
    span: tuple[date, date],
) -> list[Verdict]:
    """Build a date, with what it stands on, from nothing in several warehouses.

    Args:
        selected: The tables, in data-flow order.
        day: The date.
        session: What to work with; its own warehouse is left alone.
        warehouses: Empty ones by name, which are written.
        span: The first and the last partition there is.

    Raises:
        PipelineError: When the date cannot be built.
    """
    verdicts = {table.name: Verdict(table.full_name) for table in selected}
    first: Warehouse | None = None
    for name, warehouse in warehouses.items():
        refuse_problems(bring(selected, [day], replace(session, warehouse=warehouse), span))
        first = first or warehouse
        for table in selected:
            _compare(verdicts[table.name], table, day, name, (first, warehouse))
    return list(verdicts.values())


def _compare(
    verdict: Verdict, table: Table, day: date, way: str, kept: tuple[Warehouse, Warehouse]
) -> None:
    """Add what a table came out as in one way, and how that differs from the first."""
    first, results = kept
    verdict.hashes[way] = results.stored(table, [day])[day].data_version
    if not verdict.equal and verdict.first_difference is None:
        found = differences(table, first.read(table, [day]), results.read(table, [day]))
        # Equal rows under different versions would be a mistake in the versions.
        versions = next(iter(verdict.hashes.values())), verdict.hashes[way]
        nothing = Difference(table.full_name, "", "data_version", *versions)
        verdict.first_difference = way, (found or [nothing])[0]


def _compute(selected: Sequence[Table], day: date, session: Session, way: Way) -> None:
    chunk = way.chunk_cells or session.pools.chunk_cells
    pools = session.pools
    with open_pools(way.executor, chunk, pools.deadline_seconds, pools.address) as pools:
        for table in selected:
            refuse_problems(list(materialize(table, [day], replace(session, pools=pools))))


def ways_of(executors: Sequence[str], chunks: Sequence[int]) -> list[Way]:
    """Every executor with every size of chunks.

    Raises:
        ConfigurationError: When there are fewer than two ways, which proves nothing.
    """
    sizes: Sequence[int | None] = chunks or (None,)
    ways = [Way(name, size) for name in executors for size in sizes]
    if len(ways) < 2:
        raise ConfigurationError(
            "one way alone proves nothing: name two executors or two chunk sizes"
        )
    return ways
