"""Three tables in a row over a season's first weeks, on a real Dagster instance.

A source publishes what each player scored on a day. ``marks`` keeps that, ``form`` adds what he
did in the three days before, ``scorers`` says of ``form`` only whether he reached ten points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pyarrow as pa

from nba_pipeline.domain.calendar import EASTERN
from nba_pipeline.engine.columns import KNOWN_AT, Column
from nba_pipeline.engine.declared_inputs import days_before, reads, reads_feed
from nba_pipeline.engine.table import FanOut, Table, each
from nba_pipeline.engine.windows import Cells, Columns
from nba_pipeline.orchestration.assets import key_of
from nba_pipeline.orchestration.build import build_definitions
from nba_pipeline.orchestration.jobs import NBA_DAYS
from nba_pipeline.orchestration.partitions import range_tags
from nba_pipeline.orchestration.resources import SourceResource, WarehouseResource
from nba_pipeline.sources.feeds import Feed

#: More than two months of a season, a partition a day.
DAYS = [date(2021, 10, 19) + timedelta(days=at) for at in range(62)]
#: The last of them is tomorrow.
NOW = datetime(2021, 12, 18, 12, tzinfo=EASTERN)
FORM_REACH = 3

SCORES = Feed("scores", {"player": pa.string(), "points": pa.int64()}, key=("player",))


def marks(cells: Cells) -> Columns:
    rows = cells.window("scores").rows()
    return {
        "player": cells["player"][rows.cell],
        "game_date": rows["game_date"],
        "points": rows["points"],
        "known_at": rows["game_date"].astype("datetime64[us]") + np.timedelta64(36, "h"),
        "known_at_is_estimated": np.ones(len(rows), dtype=bool),
    }


def form(cells: Cells) -> Columns:
    return {
        "player": cells["player"],
        "game_date": cells["game_date"],
        "points": cells.one("today")["points"],
        "points_before": cells.window("before").sum("points"),
    }


def scorers(cells: Cells) -> Columns:
    return {
        "player": cells["player"],
        "game_date": cells["game_date"],
        "is_scorer": cells.one("today")["points"] >= 10,
    }


def _table(compute: Any, layer: str, cells: str, inputs: Any, *columns: Column, **more: Any) -> Any:
    return Table(
        name=compute.__name__,
        dataset=f"nba_{layer}",
        description="Made for tests.",
        entity=("player",),
        key=("player",),
        columns=(
            Column("player", str, nullable=False),
            Column("game_date", date, nullable=False),
            *columns,
        ),
        inputs=inputs,
        cells=each(cells, "player"),
        compute=compute,
        version=1,
        fan_out=FanOut("player", "TEST_WORKERS", default_workers=1),
        **more,
    )


_NEAR = days_before(FORM_REACH)
TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        _table(
            marks,
            "raw",
            "scores",
            {"scores": reads_feed("scores", "player points", on="player")},
            Column("points", int),
            *KNOWN_AT,
            keeps_revisions=True,
        ),
        _table(
            form,
            "analytics",
            "today",
            {
                "today": reads("marks", "points", on="player"),
                "before": reads("marks", "points", window=_NEAR, on="player"),
            },
            Column("points", int),
            Column("points_before", int),
        ),
        _table(
            scorers,
            "precompute",
            "today",
            {"today": reads("form", "points", on="player")},
            Column("is_scorer", bool),
        ),
    )
}

_PUBLISHED: list[Any] = []


class Published(SourceResource):
    """Whatever source the test has put there last."""

    def open(self) -> Any:
        return _PUBLISHED[-1]


@dataclass
class SmallWorld:
    """A source, a warehouse and an instance; dates are brought up to date by real runs."""

    source: Any
    instance: dg.DagsterInstance
    folder: Path
    cursor: Any = None
    cursors: dict[str, Any] = field(default_factory=dict)
    defs: dg.Definitions = field(init=False)

    def __post_init__(self) -> None:
        _PUBLISHED.append(self.source)
        self.defs = build_definitions(tables=TABLES, resources={"source": Published()})

    def bring(self, days: Sequence[date], *names: str) -> dict[tuple[str, date], int]:
        """Bring tables up to date in one run: entities computed by table and date."""
        keys = {key_of(TABLES[name]) for name in names or TABLES}
        job = self.defs.resolve_job_def(NBA_DAYS).get_subset(
            asset_selection=keys, asset_check_selection=set()
        )
        one = len(days) == 1
        result = job.execute_in_process(
            partition_key=days[0].isoformat() if one else None,
            instance=self.instance,
            tags={} if one else range_tags(days[0], days[-1]),
            raise_on_error=False,
        )
        computed = {}
        for event in result.get_asset_materialization_events():
            told = event.materialization
            if "computed" in told.metadata:
                where = told.asset_key.path[-1], date.fromisoformat(str(told.partition))
                computed[where] = told.metadata["computed"].value
        return computed

    def look(self, name: str) -> Any:
        """What a sensor answers now; its cursor is kept for the next look."""
        sensor = self.defs.get_repository_def().get_sensor_def(name)
        context = dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursors.get(name),
            repository_def=self.defs.get_repository_def(),
            resources={"warehouse": WarehouseResource(), "source": Published()},
        )
        answer = sensor.evaluate_tick(context)
        self.cursors[name] = answer.cursor
        return answer

    def run(self, request: dg.RunRequest) -> bool:
        """Do what a sensor asked for; whether it worked."""
        result = self.defs.resolve_job_def(NBA_DAYS).execute_in_process(
            partition_key=request.partition_key,
            instance=self.instance,
            tags=dict(request.tags),
            raise_on_error=False,
        )
        return bool(result.success)

    def correct(self, day: date, points: int) -> None:
        """What the first player scored on a day is published anew."""
        row = next(row for row in self.source.rows["scores"] if row["game_date"] == day)
        row["points"] = points

    def tick(self) -> dict[str, list[date]]:
        """What the automation conditions request now, by table."""
        result = dg.evaluate_automation_conditions(
            self.defs, self.instance, evaluation_time=NOW, cursor=self.cursor
        )
        self.cursor = result.cursor
        requested = {}
        for name, table in TABLES.items():
            keys = result.get_requested_partitions(key_of(table))
            if keys:
                requested[name] = sorted(date.fromisoformat(str(key)) for key in keys)
        return requested


def scores(days: Sequence[date] = DAYS) -> list[dict[str, Any]]:
    """Two players score on each of some days."""
    return [
        {"game_date": day, "player": player, "points": points + day.day % 3}
        for day in days
        for player, points in (("ann", 12), ("bob", 4))
    ]
