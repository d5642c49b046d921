"""What a player did in a finished game: box score, shot profile, efficiency, time on court.

One row per player who appeared. A night off has no row: it is not a zero. Seconds, zones and who
assisted come from the play-by-play; without it minutes are the box score's whole minutes, zones
come from the shots, and what only the play-by-play tells is NULL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from operator import attrgetter

import numpy as np

from nba_pipeline.domain.boxscore import (
    effective_fg_pct,
    game_score,
    true_shooting_pct,
    usage_rate,
)
from nba_pipeline.domain.event_columns import EVENT_COLUMNS, PLAYS_OF_A_GAME, events_of
from nba_pipeline.domain.line_snapshots import Line
from nba_pipeline.domain.lineups import Roster
from nba_pipeline.domain.play_by_play import walk
from nba_pipeline.domain.rounding import rounded
from nba_pipeline.domain.shots import MID_RANGE, PAINT, zone
from nba_pipeline.engine.columns import Column, Tracked
from nba_pipeline.engine.declared_inputs import reads
from nba_pipeline.engine.table import Check, FailureCategory, FanOut, Gate, Table, each
from nba_pipeline.engine.windows import Array, Cells, Columns, Rows
from nba_pipeline.tables import promises, prop_lines, quality

# Ours = the box score's.
LINE = {
    "points": "points",
    "assists": "assists",
    "total_rebounds": "rebounds",
    "offensive_rebounds": "offensive_rebounds",
    "defensive_rebounds": "defensive_rebounds",
    "steals": "steals",
    "blocks": "blocks",
    "turnovers": "turnovers",
    "personal_fouls": "personal_fouls",
    "fg_attempts": "field_goals_attempted",
    "fg_makes": "field_goals_made",
    "three_pt_attempts": "three_pointers_attempted",
    "three_pt_makes": "three_pointers_made",
    "ft_attempts": "free_throws_attempted",
    "ft_makes": "free_throws_made",
    "plus_minus": "plus_minus",
}

# Ours = what the walk through the events calls it.
WALKED = {
    "seconds_played": "seconds",
    "fourth_quarter_seconds": "fourth_quarter_seconds",
    "clutch_seconds": "clutch_seconds",
    "fourth_quarter_points": "fourth_quarter_points",
    "paint_attempts": "paint_attempts",
    "paint_makes": "paint_makes",
    "mid_range_attempts": "mid_range_attempts",
    "mid_range_makes": "mid_range_makes",
    "assisted_fg_makes": "assisted_makes",
    "unassisted_fg_makes": "unassisted_makes",
    "paint_blocks": "paint_blocks",
    "mid_range_blocks": "mid_range_blocks",
    "three_pt_blocks": "three_blocks",
    "and1_count": "and_ones",
}

INPUTS = {
    "games": reads(
        "nbac_schedule", "game_id game_status scheduled_start actual_tip_off", on="game_id"
    ),
    "box": reads(
        "nbac_player_boxscores",
        "game_id nba_game_id season_year player_lookup player_name nba_player_id "
        "universal_player_id team_abbr opponent_team_abbr is_home is_starter minutes player_status "
        + " ".join(LINE.values()),
        on="game_id player_lookup",
    ),
    "team": reads(
        "team_offense_game_summary",
        "fg_attempts ft_attempts individual_turnovers team_minutes win_flag",
        on="game_id team_abbr",
    ),
    "roster": reads(
        "nbac_player_boxscores",
        "player_lookup nba_player_id team_abbr is_starter minutes",
        on="game_id",
    ),
    "plays": reads("nbac_play_by_play", EVENT_COLUMNS, on="game_id"),
    "shots": reads("nbac_shots", "is_three shot_made shot_distance_ft", on="game_id nba_player_id"),
    "game_shots": reads("nbac_shots", "shot_number", on="game_id"),
    **prop_lines.INPUTS,
}

COLUMNS = (
    Column("player_lookup", str, "normalised name", nullable=False),
    Column("universal_player_id", str, "one for each person, from nba.com's player id"),
    Column("nba_player_id", int, "nba.com's player id"),
    Column("player_full_name", str, "display name"),
    Column("game_id", str, "YYYYMMDD_AWAY_HOME", nullable=False),
    Column("nba_game_id", str, "nba.com's ten-digit id", nullable=False),
    Column("game_date", date, "NBA day, US Eastern", nullable=False),
    Column("team_abbr", str, nullable=False),
    Column("opponent_team_abbr", str, nullable=False),
    Column("season_year", int, "year the season started", nullable=False),
    Column("home_game", bool, nullable=False),
    Column("points", int, unit="points", nullable=False, minimum=0, maximum=100),
    Column(
        "minutes_played",
        float,
        "from substitutions, to the second; whole minutes without plays",
        unit="minutes",
        nullable=False,
        decimals=1,
        minimum=0,
        maximum=70,
    ),
    Column("seconds_played", int, "NULL without plays", unit="seconds", minimum=0),
    Column("assists", int, nullable=False, minimum=0),
    Column("total_rebounds", int, nullable=False, minimum=0),
    Column("offensive_rebounds", int, nullable=False, minimum=0),
    Column("defensive_rebounds", int, nullable=False, minimum=0),
    Column("steals", int, nullable=False, minimum=0),
    Column("blocks", int, nullable=False, minimum=0),
    Column("turnovers", int, nullable=False, minimum=0),
    Column("personal_fouls", int, nullable=False, minimum=0),
    Column("fg_attempts", int, nullable=False, minimum=0, maximum=70),
    Column("fg_makes", int, nullable=False, minimum=0),
    Column("three_pt_attempts", int, nullable=False, minimum=0),
    Column("three_pt_makes", int, nullable=False, minimum=0),
    Column("ft_attempts", int, nullable=False, minimum=0),
    Column("ft_makes", int, nullable=False, minimum=0),
    Column("plus_minus", int, "team's margin while on court", unit="points"),
    Column("paint_attempts", int, "twos from within 8.5 ft of the hoop", minimum=0),
    Column("paint_makes", int, minimum=0),
    Column("mid_range_attempts", int, "other twos", minimum=0),
    Column("mid_range_makes", int, minimum=0),
    Column("paint_blocks", int, "shots blocked, by the zone they were taken from", minimum=0),
    Column("mid_range_blocks", int, minimum=0),
    Column("three_pt_blocks", int, minimum=0),
    Column("and1_count", int, "free throws earned by scoring while fouled", minimum=0),
    Column("assisted_fg_makes", int, minimum=0),
    Column("unassisted_fg_makes", int, minimum=0),
    Column("fourth_quarter_points", int, "overtime not included", unit="points", minimum=0),
    Column("fourth_quarter_seconds", int, unit="seconds", minimum=0, maximum=720),
    Column(
        "clutch_seconds",
        int,
        "in the last five minutes and overtime while within five points",
        unit="seconds",
        minimum=0,
    ),
    Column(
        "usage_rate",
        float,
        "100 (FGA + 0.44 FTA + TOV) (team minutes / 5) / (minutes x the team's same sum)",
        unit="percent of team plays while on court",
        decimals=2,
        minimum=0,
        maximum=100,
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
    Column("game_score", float, "Hollinger's game score", unit="points", decimals=1),
    Column("starter_flag", bool, "began the game", nullable=False),
    Column("win_flag", bool),
    Column("points_line", float, "newest by tip-off", unit="points", decimals=1, minimum=0),
    Column("over_under_result", str, "OVER, UNDER or PUSH"),
    Column("margin", float, "points less the line", unit="points", decimals=1),
    Column(
        "opening_line",
        float,
        "oldest of the same bookmaker; NULL where there is one only",
        unit="points",
        decimals=1,
        minimum=0,
    ),
    Column("line_movement", float, "closing less opening", unit="points", decimals=1),
    Column("points_line_source", str, "bookmaker of the closing line"),
    Column("opening_line_source", str, "bookmaker of the opening line"),
    Column("is_active", bool, "appeared in the game", nullable=False),
    Column("player_status", str, "active: every row is an appearance"),
    Column("shot_zones_estimated", bool, "FALSE where zones are real, NULL where there are none"),
    Column("primary_source_used", str, nullable=False, in_hash=False),
    *quality.COLUMNS,
)


_EACH_LINE = each("box", "game_id", "player_lookup", "nba_player_id", "team_abbr")


def compute(cells: Cells) -> Columns:
    """The official line, what the events add, and the rates that follow."""
    box, team = cells.one("box"), cells.one("team")
    line = {ours: box[theirs] for ours, theirs in LINE.items()}
    events = _walked(cells)
    zones = _zones(cells, events)
    minutes = np.where(events.known, events.columns["seconds_played"] / 60, box["minutes"])
    starters, inferred = _starters(cells, events)
    prop = prop_lines.line_of_players(cells)
    rates = _rates(line, minutes, team)
    return {
        "player_lookup": cells["player_lookup"],
        "nba_player_id": cells["nba_player_id"],
        "universal_player_id": box["universal_player_id"],
        "player_full_name": box["player_name"],
        "game_id": cells["game_id"],
        "nba_game_id": box["nba_game_id"],
        "game_date": cells["game_date"],
        "team_abbr": cells["team_abbr"],
        "opponent_team_abbr": box["opponent_team_abbr"],
        "season_year": box["season_year"],
        "home_game": box["is_home"],
        **line,
        **events.columns,
        **zones,
        "minutes_played": rounded(minutes, 1),
        **rates,
        "starter_flag": starters,
        "win_flag": team["win_flag"],
        **_settled(line["points"], prop),
        "is_active": np.ones(len(cells), dtype=bool),
        "player_status": box["player_status"],
        "shot_zones_estimated": np.where(np.isnan(zones["paint_attempts"]), np.nan, 0.0),
        "primary_source_used": np.full(len(cells), "nbac_player_boxscores", dtype=object),
        **_quality(cells, events, zones["paint_attempts"], inferred, prop),
    }


def _rates(line: Columns, minutes: Array, team: Rows) -> dict[str, Array]:
    shooting = line["points"], line["fg_attempts"], line["ft_attempts"]
    usage = usage_rate(
        line["fg_attempts"],
        line["ft_attempts"],
        line["turnovers"],
        minutes,
        team["fg_attempts"],
        team["ft_attempts"],
        team["individual_turnovers"],
        team["team_minutes"],
    )
    return {
        "usage_rate": rounded(usage, 2),
        "ts_pct": rounded(true_shooting_pct(*shooting), 3),
        "efg_pct": rounded(
            effective_fg_pct(line["fg_makes"], line["three_pt_makes"], line["fg_attempts"]), 3
        ),
        "game_score": rounded(game_score(line), 1),
    }


@dataclass(frozen=True)
class _Walked:
    """What the events say of each cell; NaN where its game has none.

    Attributes:
        columns: By our names.
        starter: 1.0 for those who began the game.
        known: Whether the game has events.
    """

    columns: dict[str, Array]
    starter: Array
    known: Array


def _walked(cells: Cells) -> _Walked:
    """Walk through each game once and hand every player his own numbers."""
    plays, roster = cells.window("plays"), cells.window("roster")
    read = attrgetter("is_starter", *WALKED.values())
    values = np.full((len(cells), 1 + len(WALKED)), np.nan)
    for rows, sharing in plays.groups():
        if rows.start == rows.stop:
            continue
        first = sharing[0]
        players = slice(roster.start[first], roster.stop[first])
        names = roster.buffer.columns["player_lookup"][players].tolist()
        each_player = np.array(
            read(walk(events_of(plays.buffer.columns, rows), _roster(cells, players))), dtype=float
        )
        at = {name: number for number, name in enumerate(names)}
        for cell in sharing.tolist():
            values[cell] = each_player[:, at[cells["player_lookup"][cell]]]
    columns = {name: values[:, number] for number, name in enumerate(WALKED, start=1)}
    return _Walked(columns, values[:, 0], plays.count() > 0)


def _roster(cells: Cells, players: slice) -> Roster:
    columns = cells.window("roster").buffer.columns
    return Roster(
        player_id=tuple(columns["nba_player_id"][players].astype(np.int64).tolist()),
        team=tuple(columns["team_abbr"][players].tolist()),
        is_starter=tuple(
            None if np.isnan(flag) else bool(flag) for flag in columns["is_starter"][players]
        ),
        minutes=tuple(columns["minutes"][players].astype(np.int64).tolist()),
    )


def _zones(cells: Cells, events: _Walked) -> dict[str, Array]:
    """Zones of the walk, else of the shots: a game with shots has those of every player."""
    shots = cells.window("shots").rows()
    zones = zone(shots["is_three"] == 1, shots["shot_distance_ft"])
    has_shots = ~events.known & (cells.window("game_shots").count() > 0)
    result = {}
    for name, wanted in (("paint", PAINT), ("mid_range", MID_RANGE)):
        inside = zones == wanted
        for kind, counted in (("attempts", inside), ("makes", inside & (shots["shot_made"] == 1))):
            column = f"{name}_{kind}"
            count = np.bincount(shots.cell[counted], minlength=len(cells))
            result[column] = np.where(has_shots, count, events.columns[column])
    return result


def _starters(cells: Cells, events: _Walked) -> tuple[Array, Array]:
    """Who began the game: by the events, else as flagged, else the team's five longest stays."""
    flagged = cells.one("box")["is_starter"]
    inferred = np.isnan(events.starter) & np.isnan(flagged)
    starters = np.where(np.isnan(events.starter), flagged, events.starter) == 1
    roster = cells.window("roster")
    columns = roster.buffer.columns
    for cell in np.flatnonzero(inferred).tolist():
        players = slice(roster.start[cell], roster.stop[cell])
        team = [
            (-minutes, name)
            for minutes, name, side in zip(
                columns["minutes"][players],
                columns["player_lookup"][players],
                columns["team_abbr"][players],
                strict=True,
            )
            if side == cells["team_abbr"][cell]
        ]
        longest = [name for _, name in sorted(team)[:5]]
        starters[cell] = cells["player_lookup"][cell] in longest
    return starters, inferred


def _settled(points: Array, prop: Line) -> Columns:
    """The points prop and how it came out; equal is a push, to neither side."""
    margin = points - prop.current
    result = np.full(len(points), None, dtype=object)
    for word, came_out in (("OVER", margin > 0), ("UNDER", margin < 0), ("PUSH", margin == 0)):
        result[came_out] = word
    return {
        "points_line": prop.current,
        "over_under_result": result,
        "margin": rounded(margin, 1),
        "opening_line": prop.opening,
        "line_movement": rounded(prop.movement, 1),
        "points_line_source": prop.book,
        "opening_line_source": prop.opening_book,
    }


def _quality(cells: Cells, events: _Walked, zones: Array, inferred: Array, prop: Line) -> Columns:
    everywhere = np.ones(len(cells), dtype=bool)
    has_line = ~np.isnan(prop.current)
    return quality.assess(
        np.full(len(cells), 85.0),
        {
            "whole_minutes_only": ~events.known,
            "shot_creation_unavailable": ~events.known,
            "shot_zones_unavailable": np.isnan(zones),
            "starter_inferred": inferred,
            "prop_lines_unavailable": ~has_line,
        },
        {
            "nbac_player_boxscores": everywhere,
            "nbac_team_boxscore": everywhere,
            "nbac_play_by_play": events.known,
            "nbac_shots": ~events.known & ~np.isnan(zones),
            prop_lines.SOURCE: has_line,
        },
        fallback=~everywhere,
        reconstructed=~everywhere,
    )


def _cells(inputs: Mapping[str, Columns]) -> Columns:
    """Everybody with a line in a box score, with the moment his prop was settled by."""
    played = _EACH_LINE(inputs)
    return {**played, "tip_off": prop_lines.tip_offs(inputs["games"], played["game_id"])}


def _no_team(cells: Cells) -> Array:
    return ~cells.one("team").found


TABLE = Table(
    name="player_game_summary",
    dataset="nba_analytics",
    description=__doc__,
    entity=("game_id", "player_lookup"),
    key=("game_id", "player_lookup"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=_cells,
    compute=compute,
    version=3,
    fan_out=FanOut("player", "PGS_WORKERS", default_workers=10, together=("game_id",)),
    gates=(
        Gate(
            FailureCategory.MISSING_DEPENDENCY,
            "{game_id}: {player_lookup}'s team {team_abbr} has no offensive summary",
            _no_team,
        ),
    ),
    checks=(
        Check(
            "players' points add up to their team's",
            promises.player_points_add_up,
            {"team_offense_game_summary": ("game_id", "team_abbr", "points_scored")},
        ),
        Check("points follow from the shots", promises.points_follow_from_shots),
        Check("shot zones add up to attempts", promises.zones_add_up_to_attempts),
    ),
    clustering=("player_lookup", "team_abbr"),
    tracked=(
        Tracked("source_nbac_boxscore", "box", expected_rows=1),
        Tracked("source_nbac_pbp", "plays", expected_rows=PLAYS_OF_A_GAME),
        Tracked("source_odds", "props", expected_rows=1),
    ),
    plot=("player_full_name", "points"),
)
