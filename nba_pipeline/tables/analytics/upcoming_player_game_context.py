"""What each player brings into tonight's game: rest, load, form, role and surroundings, by tip-off.

One row per player expected to be with a team that plays: his newest team before the date, if he
appeared in one of its last ten games that have players' lines. Who is known to be out keeps his
row, which says so. His own games make his rest and form; travel, lines and what comes next are his
team's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np

from nba_pipeline.domain.clocks import tip_off
from nba_pipeline.domain.line_snapshots import Line
from nba_pipeline.domain.rest import newest
from nba_pipeline.domain.rounding import ratio, rounded
from nba_pipeline.domain.team_games import both_sides
from nba_pipeline.domain.travel import clock_label, venue
from nba_pipeline.engine.columns import Column, Tracked
from nba_pipeline.engine.declared_inputs import history, reads
from nba_pipeline.engine.table import FailureCategory, FanOut, Gate, Table
from nba_pipeline.engine.windows import Array, Cells, Columns, Rows, Slices
from nba_pipeline.tables import (
    completeness,
    prop_lines,
    quality,
    rest_and_load,
    samples,
    teammates,
)
from nba_pipeline.tables.appearances import earlier, last_lines, numbered, rosters_before

GRADES_5 = (("excellent", 5), ("good", 3), ("limited", 2), ("insufficient", 0))
GRADES_10 = (("excellent", 10), ("good", 7), ("limited", 5), ("insufficient", 0))

#: Fewest games behind a row of each quality score.
SCORES = (("gold", 10), ("silver", 5), ("bronze", 0))

EARLY_MONTHS, MID_MONTHS = (10, 11), (12, 1, 2)

#: A sample below this is named thin.
THIN_SAMPLE = 3

WINDOWS = ("l5", "l10", "l7d", "l14d", "l30d")

# Statuses of teammates that are counted.
IN_DOUBT = ("questionable", "probable")

# Columns of the team context that are his as well.
OF_TEAM = (
    "game_spread",
    "opening_spread",
    "spread_movement",
    "game_spread_source",
    "game_total",
    "opening_total",
    "total_movement",
    "game_total_source",
    "opponent_pace_last_10",
    "travel_miles",
    "time_zone_changes",
    "consecutive_road_games",
    "miles_traveled_last_14_days",
    "time_zones_crossed_last_14_days",
    "next_game_days_rest",
    "next_game_is_primetime",
    "games_in_next_7_days",
    "next_opponent_win_pct",
    "opponent_days_rest",
)

# Ours = the opponent's team context's.
OF_OPPONENT = {
    "opponent_ft_rate_allowed": "ft_rate_allowed_last_10",
    "opponent_def_rating_last_10": "def_rating_last_10",
    "opponent_games_in_next_7_days": "games_in_next_7_days",
    "opponent_next_game_days_rest": "next_game_days_rest",
}

INPUTS = {
    # Matched on what no cell has: whether the date's games are over is nothing a row may see.
    "games": reads(
        "nbac_schedule",
        "game_id season_year away_team_abbr home_team_abbr game_status scheduled_start "
        "actual_tip_off",
        on={"nba_game_id": "game_id"},
    ),
    "tonight": reads(
        "nbac_schedule",
        "season_type season_year home_team_abbr scheduled_start arena_city is_neutral_site",
        on="game_id",
    ),
    **completeness.PLAYER_INPUTS,
    "raw": reads(
        "nbac_player_boxscores",
        "team_abbr nba_player_id universal_player_id",
        window=history(),
        on="player_lookup season_year",
    ),
    **prop_lines.INPUTS,
    "summaries": reads(
        "player_game_summary",
        "points minutes_played usage_rate fg_makes fg_attempts fourth_quarter_seconds "
        "fourth_quarter_points clutch_seconds",
        window=history(),
        on="player_lookup season_year",
    ),
    **teammates.INPUTS,
    "team": reads(
        "upcoming_team_game_context",
        "pace_last_10 team_days_rest has_injury_report questionable_players_count "
        + " ".join(OF_TEAM),
        on="game_id team_abbr",
    ),
    "opponent": reads(
        "upcoming_team_game_context",
        " ".join(OF_OPPONENT.values()),
        on={"game_id": "game_id", "team_abbr": "opponent_team_abbr"},
    ),
    "availability": reads(
        "player_availability",
        "player_lookup injury_status reason",
        on="game_id team_abbr",
    ),
}


def _points(name: str, what: str = "", decimals: int = 1) -> Column:
    return Column(name, float, what, unit="points", decimals=decimals)


def _count(name: str, what: str = "") -> Column:
    return Column(name, int, what, minimum=0)


COLUMNS = (
    Column("player_lookup", str, "normalised name", nullable=False),
    Column("universal_player_id", str, "one for each person, from nba.com's player id"),
    Column("nba_player_id", int, "nba.com's player id"),
    Column("game_id", str, "YYYYMMDD_AWAY_HOME", nullable=False),
    Column("game_date", date, "NBA day, US Eastern", nullable=False),
    Column("season_year", int, "year the season started", nullable=False),
    Column("team_abbr", str, "his newest team before the date", nullable=False),
    Column("opponent_team_abbr", str, nullable=False),
    Column("home_game", bool, "whether his team is the host", nullable=False),
    Column("season_phase", str, "early, mid or late regular season, or playoffs", nullable=False),
    Column("game_start_time_local", str, "on the venue's clock; NULL without a scheduled start"),
    # Props
    Column("has_prop_line", bool, "whether any bookmaker had one by tip-off", nullable=False),
    _points("current_points_line", "newest by tip-off"),
    _points("opening_points_line", "oldest of the same book; NULL where there is one only"),
    _points("line_movement", "current less opening"),
    Column("current_points_line_source", str, "bookmaker"),
    Column("opening_points_line_source", str, "bookmaker"),
    _count("prop_over_streak", "newest games above tonight's line; NULL without one"),
    _count("prop_under_streak", "newest games below tonight's line; NULL without one"),
    # Game lines, from his team's side
    _points("game_spread", "below 0 when favoured"),
    _points("opening_spread"),
    _points("spread_movement", "current less opening"),
    Column("game_spread_source", str, "bookmaker"),
    _points("game_total"),
    _points("opening_total"),
    _points("total_movement", "current less opening"),
    Column("game_total_source", str, "bookmaker"),
    Column(
        "spread_public_betting_pct", float, "NULL: nobody publishes it", unit="percent", decimals=2
    ),
    Column(
        "total_public_betting_pct", float, "NULL: nobody publishes it", unit="percent", decimals=2
    ),
    *rest_and_load.COLUMNS,
    # Travel, of his team
    Column("travel_miles", int, "from the team's last venue to tonight's", unit="miles"),
    _count("time_zone_changes"),
    _count("consecutive_road_games", "tonight's included; 0 at home"),
    Column("miles_traveled_last_14_days", int, "between games of [D-14, D]", unit="miles"),
    _count("time_zones_crossed_last_14_days"),
    # Form and role
    Column("player_age", int, "NULL: birth dates are not published", unit="years"),
    _points("points_avg_last_5"),
    _points("points_avg_last_10"),
    Column(
        "shooting_pct_decline_last_5",
        float,
        "field-goal fraction of his last 5 games less the season's",
        unit="fraction",
        decimals=3,
    ),
    _points("fourth_quarter_production_last_7", "mean of fourth quarters in his last 7 games"),
    Column(
        "avg_usage_rate_last_7_games",
        float,
        "mean of his last 7 games",
        unit="percent",
        decimals=2,
        minimum=0,
        maximum=100,
    ),
    Column(
        "projected_usage_rate",
        float,
        "that mean plus what he takes over from rotation players who are out; NULL when he is out "
        "himself and where nothing is known of who is out",
        unit="percent",
        decimals=2,
        minimum=0,
        maximum=106,
    ),
    _count("l5_games_used", "games behind the means of 5"),
    _count("l10_games_used", "games behind the means of 10"),
    Column("l5_sample_quality", str, "excellent, good, limited or insufficient"),
    Column("l10_sample_quality", str, "excellent, good, limited or insufficient"),
    # Opponent
    Column(
        "pace_differential",
        float,
        "his team's mean pace of 10 games less the opponent's",
        unit="possessions",
        decimals=2,
    ),
    Column("opponent_pace_last_10", float, unit="possessions", decimals=2),
    Column("opponent_def_rating_last_10", float, unit="points per 100 possessions", decimals=2),
    Column(
        "opponent_ft_rate_allowed",
        float,
        "free throws per field-goal attempt against it in 10 games; NULL below 3",
        unit="fraction",
        decimals=3,
    ),
    _count("opponent_days_rest"),
    Column("opponent_rest_advantage", int, "the opponent's days off less his team's"),
    _count("opponent_games_in_next_7_days"),
    _count("opponent_next_game_days_rest"),
    # What comes next
    _count("next_game_days_rest", "full days off between tonight and his team's next game"),
    _count("games_in_next_7_days", "of his team in (D, D+7]"),
    Column("next_opponent_win_pct", float, "before tonight", unit="fraction", decimals=3),
    Column(
        "next_game_is_primetime",
        bool,
        "whether that game is shown everywhere; NULL where broadcasts are not published",
    ),
    # Availability
    Column(
        "player_status",
        str,
        "out, doubtful, questionable, probable or available, by tip-off; available also where a "
        "source speaks of his team and does not list him, NULL where none does",
    ),
    Column("injury_report", str, "why he may not play, as published with that status"),
    _count(
        "star_teammates_out",
        "out or doubtful; by moves a lower bound; NULL where no source speaks of his team",
    ),
    *(
        _count(f"{status}_teammates", "by the newest report; NULL where none lists his team")
        for status in IN_DOUBT
    ),
    Column("primary_source_used", str, nullable=False, in_hash=False),
    *completeness.COLUMNS,
    *completeness.columns_of(WINDOWS),
    *(column for column in quality.COLUMNS if column.name != "is_production_ready"),
)


def compute(cells: Cells) -> Columns:
    """His own games first, then his team's context and the opponent's, then who is missing."""
    team, opponent = cells.one("team"), cells.one("opponent")
    prop = prop_lines.line_of_players(cells)
    return {
        **{
            name: cells[name]
            for name in (
                "player_lookup",
                "game_id",
                "game_date",
                "season_year",
                "team_abbr",
                "opponent_team_abbr",
                "home_game",
            )
        },
        "universal_player_id": cells.window("raw").last(1).one()["universal_player_id"],
        "nba_player_id": cells["nba_player_id"],
        **_occasion(cells),
        **_prop(cells.window("summaries").rows(), prop),
        **rest_and_load.before_tonight(cells),
        **_form(cells.window("summaries")),
        **{name: team[name] for name in OF_TEAM},
        **{ours: opponent[theirs] for ours, theirs in OF_OPPONENT.items()},
        "pace_differential": rounded(team["pace_last_10"] - team["opponent_pace_last_10"], 2),
        "opponent_rest_advantage": team["opponent_days_rest"] - team["team_days_rest"],
        **_availability(cells, team),
        **_teammates(cells, team),
        "primary_source_used": np.full(len(cells), "player_game_summary", dtype=object),
        **_quality(cells, team, prop),
    }


def _occasion(cells: Cells) -> Columns:
    """Phase of the season, and when the game starts on the venue's clock."""
    game = cells.one("tonight")
    names = ("season_year", "home_team_abbr", "scheduled_start", "arena_city", "is_neutral_site")
    return {
        "season_phase": np.array(
            [
                _phase(kind, day.month)
                for kind, day in zip(game["season_type"], cells["game_date"].tolist(), strict=True)
            ],
            dtype=object,
        ),
        "game_start_time_local": np.array(
            [_start(*row) for row in zip(*(game[name].tolist() for name in names), strict=True)],
            dtype=object,
        ),
    }


def _phase(season_type: str, month: int) -> str:
    """The play-offs, else by the calendar; a play-in game belongs to the late season."""
    if season_type == "playoffs":
        return "playoffs"
    if month in EARLY_MONTHS:
        return "early"
    return "mid" if month in MID_MONTHS else "late"


def _start(
    season: float, home: str, start: datetime | None, city: str | None, is_neutral: float
) -> str | None:
    """For example ``7:30 PM ET``."""
    place = venue(home, int(season), city, is_neutral=is_neutral == 1)
    if start is None or place is None:
        return None
    local = start.replace(tzinfo=UTC).astimezone(ZoneInfo(place.timezone))
    return f"{local:%I:%M %p}".lstrip("0") + f" {clock_label(place.timezone, local)}"


def _prop(played: Rows, prop: Line) -> Columns:
    """Tonight's points line, and how many of his newest games ended on one side of it.

    A game that ended on the line is of neither side and ends no streak.
    """
    size, cell = len(prop.current), played.cell
    margin = played["points"] - prop.current[cell]
    above, below = margin > 0, margin < 0
    place, has_line = np.arange(len(cell)), ~np.isnan(prop.current)

    def streak(won: Array, lost: Array) -> Array:
        since = won & (place > newest(lost, cell, size)[cell])
        return np.where(has_line, np.bincount(cell[since], minlength=size), np.nan)

    return {
        "has_prop_line": has_line,
        "current_points_line": prop.current,
        "opening_points_line": prop.opening,
        "line_movement": rounded(prop.movement, 1),
        "current_points_line_source": prop.book,
        "opening_points_line_source": prop.opening_book,
        "prop_over_streak": streak(above, below),
        "prop_under_streak": streak(below, above),
    }


def _form(played: Slices) -> Columns:
    last_5, last_10, last_7 = played.last(5), played.last(10), played.last(7)
    return {
        "points_avg_last_5": rounded(last_5.mean("points"), 1),
        "points_avg_last_10": rounded(last_10.mean("points"), 1),
        "shooting_pct_decline_last_5": rounded(_shooting(last_5) - _shooting(played), 3),
        "fourth_quarter_production_last_7": rounded(last_7.mean("fourth_quarter_points"), 1),
        "avg_usage_rate_last_7_games": rounded(last_7.mean("usage_rate"), 2),
        "l5_games_used": last_5.count(),
        "l10_games_used": last_10.count(),
        "l5_sample_quality": samples.graded(last_5.count(), GRADES_5),
        "l10_sample_quality": samples.graded(last_10.count(), GRADES_10),
    }


def _shooting(games: Slices) -> Array:
    return ratio(games.sum("fg_makes"), games.sum("fg_attempts"))


def _availability(cells: Cells, team: Rows) -> Columns:
    """His own status and his teammates'; nothing is said where no source speaks of his team."""
    listed = cells.window("availability").rows()
    own = listed["player_lookup"] == cells["player_lookup"][listed.cell]
    status, reason = np.full((2, len(cells)), None, dtype=object)
    status[team["has_injury_report"] == 1] = "available"
    status[listed.cell[own]] = listed["injury_status"][own]
    reason[listed.cell[own]] = listed["reason"][own]
    reason[status == "available"] = None
    is_reported = ~np.isnan(team["questionable_players_count"])
    counts = {
        f"{name}_teammates": np.bincount(
            listed.cell[~own & (listed["injury_status"] == name)], minlength=len(cells)
        )
        for name in IN_DOUBT
    }
    return {
        "player_status": status,
        "injury_report": reason,
        **{name: np.where(is_reported, count, np.nan) for name, count in counts.items()},
    }


def _teammates(cells: Cells, team: Rows) -> Columns:
    """Stars who are out, and the usage that falls to him from everybody in the rotation who is."""
    stars, gained = teammates.missing(cells)
    recent = cells.window("summaries").last(7).mean("usage_rate")
    told = team["has_injury_report"] == 1
    return {
        "star_teammates_out": np.where(told, stars, np.nan),
        "projected_usage_rate": rounded(np.where(told, recent + gained, np.nan), 2),
    }


def _quality(cells: Cells, team: Rows, prop: Line) -> Columns:
    played = cells.window("summaries")
    games, complete = played.count(), completeness.of_players(cells, "l30d", WINDOWS)
    everywhere = np.ones(len(cells), dtype=bool)
    no_prop = np.isnan(prop.current)
    no_spread, no_total = np.isnan(team["game_spread"]), np.isnan(team["game_total"])
    no_plays = played.count("fourth_quarter_seconds") == 0
    no_report = team["has_injury_report"] != 1
    tiers = dict(quality.TIERS)
    assessed = quality.assess(
        np.array([tiers[name] for name in samples.graded(games, SCORES)], dtype=np.float64),
        {
            "missing_game_spread": no_spread,
            "missing_game_total": no_total,
            **{f"thin_sample:{few}/{THIN_SAMPLE}": games == few for few in range(THIN_SAMPLE)},
            "prop_lines_unavailable": no_prop,
            "play_by_play_unavailable": no_plays,
            "injury_status_unavailable": no_report,
        },
        {
            "nbac_schedule": everywhere,
            "nbac_player_boxscores": everywhere,
            "nbac_play_by_play": ~no_plays,
            "odds_api_game_lines": ~(no_spread & no_total),
            "nbac_injury_report": ~no_report,
            prop_lines.SOURCE: ~no_prop,
        },
        fallback=~everywhere,
        reconstructed=~everywhere,
    )
    ready = complete["is_production_ready"] & assessed["is_production_ready"]
    return {
        **complete,
        **assessed,
        "is_production_ready": ready,
        "processing_decision_reason": completeness.decided(ready),
    }


def _cells(inputs: Mapping[str, Columns]) -> Columns:
    """Everybody expected with a team that plays, each with the names of all who are."""
    games, box = inputs["games"], inputs["raw"]
    tips = tip_off(games["game_date"], games["scheduled_start"], games["actual_tip_off"])
    sides = {**both_sides(games), "tip_off": np.concatenate([tips, tips])}
    player, team = numbered(box["player_lookup"]), numbered(box["team_abbr"])
    player_ids = dict(zip(box["player_lookup"].tolist(), box["nba_player_id"], strict=True))
    picked: list[tuple[int, str, str]] = []
    for day in np.unique(sides["game_date"]):
        tonight = np.flatnonzero(sides["game_date"] == day)
        before = earlier(box, day, sides["season_year"][tonight[0]])
        rosters = rosters_before(box, last_lines(player, before), team, before)
        for side in tonight.tolist():
            names = rosters.get(sides["team_abbr"][side], [])
            picked += [(side, name, " ".join(names)) for name in names]
    at = np.array([side for side, _, _ in picked], dtype=np.int64)
    return {
        **{name: values[at] for name, values in sides.items()},
        "player_lookup": np.array([name for _, name, _ in picked], dtype=object),
        "nba_player_id": np.array([player_ids[name] for _, name, _ in picked], dtype=np.float64),
        "roster": np.array([roster for _, _, roster in picked], dtype=object),
    }


def _no_team(cells: Cells) -> Array:
    return ~cells.one("team").found


TABLE = Table(
    name="upcoming_player_game_context",
    dataset="nba_analytics",
    description=__doc__,
    entity=("game_id", "player_lookup"),
    key=("game_id", "player_lookup"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=_cells,
    compute=compute,
    version=5,
    settings=completeness.SETTINGS,
    marks_season=True,
    fan_out=FanOut("player", "UPGC_WORKERS", default_workers=10, together=("game_id", "team_abbr")),
    gates=(
        Gate(
            FailureCategory.MISSING_DEPENDENCY,
            "{game_id}: {player_lookup}'s team {team_abbr} has no context of its own",
            _no_team,
        ),
    ),
    clustering=("player_lookup", "universal_player_id", "game_date"),
    tracked=(
        Tracked("source_schedule", "tonight", expected_rows=1),
        Tracked("source_boxscore", "raw", expected_rows=1),
        Tracked("source_props", "props", expected_rows=1),
    ),
    plot=("player_lookup", "avg_minutes_per_game_last_7"),
)
