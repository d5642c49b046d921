"""The features as Polars expressions by hand: rolling sums per game, joined as of each row's date.

Sums run on whole numbers, as in our tables, so that rows hash as ours do. Polars has no SHA-256: it
makes each row's JSON text, and Python's hashes it.
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
    COMPLETE,
    DEFENDED,
    FEATURES,
    FEWEST_GAMES,
    FORM,
    ZONES,
    is_quoted,
    key_columns,
)
from nba_pipeline.benchmarks.baselines.polars_windows import (
    GAME,
    PERSON,
    PLAYER,
    SEASON,
    STINT,
    TEAM,
    Frames,
    appeared_in,
    as_of,
    complete_of_days,
    complete_of_games,
    count_of,
    counted_for,
    finals_of,
    mean_of,
    part,
    read,
    rounded,
    sum_of,
    tallied,
    tally_before,
)
from nba_pipeline.tables.precompute.player_daily_cache import CACHE_VERSION


def build(table: str, warehouse: Path, dates: Sequence[date], target: Path) -> None:
    """Compute, hash and write a file a date.

    Args:
        table: One of ``FEATURES``.
        warehouse: Where the tables it reads are stored.
        dates: Which dates.
        target: Folder to write to.
    """
    target.mkdir(parents=True, exist_ok=True)
    for (day,), frame in _hashed(table, warehouse, dates).group_by("game_date"):
        frame.write_parquet(target / f"{day}.parquet", compression="zstd")


def rows(table: str, warehouse: Path, dates: Sequence[date]) -> pa.Table:
    """The hashed rows alone, for holding them to others."""
    return _hashed(table, warehouse, dates).to_arrow()


def _hashed(table: str, warehouse: Path, dates: Sequence[date]) -> pl.DataFrame:
    found = _FRAMES[table](read(table, warehouse, dates), dates).collect()
    entity, day = key_columns(table)
    plain = found.select(FEATURES[table]).sort(day, entity)
    texts = plain.select(_json_text(table)).to_series()
    hashes = [hashlib.sha256(text.encode()).hexdigest()[:16] for text in texts]
    return plain.with_columns(pl.Series("data_hash", hashes))


def _json_text(table: str) -> pl.Expr:
    pieces: list[pl.Expr] = []
    for number, name in enumerate(sorted(FEATURES[table])):
        text = pl.col(name).cast(pl.String)
        if is_quoted(table, name):
            text = pl.concat_str(pl.lit('"'), text, pl.lit('"'))
        opening = "{" if number == 0 else ", "
        pieces += [pl.lit(f'{opening}"{name}": '), text.fill_null("null")]
    return pl.concat_str(*pieces, pl.lit("}"))


# Tables -------------------------------------------------------------------------------------------


def _daily_cache(stored: Frames, _: Sequence[date]) -> pl.LazyFrame:
    summaries = stored["player_game_summary"]
    team_games = stored["team_offense_game_summary"]
    games = (
        summaries.filter("is_active")
        .sort("game_date")
        .with_columns(makes=pl.when(pl.col("assisted_fg_makes").is_not_null()).then("fg_makes"))
    )
    points, n = pl.col("points"), count_of(pl.col("points"), 10, PLAYER)
    total, squares = sum_of(points, 10, PLAYER), sum_of(points * points, 10, PLAYER)
    form = games.select(
        *PLAYER,
        "game_date",
        *(mean_of(column, back, PLAYER, d, 4).alias(name) for name, column, back, d in FORM),
        points_std_last_10=pl.when(n > 1).then(
            rounded(((n * squares - total * total) / (n * (n - 1))).sqrt(), 4)
        ),
        games_played_season=count_of(GAME, SEASON, PLAYER),
        assisted_rate_last_10=part(
            100 * sum_of(pl.col("assisted_fg_makes"), 10, PLAYER),
            sum_of(pl.col("makes"), 10, PLAYER),
            2,
        ),
    )
    team = team_games.sort("game_date").select(
        *TEAM,
        "game_date",
        team_pace_last_10=mean_of("pace", 10, TEAM, 1, 4),
        team_off_rating_last_10=mean_of("offensive_rating", 10, TEAM, 2, 4),
    )
    shots = stored["player_shot_zone_analysis"]
    appeared = appeared_in(stored["nbac_player_boxscores"])
    tonight = stored["upcoming_player_game_context"]
    tonight = tonight.join(shots, on=["player_lookup", "game_date"], how="left")
    cells = as_of(tonight, appeared.select(*STINT, "game_date"), PLAYER)
    finals = finals_of(stored["nbac_schedule"])
    counted = counted_for(cells, appeared, summaries, finals, team_games)
    tally = tallied(counted, STINT, 5, 10, SEASON)
    known = as_of(cells, form, PLAYER).filter(pl.col("games_played_season") >= FEWEST_GAMES)
    known = as_of(known, team, TEAM)
    for tallies in (tally, tally_before(tally, 7), tally_before(tally, 14)):
        known = as_of(known, tallies, STINT)
    ready = (
        *(complete_of_games(games) for games in (5, 10)),
        *(complete_of_days(days) for days in (7, 14)),
    )
    return known.with_columns(
        cache_date="game_date",
        cache_version=pl.lit(CACHE_VERSION),
        early_season_flag=pl.col("games_played_season") < 10,
        cache_quality_score=complete_of_games(5),
        is_production_ready=pl.all_horizontal(pct >= COMPLETE for pct in ready),
    )


def _shot_zones(stored: Frames, dates: Sequence[date]) -> pl.LazyFrame:
    zoned = pl.all_horizontal(pl.col("paint_attempts", "mid_range_attempts").is_not_null())
    told = zoned & pl.all_horizontal(
        pl.col("assisted_fg_makes", "unassisted_fg_makes").is_not_null()
    )
    shots = [f"{zone}_{what}" for zone in ZONES for what in ("attempts", "makes")]
    makes = ["assisted_fg_makes", "unassisted_fg_makes", "fg_makes"]
    summaries = stored["player_game_summary"]
    games = summaries.sort("game_date").select(
        *PLAYER,
        "game_date",
        *(pl.when(zoned).then(name).alias(name) for name in shots),
        *(pl.when(told).then(name).alias(name) for name in makes),
    )
    form = games.select(*PLAYER, "game_date", *_zone_rates()).with_columns(_primary())
    schedule, appeared = stored["nbac_schedule"], appeared_in(stored["nbac_player_boxscores"])
    tonight = (
        schedule.filter(GAME.is_in(dates))
        .select("season_year", "game_date")
        .unique()
        .join(appeared.select(PLAYER).unique(), on="season_year")
    )
    cells = as_of(tonight, appeared, PLAYER).filter(pl.col("joined").is_not_null())
    team_games = stored["team_offense_game_summary"]
    counted = counted_for(cells, appeared, summaries, finals_of(schedule), team_games)
    positions = stored["nbac_player_list"].select(
        *PERSON, "game_date", player_position=pl.col("position").str.head(1).replace("", None)
    )
    known = as_of(cells, form, PLAYER).filter(pl.col("games") >= FEWEST_GAMES)
    known = as_of(as_of(known, tallied(counted, STINT, 10), STINT), positions, PERSON)
    return known.with_columns(
        analysis_date="game_date",
        sample_quality_10=_graded("games", 10, 7, 5),
        sample_quality_20=_graded("games", 20, 14, 10),
        early_season_flag=pl.col("games") < 10,
        is_production_ready=complete_of_games(10) >= COMPLETE,
    )


def _graded(games: str, excellent: int, good: int, limited: int) -> pl.Expr:
    """The grade of a sample by its games."""
    steps = (("excellent", excellent), ("good", good), ("limited", limited))
    reached = (pl.when(pl.col(games) >= n).then(pl.lit(grade)) for grade, n in steps)
    return pl.coalesce(*reached, pl.lit("insufficient"))


def _zone_rates() -> list[pl.Expr]:
    """What a player's last 10 and 20 games say of his shots."""
    attempts = {zone: pl.col(f"{zone}_attempts") for zone in ZONES}
    shots = {n: sum((sum_of(a, n, PLAYER) for a in attempts.values()), pl.lit(0)) for n in (10, 20)}
    zoned = {n: count_of(attempts["paint"], n, PLAYER) for n in (10, 20)}
    told, makes = (
        what(pl.col(name), 10, PLAYER)
        for what, name in ((count_of, "assisted_fg_makes"), (sum_of, "fg_makes"))
    )

    def rate(zone: str, n: int) -> pl.Expr:
        return part(100 * sum_of(attempts[zone], n, PLAYER), shots[n], 2)

    def made(zone: str, n: int) -> pl.Expr:
        in_ = sum_of(pl.col(f"{zone}_makes"), n, PLAYER)
        return part(in_, sum_of(attempts[zone], n, PLAYER), 3)

    rates = {f"{zone}_rate_last_10": pl.when(zoned[10] >= 5).then(rate(zone, 10)) for zone in ZONES}
    created = {
        f"{kind}_rate_last_10": pl.when(told >= 5).then(
            part(100 * sum_of(pl.col(f"{kind}_fg_makes"), 10, PLAYER), makes, 2)
        )
        for kind in ("assisted", "unassisted")
    }
    named = {
        **rates,
        "total_shots_last_10": pl.when(shots[10] > 0).then(shots[10]),
        "games": count_of(GAME, SEASON, PLAYER),
        "games_in_sample_10": count_of(GAME, 10, PLAYER),
        "games_with_zone_data_10": zoned[10],
        **{f"{zone}_pct_last_10": made(zone, 10) for zone in ZONES},
        **{
            f"{zone}_attempts_per_game": mean_of(f"{zone}_attempts", 10, PLAYER, 0, 1)
            for zone in ZONES
        },
        "paint_rate_last_20": pl.when(zoned[20] >= 15).then(rate("paint", 20)),
        "paint_pct_last_20": pl.when(zoned[20] >= 15).then(made("paint", 20)),
        "games_in_sample_20": count_of(GAME, 20, PLAYER),
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


def _defense_zones(stored: Frames, dates: Sequence[date]) -> pl.LazyFrame:
    games = (
        stored["team_defense_game_summary"]
        .rename({"defending_team_abbr": "team_abbr"})
        .sort("game_date")
    )
    schedule = stored["nbac_schedule"]
    shares = {
        zone: sum_of(pl.col(f"opp_{zone}_makes"), 15, TEAM)
        / sum_of(pl.col(f"opp_{zone}_attempts"), 15, TEAM)
        for zone in ZONES
    }
    form = games.select(
        *TEAM,
        "game_date",
        *(mean_of(column, 15, TEAM, d, to).alias(name) for name, column, d, to in ALLOWED),
        *(share.alias(zone) for zone, share in shares.items()),
        games=count_of(GAME, SEASON, TEAM),
        games_in_sample=count_of(GAME, 15, TEAM),
        games_with_zone_data=count_of(pl.col("opp_paint_attempts"), 15, TEAM),
    )
    cells = (
        schedule.filter(GAME.is_in(dates))
        .select("season_year", "game_date")
        .unique()
        .join(stored["league_daily_averages"], on="game_date")
        .join(games.select("team_abbr").unique(), how="cross")
    )
    days = pl.concat(
        [
            games.select(*TEAM, "game_date", there=True),
            finals_of(schedule).select(*TEAM, "game_date", there=False),
        ]
    )
    counted = (
        days.group_by(*TEAM, "game_date")
        .agg(pl.col("there").any())
        .with_columns(gap=~pl.col("there"))
    )
    known = as_of(cells, form, TEAM).filter(pl.col("games") >= FEWEST_GAMES)
    known = as_of(known, tallied(counted, TEAM, 15), TEAM)
    compared = known.with_columns(
        *(rounded(pl.col(zone), 3).alias(f"{zone}_pct_allowed_last_15") for zone in ZONES),
        *(
            rounded(100 * (pl.col(zone) - pl.col(f"{zone}_pct")), 2).alias(
                f"{zone}_defense_vs_league_avg"
            )
            for zone in ZONES
        ),
    )
    return compared.with_columns(
        analysis_date="game_date",
        strongest_zone=_extreme(pl.min_horizontal),
        weakest_zone=_extreme(pl.max_horizontal),
        early_season_flag=pl.col("games_in_sample") < 15,
        is_production_ready=complete_of_games(15) >= COMPLETE,
    )


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
