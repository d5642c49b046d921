"""Reading one night: what the warehouse holds of a date and of the runs that worked on it.

A damaged partition does not end the reading: it is named, and has no rows. Whether a date was run
live is decided here and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.domain.calendar import EASTERN, instant, nba_day
from nba_pipeline.domain.games import GameStatus
from nba_pipeline.domain.gates import BOOTSTRAP_DAYS
from nba_pipeline.engine import logs
from nba_pipeline.engine.checks import Violation, violations
from nba_pipeline.engine.errors import WarehouseError
from nba_pipeline.engine.protocols import Stored, Warehouse
from nba_pipeline.engine.reading import SCHEDULE
from nba_pipeline.engine.recording import failure_log
from nba_pipeline.engine.table import Table
from nba_pipeline.engine.timings import Row, earliest_run, timings_of
from nba_pipeline.tables import REGISTRY

#: When a game without a time begins, hours Eastern.
USUAL_TIP_OFF = 19
#: Days of game days that a table may lag behind, and of grades that errors are compared over.
LAG_DAYS, DRIFT_DAYS = 7, 30

# What checks read of the date's rows, besides what the promises of every table are about.
_COLUMNS: Mapping[str, str] = {
    SCHEDULE: "game_id game_status home_team_abbr away_team_abbr scheduled_start actual_tip_off "
    "season_first_day season_type",
    "nbac_player_boxscores": "game_id team_abbr",
    "upcoming_player_game_context": "game_id player_lookup is_production_ready "
    "avg_minutes_per_game_last_7 player_status",
    "ml_feature_store_v2": "player_lookup feature_quality_score is_production_ready "
    "early_season_flag",
    "player_prop_predictions": "game_id player_lookup system_id",
    "prediction_accuracy": "game_id player_lookup outcome",
}


@dataclass(frozen=True)
class Night:
    """What is known of a date.

    Attributes:
        day: The NBA day.
        now: The moment of judging it.
        environ: The environment, for settings that change who is predicted.
        rows: Rows of the date by table, in the columns that checks read.
        stored: By table, what is known of the date's partition; without the unbuilt.
        lately: By table, its partitions of the week up to the date.
        unreadable: By table, why its partition cannot be read.
        broken: By table, the promises its partition breaks.
        runs: By table, its runs of the date, oldest first.
        cascade: How the phases followed each other; empty where nothing ran.
        failures: Newest word on each entity that has no row, or an incomplete one, and no cure yet.
        breakers: Newest state of each partition's breaker.
        attempts: Newest attempt at each entity that broke.
        errors: The ensemble's mean error of each graded date of the month up to this one.
        game_days: Days of the last week that have games.
    """

    day: date
    now: datetime
    environ: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    stored: Mapping[str, Stored] = field(default_factory=dict)
    lately: Mapping[str, Sequence[date]] = field(default_factory=dict)
    unreadable: Mapping[str, str] = field(default_factory=dict)
    broken: Mapping[str, Sequence[Violation]] = field(default_factory=dict)
    runs: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    cascade: Row = field(default_factory=dict)
    failures: Sequence[Row] = ()
    breakers: Sequence[Row] = ()
    attempts: Sequence[Row] = ()
    errors: Mapping[date, float] = field(default_factory=dict)
    game_days: Sequence[date] = ()

    @property
    def games(self) -> Sequence[Row]:
        """The date's games."""
        return self.rows.get(SCHEDULE, ())

    @property
    def played(self) -> Sequence[Row]:
        """Those that are over."""
        return [game for game in self.games if game["game_status"] == GameStatus.FINAL]

    @property
    def is_bootstrap(self) -> bool:
        """Whether the season is too young for precomputed rows and predictions."""
        return any(
            0 <= (self.day - game["season_first_day"]).days < BOOTSTRAP_DAYS for game in self.games
        )

    @property
    def first_tip_off(self) -> datetime:
        """When the first game begins, or would."""
        times = [game["scheduled_start"] or game["actual_tip_off"] for game in self.games]
        known = [moment for moment in times if moment]
        return min(known) if known else instant(self.day, USUAL_TIP_OFF)

    @property
    def is_live(self) -> bool:
        """Whether the date was worked on while it was the day: the one rule for it.

        The first run of it that succeeded began on the NBA day itself or before. The schedule's
        does not count, for two weeks of it are read ahead. Today and what is to come are live
        whatever has run. A date that was first built later owes the clock nothing.
        """
        began = [
            run["started_at"]
            for table, runs in self.runs.items()
            for run in runs
            if run["success"] and table != SCHEDULE
        ]
        return self.day >= nba_day(self.now) or bool(began and nba_day(min(began)) <= self.day)

    @property
    def run_again(self) -> str:
        """The command that makes the date true."""
        return f"nba-pipeline run --date {self.day}"

    @property
    def unpredicted(self) -> str:
        """Why nobody is predicted, whatever runs; empty where somebody should be."""
        if not self.games:
            return f"no games on {self.day}"
        if self.is_bootstrap:
            return f"{self.day} is one of the season's first {BOOTSTRAP_DAYS} days"
        return ""

    def at(self, hour: int, minute: int = 0, days: int = 0) -> datetime:
        """A time of day, Eastern, of the date or some days after it."""
        return instant(self.day + timedelta(days=days), hour, minute)

    def is_before(self, moment: datetime) -> bool:
        """Whether it is not yet that time."""
        return self.now < moment


def reason_of(run: Row) -> str:
    """What a run failed of, in its own words."""
    reasons: list[str] = json.loads(run["errors_json"] or "[]")
    return reasons[0] if reasons else "no reason kept"


def eastern(moment: datetime) -> str:
    """``07:10``, on the US East Coast."""
    return f"{moment.astimezone(EASTERN):%H:%M}"


def read_night(warehouse: Warehouse, day: date, now: datetime, environ: Mapping[str, str]) -> Night:
    """Everything the checks of a date judge.

    Args:
        warehouse: Where rows and records are.
        day: The NBA day.
        now: The moment it is.
        environ: The environment.

    Raises:
        WarehouseError: When the warehouse itself cannot be read; a damaged partition is a finding.
    """
    week = [day - timedelta(days=back) for back in range(LAG_DAYS, -1, -1)]
    tables = list(REGISTRY.values())
    known = {table.name: warehouse.stored(table, week) for table in tables}
    reading = _Reading(warehouse, day)
    for table in tables:
        if day in known[table.name]:
            reading.look_at(table)
    timings = timings_of(warehouse, tables, day, day)
    runs: dict[str, list[Row]] = {}
    for run in timings.runs:
        runs.setdefault(run["table_name"], []).append(run)
    since = earliest_run(day)
    return Night(
        day=day,
        now=now,
        environ=environ,
        rows=reading.rows,
        stored={name: days[day] for name, days in known.items() if day in days},
        lately={name: sorted(days) for name, days in known.items()},
        unreadable=reading.unreadable,
        broken=reading.broken,
        runs=runs,
        cascade=timings.cascade[0] if timings.cascade else {},
        failures=_failures(warehouse, day, since, now),
        breakers=_breakers(warehouse, day, since, now),
        attempts=_newest(warehouse, logs.REPROCESS_ATTEMPTS, day, since, now),
        errors=reading.errors(),
        game_days=reading.game_days(week, known[SCHEDULE]),
    )


class _Reading:
    """The date's partitions, read one after another; a damaged one is noted."""

    def __init__(self, warehouse: Warehouse, day: date) -> None:
        self.warehouse, self.day = warehouse, day
        self.rows: dict[str, list[Row]] = {}
        self.unreadable: dict[str, str] = {}
        self.broken: dict[str, list[Violation]] = {}

    def look_at(self, table: Table) -> None:
        """Read what is judged of one partition, and which promises it breaks."""
        try:
            if table.name in _COLUMNS:
                wanted = _COLUMNS[table.name].split()
                self.rows[table.name] = self.warehouse.read(table, [self.day], wanted).to_pylist()
            self.broken[table.name] = violations(table, [self.day], REGISTRY, self.warehouse)
        except WarehouseError as error:
            self.unreadable[table.name] = str(error)

    def errors(self) -> dict[date, float]:
        """The ensemble's mean error of each graded date of the month."""
        days = [self.day - timedelta(days=back) for back in range(DRIFT_DAYS)]
        columns = ["game_date", "system_id", "mae"]
        rows = self._month("system_daily_performance", days, columns)
        return {
            row["game_date"]: row["mae"]
            for row in rows
            if row["system_id"] == "ensemble_v1" and row["mae"] is not None
        }

    def game_days(self, week: Sequence[date], stored: Mapping[date, Stored]) -> list[date]:
        """The days of the week that have games, as far as the schedule is there."""
        rows = self._month(SCHEDULE, [day for day in week if day in stored], ["game_date"])
        return sorted({row["game_date"] for row in rows})

    def _month(self, name: str, days: Sequence[date], columns: Sequence[str]) -> list[Row]:
        try:
            rows: list[Row] = self.warehouse.read(REGISTRY[name], days, columns).to_pylist()
        except WarehouseError as error:
            self.unreadable.setdefault(name, str(error))
            return []
        return rows


def _failures(warehouse: Warehouse, day: date, since: datetime, now: datetime) -> list[Row]:
    """What has no row of the date, or an incomplete one, and no cure yet."""
    found = []
    for log in dict.fromkeys(failure_log(table) for table in REGISTRY.values()):
        found += _newest(warehouse, log, day, since, now)
    return [row for row in found if row["resolution_status"] != "RESOLVED"]


def _newest(
    warehouse: Warehouse, log: logs.Log, day: date, since: datetime, now: datetime
) -> list[Row]:
    """The newest row of each subject of the date, as the log's view shows it."""
    rows = warehouse.read_log(log, since)
    of_day = rows.filter(pc.equal(rows["analysis_date"], pa.scalar(day)))
    newest = {
        tuple(row[name] for name in log.subject): row for row in logs.in_order(log, of_day, now)
    }
    return list(newest.values())


def _breakers(warehouse: Warehouse, day: date, since: datetime, now: datetime) -> list[Row]:
    """The newest state of the breaker of each partition of the date."""
    log = logs.CIRCUIT_BREAKER_STATE
    rows = logs.in_order(log, warehouse.read_log(log, since), now)
    suffix = f":{day}"
    newest = {row["processor_name"]: row for row in rows if row["processor_name"].endswith(suffix)}
    return [row | {"table": name.removesuffix(suffix)} for name, row in newest.items()]
