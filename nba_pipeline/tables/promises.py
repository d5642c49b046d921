"""Promises that stored analytics partitions keep, as checks: rows against the schedule, sums."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.domain.games import GameStatus

#: What the schedule has to be read for.
FINAL_GAMES = {"nbac_schedule": ("game_id", "game_status")}


def two_rows_per_final_game(rows: pa.Table, others: Mapping[str, pa.Table]) -> list[str]:
    """Every final game has exactly two rows, and no other game has any."""
    games = others["nbac_schedule"]
    final = set(
        games.filter(pc.equal(games["game_status"], int(GameStatus.FINAL)))["game_id"].to_pylist()
    )
    counts = {row["values"]: row["counts"] for row in pc.value_counts(rows["game_id"]).to_pylist()}
    return [
        f"{game} has {counts.get(game, 0)} rows, expected {2 if game in final else 0}"
        for game in sorted(final | set(counts))
        if counts.get(game, 0) != (2 if game in final else 0)
    ]


def points_follow_from_shots(rows: pa.Table, others: Mapping[str, pa.Table]) -> list[str]:
    """Points are two per two, three per three and one per free throw."""
    del others
    points = "points_scored" if "points_scored" in rows.column_names else "points"
    wrong = []
    for row in rows.to_pylist():
        made = 2 * row["fg_makes"] + row["three_pt_makes"] + row["ft_makes"]
        if made != row[points]:
            who = row.get("player_lookup") or row["team_abbr"]
            wrong.append(f"{row['game_id']} {who}: {row[points]} points, shots give {made}")
    return wrong


def player_points_add_up(rows: pa.Table, others: Mapping[str, pa.Table]) -> list[str]:
    """The players' points of a team are the team's points."""
    sums = rows.group_by(["game_id", "team_abbr"]).aggregate([("points", "sum")]).to_pylist()
    teams = {
        (row["game_id"], row["team_abbr"]): row["points_scored"]
        for row in others["team_offense_game_summary"].to_pylist()
    }
    return [
        f"{row['game_id']} {row['team_abbr']}: players scored {row['points_sum']}, the team "
        f"{teams.get((row['game_id'], row['team_abbr']))}"
        for row in sorted(sums, key=lambda row: (row["game_id"], row["team_abbr"]))
        if teams.get((row["game_id"], row["team_abbr"])) != row["points_sum"]
    ]


def zones_add_up_to_attempts(rows: pa.Table, others: Mapping[str, pa.Table]) -> list[str]:
    """Where zones are known, paint, mid-range and threes are all the attempts there were."""
    del others
    return [
        f"{row['game_id']} {row['player_lookup']}: zones hold "
        f"{row['paint_attempts'] + row['mid_range_attempts'] + row['three_pt_attempts']} attempts "
        f"of {row['fg_attempts']}"
        for row in rows.to_pylist()
        if row["paint_attempts"] is not None
        and row["paint_attempts"] + row["mid_range_attempts"] + row["three_pt_attempts"]
        != row["fg_attempts"]
    ]
