"""A slate that never changes, and what every table makes of it.

The slate is a month of two teams' games, taken from the simulated league once and frozen as one
Parquet file a feed, so that it stays as it is while the league goes on to change. ``versions.json``
says of each table which version of it made which rows.

    scripts/golden             accept what the tables make of it now
    scripts/golden --freeze    take a new slate from the league first
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nba_pipeline.domain.calendar import SeasonCalendar
from nba_pipeline.engine.fanout import Pools
from nba_pipeline.engine.finished import refuse_problems
from nba_pipeline.engine.plan import demands
from nba_pipeline.engine.rehearsal import bring
from nba_pipeline.engine.session import Session
from nba_pipeline.sources.base import of_dates, versions_by_date
from nba_pipeline.sources.feeds import FEEDS
from nba_pipeline.sources.simulated import SimulatedLeague
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse

HERE = Path(__file__).resolve().parent
FEED_FILES, VERSIONS = HERE / "slate", HERE / "versions.json"

TEAMS = ("BOS", "LAL")
FIRST = date(2025, 10, 21)
DAYS = [FIRST + timedelta(days=step) for step in range(24)]


class Slate:
    """The frozen games as a source."""

    name = "slate"

    def read(self, feed: str, dates: Sequence[date]) -> pa.Table:
        """The feed's rows of those days; a feed that was not frozen has none."""
        return of_dates(self._feeds[feed], dates)

    def versions(self, feed: str, dates: Sequence[date]) -> dict[date, str]:
        """A digest of each day's rows."""
        return versions_by_date(self._feeds[feed], dates)

    def calendar(self) -> SeasonCalendar:
        """The one season."""
        games = self._feeds["schedule"]
        return SeasonCalendar.from_games(
            games["game_date"].to_pylist(), games["game_id"].to_pylist()
        )

    def mark(self) -> str:
        """The slate never changes."""
        return self.name

    @cached_property
    def _feeds(self) -> dict[str, pa.Table]:
        return {name: _frozen(name) for name in FEEDS}


def _frozen(feed: str) -> pa.Table:
    """A frozen feed with the columns it has today; those that came later are NULL."""
    schema = FEEDS[feed].schema
    if "game_date" not in schema.names:
        schema = schema.insert(0, pa.field("game_date", pa.date32()))
    path = FEED_FILES / f"{feed}.parquet"
    rows = pq.read_table(path) if path.exists() else schema.empty_table()
    columns = [
        rows[entry.name].cast(entry.type)
        if entry.name in rows.column_names
        else pa.nulls(rows.num_rows, entry.type)
        for entry in schema
    ]
    return pa.table(columns, schema=schema)


def freeze() -> None:
    """Take the slate from the simulated league as it is now."""
    league = SimulatedLeague()
    schedule = league.read("schedule", DAYS)
    home = pc.is_in(schedule["home_team_abbr"], pa.array(TEAMS))
    away = pc.is_in(schedule["away_team_abbr"], pa.array(TEAMS))
    games = schedule.filter(pc.or_(home, away))["game_id"].combine_chunks()
    FEED_FILES.mkdir(exist_ok=True)
    for name in FEEDS:
        rows = league.read(name, DAYS)
        if "game_id" in rows.column_names:
            rows = rows.filter(pc.is_in(rows["game_id"], games))
        pq.write_table(rows, FEED_FILES / f"{name}.parquet", compression="zstd")


@dataclass(frozen=True)
class Made:
    """What one table makes of the slate.

    Attributes:
        version: The table's version.
        rows: How many rows.
        read: Digest of all that it reads.
        made: Digest of all its rows.
    """

    version: int
    rows: int
    read: str
    made: str


def make() -> dict[str, Made]:
    """Build every table from the frozen slate."""
    with tempfile.TemporaryDirectory() as folder:
        session = Session(
            warehouse=LocalWarehouse(Path(folder), list(REGISTRY.values())),
            source=Slate(),
            tables=REGISTRY,
            pools=Pools(),
            environ={},
            run_id="slate",
            now=datetime(2026, 7, 1, tzinfo=UTC),
        )
        reports = bring(list(REGISTRY.values()), DAYS, session, None)
        refuse_problems(reports)
        broken = [report for report in reports if report.failed]
        if broken:
            raise AssertionError(f"{broken[0].table} of {broken[0].date} breaks on the slate")
        return {name: _made(name, session) for name in REGISTRY}


def _made(name: str, session: Session) -> Made:
    table = REGISTRY[name]
    stored = session.warehouse.stored(table, DAYS)
    inputs = demands(table, DAYS, REGISTRY, session.warehouse, session.source, {})
    return Made(
        table.version,
        sum(known.rows for known in stored.values()),
        _digest(sorted(demand.inputs.items()) for demand in inputs.values()),
        _digest((day, known.data_version) for day, known in stored.items()),
    )


def _digest(lines: Any) -> str:
    return hashlib.sha256("\n".join(str(line) for line in lines).encode()).hexdigest()[:16]


def accepted() -> dict[str, Made]:
    """What was made of the slate when somebody last looked."""
    return {name: Made(**found) for name, found in json.loads(VERSIONS.read_text()).items()}


def verdict(name: str, before: Made | None, now: Made) -> str:
    """What is wrong with a table, in one sentence; empty where nothing is."""
    again = "accept it with: scripts/golden"
    if before is None:
        return f"nobody has looked at what {name} makes of the slate; {again}"
    if now.made == before.made and now.version == before.version:
        return ""
    if now.version != before.version:
        return f"{name} is version {now.version} now, was {before.version}; {again}"
    if now.read != before.read:
        return f"{name} makes other rows because it reads other rows; {again}"
    return (
        f"{name} makes other rows of the same inputs, and its version is still {now.version}: "
        "raise it, or every stored row stays as the old code made it"
    )


def accept() -> int:
    """Write down what the tables make now, but for rows that changed behind their version."""
    before = accepted() if VERSIONS.exists() else {}
    now = make()
    silent = [
        sentence
        for name, made in now.items()
        if "raise it" in (sentence := verdict(name, before.get(name), made))
    ]
    for sentence in silent:
        sys.stderr.write(f"{sentence}\n")
    if not silent:
        found = {name: made.__dict__ for name, made in now.items()}
        VERSIONS.write_text(json.dumps(found, indent=1) + "\n")
    return 1 if silent else 0


if __name__ == "__main__":
    if "--freeze" in sys.argv:
        freeze()
        VERSIONS.unlink(missing_ok=True)
    sys.exit(accept())
