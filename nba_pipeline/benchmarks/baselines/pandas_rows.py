"""The features row by row: every player's games filtered out of one frame, a small call a number.

It is how such systems are often written. Tables are read once a date, in bulk and whole, as
``SELECT *`` gives them; what costs is a hundred small calls a player, which threads cannot share
and each of which carries columns that nobody asks for. Picking the columns first is kinder.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds

from nba_pipeline.benchmarks.baselines.features import (
    ALLOWED,
    COMPLETE,
    DEFENDED,
    FEATURES,
    FEWEST_GAMES,
    FORM,
    READS,
    ZONES,
    files,
    key_columns,
    nothing,
)
from nba_pipeline.tables.precompute.player_daily_cache import CACHE_VERSION, SHOT_PROFILE, WORKLOAD

Frames: TypeAlias = dict[str, pd.DataFrame]
Row: TypeAlias = dict[str, Any]

#: Days of games, whether each is there, and whether it is missing.
Counted: TypeAlias = list[tuple[date, bool, bool]]


def build(
    table: str,
    warehouse: Path,
    dates: Sequence[date],
    target: Path,
    *,
    threads: int = 1,
    needed: bool = False,
) -> None:
    """Compute, hash and write a file a date.

    Args:
        table: One of ``FEATURES``.
        warehouse: Where the tables it reads are stored.
        dates: Which dates.
        target: Folder to write to.
        threads: Players computed at once.
        needed: Whether frames have only the columns that are needed.
    """
    target.mkdir(parents=True, exist_ok=True)
    for day in sorted(dates):
        found = _of_day(table, warehouse, day, threads, needed)
        if found:
            pd.DataFrame(found).to_parquet(target / f"{day}.parquet", compression="zstd")


def rows(
    table: str,
    warehouse: Path,
    dates: Sequence[date],
    *,
    threads: int = 1,
    needed: bool = False,
) -> pa.Table:
    """The hashed rows alone, for holding them to others."""
    found = [
        row for day in sorted(dates) for row in _of_day(table, warehouse, day, threads, needed)
    ]
    return pa.Table.from_pylist(found)


def _of_day(table: str, warehouse: Path, day: date, threads: int, needed: bool) -> list[Row]:
    picked = {
        name: columns if needed else nothing(name).column_names
        for name, columns in READS[table].items()
    }
    frames = {name: _frame(warehouse, name, columns, day) for name, columns in picked.items()}
    entities, compute = _TABLES[table]
    asked = entities(frames, day)
    if threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(lambda entity: compute(frames, day, entity), asked))
    else:
        found = [compute(frames, day, entity) for entity in asked]
    return [_hashed(table, row, day) for row in found if row is not None]


def _frame(warehouse: Path, name: str, columns: Sequence[str], day: date) -> pd.DataFrame:
    """A table's rows that a date reads, in order; of raw ones the newest revisions."""
    found = files(warehouse, name, [day])
    stored = ds.dataset(found) if found else ds.dataset(nothing(name))
    rows = stored.to_table(columns=list(columns)).to_pandas()
    if "is_current" in rows.columns:
        rows = rows[rows["is_current"] & ~rows["is_retracted"]]
    return rows.sort_values("game_date", kind="stable")


def _hashed(table: str, row: Row, day: date) -> Row:
    _, day_column = key_columns(table)
    whole = {**row, day_column: day, "game_date": day}
    plain = {name: _plain(whole[name]) for name in FEATURES[table]}
    text = json.dumps(plain, sort_keys=True, default=str)
    return {**plain, "data_hash": hashlib.sha256(text.encode()).hexdigest()[:16]}


def _plain(value: Any) -> Any:
    """A value of a frame as JSON has it."""
    if value is None or value is pd.NA:
        return None
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _whole(value: Any) -> int | None:
    """A count that a frame holds as a fraction because others of its column are missing."""
    plain = _plain(value)
    return None if plain is None else int(plain)


def _mean(values: pd.Series[Any], places: int, decimals: int) -> float | None:
    """Mean of numbers with so many places, summed as whole ones.

    Sums of fractions carry noise in their last digits, which would turn a half either way.
    """
    whole = (values * 10**places).round() if places else values
    return _share(whole.sum(), values.count() * 10**places, decimals)


def _share(above: float, below: float, decimals: int, times: int = 1) -> float | None:
    return _rounded(times * above / below, decimals) if below > 0 else None


def _rounded(value: float, decimals: int) -> float | None:
    """To decimals, halves to the even neighbour."""
    if not math.isfinite(value):
        return None
    return float(round(float(value) * 10**decimals) / 10**decimals) + 0.0


# Completeness -------------------------------------------------------------------------------------


def _finals(frames: Frames, team: str, season: int, day: date) -> pd.DataFrame:
    """A team's final games before a date."""
    games = frames["nbac_schedule"]
    theirs = (games["home_team_abbr"] == team) | (games["away_team_abbr"] == team)
    final = (games["game_status"] == 3) & (games["season_year"] == season)
    return games[theirs & final & (games["game_date"] < day)]


def _lines(frames: Frames, player: str, season: int, day: date) -> pd.DataFrame:
    """A player's lines before a date."""
    lines = frames["nbac_player_boxscores"]
    lines = lines[(lines["player_lookup"] == player) & (lines["season_year"] == season)]
    return lines[lines["game_date"] < day]


def _team_games(frames: Frames, team: str, season: int, day: date) -> pd.DataFrame:
    """A team's summaries before a date."""
    games = frames["team_offense_game_summary"]
    theirs = (games["team_abbr"] == team) & (games["season_year"] == season)
    return games[theirs & (games["game_date"] < day)]


def _counted(
    lines: pd.DataFrame,
    summaries: pd.DataFrame,
    finals: pd.DataFrame,
    team_games: pd.DataFrame,
    team: str,
) -> Counted:
    """A player's games that count, the newest first: his own, and his team's since he joined it."""
    appeared, there = set(lines["game_date"]), set(summaries["game_date"])
    days = lines["game_date"]
    elsewhere = days[lines["team_abbr"] != team]
    joined = days[days > elsewhere.iloc[-1]].iloc[0] if len(elsewhere) else days.iloc[0]
    days = finals["game_date"]
    theirs = set(days[days >= joined])
    told = set(days[finals["season_type"] == "play_in"])
    told |= set(team_games["game_date"][team_games["player_lines"] > 0])
    gaps = (appeared | (theirs - told)) - there
    return [
        (played, played in there, played in gaps)
        for played in sorted(appeared | there | theirs, reverse=True)
    ]


def _complete(games: Counted) -> float:
    """Percentage of the expected games that are there; who had a night off was not expected."""
    there = sum(is_there for _, is_there, _ in games)
    expected = there + sum(is_gap for _, _, is_gap in games)
    share = _share(there, expected, 1, 100)
    return 100.0 if share is None else share


# Tables -------------------------------------------------------------------------------------------


def _expected(frames: Frames, _: date) -> list[str]:
    return list(frames["upcoming_player_game_context"]["player_lookup"])


def _daily_cache(frames: Frames, day: date, player: str) -> Row | None:
    tonight = frames["upcoming_player_game_context"]
    context = tonight[tonight["player_lookup"] == player].iloc[0]
    season = context["season_year"]
    games = frames["player_game_summary"]
    summaries = games[(games["player_lookup"] == player) & (games["season_year"] == season)]
    summaries = summaries[summaries["game_date"] < day]
    games = summaries[summaries["is_active"]]
    if len(games) < FEWEST_GAMES:
        return None
    abbr = context["team_abbr"]
    team_games, finals = (of(frames, abbr, season, day) for of in (_team_games, _finals))
    team = team_games.tail(10)
    counted = _counted(_lines(frames, player, season, day), summaries, finals, team_games, abbr)
    score = _complete(counted[:5])
    week, fortnight = (
        [game for game in counted if game[0] >= day - timedelta(days=days)] for days in (7, 14)
    )
    shots = frames["player_shot_zone_analysis"]
    shots = shots[shots["player_lookup"] == player]
    told = games.tail(10).dropna(subset=["assisted_fg_makes"])
    whole = ("games_in_last_7_days", "games_in_last_14_days", "back_to_backs_last_14_days")
    return {
        "player_lookup": player,
        "universal_player_id": context["universal_player_id"],
        **{
            name: _mean(games[of].tail(back or len(games)), places, 4)
            for name, of, back, places in FORM
        },
        "points_std_last_10": _rounded(games.tail(10)["points"].std(), 4),
        "games_played_season": len(games),
        "team_pace_last_10": _mean(team["pace"], 1, 4),
        "team_off_rating_last_10": _mean(team["offensive_rating"], 2, 4),
        **{name: context[name] for name in WORKLOAD},
        **{name: _whole(context[name]) for name in (*whole, "player_age")},
        **{name: shots[name].iloc[0] if len(shots) else None for name in SHOT_PROFILE},
        "assisted_rate_last_10": _share(
            told["assisted_fg_makes"].sum(), told["fg_makes"].sum(), 2, 100
        ),
        "cache_quality_score": score,
        "cache_version": CACHE_VERSION,
        "early_season_flag": len(games) < 10,
        "is_production_ready": all(
            pct >= COMPLETE for pct in (score, *map(_complete, (counted[:10], week, fortnight)))
        ),
    }


def _appeared(frames: Frames, day: date) -> list[str]:
    box, games = frames["nbac_player_boxscores"], frames["nbac_schedule"]
    seasons = games[games["game_date"] == day]["season_year"].unique()
    before = box[(box["game_date"] < day) & box["season_year"].isin(seasons)]
    return list(before["player_lookup"].unique())


def _shot_zones(frames: Frames, day: date, player: str) -> Row | None:
    schedule, games = frames["nbac_schedule"], frames["player_game_summary"]
    season = schedule.loc[schedule["game_date"] == day, "season_year"].iloc[0]
    games = games[(games["player_lookup"] == player) & (games["season_year"] == season)]
    games = games[games["game_date"] < day]
    if len(games) < FEWEST_GAMES:
        return None
    lines = _lines(frames, player, season, day)
    person, team = (lines[name].iloc[-1] for name in ("universal_player_id", "team_abbr"))
    finals, team_games = (of(frames, team, season, day) for of in (_finals, _team_games))
    counted = _counted(lines, games, finals, team_games, team)
    recent, trend = games.tail(10), games.tail(20)
    zoned = recent.dropna(subset=["paint_attempts", "mid_range_attempts"])
    long = trend.dropna(subset=["paint_attempts", "mid_range_attempts"])
    told = zoned.dropna(subset=["assisted_fg_makes", "unassisted_fg_makes"])
    attempts = {zone: zoned[f"{zone}_attempts"].sum() for zone in ZONES}
    shots = sum(attempts.values())
    enough, long_enough = len(zoned) >= FEWEST_GAMES, len(long) >= 15
    rates = {zone: _share(attempts[zone], shots, 2, 100) if enough else None for zone in ZONES}
    paint, every = long["paint_attempts"].sum(), sum(long[f"{z}_attempts"].sum() for z in ZONES)
    return {
        "player_lookup": player,
        "universal_player_id": person,
        "player_position": _position(frames, person, season, day),
        **{f"{zone}_rate_last_10": rate for zone, rate in rates.items()},
        "total_shots_last_10": int(shots) or None,
        "games_in_sample_10": len(recent),
        "games_with_zone_data_10": len(zoned),
        **{
            f"{zone}_pct_last_10": _share(zoned[f"{zone}_makes"].sum(), attempts[zone], 3)
            for zone in ZONES
        },
        **{f"{zone}_attempts_per_game": _mean(zoned[f"{zone}_attempts"], 0, 1) for zone in ZONES},
        "paint_rate_last_20": _share(paint, every, 2, 100) if long_enough else None,
        "paint_pct_last_20": (_share(long["paint_makes"].sum(), paint, 3) if long_enough else None),
        "games_in_sample_20": len(trend),
        **{
            f"{kind}_rate_last_10": (
                _share(told[f"{kind}_fg_makes"].sum(), told["fg_makes"].sum(), 2, 100)
                if len(told) >= FEWEST_GAMES
                else None
            )
            for kind in ("assisted", "unassisted")
        },
        "primary_scoring_zone": _primary_zone(rates),
        "sample_quality_10": _graded(len(recent), excellent=10, good=7, limited=5),
        "sample_quality_20": _graded(len(trend), excellent=20, good=14, limited=10),
        "early_season_flag": len(recent) < 10,
        "is_production_ready": _complete(counted[:10]) >= COMPLETE,
    }


def _position(frames: Frames, person: str, season: int, day: date) -> str | None:
    listed = frames["nbac_player_list"]
    listed = listed[(listed["universal_player_id"] == person) & (listed["season_year"] == season)]
    listed = listed[listed["game_date"] < day]["position"]
    text = _plain(listed.iloc[-1]) if len(listed) else None
    return text[0] if text else None


def _graded(games: int, **fewest: int) -> str:
    return next((grade for grade, n in fewest.items() if games >= n), "insufficient")


def _primary_zone(rates: dict[str, float | None]) -> str | None:
    known = {zone: rate or 0.0 for zone, rate in rates.items()}
    if not any(known.values()):
        return None
    needed = {"paint": ("paint", 40), "three_pt": ("perimeter", 40), "mid_range": ("mid_range", 35)}
    reached = [(-known[z], at, n) for at, (z, (n, m)) in enumerate(needed.items()) if known[z] >= m]
    return min(reached)[2] if reached else "balanced"


def _teams(frames: Frames, _: date) -> list[str]:
    if frames["league_daily_averages"].empty:
        return []
    return list(frames["team_defense_game_summary"]["defending_team_abbr"].unique())


def _defense_zones(frames: Frames, day: date, team: str) -> Row | None:
    schedule, games = frames["nbac_schedule"], frames["team_defense_game_summary"]
    season = schedule.loc[schedule["game_date"] == day, "season_year"].iloc[0]
    games = games[(games["defending_team_abbr"] == team) & (games["season_year"] == season)]
    games = games[games["game_date"] < day]
    if len(games) < FEWEST_GAMES:
        return None
    recent, league = games.tail(15), frames["league_daily_averages"].iloc[0]
    allowed = {
        zone: recent[f"opp_{zone}_makes"].sum() / recent[f"opp_{zone}_attempts"].sum()
        for zone in ZONES
    }
    differences = {
        name: _rounded(100 * (allowed[zone] - league[f"{zone}_pct"]), 2)
        for zone, name in DEFENDED.items()
    }
    known = {name: value for name, value in differences.items() if value is not None}
    there, finals = set(games["game_date"]), _finals(frames, team, season, day)
    expected = sorted(there | set(finals["game_date"]), reverse=True)[:15]
    return {
        "team_abbr": team,
        **{f"{zone}_pct_allowed_last_15": _rounded(allowed[zone], 3) for zone in ZONES},
        **{f"{zone}_defense_vs_league_avg": differences[DEFENDED[zone]] for zone in ZONES},
        **{name: _mean(recent[column], places, to) for name, column, places, to in ALLOWED},
        "games_in_sample": len(recent),
        "games_with_zone_data": int(recent["opp_paint_attempts"].count()),
        "strongest_zone": min(known, key=known.__getitem__, default=None),
        "weakest_zone": max(known, key=known.__getitem__, default=None),
        "early_season_flag": len(recent) < 15,
        "is_production_ready": _complete([(d, d in there, d not in there) for d in expected])
        >= COMPLETE,
    }


_TABLES: dict[
    str,
    tuple[Callable[[Frames, date], list[str]], Callable[[Frames, date, str], Row | None]],
] = {
    "player_daily_cache": (_expected, _daily_cache),
    "player_shot_zone_analysis": (_appeared, _shot_zones),
    "team_defense_zone_analysis": (_teams, _defense_zones),
}
