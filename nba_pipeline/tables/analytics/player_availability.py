"""Who is out or in doubt tonight, as far as reports and moves tell before tip-off.

Where the league's report on a game lists anybody of a team by tip-off, it speaks for the whole
team: one row per player on it, with the newest status he has been given. A status given after
tip-off does not exist here.

Of any other team that plays on the date, one row per player whose newest move took him off it. He
counts as out unless he has appeared since: some activations are never published. That list is a
lower bound, because long absences without a move in the source are not on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter

import numpy as np

from nba_pipeline.domain.calendar import season_reach, season_year
from nba_pipeline.domain.clocks import tip_off
from nba_pipeline.domain.rounding import rounded
from nba_pipeline.domain.team_games import both_sides
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import history, history_and_today, reads
from nba_pipeline.engine.table import FanOut, Table
from nba_pipeline.engine.windows import Array, Cells, Columns
from nba_pipeline.tables import injuries

#: A regular starter began this many of his team's last ten games, or played this long in them.
REGULAR_STARTS, REGULAR_MINUTES = 5, 24.0

INPUTS = {
    "games": reads(
        "nbac_schedule",
        "game_id nba_game_id season_year away_team_abbr home_team_abbr game_status "
        "scheduled_start actual_tip_off",
        on="game_id",
    ),
    "moves": reads(
        injuries.SOURCE,
        "source_row player_match_key team_abbr injury_status reason",
        window=history_and_today(),
        on={"player_match_key": "player_match_key", "entry_kind": "by_move"},
    ),
    "reports": reads(
        injuries.SOURCE,
        "reported_at player_match_key team_abbr injury_status reason",
        on={
            "player_match_key": "player_match_key",
            "team_abbr": "team_abbr",
            "entry_kind": "by_report",
        },
        known_by="tip_off",
    ),
    "appearances": reads(
        "nbac_player_boxscores",
        "player_match_key season_year player_lookup nba_player_id team_abbr is_starter minutes",
        window=history(),
        on="player_match_key season_year",
    ),
    "team_games": reads(
        "nbac_team_boxscore", "game_id", window=history(), on="team_abbr season_year"
    ),
}

COLUMNS = (
    Column("player_match_key", str, "normalised name without jr, sr, ii, iii, iv", nullable=False),
    Column("player_lookup", str, "normalised name; NULL before his first game of the season"),
    Column("nba_player_id", int, "NULL before his first game of the season"),
    Column("game_id", str, "his team's game", nullable=False),
    Column("game_date", date, "NBA day, US Eastern", nullable=False),
    Column("season_year", int, nullable=False),
    Column("team_abbr", str, "team that lists him, or that of his newest move", nullable=False),
    Column(
        "injury_status",
        str,
        "as last reported by tip-off: out, doubtful, questionable, probable or available; by moves "
        "out, or available when he has appeared since",
        nullable=False,
    ),
    Column("is_out", bool, nullable=False),
    Column("reason", str, "as published with the status"),
    Column("reported_at", datetime, "of the report with the status; NULL where moves tell it"),
    Column("out_since", date, "day of the move; NULL where a report tells his status"),
    Column(
        "starts_last_10",
        int,
        "of his team's last ten games, those he began",
        nullable=False,
        minimum=0,
        maximum=10,
    ),
    Column(
        "minutes_avg_last_10",
        float,
        "mean over those of his team's last ten games he played in",
        unit="minutes",
        decimals=1,
        minimum=0,
    ),
    Column(
        "is_regular_starter",
        bool,
        "at least 5 starts, or 24 minutes a game, in his team's last ten",
        nullable=False,
    ),
)


def compute(cells: Cells) -> Columns:
    """What was last said of him, whether he has played since, and what his team had in him."""
    report = cells.window("reports").last(1).one()
    move = cells.window("moves").last(1).one()
    appearances = cells.window("appearances")
    newest = appearances.last(1).one()
    played = appearances.rows()
    since = played["game_date"] >= move["game_date"][played.cell]
    has_returned = np.bincount(played.cell[since], minlength=len(cells)) > 0
    by_moves = np.where(has_returned, "available", "out")
    status = np.where(report.found, report["injury_status"], by_moves).astype(object)
    never = np.datetime64("NaT", "D")
    starts, minutes = _recent_role(cells)
    return {
        "player_match_key": cells["player_match_key"],
        "player_lookup": newest["player_lookup"],
        "nba_player_id": newest["nba_player_id"],
        "game_id": cells["game_id"],
        "game_date": cells["game_date"],
        "season_year": cells["season_year"],
        "team_abbr": cells["team_abbr"],
        "injury_status": status,
        "is_out": status == "out",
        "reason": np.where(report.found, report["reason"], move["reason"]),
        "reported_at": report["reported_at"],
        "out_since": np.where(report.found, never, move["game_date"]),
        "starts_last_10": starts,
        "minutes_avg_last_10": rounded(minutes, 1),
        "is_regular_starter": (starts >= REGULAR_STARTS) | (minutes >= REGULAR_MINUTES),
    }


def _recent_role(cells: Cells) -> tuple[Array, Array]:
    """Starts and mean minutes in the team's last ten games."""
    recent = cells.window("team_games").last(10)
    days = recent.buffer.columns["game_date"]
    never = np.datetime64("9999-12-31", "D")
    first_day = np.array(
        [
            days[at] if at < stop else never
            for at, stop in zip(recent.start, recent.stop, strict=True)
        ],
        dtype="datetime64[D]",
    )
    played = cells.window("appearances").rows()
    counts = (played["game_date"] >= first_day[played.cell]) & (
        played["team_abbr"] == cells["team_abbr"][played.cell]
    )
    cell, size = played.cell[counts], len(cells)
    starts = np.bincount(cell[played["is_starter"][counts] == 1], minlength=size)
    games = np.bincount(cell, minlength=size)
    minutes = np.bincount(cell, weights=played["minutes"][counts], minlength=size)
    return starts, np.where(games > 0, minutes / np.maximum(games, 1), np.nan)


def _cells(inputs: Mapping[str, Columns]) -> Columns:
    """Everybody on a team's report; of teams without one those whose newest move is ``out``."""
    games = inputs["games"]
    tips = tip_off(games["game_date"], games["scheduled_start"], games["actual_tip_off"])
    sides = {**both_sides(games), "tip_off": np.concatenate([tips, tips])}
    teams = zip(sides["game_date"].tolist(), sides["team_abbr"].tolist(), strict=True)
    playing = {side: at for at, side in enumerate(teams)}
    listed = _listed(inputs["reports"], dict(zip(playing, sides["tip_off"].tolist(), strict=True)))
    picked = [(key, playing[side]) for side, keys in listed.items() for key in sorted(keys)]
    unreported = {side: at for side, at in playing.items() if side not in listed}
    picked += _off_their_teams(inputs, unreported)
    at = np.array([side for _, side in picked], dtype=np.int64)
    own = ("game_date", "game_id", "season_year", "team_abbr", "tip_off")
    return {
        "player_match_key": np.array([key for key, _ in picked], dtype=object),
        **{name: sides[name][at] for name in own},
        **injuries.kinds(len(at)),
    }


_Side = tuple[date, str]


def _listed(reports: Columns, tips: Mapping[_Side, datetime]) -> dict[_Side, set[str]]:
    """The players whom each team's reports name by its tip-off; no entry for a team without one.

    A line of a report that was withdrawn by then names nobody; its revisions follow one another.
    """
    names = ("game_date", "team_abbr", "player_match_key", "reported_at", "entry_kind")
    told = ("known_at", "is_retracted")
    standing: dict[tuple[_Side, str, datetime], bool] = {}
    for day, team, key, moment, kind, known_at, is_retracted in zip(
        *(reports[name].tolist() for name in names + told), strict=True
    ):
        tip = tips.get((day, team))
        if kind == injuries.REPORT and tip is not None and known_at <= tip:
            standing[(day, team), key, moment] = not is_retracted
    listed: dict[_Side, set[str]] = {}
    for (side, key, _), stands in standing.items():
        if stands:
            listed.setdefault(side, set()).add(key)
    return listed


def _off_their_teams(
    inputs: Mapping[str, Columns], playing: Mapping[_Side, int]
) -> list[tuple[str, int]]:
    """Players whose newest move up to a date is ``out``, with the side that plays without them."""
    moves = inputs["moves"]
    moves = {name: values[moves["entry_kind"] == injuries.MOVE] for name, values in moves.items()}
    order = np.lexsort([moves["source_row"], moves["game_date"]])
    moves = {name: values[order] for name, values in moves.items()}
    first_seen = _first_appearances(inputs["appearances"])
    return [
        (key, playing[day, team])
        for day in sorted({day for day, _ in playing})
        for key, (team, status) in _newest(moves, first_seen, day).items()
        if status == "out" and (day, team) in playing
    ]


def _first_appearances(appearances: Columns) -> dict[tuple[str, int], date]:
    """By player and season."""
    first: dict[tuple[str, int], date] = {}
    for key, season, day in zip(
        appearances["player_match_key"].tolist(),
        appearances["season_year"].tolist(),
        appearances["game_date"].tolist(),
        strict=True,
    ):
        first[key, season] = min(day, first.get((key, season), day))
    return first


def _newest(
    moves: Columns, first_seen: Mapping[tuple[str, int], date], day: date
) -> dict[str, tuple[str, str]]:
    """Team and status of each player's newest move of the season up to a day.

    Of several ways a move writes a name, the one that has appeared in a box score before the day is
    his; while none has, the last one stands for him.
    """
    days = moves["game_date"]
    first = int(np.searchsorted(days, np.datetime64(season_reach(day), "D")))
    part = slice(first, int(np.searchsorted(days, np.datetime64(day, "D"), side="right")))
    names = ("source_row", "player_match_key", "team_abbr", "injury_status")
    rows = zip(*(moves[name][part].tolist() for name in names), strict=True)
    newest: dict[str, tuple[str, str]] = {}
    for _, alternatives in groupby(rows, key=itemgetter(0)):
        written = list(alternatives)
        season = season_year(day)
        known = [row for row in written if first_seen.get((row[1], season), day) < day]
        _, key, team, status = (known or written)[-1]
        newest[key] = team, status
    return newest


TABLE = Table(
    name="player_availability",
    dataset="nba_analytics",
    description=__doc__,
    entity=("player_match_key",),
    key=("player_match_key",),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=_cells,
    compute=compute,
    version=2,
    fan_out=FanOut("player", "AVAILABILITY_WORKERS", default_workers=4),
    clustering=("team_abbr",),
)
