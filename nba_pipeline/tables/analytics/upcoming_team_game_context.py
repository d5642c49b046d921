"""What a team brings into tonight's game: rest, travel, form, lines and who is out, by tip-off.

One row per team and scheduled game. Rest, counts and travel follow every earlier game of the season
that was not postponed, form follows those with a result. What comes after tonight, and the lines,
are what was known by tip-off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime

import numpy as np
import pyarrow as pa

from nba_pipeline.domain.clocks import tip_off
from nba_pipeline.domain.games import GameStatus
from nba_pipeline.domain.line_snapshots import Line, line_of
from nba_pipeline.domain.rest import days_between, days_rest, newest, streaks
from nba_pipeline.domain.rounding import ratio, rounded
from nba_pipeline.domain.team_games import both_sides
from nba_pipeline.engine.columns import Column, Tracked
from nba_pipeline.engine.declared_inputs import history, reads
from nba_pipeline.engine.table import Check, FanOut, Table
from nba_pipeline.engine.windows import Array, Cells, Columns, Rows
from nba_pipeline.tables import completeness, injuries, journeys, next_games, quality, samples

#: Form and ratings are means over this many games.
FORM_GAMES = 10

#: From fewer games the rate of free throws allowed says nothing.
FEWEST_FOR_FREE_THROW_RATE = 3

#: A team with fewer games behind it is early in its season.
FULL_START = 5

#: A spread for each side, Over and Under.
LINES_OF_A_GAME = 4

WINDOWS = ("l7d", "l14d")

_PLAYED = "game_status was_postponed season_type"


def _fixtures_of(side: str, team: str) -> Mapping[str, str]:
    return {f"{side}_team_abbr": team, "season_year": "season_year"}


INPUTS = {
    # Matched on what no cell has: whether the date's games are over is nothing a row may see.
    "games": reads(
        "nbac_schedule",
        "game_id season_year away_team_abbr home_team_abbr game_status scheduled_start "
        "actual_tip_off",
        on={"nba_game_id": "game_id"},
    ),
    "tonight": reads("nbac_schedule", journeys.VENUE, on="game_id"),
    "home_games": reads(
        "nbac_schedule",
        f"{_PLAYED} {journeys.VENUE}",
        window=history(),
        on=_fixtures_of("home", "team_abbr"),
    ),
    "away_games": reads(
        "nbac_schedule",
        f"{_PLAYED} {journeys.VENUE}",
        window=history(),
        on=_fixtures_of("away", "team_abbr"),
    ),
    "opponent_home_games": reads(
        "nbac_schedule",
        _PLAYED,
        window=history(),
        on=_fixtures_of("home", "opponent_team_abbr"),
    ),
    "opponent_away_games": reads(
        "nbac_schedule",
        _PLAYED,
        window=history(),
        on=_fixtures_of("away", "opponent_team_abbr"),
    ),
    **next_games.FIXTURES,
    "offense": reads(
        "team_offense_game_summary",
        "pace offensive_rating win_flag margin_of_victory",
        window=history(),
        on="team_abbr season_year",
    ),
    "defense": reads(
        "team_defense_game_summary",
        "defensive_rating opp_ft_attempts opp_fg_attempts",
        window=history(),
        on={"defending_team_abbr": "team_abbr", "season_year": "season_year"},
    ),
    "opponent_offense": reads(
        "team_offense_game_summary",
        "pace",
        window=history(),
        on={"team_abbr": "opponent_team_abbr", "season_year": "season_year"},
    ),
    **next_games.RESULTS,
    "lines": reads(
        "odds_api_game_lines",
        "market_key outcome_name bookmaker_key snapshot_at snapshot_label outcome_point",
        on="game_id",
        known_by="tip_off",
    ),
    "availability": reads(
        "player_availability",
        "injury_status is_out is_regular_starter",
        on="game_id team_abbr",
    ),
    **injuries.INPUTS,
}

COLUMNS = (
    Column("team_abbr", str, nullable=False),
    Column("game_id", str, "YYYYMMDD_AWAY_HOME", nullable=False),
    Column("nba_game_id", str, "nba.com's ten-digit id", nullable=False),
    Column("game_date", date, "NBA day, US Eastern", nullable=False),
    Column("season_year", int, "year the season started", nullable=False),
    Column("opponent_team_abbr", str, nullable=False),
    Column("home_game", bool, "whether the team is the host", nullable=False),
    # Rest
    Column("days_since_last_game", int, "1 after a game yesterday", unit="days", minimum=1),
    Column("team_days_rest", int, "full days off: 0 after a game yesterday", minimum=0),
    Column("team_back_to_back", bool, "played yesterday", nullable=False),
    Column("is_back_to_back", bool, "the same as team_back_to_back", nullable=False),
    Column("opponent_days_rest", int, "the opponent's full days off", minimum=0),
    Column(
        "game_number_in_season",
        int,
        "tonight's, from 1; play-in and playoffs count on",
        nullable=False,
        minimum=1,
    ),
    Column("games_in_last_7_days", int, "in [D-7, D)", nullable=False, minimum=0, maximum=7),
    Column("games_in_last_14_days", int, "in [D-14, D)", nullable=False, minimum=0, maximum=14),
    *journeys.COLUMNS,
    # Form
    Column("team_win_streak_entering", int, nullable=False, minimum=0),
    Column("team_loss_streak_entering", int, nullable=False, minimum=0),
    Column("last_game_margin", int, "own points less the opponent's", unit="points"),
    Column("last_game_result", str, "W or L"),
    Column("pace_last_10", float, "mean of the last 10 games", unit="possessions", decimals=2),
    Column("opponent_pace_last_10", float, "the opponent's", unit="possessions", decimals=2),
    Column(
        "off_rating_last_10",
        float,
        "mean of the last 10 games",
        unit="points per 100 possessions",
        decimals=2,
    ),
    Column(
        "def_rating_last_10",
        float,
        "mean of the last 10 games",
        unit="points per 100 possessions",
        decimals=2,
    ),
    Column(
        "ft_rate_allowed_last_10",
        float,
        "opponents' free throws per field-goal attempt; NULL below 3 games",
        unit="fraction",
        decimals=3,
        minimum=0,
    ),
    # Lines
    Column("game_spread", float, "below 0 when favoured", unit="points", decimals=2),
    Column("opening_spread", float, unit="points", decimals=2),
    Column("spread_movement", float, "current less opening", unit="points", decimals=2),
    Column("game_spread_source", str, "bookmaker"),
    Column("game_total", float, unit="points", decimals=1, minimum=0),
    Column("opening_total", float, unit="points", decimals=1, minimum=0),
    Column("total_movement", float, "current less opening", unit="points", decimals=1),
    Column("game_total_source", str, "bookmaker"),
    Column("betting_lines_updated_at", datetime, "newest snapshot used", in_hash=False),
    # Absences
    Column("has_injury_report", bool, "whether any source speaks of the team", nullable=False),
    Column("starters_out_count", int, "regular starters known to be out; a lower bound", minimum=0),
    Column(
        "questionable_players_count",
        int,
        "questionable or doubtful in the newest report; NULL where none lists the team",
        minimum=0,
    ),
    *next_games.COLUMNS,
    *samples.EARLY,
    *completeness.COLUMNS,
    *completeness.columns_of(WINDOWS),
    *(column for column in quality.COLUMNS if column.name != "is_production_ready"),
)


def compute(cells: Cells) -> Columns:
    """What lies behind the team, what the market and the injured list say, what lies ahead."""
    past = _past_games(cells, "home_games", "away_games")
    spread = _line(cells, "spreads", cells["team_abbr"])
    total = _line(cells, "totals", np.full(len(cells), "Over", dtype=object))
    return {
        **{
            name: cells[name]
            for name in (
                "team_abbr",
                "game_id",
                "nba_game_id",
                "game_date",
                "season_year",
                "opponent_team_abbr",
                "home_game",
                "next_opponent_team_abbr",
            )
        },
        **_rest(cells, past),
        **journeys.travelled(cells, past),
        **_results(cells.window("offense").rows(), len(cells)),
        **_ratings(cells),
        **_lines(spread, total),
        **_absences(cells),
        **next_games.ahead(cells),
        **_quality(cells, spread, total),
    }


def _past_games(cells: Cells, home: str, away: str) -> Rows:
    """Earlier games of both kinds in order, but for those that were postponed and not played."""
    sides = [cells.window(name).rows() for name in (home, away)]
    cell = np.concatenate([rows.cell for rows in sides])
    games = {name: np.concatenate([rows[name] for rows in sides]) for name in sides[0].columns}
    games["is_home"] = np.repeat([True, False], [len(rows) for rows in sides])
    order = np.lexsort([games["game_date"], cell])
    unplayed = (games["game_status"] != float(GameStatus.FINAL)) & (games["was_postponed"] == 1)
    order = order[~unplayed[order]]
    return Rows({name: values[order] for name, values in games.items()}, cell[order])


def _rest(cells: Cells, past: Rows) -> Columns:
    size, today = len(cells), cells["game_date"]
    apart = days_between(past["game_date"], today[past.cell])
    since_last = days_between(_newest_days(past, size), today)
    opponent = _past_games(cells, "opponent_home_games", "opponent_away_games")
    return {
        "days_since_last_game": since_last,
        "team_days_rest": since_last - 1,
        "team_back_to_back": since_last == 1,
        "is_back_to_back": since_last == 1,
        "opponent_days_rest": days_rest(_newest_days(opponent, size), today),
        "game_number_in_season": np.bincount(past.cell, minlength=size) + 1,
        "games_in_last_7_days": np.bincount(past.cell[apart <= 7], minlength=size),
        "games_in_last_14_days": np.bincount(past.cell[apart <= 14], minlength=size),
    }


def _newest_days(past: Rows, size: int) -> Array:
    """Day of each cell's last game."""
    days = np.full(size, np.datetime64("NaT", "D"))
    last = newest(np.ones(len(past), dtype=bool), past.cell, size)
    days[last >= 0] = past["game_date"][last[last >= 0]]
    return days


def _results(offense: Rows, size: int) -> Columns:
    """The streak of wins or losses, and how the last game ended."""
    won = offense["win_flag"]
    decided = ~np.isnan(won)
    run = streaks(won[decided], offense.cell[decided], size)
    last = newest(decided, offense.cell, size)
    won_last = np.where(last >= 0, np.append(won, np.nan)[last], np.nan)
    result = np.full(size, None, dtype=object)
    result[won_last == 1], result[won_last == 0] = "W", "L"
    return {
        "team_win_streak_entering": np.where(won_last == 1, run, 0),
        "team_loss_streak_entering": np.where(won_last == 0, run, 0),
        "last_game_margin": np.append(offense["margin_of_victory"], np.nan)[last],
        "last_game_result": result,
    }


def _ratings(cells: Cells) -> Columns:
    offense = cells.window("offense").last(FORM_GAMES)
    defense = cells.window("defense").last(FORM_GAMES)
    opponent = cells.window("opponent_offense").last(FORM_GAMES)
    ft_rate = ratio(defense.sum("opp_ft_attempts"), defense.sum("opp_fg_attempts"))
    enough = defense.count() >= FEWEST_FOR_FREE_THROW_RATE
    return {
        "pace_last_10": rounded(offense.mean("pace"), 2),
        "opponent_pace_last_10": rounded(opponent.mean("pace"), 2),
        "off_rating_last_10": rounded(offense.mean("offensive_rating"), 2),
        "def_rating_last_10": rounded(defense.mean("defensive_rating"), 2),
        "ft_rate_allowed_last_10": rounded(np.where(enough, ft_rate, np.nan), 3),
    }


def _line(cells: Cells, market: str, outcomes: Array) -> Line:
    """A market's line, each team's from its own side."""
    rows = cells.window("lines").rows()
    wanted = (rows["market_key"] == market) & (rows["outcome_name"] == outcomes[rows.cell])
    snapshots = {name: values[wanted] for name, values in rows.columns.items()}
    return line_of(snapshots, rows.cell[wanted], len(cells))


def _lines(spread: Line, total: Line) -> Columns:
    return {
        "game_spread": spread.current,
        "opening_spread": spread.opening,
        "spread_movement": rounded(spread.movement, 2),
        "game_spread_source": spread.book,
        "game_total": total.current,
        "opening_total": total.opening,
        "total_movement": rounded(total.movement, 1),
        "game_total_source": total.book,
        "betting_lines_updated_at": np.fmax(spread.current_at, total.current_at),
    }


def _absences(cells: Cells) -> Columns:
    """Starters known to be out; NULL, not 0, while no source has said anything of the team."""
    listed = cells.window("availability")
    out = listed.where(listed.buffer.columns["is_out"] == 1)
    has_report = injuries.speaks_of_team(cells)
    unsure = np.isin(listed.buffer.columns["injury_status"], ("questionable", "doubtful"))
    in_doubt = listed.where(unsure).count()
    return {
        "has_injury_report": has_report,
        "starters_out_count": np.where(has_report, out.sum("is_regular_starter"), np.nan),
        "questionable_players_count": np.where(injuries.reported(cells), in_doubt, np.nan),
    }


def _quality(cells: Cells, spread: Line, total: Line) -> Columns:
    complete = completeness.of_teams(cells, "l14d", WINDOWS, summaries="offense")
    has_lines = ~np.isnan(spread.current) | ~np.isnan(total.current)
    has_report = injuries.speaks_of_team(cells)
    everywhere = np.ones(len(cells), dtype=bool)
    early = samples.early_season(completeness.final_games(cells), FULL_START)
    assessed = quality.assess(
        _score(complete["l14d_completeness_pct"]),
        {
            "l7d_incomplete": complete["l7d_completeness_pct"] < 100,
            "l14d_incomplete": complete["l14d_completeness_pct"] < 100,
            "early_season": early["early_season_flag"],
            "missing_game_spread": np.isnan(spread.current),
            "missing_game_total": np.isnan(total.current),
            "opening_line_used": spread.is_only_opening | total.is_only_opening,
            "injury_status_unavailable": ~has_report,
        },
        {
            "nbac_schedule": everywhere,
            "nbac_team_boxscore": cells.window("offense").count() > 0,
            "odds_api_game_lines": has_lines,
            "nbac_injury_report": has_report,
        },
        fallback=~everywhere,
        reconstructed=~everywhere,
    )
    ready = complete["is_production_ready"] & assessed["is_production_ready"]
    return {
        **early,
        **complete,
        **assessed,
        "is_production_ready": ready,
        "processing_decision_reason": completeness.decided(ready),
    }


def _score(completeness_pct: Array) -> Array:
    """The lowest score of the tier that a completeness stands for."""
    scores = [lowest for _, lowest in quality.TIERS[:4]]
    return np.select([completeness_pct >= lowest for lowest in scores[:3]], scores[:3], scores[3])


def _cells(inputs: Mapping[str, Columns]) -> Columns:
    games = inputs["games"]
    tips = tip_off(games["game_date"], games["scheduled_start"], games["actual_tip_off"])
    sides = {**both_sides(games), "tip_off": np.concatenate([tips, tips])}
    sides |= injuries.kinds(len(sides["game_id"]))
    sides["next_opponent_team_abbr"] = next_games.opponents(sides, inputs["next_home_games"])
    return sides


def _two_rows_per_game(rows: pa.Table, others: Mapping[str, pa.Table]) -> list[str]:
    """Every game of the schedule has two rows, and nothing else has any."""
    found = Counter(rows["game_id"].to_pylist())
    games = set(others["nbac_schedule"]["game_id"].to_pylist())
    return [
        f"{game} has {found[game]} rows, expected {2 if game in games else 0}"
        for game in sorted(games | set(found))
        if found[game] != (2 if game in games else 0)
    ]


TABLE = Table(
    name="upcoming_team_game_context",
    dataset="nba_analytics",
    description=__doc__,
    entity=("game_id", "team_abbr"),
    key=("game_id", "team_abbr"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=_cells,
    compute=compute,
    version=3,
    settings=completeness.SETTINGS,
    marks_season=True,
    fan_out=FanOut("team", "UTGC_WORKERS", default_workers=4, together=("game_id",)),
    checks=(
        Check("two rows per scheduled game", _two_rows_per_game, {"nbac_schedule": ("game_id",)}),
    ),
    clustering=("team_abbr", "game_id"),
    tracked=(
        Tracked("source_nbac_schedule", "tonight", expected_rows=1),
        Tracked("source_odds_lines", "lines", expected_rows=LINES_OF_A_GAME),
        Tracked("source_injury_report", "moves", expected_rows=1),
    ),
    plot=("team_abbr", "travel_miles"),
)
