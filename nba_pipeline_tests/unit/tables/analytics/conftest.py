"""The recorded season 2021-22 as rows of the tables that the two context tables read.

They come straight from the season's files by plain queries, without the engine, so that every
date of a season can be looked at in a few seconds. Minutes are the box score's whole ones here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from nba_pipeline.domain.clocks import opening_lines_known_at, results_known_at, tip_off
from nba_pipeline.domain.games import season_type
from nba_pipeline.domain.players import player_lookup
from nba_pipeline.engine import rows
from nba_pipeline.engine.declared_inputs import Input
from nba_pipeline.engine.inputs import plan_cells, with_decimals
from nba_pipeline.engine.table import Table
from nba_pipeline.sources.archive import Archive
from nba_pipeline.tables import REGISTRY

Row = dict[str, Any]

#: Columns that say what was known when; every table here has them, whether it keeps them or not.
KNOWN = {
    "known_at": pa.timestamp("us", tz="UTC"),
    "revision": pa.int64(),
    "is_retracted": pa.bool_(),
}


def rows_of(name: str, written: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows of a table; what is left out is NULL, and known for ever."""
    table = REGISTRY[name]
    types = {column.name: column.arrow_type for column in table.columns} | KNOWN
    since = datetime(2021, 10, 1, tzinfo=UTC)
    ready = [{"known_at": since, "revision": 1, "is_retracted": False, **row} for row in written]
    found = pa.table(
        {
            column: pa.array([row.get(column) for row in ready], kind)
            for column, kind in types.items()
        }
    )
    return with_decimals(found, table)


@dataclass(frozen=True)
class League:
    """Rows of tables, and what a table makes of them."""

    tables: Mapping[str, pa.Table] = field(default_factory=dict)

    def having(self, **written: pa.Table | Sequence[Mapping[str, Any]]) -> League:
        """The same league with other rows in some tables."""
        ready = {
            name: found if isinstance(found, pa.Table) else rows_of(name, found)
            for name, found in written.items()
        }
        return League({**self.tables, **ready})

    def before(self, day: date, *names: str) -> League:
        """The same league without rows of some tables from a day on."""
        past = {
            name: self.tables[name].filter(pc.less(self.tables[name]["game_date"], pa.scalar(day)))
            for name in names
        }
        return League({**self.tables, **past})

    def context(self, table: Table, *dates: date) -> list[Row]:
        """The table's rows on some dates, or on all."""
        inputs = {name: self._read(read) for name, read in table.inputs.items()}
        if dates:
            tonight = pc.is_in(inputs["games"]["game_date"], pa.array(dates, pa.date32()))
            inputs["games"] = inputs["games"].filter(tonight)
        planned = plan_cells(table, table.settings_in({}), inputs)
        kept = np.ones(len(planned.cells), dtype=bool)
        for gate in table.gates:
            kept &= ~np.asarray(gate.turns_away(planned.cells), dtype=bool)
        cells = planned.cells.only(kept)
        pieces = [table.compute(cells)] if len(cells) else []
        return rows.conform(table, pieces).to_pylist()

    def _read(self, read: Input) -> pa.Table:
        found = self.tables.get(read.table)
        if found is None:
            found = rows_of(read.table, [])
        if not read.known_by:
            found = found.filter(_newest(found))
        return found


def _newest(found: pa.Table) -> pa.Array:
    """Rows with nothing after them about the same: the next row is a first revision."""
    first = found["revision"].to_numpy() == 1
    newest = np.append(first[1:], True)[: len(first)]
    return pa.array(newest & ~np.asarray(found["is_retracted"].combine_chunks(), dtype=bool))


LeagueOf = Callable[..., League]


@pytest.fixture(scope="session")
def league_of() -> LeagueOf:
    """``league_of(nbac_schedule=[{...}], ...)``: a league written by hand."""
    return League().having


@dataclass(frozen=True)
class Recorded(League):
    """The recorded season; ``sql`` asks the files themselves."""

    files: Path = Path()

    def sql(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """Ask ``box`` and ``team``, which are the files of those names, and ``games``."""
        views = {"box": "player_box", "team": "team_box", "games": "schedule"}
        with duckdb.connect() as database:
            for view, name in views.items():
                path = self.files / f"{name}_2021_22.parquet"
                database.execute(f"create view {view} as from '{path}'")
            return database.execute(query, values).fetchall()


@pytest.fixture(scope="session")
def recorded(season_files: Path) -> Recorded:
    """The season 2021-22."""
    empty = Recorded(files=season_files)
    days = [date(2021, 10, 1) + timedelta(days=at) for at in range(260)]
    schedule = Archive(season_files).read("schedule", days).to_pylist()
    filled = empty.having(
        nbac_schedule=[row for game in schedule for row in _fixture_and_final(game)],
        odds_api_game_lines=_lines(season_files, schedule),
        team_offense_game_summary=_dicts(empty, _OFFENSE),
        team_defense_game_summary=_dicts(empty, _DEFENSE),
        nbac_player_boxscores=_players(empty, "minutes"),
        player_game_summary=_players(empty, "minutes as minutes_played"),
    )
    return replace(empty, tables=filled.tables)


def _game_id(game: Row) -> str:
    return f"{game['game_date']:%Y%m%d}_{game['away_team_abbr']}_{game['home_team_abbr']}"


def _fixture_and_final(game: Row) -> list[Row]:
    fixture = {
        "game_id": _game_id(game),
        "nba_game_id": game["game_id"],
        "game_date": game["game_date"],
        "season_year": 2021,
        "season_first_day": game["season_first_day"],
        "season_type": season_type(game["game_id"]),
        "game_status": 1,
        "away_team_abbr": game["away_team_abbr"],
        "home_team_abbr": game["home_team_abbr"],
        "known_at": datetime.combine(game["fixture_public_from"], datetime.min.time(), tzinfo=UTC),
    }
    known = results_known_at(np.array([game["game_date"]], dtype="datetime64[D]"))[0].item()
    final = {
        "game_status": 3,
        "actual_tip_off": game["actual_tipoff_utc"],
        "known_at": known.replace(tzinfo=UTC),
        "revision": 2,
    }
    return [fixture, {**fixture, **final}]


def _lines(season_files: Path, schedule: Sequence[Row]) -> list[Row]:
    games = {game["game_id"]: game for game in schedule}
    found = duckdb.sql(
        "select game_id, open_home_spread, close_home_spread, open_total, close_total "
        f"from '{season_files}/game_lines_2021_22.parquet' order by 1"
    ).fetchall()
    rows = []
    for nba_game_id, opened, closed, open_total, close_total in found:
        game = games[nba_game_id]
        day = np.array([game["game_date"]], dtype="datetime64[D]")
        actual = game["actual_tipoff_utc"]
        actual = np.datetime64("NaT") if actual is None else actual.replace(tzinfo=None)
        tips = tip_off(
            day,
            np.array(["NaT"], dtype="datetime64[us]"),
            np.array([actual], dtype="datetime64[us]"),
        )
        for label, at, spread, total in (
            ("opening", opening_lines_known_at(day), opened, open_total),
            ("closing", tips, closed, close_total),
        ):
            snapshot = {
                "game_id": _game_id(game),
                "game_date": game["game_date"],
                "snapshot_at": at[0].item().replace(tzinfo=UTC),
                "known_at": at[0].item().replace(tzinfo=UTC),
                "snapshot_label": label,
                "bookmaker_key": "consensus",
            }
            outcomes = (
                ("spreads", game["home_team_abbr"], spread),
                ("spreads", game["away_team_abbr"], None if spread is None else -spread),
                ("totals", "Over", total),
                ("totals", "Under", total),
            )
            rows += [
                {**snapshot, "market_key": market, "outcome_name": name, "outcome_point": point}
                for market, name, point in outcomes
                if point is not None
            ]
    return sorted(rows, key=lambda row: (row["game_date"], row["game_id"], row["snapshot_at"]))


_TEAM_GAME = """
    select strftime(t.game_date, '%Y%m%d') || '_' || if(
            t.is_home, o.team_abbr || '_' || t.team_abbr, t.team_abbr || '_' || o.team_abbr
            ) as game_id,
        t.game_date, 2021 as season_year, t.*exclude (game_id, game_date), o.pts as other_pts,
        o.team_abbr as other, o.fga as other_fga, o.fta as other_fta,
        t.fga + .44 * t.fta + t.tov - t.oreb as plays,
        o.fga + .44 * o.fta + o.tov - o.oreb as other_plays
    from team t join team o on o.game_id = t.game_id and o.team_id <> t.team_id
"""

_OFFENSE = f"""
select game_id, game_date, season_year, team_abbr, round(plays * 240 / minutes, 1) as pace,
    round(100 * pts / plays, 2) as offensive_rating, pts > other_pts as win_flag,
    pts - other_pts as margin_of_victory, if(season_type = 'Play-In', 0, 10) as player_lines
from ({_TEAM_GAME}) order by game_date, game_id, team_abbr
"""

_DEFENSE = f"""
select game_id, game_date, season_year, team_abbr as defending_team_abbr,
    round(100 * other_pts / other_plays, 2) as defensive_rating, other_fta as opp_ft_attempts,
    other_fga as opp_fg_attempts
from ({_TEAM_GAME}) order by game_date, game_id, team_abbr
"""


def _dicts(recorded: Recorded, query: str) -> list[Row]:
    names = [row[0] for row in recorded.sql(f"describe {query}")]
    return [dict(zip(names, row, strict=True)) for row in recorded.sql(query)]


def _players(recorded: Recorded, minutes: str) -> list[Row]:
    played = _dicts(
        recorded,
        f"""
        select game_date, 2021 as season_year, player_name, team_abbr, {minutes}, pts as points,
            fgm as fg_makes, fga as fg_attempts
        from box order by game_date, game_id, player_id
        """,
    )
    return [{**row, "player_lookup": player_lookup(row["player_name"])} for row in played]
