"""How much is skipped: a week is scraped again night after night, and little in it has changed.

Most nights everything comes back as it was. Once a line has moved, once what is said of an injury
has changed, once a box score was corrected. Each night the whole week is brought up to date, and
what was computed is held against computing the week anew.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.domain.calendar import SeasonCalendar
from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.engine.fanout import open_pools
from nba_pipeline.engine.finished import refuse_problems
from nba_pipeline.engine.protocols import Source
from nba_pipeline.engine.rehearsal import bring
from nba_pipeline.engine.session import Partition, Session
from nba_pipeline.sources.base import versions_by_date
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse

_WEEK = 7


@dataclass(frozen=True)
class Amendment:
    """One value that is published differently from now on.

    Attributes:
        feed: Of which feed.
        key: Columns and values that name the row.
        column: Which of its columns.
        value: What it says now.
    """

    feed: str
    key: Mapping[str, Any]
    column: str
    value: Any


@dataclass
class Amended:
    """A source some of whose values were amended.

    Attributes:
        source: What it was.
        amendments: What changed.
    """

    source: Source
    amendments: list[Amendment] = field(default_factory=list)

    @property
    def name(self) -> str:
        """As the source's own rows say."""
        return self.source.name

    def read(self, feed: str, dates: Sequence[date]) -> pa.Table:
        """The feed's rows of those days, as amended."""
        rows = self.source.read(feed, dates)
        for amendment in self.amendments:
            if amendment.feed == feed and rows.num_rows:
                rows = _amended(rows, amendment)
        return rows

    def versions(self, feed: str, dates: Sequence[date]) -> dict[date, str]:
        """A digest of each day's rows, as amended."""
        if any(amendment.feed == feed for amendment in self.amendments):
            return versions_by_date(self.read(feed, dates), dates)
        return self.source.versions(feed, dates)

    def calendar(self) -> SeasonCalendar:
        """The seasons of the source."""
        return self.source.calendar()

    def mark(self) -> str:
        """The source's own, and how often it was amended."""
        return f"{self.source.mark()}, amended {len(self.amendments)} times"


def _amended(rows: pa.Table, amendment: Amendment) -> pa.Table:
    is_meant = pa.array([True] * rows.num_rows)
    for name, value in amendment.key.items():
        is_meant = pc.and_(is_meant, pc.equal(rows[name], pa.scalar(value, rows[name].type)))
    at = rows.column_names.index(amendment.column)
    now = pa.scalar(amendment.value, rows[amendment.column].type)
    return rows.set_column(
        at, rows.schema.field(at), pc.if_else(is_meant, now, rows[amendment.column])
    )


# The week -----------------------------------------------------------------------------------------


def nights(source: Source, week: Sequence[date]) -> list[tuple[str, list[Amendment]]]:
    """What each night of a typical week finds: a name, and what is published differently.

    Raises:
        ConfigurationError: When the week has no line, injury report or box score to change.
    """
    line = _some(source, "game_lines", week, "close_total")
    injury = _some(source, "injury_transactions", week, "notes")
    game = {"game_id": line["game_id"]}
    moved = Amendment("game_lines", game, "close_total", line["close_total"] + 0.5)
    said = Amendment(
        "injury_transactions",
        {"source_row": injury["source_row"]},
        "notes",
        f"{injury['notes']} (out indefinitely)",
    )
    return [
        ("as it was", []),
        ("a line has moved", [moved]),
        ("as it was", []),
        ("an injury status has changed", [said]),
        ("as it was", []),
        ("a box score was corrected", correction(source, week, "stl")),
        ("as it was", []),
    ]


def correction(source: Source, days: Sequence[date], column: str) -> list[Amendment]:
    """One more of something in the first box-score line of some days, and in its team's total.

    Raises:
        ConfigurationError: When the days have no box score.
    """
    box = _some(source, "player_box", days, column)
    at = {"game_id": box["game_id"]}
    team, player = {**at, "team_abbr": box["team_abbr"]}, {**at, "player_id": box["player_id"]}
    (total,) = [
        row
        for row in source.read("team_box", days).to_pylist()
        if all(row[name] == value for name, value in team.items())
    ]
    return [
        Amendment("player_box", player, column, box[column] + 1),
        Amendment("team_box", team, column, total[column] + 1),
    ]


def _some(source: Source, feed: str, days: Sequence[date], column: str) -> dict[str, Any]:
    """The first row of some days that has a value to change."""
    rows: list[dict[str, Any]] = source.read(feed, days).to_pylist()
    found = next((row for row in rows if row[column] is not None), None)
    if found is None:
        raise ConfigurationError(f"{feed} has nothing from {days[0]} to {days[-1]} to change")
    return found


def measure(source: Source, dates: Sequence[date], executor: str) -> dict[str, Any]:
    """Build the dates, then scrape the last seven of them again night after night.

    Args:
        source: Where facts come from.
        dates: What is built first, at least a week.
        executor: What compute runs in.

    Returns:
        For each night and for each layer the entities computed, those there are, and the
        percentage that was avoided.

    Raises:
        ConfigurationError: When there are fewer dates than a week has.
    """
    if len(dates) < _WEEK:
        raise ConfigurationError(f"a week of re-scrapes takes {_WEEK} dates, not {len(dates)}")
    week, amended = dates[-_WEEK:], Amended(source)
    told: list[dict[str, Any]] = []
    by_layer: dict[str, list[Partition]] = {}
    with tempfile.TemporaryDirectory() as scratch, open_pools(executor) as pools:

        def run(days: Sequence[date], night: int) -> list[Partition]:
            session = Session(
                warehouse=LocalWarehouse(Path(scratch), list(REGISTRY.values())),
                source=amended,
                tables=REGISTRY,
                pools=pools,
                environ=os.environ,
                run_id=f"night-{night}",
                now=datetime.now(UTC),
            )
            reports = bring(list(REGISTRY.values()), days, session, None)
            refuse_problems(reports)
            return reports

        run(dates, 0)
        for night, (what, amendments) in enumerate(nights(source, week), start=1):
            amended.amendments += amendments
            reports = run(week, night)
            told.append({"night": night, "found": what, **_share(reports)})
            for report in reports:
                layer = report.table.partition(".")[0].removeprefix("nba_")
                by_layer.setdefault(layer, []).append(report)
    return {
        "nights": told,
        "layers": [{"layer": layer, **_share(reports)} for layer, reports in by_layer.items()],
        "all": _share([report for reports in by_layer.values() for report in reports]),
    }


def _share(reports: Sequence[Partition]) -> dict[str, Any]:
    computed = sum(report.computed for report in reports)
    entities = computed + sum(report.reused for report in reports)
    avoided = 100 * (1 - computed / entities) if entities else 100.0
    return {"computed": computed, "entities": entities, "avoided_pct": round(avoided, 2)}
