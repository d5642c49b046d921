"""Small tables and rows of theirs, for the tests of warehouses."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from nba_pipeline.engine.columns import KNOWN_AT, Column, Numbers, Texts
from nba_pipeline.engine.protocols import Stored, Warehouse
from nba_pipeline.engine.table import FanOut, Table

DAY, NEXT_DAY = date(2021, 11, 15), date(2021, 11, 16)
WRITTEN = datetime(2021, 11, 16, 12, tzinfo=UTC)


def table_of(name: str, *columns: Column, keeps_revisions: bool = False) -> Table:
    return Table(
        name=name,
        dataset="nba_test",
        description="Made for tests.",
        entity=("player",),
        key=("player",),
        columns=(
            Column("player", str, nullable=False),
            Column("game_date", date, nullable=False),
            Column("points", int),
            *columns,
            *(KNOWN_AT if keeps_revisions else ()),
        ),
        inputs={},
        cells=lambda inputs: inputs["nobody"],
        compute=lambda cells: cells.columns,
        version=1,
        fan_out=FanOut("player", "TEST_WORKERS", default_workers=1),
        keeps_revisions=keeps_revisions,
    )


SUMMARY = table_of("summary")
RAW = table_of("raw", keeps_revisions=True)
EVERY_TYPE = table_of(
    "every_type",
    Column("share", float, decimals=3),
    Column("is_home", bool),
    Column("tip_off", datetime),
    Column("issues", Texts),
    Column("features", Numbers, decimals=2),
)
TABLES = (SUMMARY, RAW, EVERY_TYPE)


def rows_of(table: Table, *rows: dict[str, Any]) -> pa.Table:
    """Rows with everything that is not named filled in."""
    engine: dict[str, Any] = {
        "game_date": DAY,
        "data_hash": "h",
        "inputs_hash": "i",
        "run_id": "run-1",
        "created_at": WRITTEN,
        "processed_at": WRITTEN,
    }
    lists: dict[str, Any] = {c.name: [] for c in table.columns if c.type in (Texts, Numbers)}
    return pa.Table.from_pylist([{**engine, **lists, **row} for row in rows], schema=table.schema)


def about(rows: pa.Table, **known: Any) -> Stored:
    facts = {"fingerprint": "f", "data_version": "v", "table_version": 1, "inputs": {}}
    return Stored(rows=rows.num_rows, entities=rows.num_rows, **{**facts, **known})


def put(warehouse: Warehouse, table: Table, rows: pa.Table, day: date = DAY) -> None:
    warehouse.replace(table, {day: (rows, about(rows))})


# Scored, corrected, withdrawn, and put back as corrected.
HISTORY = (
    {"points": 20, "known_at": datetime(2021, 11, 16, 11, tzinfo=UTC)},
    {"points": 21, "known_at": datetime(2021, 11, 17, 11, tzinfo=UTC)},
    {"points": 21, "known_at": datetime(2021, 11, 18, 11, tzinfo=UTC), "is_retracted": True},
    {"points": 21, "known_at": datetime(2021, 11, 19, 11, tzinfo=UTC)},
)


def revisions(*history: dict[str, Any], player: str = "a") -> list[dict[str, Any]]:
    return [
        {
            "player": player,
            "known_at_is_estimated": False,
            "is_retracted": False,
            **row,
            "revision": number,
            "is_current": number == len(history),
        }
        for number, row in enumerate(history, start=1)
    ]
