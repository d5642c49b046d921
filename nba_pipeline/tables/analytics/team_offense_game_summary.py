"""What a team did with the ball in a finished game: totals, shot zones, pace and efficiency.

One row per team and final game. Totals are the official ones; where a game has none they are summed
from the players' lines, which the row then says. Zones come from the play-by-play, else from the
shots, else they are NULL.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np

from nba_pipeline.domain.boxscore import (
    effective_fg_pct,
    overtime_periods,
    pace,
    possessions,
    rating,
    true_shooting_pct,
)
from nba_pipeline.domain.clocks import tip_off
from nba_pipeline.domain.event_columns import EVENT_COLUMNS, PLAYS_OF_A_GAME, events_of
from nba_pipeline.domain.games import GameStatus
from nba_pipeline.domain.rounding import rounded
from nba_pipeline.domain.second_chance import second_chance_points
from nba_pipeline.domain.shots import MID_RANGE, PAINT, zone
from nba_pipeline.domain.team_games import both_sides
from nba_pipeline.engine.columns import Column, Tracked
from nba_pipeline.engine.declared_inputs import reads
from nba_pipeline.engine.table import Check, FailureCategory, FanOut, Gate, Table
from nba_pipeline.engine.windows import Array, Cells, Columns, Rows
from nba_pipeline.tables import injuries, promises, quality

# Ours = the box score's.
TOTALS = {
    "points_scored": "points",
    "fg_attempts": "field_goals_attempted",
    "fg_makes": "field_goals_made",
    "three_pt_attempts": "three_pointers_attempted",
    "three_pt_makes": "three_pointers_made",
    "ft_attempts": "free_throws_attempted",
    "ft_makes": "free_throws_made",
    "rebounds": "rebounds",
    "offensive_rebounds": "offensive_rebounds",
    "defensive_rebounds": "defensive_rebounds",
    "assists": "assists",
    "steals": "steals",
    "blocks": "blocks",
    "turnovers": "turnovers",
    "personal_fouls": "personal_fouls",
}

#: Fewer players than this cannot have played a game, so their sum is no total.
FEWEST_PLAYERS = 5

INPUTS = {
    "games": reads(
        "nbac_schedule",
        "game_id nba_game_id season_year season_type away_team_abbr home_team_abbr game_status "
        "away_team_score home_team_score scheduled_start actual_tip_off",
        on="game_id",
    ),
    "team": reads(
        "nbac_team_boxscore",
        "minutes individual_turnovers " + " ".join(TOTALS.values()),
        on="game_id team_abbr",
    ),
    "players": reads(
        "nbac_player_boxscores",
        "nba_player_id minutes " + " ".join(TOTALS.values()),
        on="game_id team_abbr",
    ),
    "plays": reads("nbac_play_by_play", EVENT_COLUMNS, on="game_id"),
    "shots": reads("nbac_shots", "nba_player_id is_three shot_made shot_distance_ft", on="game_id"),
    "officials": reads("nbac_referee", "official", on="game_id"),
    "availability": reads(
        "player_availability", "is_out is_regular_starter", on="game_id team_abbr"
    ),
    **injuries.INPUTS,
}

COLUMNS = (
    Column("game_id", str, "YYYYMMDD_AWAY_HOME", nullable=False),
    Column("nba_game_id", str, "nba.com's ten-digit id", nullable=False),
    Column("game_date", date, "NBA day, US Eastern", nullable=False),
    Column("team_abbr", str, nullable=False),
    Column("opponent_team_abbr", str, nullable=False),
    Column("season_year", int, "year the season started", nullable=False),
    Column("season_type", str, "regular_season, play_in, playoffs or cup_final", nullable=False),
    Column("points_scored", int, unit="points", nullable=False, minimum=50, maximum=200),
    Column("opponent_points", int, "the final score's", unit="points", minimum=50, maximum=200),
    Column("fg_attempts", int, nullable=False, minimum=0),
    Column("fg_makes", int, nullable=False, minimum=0),
    Column("three_pt_attempts", int, nullable=False, minimum=0),
    Column("three_pt_makes", int, nullable=False, minimum=0),
    Column("ft_attempts", int, nullable=False, minimum=0),
    Column("ft_makes", int, nullable=False, minimum=0),
    Column("rebounds", int, "team rebounds left out", nullable=False, minimum=0),
    Column("offensive_rebounds", int, nullable=False, minimum=0),
    Column("defensive_rebounds", int, nullable=False, minimum=0),
    Column("assists", int, nullable=False, minimum=0),
    Column("steals", int, nullable=False, minimum=0),
    Column("blocks", int, nullable=False, minimum=0),
    Column("turnovers", int, "team turnovers included, where official", nullable=False, minimum=0),
    Column("individual_turnovers", int, "those charged to a player", minimum=0),
    Column("personal_fouls", int, nullable=False, minimum=0),
    Column("team_paint_attempts", int, "twos from within 8.5 ft of the hoop", minimum=0),
    Column("team_paint_makes", int, minimum=0),
    Column("team_mid_range_attempts", int, "other twos", minimum=0),
    Column("team_mid_range_makes", int, minimum=0),
    Column("points_in_paint_scored", int, "2 x paint makes", unit="points", minimum=0),
    Column(
        "second_chance_points_scored",
        int,
        "after an offensive rebound in the same possession; NULL without plays",
        unit="points",
        minimum=0,
    ),
    Column(
        "possessions",
        float,
        "FGA + 0.44 FTA + turnovers - offensive rebounds",
        unit="possessions",
        decimals=1,
        minimum=50,
        maximum=160,
    ),
    Column(
        "pace",
        float,
        "possessions per 48 minutes",
        unit="possessions",
        decimals=1,
        minimum=60,
        maximum=140,
    ),
    Column(
        "offensive_rating",
        float,
        "points per 100 possessions",
        unit="points per 100 possessions",
        decimals=2,
        minimum=40,
        maximum=200,
    ),
    Column(
        "ts_pct",
        float,
        "true shooting: points / (2 (FGA + 0.44 FTA))",
        unit="fraction",
        decimals=3,
        minimum=0,
        maximum=1.5,
    ),
    Column(
        "efg_pct",
        float,
        "effective field goals: (FGM + 0.5 threes) / FGA",
        unit="fraction",
        decimals=3,
        minimum=0,
        maximum=1.5,
    ),
    Column("home_game", bool, "whether at home", nullable=False),
    Column("win_flag", bool),
    Column("margin_of_victory", int, "points less opponent's points", unit="points"),
    Column("team_minutes", int, "player-minutes: 240 without overtime", unit="minutes"),
    Column("overtime_periods", int, nullable=False, minimum=0),
    Column("player_lines", int, "players with a box-score line", nullable=False, minimum=0),
    Column("players_inactive", int, "known to be out; a lower bound", minimum=0),
    Column("starters_inactive", int, "of those, regular starters", minimum=0),
    Column("referee_crew_id", str, "the three officials, sorted; NULL unless exactly three"),
    Column("shot_zones_available", bool, "whether zones are known", nullable=False),
    Column("shot_zones_source", str, "table the zones come from"),
    Column("primary_source_used", str, "table the totals come from", nullable=False),
    *quality.COLUMNS,
)


def compute(cells: Cells) -> Columns:
    """Totals, then what follows from them, then what the events add."""
    totals, minutes, individual, official = _totals(cells)
    zones, zones_source = _zones(cells)
    games = cells.one("games")
    opponent_points = np.where(
        cells["home_game"] == 1, games["away_team_score"], games["home_team_score"]
    )
    plays = possessions(
        totals["fg_attempts"],
        totals["ft_attempts"],
        totals["turnovers"],
        totals["offensive_rebounds"],
    )
    margin = totals["points_scored"] - opponent_points
    return {
        **{
            name: cells[name]
            for name in [
                "game_id",
                "nba_game_id",
                "game_date",
                "team_abbr",
                "opponent_team_abbr",
                "season_year",
                "home_game",
            ]
        },
        "season_type": games["season_type"],
        **totals,
        "opponent_points": opponent_points,
        "individual_turnovers": individual,
        **zones,
        "points_in_paint_scored": 2 * zones["team_paint_makes"],
        "second_chance_points_scored": _second_chance_points(cells),
        "possessions": rounded(plays, 1),
        "pace": rounded(pace(plays, minutes / 5), 1),
        "offensive_rating": rounded(rating(totals["points_scored"], plays), 2),
        "ts_pct": rounded(
            true_shooting_pct(
                totals["points_scored"], totals["fg_attempts"], totals["ft_attempts"]
            ),
            3,
        ),
        "efg_pct": rounded(
            effective_fg_pct(totals["fg_makes"], totals["three_pt_makes"], totals["fg_attempts"]), 3
        ),
        "win_flag": np.where(np.isnan(margin), np.nan, margin > 0),
        "margin_of_victory": margin,
        "team_minutes": minutes,
        "overtime_periods": overtime_periods(minutes),
        "player_lines": cells.window("players").count(),
        **_inactive(cells),
        "referee_crew_id": _crews(cells),
        "shot_zones_available": ~np.isnan(zones["team_paint_attempts"]),
        "shot_zones_source": zones_source,
        "primary_source_used": np.where(
            official, "nbac_team_boxscore", "nbac_player_boxscores"
        ).astype(object),
        **_quality(official, zones_source, plays, injuries.speaks_of_team(cells)),
    }


def _totals(cells: Cells) -> tuple[dict[str, Array], Array, Array, Array]:
    """Totals, player-minutes, individual turnovers, and which rows are official."""
    team, players = cells.one("team"), cells.window("players")
    official = team.found
    totals = {
        ours: np.where(official, team[theirs], players.sum(theirs))
        for ours, theirs in TOTALS.items()
    }
    # Players' whole minutes add up to within a few of the truth, which is a multiple of 25.
    minutes = 240 + 25 * np.rint((players.sum("minutes") - 240) / 25)
    summed = np.where(players.count() >= FEWEST_PLAYERS, players.sum("turnovers"), np.nan)
    individual = np.where(
        np.isnan(team["individual_turnovers"]), summed, team["individual_turnovers"]
    )
    return totals, np.where(official, team["minutes"], minutes), individual, official


def _zones(cells: Cells) -> tuple[dict[str, Array], Array]:
    """Attempts and makes by zone, from the plays where there are any, else from the shots."""
    plays, shots = cells.window("plays"), cells.window("shots")
    has_plays, has_shots = plays.count() > 0, shots.count() > 0
    from_plays = _zones_of_plays(cells, plays.rows())
    from_shots = _zones_of_shots(cells, shots.rows())
    zones = {
        name: np.where(has_plays, from_plays[name], np.where(has_shots, from_shots[name], np.nan))
        for name in from_plays
    }
    source = np.full(len(cells), None, dtype=object)
    source[has_shots], source[has_plays] = "nbac_shots", "nbac_play_by_play"
    return zones, source


def _zones_of_plays(cells: Cells, plays: Rows) -> dict[str, Array]:
    mine = (plays["is_field_goal_attempt"] == 1) & (
        plays["player_1_team_abbr"] == cells["team_abbr"][plays.cell]
    )
    zones = zone(plays["is_three"] == 1, plays["shot_distance"])
    return _counted(plays.cell, mine, zones, plays["shot_made"] == 1, len(cells))


def _zones_of_shots(cells: Cells, shots: Rows) -> dict[str, Array]:
    """Shots name the shooter only; his team is that of his box-score line."""
    players = cells.window("players").rows()
    person = 10_000_000_000
    mine = np.isin(
        shots.cell * person + shots["nba_player_id"],
        players.cell * person + players["nba_player_id"],
    )
    zones = zone(shots["is_three"] == 1, shots["shot_distance_ft"])
    return _counted(shots.cell, mine, zones, shots["shot_made"] == 1, len(cells))


def _counted(cell: Array, mine: Array, zones: Array, made: Array, cells: int) -> dict[str, Array]:
    counts = {}
    for name, wanted in (("paint", PAINT), ("mid_range", MID_RANGE)):
        inside = mine & (zones == wanted)
        counts[f"team_{name}_attempts"] = np.bincount(cell[inside], minlength=cells)
        counts[f"team_{name}_makes"] = np.bincount(cell[inside & made], minlength=cells)
    return counts


def _second_chance_points(cells: Cells) -> Array:
    plays = cells.window("plays")
    points = np.full(len(cells), np.nan)
    for rows, sharing in plays.groups():
        if rows.start == rows.stop:
            continue
        scored = second_chance_points(events_of(plays.buffer.columns, rows))
        for at in sharing.tolist():
            points[at] = scored[cells["team_abbr"][at]]
    return points


def _inactive(cells: Cells) -> Columns:
    """Players known to be out; NULL, not 0, while the source has said nothing of the team."""
    out = cells.window("availability")
    out = out.where(out.buffer.columns["is_out"] == 1)
    covered = injuries.speaks_of_team(cells)
    return {
        "players_inactive": np.where(covered, out.count(), np.nan),
        "starters_inactive": np.where(covered, out.sum("is_regular_starter"), np.nan),
    }


def _crews(cells: Cells) -> Array:
    """Names sorted and joined; anything but three officials is no crew."""
    officials = cells.window("officials")
    names = officials.buffer.columns["official"]
    return np.array(
        [
            "-".join(sorted(names[first:last])) if last - first == 3 else None
            for first, last in zip(officials.start, officials.stop, strict=True)
        ],
        dtype=object,
    )


def _quality(official: Array, zones_source: Array, plays: Array, covered: Array) -> Columns:
    everywhere = np.ones(len(official), dtype=bool)
    return quality.assess(
        np.where(official, 100.0, 85.0),
        {
            "backup_source_used": ~official,
            "reconstructed": ~official,
            "shot_zones_unavailable": zones_source == None,  # noqa: E711 - elementwise
            "second_chance_points_unavailable": zones_source != "nbac_play_by_play",
            "injury_status_unavailable": ~covered,
            "missing_required": np.isnan(plays),
        },
        {
            "nbac_schedule": everywhere,
            "nbac_team_boxscore": official,
            "nbac_player_boxscores": ~official,
            "nbac_play_by_play": zones_source == "nbac_play_by_play",
            "nbac_shots": zones_source == "nbac_shots",
        },
        fallback=~official,
        reconstructed=~official,
    )


def _cells(inputs: Mapping[str, Columns]) -> Columns:
    games = inputs["games"]
    sides = both_sides(games, status=GameStatus.FINAL)
    tips = tip_off(games["game_date"], games["scheduled_start"], games["actual_tip_off"])
    tips = tips[games["game_status"] == float(GameStatus.FINAL)]
    return {**sides, "tip_off": np.concatenate([tips, tips]), **injuries.kinds(2 * len(tips))}


def _no_totals(cells: Cells) -> Array:
    few = cells.window("players").count() < FEWEST_PLAYERS
    return ~cells.one("team").found & few


TABLE = Table(
    name="team_offense_game_summary",
    dataset="nba_analytics",
    description=__doc__,
    entity=("game_id", "team_abbr"),
    key=("game_id", "team_abbr"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=_cells,
    compute=compute,
    version=2,
    fan_out=FanOut("team", "TOGS_WORKERS", default_workers=4, together=("game_id",)),
    gates=(
        Gate(
            FailureCategory.MISSING_DATA,
            "{game_id}: {team_abbr} has neither official totals nor five players' lines",
            _no_totals,
        ),
    ),
    checks=(
        Check("two rows per final game", promises.two_rows_per_final_game, promises.FINAL_GAMES),
        Check("points follow from the shots", promises.points_follow_from_shots),
    ),
    clustering=("team_abbr", "home_game"),
    tracked=(
        Tracked("source_nbac_boxscore", "team", expected_rows=1),
        Tracked("source_play_by_play", "plays", expected_rows=PLAYS_OF_A_GAME),
    ),
    plot=("team_abbr", "points_scored"),
)
