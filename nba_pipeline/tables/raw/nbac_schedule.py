"""Games by NBA day, as nba.com schedules and scores them.

Each game has a fixture revision (who plays where and when, known from the season's start, or a week
ahead when it was moved or added late) and, once played, a final revision with the score.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import numpy as np

from nba_pipeline.domain.calendar import season_year_of
from nba_pipeline.domain.clocks import fixtures_known_at, results_known_at
from nba_pipeline.domain.games import GameStatus, canonical_game_id, season_type
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import reads_feed
from nba_pipeline.engine.table import FanOut, Table, each
from nba_pipeline.engine.windows import Array, Cells, Columns, Rows
from nba_pipeline.tables import origin

INPUTS = {
    "games": reads_feed(
        "schedule",
        "game_id home_team_abbr away_team_abbr home_score away_score status postponed_status "
        "scheduled_start_utc actual_tipoff_utc arena_name arena_city is_neutral game_label "
        "periods_played national_networks fixture_public_from season_first_day first_seen_at"
        + origin.FEED_COLUMNS,
        on={"game_id": "nba_game_id"},
    ),
}

COLUMNS = (
    Column("game_id", str, "YYYYMMDD_AWAY_HOME", nullable=False),
    Column("nba_game_id", str, "nba.com's ten-digit id", nullable=False),
    Column("game_date", date, "NBA day, US Eastern", nullable=False),
    Column("season_year", int, "year the season started", nullable=False),
    Column("season_first_day", date, "first regular-season day", nullable=False),
    Column("season_type", str, "regular_season, play_in, playoffs or cup_final", nullable=False),
    Column(
        "game_status", int, "1 scheduled, 2 live, 3 final", nullable=False, minimum=1, maximum=3
    ),
    Column("away_team_abbr", str, nullable=False),
    Column("home_team_abbr", str, nullable=False),
    Column("away_team_score", int, "NULL until final", unit="points", minimum=0),
    Column("home_team_score", int, "NULL until final", unit="points", minimum=0),
    Column("winning_team_abbr", str, "NULL until final"),
    Column("periods_played", int, "4 without overtime; NULL where not stated", minimum=4),
    Column("scheduled_start", datetime, "NULL where the source has only the actual tip-off"),
    Column("actual_tip_off", datetime, "NULL until played, or where not stated"),
    Column("arena_name", str),
    Column("arena_city", str),
    Column("is_neutral_site", bool, "NULL where not stated"),
    Column("game_label", str, "for example a cup or play-off round"),
    Column("was_postponed", bool, "moved from another day; NULL where not stated"),
    Column("has_national_tv", bool, "shown everywhere; NULL where broadcasts are not published"),
    Column("primary_network", str, "first of the broadcasters that show it everywhere"),
    *origin.COLUMNS,
)


def compute(cells: Cells) -> Columns:
    """The fixture of every game, and the final revision of those that were played."""
    rows = cells.window("games").rows()
    final = _status(rows) == float(GameStatus.FINAL)
    fixtures = _revision(rows, np.ones(len(rows), dtype=bool), final=False)
    finals = _revision(rows, final, final=True)
    return {name: np.concatenate([fixtures[name], finals[name]]) for name in fixtures}


def _status(rows: Rows) -> Array:
    """nba.com says Final or Final/OT; files without a status list only games that were played."""
    final = [text is None or text.startswith("Final") for text in rows["status"]]
    return np.where(final, float(GameStatus.FINAL), float(GameStatus.SCHEDULED))


def _revision(rows: Rows, keep: Array, *, final: bool) -> Columns:
    away, home = rows["away_team_abbr"][keep], rows["home_team_abbr"][keep]
    days, ids = rows["game_date"][keep], rows["game_id"][keep].tolist()
    unknown = np.full(len(ids), np.nan)
    away_score = rows["away_score"][keep] if final else unknown
    home_score = rows["home_score"][keep] if final else unknown
    winners = np.where(home_score > away_score, home, away) if final else np.full(len(ids), None)
    known = _result_known(rows, keep) if final else _fixture_known(rows, keep)
    networks = rows["national_networks"][keep]
    never = np.full(len(ids), np.datetime64("NaT"), dtype="datetime64[us]")
    status = GameStatus.FINAL if final else GameStatus.SCHEDULED
    return {
        "game_id": _objects(
            canonical_game_id(*game) for game in zip(days.tolist(), away, home, strict=True)
        ),
        "nba_game_id": rows["game_id"][keep],
        "game_date": days,
        "season_year": np.array([season_year_of(text) for text in ids], dtype=np.int64),
        "season_first_day": rows["season_first_day"][keep],
        "season_type": _objects(season_type(text) for text in ids),
        "game_status": np.full(len(ids), int(status)),
        "away_team_abbr": away,
        "home_team_abbr": home,
        "away_team_score": away_score,
        "home_team_score": home_score,
        "winning_team_abbr": winners,
        "periods_played": rows["periods_played"][keep] if final else unknown,
        "scheduled_start": rows["scheduled_start_utc"][keep],
        "actual_tip_off": rows["actual_tipoff_utc"][keep] if final else never,
        "arena_name": rows["arena_name"][keep],
        "arena_city": rows["arena_city"][keep],
        "is_neutral_site": rows["is_neutral"][keep],
        "game_label": rows["game_label"][keep],
        "was_postponed": _postponed(rows["postponed_status"][keep]),
        "has_national_tv": _each(networks, lambda text: float(text != ""), np.nan),
        "primary_network": _each(networks, lambda text: text.split(",")[0] or None, None),
        **known,
    }


def _fixture_known(rows: Rows, keep: Array) -> Columns:
    """Known since it was first seen, where that was before the game."""
    seen = Rows({**rows.columns, "known_at": rows["first_seen_at"]}, rows.cell)
    return _only(origin.told(seen, fixtures_known_at(rows["fixture_public_from"])), keep)


def _result_known(rows: Rows, keep: Array) -> Columns:
    """Known since its fetch; a fetch from before the game's day cannot have known it."""
    never = np.datetime64("NaT", "us")
    possible = rows["known_at"] >= rows["game_date"].astype("datetime64[us]")
    told = Rows(
        {**rows.columns, "known_at": np.where(possible, rows["known_at"], never)}, rows.cell
    )
    return _only(origin.told(told, results_known_at(rows["game_date"])), keep)


def _only(columns: Columns, keep: Array) -> Columns:
    return {name: values[keep] for name, values in columns.items()}


def _each(texts: Array, value: Callable[[str], object], unknown: object) -> Array:
    """What follows from each text, and what stands for no text."""
    found = [unknown if text is None else value(text) for text in texts.tolist()]
    return np.array(found, dtype=np.float64 if unknown is not None else object)


def _postponed(texts: Array) -> Array:
    return np.array([np.nan if text is None else float(text != "N") for text in texts])


def _objects(values: object) -> Array:
    return np.array(list(values), dtype=object)  # type: ignore[call-overload]


TABLE = Table(
    name="nbac_schedule",
    dataset="nba_raw",
    description=__doc__,
    entity=("nba_game_id",),
    key=("game_id",),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=each("games", nba_game_id="game_id"),
    compute=compute,
    version=2,
    fan_out=FanOut("game", "RAW_WORKERS", default_workers=1),
    clustering=("home_team_abbr", "away_team_abbr"),
    keeps_revisions=True,
)
