"""Tables seen from outside: what they make of rows written by hand, and of a real autumn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from nba_pipeline.benchmarks.working import copied
from nba_pipeline.engine import rows
from nba_pipeline.engine.finished import refuse_problems
from nba_pipeline.engine.inputs import plan_cells, with_decimals
from nba_pipeline.engine.materialize import materialize
from nba_pipeline.engine.session import Session
from nba_pipeline.engine.table import Partly, Table
from nba_pipeline.sources.archive import Archive
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse
from nba_pipeline_tests.once import built_once

Row = dict[str, Any]

OPENING_NIGHT = date(2021, 10, 19)
#: A date of placeholders, then three on which Chicago, Denver and Atlanta play.
NIGHTS = (date(2021, 11, 1), date(2021, 11, 3), date(2021, 11, 8), date(2021, 11, 15))

#: Read for the dates asked for only; everything else is read as history.
_TONIGHT_ONLY = {
    "league_daily_averages",
    "team_defense_zone_analysis",
    "player_shot_zone_analysis",
    "upcoming_team_game_context",
    "upcoming_player_game_context",
    "player_daily_cache",
    "player_composite_factors",
}


#: What is known of a game only when it is over, and is read as history.
_RESULTS = (
    "nbac_player_boxscores",
    "player_game_summary",
    "team_offense_game_summary",
    "team_defense_game_summary",
)


@dataclass(frozen=True)
class Seen:
    """What a table makes of some rows.

    Attributes:
        rows: As they would be stored, of the cells no gate turns away.
        turned_away: Category of each entity that a gate turns away, or that has no answer.
        inputs_hashes: Digest of what each entity sees.
    """

    rows: list[Row]
    turned_away: dict[str, str]
    inputs_hashes: dict[str, str]


SeenBy = Callable[..., Seen]


@pytest.fixture(scope="session")
def seen_by() -> SeenBy:
    """``seen_by(TABLE, games=[{...}], ...)``: rows of inputs; what is left out is NULL."""

    def see(
        table: Table, settings: Mapping[str, str] | None = None, **given: Sequence[Row]
    ) -> Seen:
        inputs = {}
        for name, declared in table.inputs.items():
            upstream = REGISTRY[declared.table]
            names = sorted({*declared.columns, *(theirs for theirs, _ in declared.on), "game_date"})
            schema = pa.schema([(n, upstream.column(n).arrow_type) for n in names])
            found = [{n: row.get(n) for n in names} for row in given.get(name, ())]
            inputs[name] = with_decimals(pa.Table.from_pylist(found, schema=schema), upstream)
            if declared.known_by:
                inputs[name] = _as_first_published(inputs[name])
        planned = plan_cells(table, table.settings_in(settings or {}), inputs)
        kept, away = np.ones(len(planned.cells), dtype=bool), {}
        for gate in table.gates:
            turned = np.asarray(gate.turns_away(planned.cells), dtype=bool) & kept
            away |= {planned.entities[at]: gate.category.value for at in np.flatnonzero(turned)}
            kept &= ~turned
        cells = planned.cells.only(kept)
        computed = table.compute(cells) if len(cells) else {}
        if isinstance(computed, Partly):
            entities = [planned.entities[at] for at in np.flatnonzero(kept)]
            away |= {entities[at]: "INSUFFICIENT_DATA" for at in computed.abstained}
            computed = computed.columns
        pieces = [computed] if computed else []
        hashes = dict(zip(planned.entities, planned.inputs_hashes, strict=True))
        return Seen(rows.conform(table, pieces).to_pylist(), away, hashes)

    return see


def _as_first_published(found: pa.Table) -> pa.Table:
    """Rows of a table with revisions: none corrected, each known from the start of its day."""
    many = found.num_rows
    known = found["game_date"].cast(pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC"))
    return (
        found.append_column("known_at", known)
        .append_column("revision", pa.array([1] * many, pa.int64()))
        .append_column("is_retracted", pa.array([False] * many, pa.bool_()))
    )


@dataclass(frozen=True)
class Autumn:
    """The season 2021-22 up to 15 November in a warehouse."""

    session: Session
    days: Sequence[date]

    def rows(self, name: str, *dates: date) -> list[Row]:
        """Stored rows of a table on some dates."""
        found: list[Row] = self.session.warehouse.read(REGISTRY[name], dates).to_pylist()
        return found

    def before(self, name: str, day: date) -> list[Row]:
        """Stored rows of a table before a date, oldest first."""
        dates = [OPENING_NIGHT + timedelta(n) for n in range((day - OPENING_NIGHT).days)]
        return self.rows(name, *dates)

    def without_results_from(self, day: date, folder: Path) -> Session:
        """A session that computes afresh over a copy in which no game from a day on was played."""
        blind = copied(self.session.warehouse.folder, folder / "blind")
        for name in _RESULTS:
            table = REGISTRY[name]
            for path in (blind / table.dataset / name).glob("*.parquet"):
                if path.stem >= day.isoformat():
                    path.unlink()
        warehouse = LocalWarehouse(blind, list(REGISTRY.values()))
        return replace(self.session, warehouse=warehouse, force=True)

    def outcomes(self, name: str, day: date) -> Mapping[str, str]:
        """Category of each entity without a row."""
        stored = self.session.warehouse.stored(REGISTRY[name], [day])[day]
        return {outcome.entity: outcome.category for outcome in stored.outcomes}


@pytest.fixture(scope="session")
def autumn(
    season_files: Path, session_in: Callable[..., Session], tmp_path_factory: pytest.TempPathFactory
) -> Autumn:
    """Four nights of autumn 2021 with everything they stand on, built once."""
    source = Archive(season_files)
    days = [OPENING_NIGHT + timedelta(n) for n in range((NIGHTS[-1] - OPENING_NIGHT).days + 1)]

    def build(folder: Path) -> None:
        session = session_in(folder, source, REGISTRY)
        for table in REGISTRY.values():
            is_claim = table.layer == "predictions"
            wanted = NIGHTS if is_claim or table.name in _TONIGHT_ONLY else days
            refuse_problems(list(materialize(table, wanted, session)))

    whole = built_once(tmp_path_factory, "autumn", build)
    folder = copied(whole, tmp_path_factory.mktemp("autumn") / "warehouse")
    return Autumn(session_in(folder, source, REGISTRY), days)
