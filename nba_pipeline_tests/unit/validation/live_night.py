"""One evening of the simulated league, run live, in a folder that a test may break."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from nba_pipeline.domain.calendar import instant
from nba_pipeline.engine.fanout import Pools
from nba_pipeline.engine.finished import refuse_problems
from nba_pipeline.engine.logs import Log
from nba_pipeline.engine.materialize import materialize
from nba_pipeline.engine.phases import GRADES, PREDICTIONS, phase_of
from nba_pipeline.engine.protocols import Stored
from nba_pipeline.engine.session import Session
from nba_pipeline.engine.writer import Writer
from nba_pipeline.sources.simulated import SimulatedLeague
from nba_pipeline.tables import REGISTRY
from nba_pipeline.validation.clock import AGES
from nba_pipeline.validation.finding import Finding
from nba_pipeline.validation.judge import judge, validate
from nba_pipeline.validation.night import Night, read_night
from nba_pipeline.warehouse.local import LocalWarehouse

#: The season's first day, one with twelve games whose rows stand on enough, and the day before it
#: without any.
FIRST, DAY, IDLE = date(2025, 10, 21), date(2025, 11, 7), date(2025, 11, 6)
GAMES = 12
HISTORY = [FIRST + timedelta(days=step) for step in range((DAY - FIRST).days)]
#: Half past noon on the day after: everything is due.
MORNING_AFTER = instant(DAY + timedelta(days=1), 12, 30)

CONTEXT, FEATURES = "upcoming_player_game_context", "ml_feature_store_v2"
CLAIMS, SUMMARY = "player_prop_predictions", "player_game_summary"


def build(folder: Path) -> None:
    """The season up to ``DAY``, then that day as a live morning would run it.

    Tables start a minute apart from 06:00 Eastern on, the predictions from 07:00, the grades on the
    day after; at 18:00 the sources are looked at again and nothing has changed.
    """
    league = SimulatedLeague()
    for minute, table in enumerate(REGISTRY.values()):
        phase = phase_of(table)
        hour = {PREDICTIONS: 7}.get(phase, 6)
        day = DAY + timedelta(days=1) if phase is GRADES else DAY
        live = _session(folder, league, instant(day, hour, minute % 30), "live")
        is_read = phase not in (PREDICTIONS, GRADES) and table.layer != "reference"
        if is_read:
            before = _session(folder, league, instant(DAY, 5), "history")
            refuse_problems(list(materialize(table, HISTORY, before)))
        refuse_problems(list(materialize(table, [DAY], live)))
    evening = _session(folder, league, instant(DAY, 18), "evening")
    for age in AGES:
        refuse_problems(list(materialize(REGISTRY[age.table], [DAY], evening)))


def _session(folder: Path, league: SimulatedLeague, now: datetime, run_id: str) -> Session:
    return Session(
        warehouse=LocalWarehouse(folder, list(REGISTRY.values())),
        source=league,
        tables=REGISTRY,
        pools=Pools(),
        environ={},
        run_id=run_id,
        now=now,
    )


@dataclass(frozen=True)
class Kept:
    """The warehouse of that evening, in a folder of the test's own."""

    folder: Path

    @property
    def warehouse(self) -> LocalWarehouse:
        """Read afresh."""
        return LocalWarehouse(self.folder, list(REGISTRY.values()))

    def path(self, name: str) -> Path:
        """The file of the evening's partition of a table."""
        return self.warehouse.path(REGISTRY[name], DAY)

    def night(self, now: datetime = MORNING_AFTER) -> Night:
        return read_night(self.warehouse, DAY, now, {})

    def found(self, now: datetime = MORNING_AFTER) -> dict[str, Finding]:
        """What each check finds."""
        return by_name(validate(self.warehouse, DAY, now, os.environ))

    def rewrite(self, name: str, change: Callable[[pa.Table], pa.Table]) -> None:
        """Change the stored rows of the evening behind everybody's back."""
        table, warehouse = REGISTRY[name], self.warehouse
        rows = warehouse.read(table, [DAY], every_revision=True)
        known: Stored = warehouse.stored(table, [DAY])[DAY]
        warehouse.replace(table, {DAY: (change(rows), known)})

    def tell(self, log: Log, now: datetime = MORNING_AFTER, **row: Any) -> None:
        """Append one row to a log."""
        Writer(self.warehouse, "told", now).append(log, [row])


def by_name(found: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in found}


def judged(night: Night) -> dict[str, Finding]:
    return by_name(judge(night))


def news(found: Mapping[str, Finding]) -> dict[str, str]:
    """What somebody should be told, by check: its outcome."""
    return {name: finding.outcome.value for name, finding in found.items() if finding.is_news}


def first_row(name: str, value: Any) -> Callable[[pa.Table], pa.Table]:
    """Gives the first row another value in a column."""

    def change(rows: pa.Table) -> pa.Table:
        values = pa.array([value, *rows[name].to_pylist()[1:]], rows[name].type)
        return rows.set_column(rows.column_names.index(name), name, values)

    return change
