"""The features as Polars expressions by hand: rolling sums per game, joined as of each row's date.

Sums run on whole numbers, as in our tables, so that values can be held to ours. Polars has no
SHA-256: it makes each row's JSON text, and Python's hashes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow as pa

from nba_pipeline.benchmarks.baselines.features import (
    ALLOWED,
    DEFENDED,
    FEATURES,
    FEWEST_GAMES,
    FORM,
    QUOTED,
    ZONES,
    day_column,
    files,
)
from nba_pipeline.tables.precompute.player_daily_cache import SHOT_PROFILE, WORKLOAD

_PLAYER, _TEAM = ["player_lookup", "season_year"], ["team_abbr", "season_year"]
_SEASON, _GAME = 0, pl.col("game_date")


def build(table: str, warehouse: Path, dates: Sequence[date], target: Path) -> None:
    """Compute, hash and write a file a date.

    Args:
        table: One of ``FEATURES``.
        warehouse: Where the tables it reads are stored.
        dates: Which dates.
        target: Folder to write to.
    """
    target.mkdir(parents=True, exist_ok=True)
    for (day,), frame in _hashed(table, warehouse, dates).group_by(day_column(table)):
        frame.write_parquet(target / f"{day}.parquet", compression="zstd")


def rows(table: str, warehouse: Path, dates: Sequence[date]) -> pa.Table:
    """The hashed rows alone, for holding them to others."""
    return _hashed(table, warehouse, dates).to_arrow()


def _hashed(table: str, warehouse: Path, dates: Sequence[date]) -> pl.DataFrame:
    found = _FRAMES[table](warehouse, sorted(dates))
    plain = found.select(FEATURES[table]).sort(day_column(table), FEATURES[table][0])
    texts = plain.select(_json_text(table)).to_series()
    hashes = [hashlib.sha256(text.encode()).hexdigest()[:16] for text in texts]
    return plain.with_columns(pl.Series("data_hash", hashes))


def _json_text(table: str) -> pl.Expr:
    pieces: list[pl.Expr] = []
    for number, name in enumerate(sorted(FEATURES[table])):
        text = pl.col(name).cast(pl.String)
        if name in QUOTED:
            text = pl.concat_str(pl.lit('"'), text, pl.lit('"'))
        opening = "{" if number == 0 else ", "
        pieces += [pl.lit(f'{opening}"{name}": '), text.fill_null("null")]
    return pl.concat_str(*pieces, pl.lit("}"))


# Windows ------------------------------------------------------------------------------------------


def _scan(warehouse: Path, table: str, last: date) -> pl.LazyFrame:
    return pl.scan_parquet(files(warehouse, table, last))


def _sum(column: pl.Expr, games: int, of: list[str]) -> pl.Expr:
    """Sum of a player's or team's games up to a row; of rows sorted by date."""
    filled = column.fill_null(0)
    if games == _SEASON:
        return filled.cum_sum().over(of)
    return filled.rolling_sum(games, min_samples=1).over(of)


def _count(column: pl.Expr, games: int, of: list[str]) -> pl.Expr:
    return _sum(column.is_not_null().cast(pl.Int64), games, of)


def _whole(name: str, decimals: int) -> pl.Expr:
    """A column in its smallest unit."""
    return pl.col(name) if decimals == 0 else (pl.col(name) * 10**decimals).round().cast(pl.Int64)


def _mean(name: str, games: int, of: list[str], scale: int, decimals: int) -> pl.Expr:
    whole = _whole(name, scale)
    return _part(_sum(whole, games, of), _count(whole, games, of) * 10**scale, decimals)


def _part(above: pl.Expr, below: pl.Expr, decimals: int) -> pl.Expr:
    """One divided by the other and rounded; NULL where there is nothing to divide by."""
    return pl.when(below > 0).then(_rounded(above / below, decimals))


def _rounded(value: pl.Expr, decimals: int) -> pl.Expr:
    """To decimals, exact halves to the even neighbour; no minus zero, which hashes otherwise."""
    result = (value * 10**decimals).round(0, "half_to_even") / 10**decimals
    return pl.when(result != 0).then(result).otherwise(result.abs())


def _as_of(cells: pl.LazyFrame, form: pl.LazyFrame, of: list[str]) -> pl.LazyFrame:
    """Each cell with the newest row before its date."""
    return cells.sort("game_date").join_asof(
        form.sort("game_date"),
        on="game_date",
        by=of,
        allow_exact_matches=False,
        check_sortedness=False,
    )


# Tables -------------------------------------------------------------------------------------------


def _daily_cache(warehouse: Path, dates: list[date]) -> pl.DataFrame:
    last = dates[-1]
    games = (
        _scan(warehouse, "player_game_summary", last).filter("is_active").sort("game_date")
    ).with_columns(
        makes=pl.when(pl.col("assisted_fg_makes").is_not_null()).then("fg_makes"),
    )
    points, n = pl.col("points"), _count(pl.col("points"), 10, _PLAYER)
    total, squares = _sum(points, 10, _PLAYER), _sum(points * points, 10, _PLAYER)
    form = games.select(
        *_PLAYER,
        "game_date",
        *(_mean(column, back, _PLAYER, d, 4).alias(name) for name, column, back, d in FORM),
        points_std_last_10=pl.when(n > 1).then(
            _rounded(((n * squares - total * total) / (n * (n - 1))).sqrt(), 4)
        ),
        games_played_season=_count(_GAME, _SEASON, _PLAYER),
        assisted_rate_last_10=_part(
            100 * _sum(pl.col("assisted_fg_makes"), 10, _PLAYER),
            _sum(pl.col("makes"), 10, _PLAYER),
            2,
        ),
    )
    team = (
        _scan(warehouse, "team_offense_game_summary", last)
        .sort("game_date")
        .select(
            *_TEAM,
            "game_date",
            team_pace_last_10=_mean("pace", 10, _TEAM, 1, 4),
            team_off_rating_last_10=_mean("offensive_rating", 10, _TEAM, 2, 4),
        )
    )
    shots = _scan(warehouse, "player_shot_zone_analysis", last).select(
        "player_lookup", "game_date", *SHOT_PROFILE
    )
    tonight = (
        _scan(warehouse, "upcoming_player_game_context", last)
        .select(*_PLAYER, "team_abbr", "game_date", *WORKLOAD, cache_date="game_date")
        .filter(pl.col("game_date").is_in(dates))
        .join(shots, on=["player_lookup", "game_date"], how="left")
    )
    known = _as_of(tonight, form, _PLAYER).filter(pl.col("games_played_season") >= FEWEST_GAMES)
    return _as_of(known, team, _TEAM).collect()


def _shot_zones(warehouse: Path, dates: list[date]) -> pl.DataFrame:
    last = dates[-1]
    zoned = pl.all_horizontal(pl.col("paint_attempts", "mid_range_attempts").is_not_null())
    told = zoned & pl.all_horizontal(
        pl.col("assisted_fg_makes", "unassisted_fg_makes").is_not_null()
    )
    shots = [f"{zone}_{what}" for zone in ZONES for what in ("attempts", "makes")]
    makes = ["assisted_fg_makes", "unassisted_fg_makes", "fg_makes"]
    games = (
        _scan(warehouse, "player_game_summary", last)
        .sort("game_date")
        .select(
            *_PLAYER,
            "game_date",
            *(pl.when(zoned).then(name).alias(name) for name in shots),
            *(pl.when(told).then(name).alias(name) for name in makes),
        )
    )
    form = games.select(*_PLAYER, "game_date", *_zone_rates()).with_columns(_primary())
    seen = _current(warehouse, "nbac_player_boxscores", last)
    first_days = seen.group_by(_PLAYER).agg(first_day=pl.col("game_date").min())
    slates = _current(warehouse, "nbac_schedule", last).filter(pl.col("game_date").is_in(dates))
    cells = (
        slates.select("season_year", "game_date")
        .unique()
        .join(first_days, on="season_year")
        .filter(pl.col("first_day") < pl.col("game_date"))
        .with_columns(analysis_date="game_date")
    )
    return _as_of(cells, form, _PLAYER).filter(pl.col("games") >= FEWEST_GAMES).collect()


def _current(warehouse: Path, table: str, last: date) -> pl.LazyFrame:
    return _scan(warehouse, table, last).filter(pl.col("is_current"), ~pl.col("is_retracted"))


def _zone_rates() -> list[pl.Expr]:
    """What a player's last 10 and 20 games say of his shots."""
    attempts = {zone: pl.col(f"{zone}_attempts") for zone in ZONES}
    shots = {n: sum((_sum(a, n, _PLAYER) for a in attempts.values()), pl.lit(0)) for n in (10, 20)}
    zoned = {n: _count(attempts["paint"], n, _PLAYER) for n in (10, 20)}
    told, makes = (
        what(pl.col(name), 10, _PLAYER)
        for what, name in ((_count, "assisted_fg_makes"), (_sum, "fg_makes"))
    )

    def rate(zone: str, n: int) -> pl.Expr:
        return _part(100 * _sum(attempts[zone], n, _PLAYER), shots[n], 2)

    def made(zone: str, n: int) -> pl.Expr:
        in_ = _sum(pl.col(f"{zone}_makes"), n, _PLAYER)
        return _part(in_, _sum(attempts[zone], n, _PLAYER), 3)

    rates = {f"{zone}_rate_last_10": pl.when(zoned[10] >= 5).then(rate(zone, 10)) for zone in ZONES}
    created = {
        f"{kind}_rate_last_10": pl.when(told >= 5).then(
            _part(100 * _sum(pl.col(f"{kind}_fg_makes"), 10, _PLAYER), makes, 2)
        )
        for kind in ("assisted", "unassisted")
    }
    named = {
        **rates,
        "total_shots_last_10": pl.when(shots[10] > 0).then(shots[10]),
        "games": _count(_GAME, _SEASON, _PLAYER),
        "games_in_sample_10": _count(_GAME, 10, _PLAYER),
        "games_with_zone_data_10": zoned[10],
        **{f"{zone}_pct_last_10": made(zone, 10) for zone in ZONES},
        **{
            f"{zone}_attempts_per_game": _mean(f"{zone}_attempts", 10, _PLAYER, 0, 1)
            for zone in ZONES
        },
        "paint_rate_last_20": pl.when(zoned[20] >= 15).then(rate("paint", 20)),
        "paint_pct_last_20": pl.when(zoned[20] >= 15).then(made("paint", 20)),
        "games_in_sample_20": _count(_GAME, 20, _PLAYER),
        **created,
    }
    return [expression.alias(name) for name, expression in named.items()]


def _primary() -> pl.Expr:
    """The zone with the largest rate that is large enough; NULL without shots."""
    rates = {zone: pl.col(f"{zone}_rate_last_10").fill_null(0) for zone in ZONES}
    paint, three, mid = (
        pl.when(rates[zone] >= needed).then(rates[zone]).otherwise(-1.0)
        for zone, needed in (("paint", 40), ("three_pt", 40), ("mid_range", 35))
    )
    largest = pl.max_horizontal(paint, three, mid)
    return (
        pl.when(pl.max_horizontal(*rates.values()) == 0)
        .then(None)
        .when(largest < 0)
        .then(pl.lit("balanced"))
        .when(paint == largest)
        .then(pl.lit("paint"))
        .when(three == largest)
        .then(pl.lit("perimeter"))
        .otherwise(pl.lit("mid_range"))
        .alias("primary_scoring_zone")
    )


def _defense_zones(warehouse: Path, dates: list[date]) -> pl.DataFrame:
    last = dates[-1]
    games = (
        _scan(warehouse, "team_defense_game_summary", last)
        .rename({"defending_team_abbr": "team_abbr"})
        .sort("game_date")
    )
    shares = {
        zone: _sum(pl.col(f"opp_{zone}_makes"), 15, _TEAM)
        / _sum(pl.col(f"opp_{zone}_attempts"), 15, _TEAM)
        for zone in ZONES
    }
    form = games.select(
        *_TEAM,
        "game_date",
        *(_mean(column, 15, _TEAM, d, to).alias(name) for name, column, d, to in ALLOWED),
        *(share.alias(zone) for zone, share in shares.items()),
        games=_count(_GAME, _SEASON, _TEAM),
        games_in_sample=_count(_GAME, 15, _TEAM),
        games_with_zone_data=_count(pl.col("opp_paint_attempts"), 15, _TEAM),
    )
    league = _scan(warehouse, "league_daily_averages", last).select(
        "game_date", *(f"{zone}_pct" for zone in ZONES)
    )
    slates = _current(warehouse, "nbac_schedule", last).filter(pl.col("game_date").is_in(dates))
    cells = (
        slates.select("season_year", "game_date")
        .unique()
        .join(league, on="game_date")
        .join(games.select("team_abbr").unique(), how="cross")
        .with_columns(analysis_date="game_date")
    )
    known = _as_of(cells, form, _TEAM).filter(pl.col("games") >= FEWEST_GAMES)
    compared = known.with_columns(
        *(_rounded(pl.col(zone), 3).alias(f"{zone}_pct_allowed_last_15") for zone in ZONES),
        *(
            _rounded(100 * (pl.col(zone) - pl.col(f"{zone}_pct")), 2).alias(
                f"{zone}_defense_vs_league_avg"
            )
            for zone in ZONES
        ),
    )
    return compared.with_columns(
        strongest_zone=_extreme(pl.min_horizontal), weakest_zone=_extreme(pl.max_horizontal)
    ).collect()


def _extreme(of: Callable[..., pl.Expr]) -> pl.Expr:
    """Name of the zone with the smallest or largest difference, the first of equals."""
    differences = {name: pl.col(f"{zone}_defense_vs_league_avg") for zone, name in DEFENDED.items()}
    sought = of(*differences.values())
    return pl.coalesce(
        *(pl.when(value == sought).then(pl.lit(name)) for name, value in differences.items())
    )


_FRAMES = {
    "player_daily_cache": _daily_cache,
    "player_shot_zone_analysis": _shot_zones,
    "team_defense_zone_analysis": _defense_zones,
}
