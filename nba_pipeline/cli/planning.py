"""``plan`` and ``explain``: what would be done, what was done, and why."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table as Grid

from nba_pipeline import settings
from nba_pipeline.cli.opening import check_executor, check_workers, open_source, open_warehouse
from nba_pipeline.cli.options import (
    ArchiveOption,
    AsJson,
    DateOption,
    ExecutorOption,
    FromOption,
    Only,
    Select,
    ToOption,
    day_of,
    days_between,
)
from nba_pipeline.cli.pricing import cost_lines, costs_of
from nba_pipeline.cli.printing import out, print_json
from nba_pipeline.cli.running import reporting
from nba_pipeline.engine.causes import sentences
from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.engine.plan import Decision

if TYPE_CHECKING:
    from nba_pipeline.engine.explain import Explanation
    from nba_pipeline.engine.session import Partition, Session

# A person reads so many partitions one by one, and so many names in a line; programs get them all.
_MOST_PARTITIONS = 40
_MOST_NAMES = 6
_MOST_RUNS = 5

_DECISIONS = tuple(Decision)


def plan(
    from_: FromOption,
    to: ToOption,
    select: Select = "",
    archive: ArchiveOption = "",
    executor: ExecutorOption = "",
    only: Only = False,
    as_json: AsJson = False,
) -> None:
    """Say what a backfill of these NBA days would compute, what it would reuse, and why.

    Writes nothing. What changed is computed in memory, for only so can it be known where a change
    dies out.
    """
    from nba_pipeline.engine.rehearsal import rehearse
    from nba_pipeline.orchestration.launch import selected_tables, span

    days = days_between(from_, to)
    with _rehearsing(days, archive, executor) as session:
        reports = rehearse(selected_tables(select), days, session, None if only else span())
        costs = costs_of(reports, session)
    if as_json:
        told = {"partitions": [_planned(report) for report in reports]}
        print_json({**told, "reads": [asdict(cost) for cost in costs]} if costs else told)
    else:
        out.print(_heading(days[0], days[-1], reports), highlight=False)
        out.print(_by_table(reports))
        for line in (*_lines(reports), *cost_lines(costs)):
            out.print(line, soft_wrap=True, highlight=False)
    raise typer.Exit(1 if any(report.problem or report.failed for report in reports) else 0)


def explain(
    table: Annotated[str, typer.Argument(help="Table, for example player_daily_cache.")],
    date_: DateOption,
    player: Annotated[
        str, typer.Option(help="One player, team or game of it, by any value that names it.")
    ] = "",
    archive: ArchiveOption = "",
    executor: ExecutorOption = "",
    only: Only = False,
    as_json: AsJson = False,
) -> None:
    """Say why a partition, or one player in it, was computed, and whether and why it would be now.

    Writes nothing.
    """
    from nba_pipeline.engine.explain import explain as explain_partition
    from nba_pipeline.orchestration.launch import span
    from nba_pipeline.tables import REGISTRY

    day, name = day_of(date_, "--date"), table.rpartition(".")[2]
    if name not in REGISTRY or table not in (name, REGISTRY[name].full_name):
        raise ConfigurationError(f"there is no table {table!r}: choose from {', '.join(REGISTRY)}")
    with _rehearsing([day], archive, executor) as session:
        told = explain_partition(REGISTRY[name], day, player, session, None if only else span())
    if as_json:
        print_json(asdict(told))
        return
    for line in _told(told):
        out.print(line, soft_wrap=True, highlight=False)
    grid = Grid("input", "reads", "rows", "hash", "was", box=SIMPLE_HEAD)
    for seen in told.inputs:
        was = "the same" if seen.was == seen.hash else seen.was or "never computed"
        grid.add_row(seen.input, seen.table, f"{seen.rows:,}", seen.hash, was)
    out.print(grid)


def _told(told: Explanation) -> Iterable[str]:
    yield told.sentence + "."
    if not told.entity and told.decision != "reuse":
        yield from (f"  {cause}" for cause in told.causes[:_MOST_PARTITIONS])
        if len(told.causes) > _MOST_PARTITIONS:
            yield f"  … and {len(told.causes) - _MOST_PARTITIONS:,} more; --json has them all"
    for run in told.runs[:_MOST_RUNS]:
        why = "; ".join(run.causes[:_MOST_NAMES])
        yield f"Run {run.run_id[:8]} computed it on {run.at:%Y-%m-%d %H:%M} UTC: {why}."
    if told.checked_at:
        yield f"A run last looked at it on {told.checked_at:%Y-%m-%d %H:%M} UTC."


@contextmanager
def _rehearsing(days: Sequence[date], archive: str, executor: str) -> Iterator[Session]:
    """What a run for these dates would work with."""
    check_executor(executor)
    check_workers()
    source = open_source(days, archive)

    from nba_pipeline.engine.fanout import open_pools
    from nba_pipeline.engine.read_cache import ReadCache
    from nba_pipeline.engine.session import Session
    from nba_pipeline.tables import REGISTRY

    with (
        open_pools(
            settings.executor_name(os.environ, executor), address=settings.dask_address(os.environ)
        ) as pools,
        reporting() as told,
    ):
        warehouse = open_warehouse()
        yield Session(
            warehouse=warehouse,
            cache=ReadCache(warehouse),
            source=source,
            tables=REGISTRY,
            pools=pools,
            environ=os.environ,
            run_id="plan",
            now=datetime.now(UTC),
            progress=told,
        )


def _planned(report: Partition) -> dict[str, Any]:
    """One partition of a plan, as ``--json`` prints it."""
    return {
        "table": report.table,
        "date": report.date.isoformat(),
        "decision": report.verdict,
        **{made.value: report.count(made) for made in _DECISIONS},
        "causes": _causes(report),
        "computed": report.computed,
        "rejected": report.rejected,
        "failed": report.failed,
        "rows": report.rows,
        "data_version": report.data_version,
        "was": report.before,
        "entities": _by_decision(report) if report.before else {},
    }


def _causes(report: Partition) -> list[str]:
    """The partition's cause, then those of its entities where each has its own."""
    own = sentences([cause for cause in report.causes if cause.entity])
    return [report.problem or report.cause, *own]


def _by_decision(report: Partition) -> dict[str, list[str]]:
    """The names behind the numbers; of a first build, whose entities are all new, none."""
    names: dict[str, list[str]] = {}
    for entity, made in report.changed.items():
        names.setdefault(made.value, []).append(entity)
    return names


def _by_table(reports: Sequence[Partition]) -> Grid:
    """One line per table: how many partitions and entities would be computed, and reused."""
    groups: dict[str, list[Partition]] = {}
    for report in reports:
        groups.setdefault(report.table, []).append(report)
    counts = ("rows", *(made.value.replace("_", " ") for made in _DECISIONS))
    grid = Grid("table", "dates", "to compute", *counts, "data versions moved", box=SIMPLE_HEAD)
    for column in grid.columns[1:]:
        column.justify, column.no_wrap = "right", True
    for table, group in groups.items():
        numbers = [
            len(group),
            sum(1 for report in group if report.verdict == "compute"),
            sum(report.rows for report in group),
            *(sum(report.count(made) for report in group) for made in _DECISIONS),
            sum(1 for report in group if report.data_version != report.before),
        ]
        grid.add_row(table.partition(".")[2], *(f"{number:,}" for number in numbers))
    return grid


def _lines(reports: Sequence[Partition]) -> Iterable[str]:
    """A sentence for each partition that something would happen to, and one for all others."""
    busy = [report for report in reports if report.verdict != "reuse"]
    for report in busy[:_MOST_PARTITIONS]:
        yield f"{report.date} {report.table.partition('.')[2]}: {_sentence(report)}"
    if len(busy) > _MOST_PARTITIONS:
        yield f"… and {len(busy) - _MOST_PARTITIONS:,} more partitions; --json lists them all"
    rest = len(reports) - len(busy)
    if rest:
        yield f"{rest:,} partitions would be reused as they are"


def _sentence(report: Partition) -> str:
    if report.problem:
        return f"would stop: {report.problem}"
    text = "; ".join(_causes(report)[: 1 + _MOST_NAMES])
    if report.before and report.data_version == report.before:
        text += "; the rows come out the same, so nothing that reads them has to follow"
    return text


def _heading(first: date, last: date, reports: Sequence[Partition]) -> str:
    """The plan in one sentence."""
    entities = sum(len(report.changed) for report in reports)
    partitions = sum(1 for report in reports if report.verdict == "compute")
    when = f"{first}" if first == last else f"{first} to {last}"
    if not partitions and not any(report.problem for report in reports):
        return f"{when}: nothing to do, all {len(reports):,} partitions are up to date"
    return f"{when}: {partitions:,} of {len(reports):,} partitions and {entities:,} entities"
