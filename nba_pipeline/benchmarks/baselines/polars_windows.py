"""What games come to, up to each of them: what the tables by Polars have in common.

Numbers are sums of a player's or a team's games, in rows sorted by date; a cell takes those of the
newest row before its date. Completeness is such a sum, too: of days on which a game counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TypeAlias

import polars as pl

from nba_pipeline.benchmarks.baselines.features import READS, files, nothing

Frames: TypeAlias = dict[str, pl.LazyFrame]

#: Whose games: a person's by any name, a player's, a player's since the day he joined, a team's.
PERSON, PLAYER = ["universal_player_id", "season_year"], ["player_lookup", "season_year"]
STINT, TEAM = [*PLAYER, "joined"], ["team_abbr", "season_year"]

#: As many games as the season has so far.
SEASON = 0

GAME = pl.col("game_date")

# Windows ------------------------------------------------------------------------------------------


def read(table: str, warehouse: Path, dates: Sequence[date]) -> Frames:
    """What a table reads, by name; of raw tables the newest revisions.

    Read before anything is made of it: a plan scans its files again for each of its branches.
    """
    plans = {name: _scan(name, of, warehouse, dates) for name, of in READS[table].items()}
    return dict(zip(plans, (frame.lazy() for frame in pl.collect_all(plans.values())), strict=True))


def _scan(
    name: str, columns: Sequence[str], warehouse: Path, dates: Sequence[date]
) -> pl.LazyFrame:
    found = files(warehouse, name, dates)
    stored = pl.scan_parquet(found) if found else pl.DataFrame(nothing(name)).lazy()
    if "is_current" in columns:
        stored = stored.filter(pl.col("is_current"), ~pl.col("is_retracted"))
    return stored.select(columns)


def sum_of(column: pl.Expr, games: int, of: list[str]) -> pl.Expr:
    """Sum of a player's or team's games up to a row; of rows sorted by date."""
    filled = column.fill_null(0)
    if games == SEASON:
        return filled.cum_sum().over(of)
    return filled.rolling_sum(games, min_samples=1).over(of)


def count_of(column: pl.Expr, games: int, of: list[str]) -> pl.Expr:
    """How many of those games have a value."""
    return sum_of(column.is_not_null().cast(pl.Int64), games, of)


def _whole(name: str, decimals: int) -> pl.Expr:
    """A column in its smallest unit."""
    return pl.col(name) if decimals == 0 else (pl.col(name) * 10**decimals).round().cast(pl.Int64)


def mean_of(name: str, games: int, of: list[str], scale: int, decimals: int) -> pl.Expr:
    """Mean of those that have one, of a column with ``scale`` decimals."""
    whole = _whole(name, scale)
    return part(sum_of(whole, games, of), count_of(whole, games, of) * 10**scale, decimals)


def part(above: pl.Expr, below: pl.Expr, decimals: int) -> pl.Expr:
    """One divided by the other and rounded; NULL where there is nothing to divide by."""
    return pl.when(below > 0).then(rounded(above / below, decimals))


def rounded(value: pl.Expr, decimals: int) -> pl.Expr:
    """To decimals, exact halves to the even neighbour; no minus zero, which hashes otherwise."""
    result = value.round(decimals, "half_to_even")
    return pl.when(result != 0).then(result).otherwise(result.abs())


def as_of(cells: pl.LazyFrame, form: pl.LazyFrame, of: list[str]) -> pl.LazyFrame:
    """Each cell with the newest row before its date."""
    return cells.sort("game_date").join_asof(
        form.sort("game_date"),
        on="game_date",
        by=of,
        allow_exact_matches=False,
        check_sortedness=False,
    )


# Completeness -------------------------------------------------------------------------------------


def finals_of(schedule: pl.LazyFrame) -> pl.LazyFrame:
    """The final games, one row for either team."""
    final = schedule.filter(pl.col("game_status") == 3)
    sides = [
        final.select("season_year", "game_date", "season_type", team_abbr=f"{side}_team_abbr")
        for side in ("home", "away")
    ]
    return pl.concat(sides)


def appeared_in(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Who appeared when and for whom, and on which day he joined that team."""
    team = pl.col("team_abbr")
    joined = pl.when(team.ne_missing(team.shift())).then("game_date").forward_fill().over(PLAYER)
    return lines.sort("game_date").select(
        *PLAYER, "game_date", "team_abbr", "universal_player_id", joined=joined
    )


def counted_for(
    cells: pl.LazyFrame,
    appeared: pl.LazyFrame,
    summaries: pl.LazyFrame,
    finals: pl.LazyFrame,
    team_games: pl.LazyFrame,
) -> pl.LazyFrame:
    """The games that count for each player of some cells, and whether they are there or missing.

    They are his own games and, from the day he joined it, his team's; what is neither there nor
    missing is a night off.
    """
    stints = cells.group_by(*STINT, "team_abbr").agg(last_day=GAME.max())
    own = pl.concat(
        [
            appeared.select(*PLAYER, "game_date", played=True, there=False, told=False),
            summaries.select(*PLAYER, "game_date", played=False, there=True, told=False),
        ]
    )
    lines = team_games.select(*TEAM, "game_date", "player_lines")
    theirs = finals.join(lines, on=[*TEAM, "game_date"], how="left").select(
        *TEAM,
        "game_date",
        played=False,
        there=False,
        told=(pl.col("season_type") == "play_in") | (pl.col("player_lines").fill_null(0) > 0),
    )
    of_team = stints.join(theirs, on=TEAM).filter(pl.col("game_date") >= pl.col("joined"))
    return (
        pl.concat([stints.join(own, on=PLAYER), of_team], how="diagonal")
        .filter(pl.col("game_date") < pl.col("last_day"))
        .group_by(*STINT, "game_date")
        .agg(pl.col("played", "there", "told").any())
        .with_columns(gap=~pl.col("there") & (pl.col("played") | ~pl.col("told")))
    )


def tallied(counted: pl.LazyFrame, of: list[str], *windows: int) -> pl.LazyFrame:
    """How many of the games that count are there and how many are missing, up to each of them."""
    return counted.sort("game_date").select(
        *of,
        "game_date",
        *(
            sum_of(pl.col(what).cast(pl.Int64), games, of).alias(f"{what}_{games}")
            for what in ("there", "gap")
            for games in windows
        ),
    )


def tally_before(tally: pl.LazyFrame, days: int) -> pl.LazyFrame:
    """The tally of the season, to be found by cells so many days later."""
    return tally.select(
        *STINT,
        GAME + timedelta(days=days),
        *(pl.col(f"{what}_{SEASON}").alias(f"{what}_before_{days}") for what in ("there", "gap")),
    )


def complete_of_games(games: int) -> pl.Expr:
    """Percentage of the expected among the last games that are there."""
    return _complete(pl.col(f"there_{games}"), pl.col(f"gap_{games}"))


def complete_of_days(days: int) -> pl.Expr:
    """The same of the days before, where the tally before them is joined."""
    there, gaps = (
        pl.col(f"{what}_{SEASON}") - pl.col(f"{what}_before_{days}").fill_null(0)
        for what in ("there", "gap")
    )
    return _complete(there, gaps)


def _complete(there: pl.Expr, gaps: pl.Expr) -> pl.Expr:
    """100 where none is expected."""
    return part(100 * there, there + gaps, 1).fill_null(100.0)
