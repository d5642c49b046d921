"""Where a player shoots from, how well, and who creates his shots: his last 10 games.

One row per player on every date with games, whether he plays or not, from his fifth game of the
season on. Only games whose shots are known by zone say anything about zones: elsewhere his threes
are known and his twos are not, which would make a shooter of everybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np

from nba_pipeline.domain.gates import BOOTSTRAP_DAYS
from nba_pipeline.domain.rounding import ratio, rounded
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import history, reads
from nba_pipeline.engine.table import FailureCategory, FanOut, Gate, Table, each
from nba_pipeline.engine.windows import Array, Cells, Columns, Slices
from nba_pipeline.tables import completeness, samples
from nba_pipeline.tables.appearances import earlier, last_lines, numbered

WINDOW_GAMES, TREND_GAMES = 10, 20
FEWEST_GAMES, FEWEST_TREND_GAMES = 5, 15
TIERS = (("high", 10), ("medium", 7), ("low", 0))
GRADES_10 = (("excellent", 10), ("good", 7), ("limited", 5), ("insufficient", 0))
GRADES_20 = (("excellent", 20), ("good", 14), ("limited", 10), ("insufficient", 0))

ZONES = ("paint", "mid_range", "three_pt")

#: Percentage of his shots that makes a zone a player's own, and its name as such; of equal rates
#: the first wins.
PRIMARY = {
    "paint": ("paint", 40.0),
    "three_pt": ("perimeter", 40.0),
    "mid_range": ("mid_range", 35.0),
}

INPUTS = {
    # Matched on what no cell has: whether the date's games are over is nothing a row may see.
    "games": reads(
        "nbac_schedule", "game_status season_year season_first_day", on={"game_id": "player_lookup"}
    ),
    **completeness.PLAYER_INPUTS,
    "lists": reads("nbac_player_list", "position", window=history(), on="universal_player_id"),
    "summaries": reads(
        "player_game_summary",
        "paint_attempts paint_makes mid_range_attempts mid_range_makes "
        "three_pt_attempts three_pt_makes assisted_fg_makes unassisted_fg_makes fg_makes",
        window=history(),
        on="player_lookup season_year",
    ),
}


def _rate(name: str, what: str) -> Column:
    return Column(name, float, what, unit="percent", decimals=2, minimum=0, maximum=100)


def _fraction(name: str, what: str = "makes / attempts") -> Column:
    return Column(name, float, what, unit="fraction", decimals=3, minimum=0, maximum=1)


COLUMNS = (
    Column("player_lookup", str, "normalised name", nullable=False),
    Column("universal_player_id", str, "one for each person, from nba.com's player id"),
    Column("analysis_date", date, "the date; its own games are left out", nullable=False),
    Column("game_date", date, "the same", nullable=False),
    _rate("paint_rate_last_10", "share of his shots from within 8.5 ft"),
    _rate("mid_range_rate_last_10", "share of other twos"),
    _rate("three_pt_rate_last_10", "share of threes"),
    Column("total_shots_last_10", int, "attempts in games with zone data", minimum=1),
    Column("games_in_sample_10", int, "of the last 10", nullable=False, minimum=5, maximum=10),
    Column("games_with_zone_data_10", int, "of those", nullable=False, minimum=0, maximum=10),
    Column("sample_quality_10", str, "excellent, good, limited or insufficient", nullable=False),
    *(_fraction(f"{zone}_pct_last_10") for zone in ZONES),
    *(
        Column(f"{zone}_attempts_per_game", float, "in games with zone data", decimals=1, minimum=0)
        for zone in ZONES
    ),
    _rate("paint_rate_last_20", "NULL below 15 games with zone data"),
    _fraction("paint_pct_last_20", "NULL below 15 games with zone data"),
    Column("games_in_sample_20", int, "of the last 20", nullable=False, minimum=5, maximum=20),
    Column("sample_quality_20", str, "excellent, good, limited or insufficient", nullable=False),
    _rate("assisted_rate_last_10", "share of his makes that were assisted; NULL without plays"),
    _rate("unassisted_rate_last_10", "share of his makes that he created himself"),
    Column(
        "player_position", str, "G, F or C, by the newest player list before the date; else NULL"
    ),
    Column(
        "primary_scoring_zone",
        str,
        "zone of the largest rate among paint and perimeter from 40, mid_range from 35; balanced "
        "where none reaches it",
    ),
    Column("data_quality_tier", str, "high, medium or low, by games", in_hash=False),
    Column("calculation_notes", str, "what the sample lacks", in_hash=False),
    *samples.EARLY,
    *completeness.COLUMNS,
)


def compute(cells: Cells) -> Columns:
    """Rates over the last 10 games, the trend over 20, and the zone he lives in."""
    trend = cells.window("summaries").last(TREND_GAMES).apart()
    recent = trend.last(WINDOW_GAMES).apart()
    games = recent.count()
    zoned = _with(recent, "paint_attempts", "mid_range_attempts")
    rates = {zone: _enough(zoned, FEWEST_GAMES, rate) for zone, rate in _rates(zoned).items()}
    shots = _shots(zoned)
    return {
        "player_lookup": cells["player_lookup"],
        "universal_player_id": cells["universal_player_id"],
        "player_position": _positions(cells),
        "analysis_date": cells["game_date"],
        "game_date": cells["game_date"],
        **{f"{zone}_rate_last_10": rate for zone, rate in rates.items()},
        "total_shots_last_10": np.where(shots > 0, shots, np.nan),
        "games_in_sample_10": games,
        "games_with_zone_data_10": zoned.count(),
        "sample_quality_10": samples.graded(games, GRADES_10),
        **{f"{zone}_pct_last_10": _pct(zoned, zone) for zone in ZONES},
        **{
            f"{zone}_attempts_per_game": rounded(zoned.mean(f"{zone}_attempts"), 1)
            for zone in ZONES
        },
        **_trend(trend),
        **_creation(zoned),
        "primary_scoring_zone": _primary_zone(rates),
        "data_quality_tier": samples.graded(games, TIERS),
        "calculation_notes": _notes(recent, zoned),
        **samples.early_season(games, WINDOW_GAMES),
        **completeness.of_players(cells, "l10"),
    }


def _with(games: Slices, *columns: str) -> Slices:
    """The games in which columns are known."""
    known = np.all([~np.isnan(games.buffer.columns[name]) for name in columns], axis=0)
    return games if known.all() else games.where(known)


def _enough(games: Slices, fewest: int, values: Array) -> Array:
    return np.where(games.count() >= fewest, values, np.nan)


def _shots(zoned: Slices) -> Array:
    paint, mid_range, three_pt = (zoned.sum(f"{zone}_attempts") for zone in ZONES)
    return paint + mid_range + three_pt


def _rates(zoned: Slices) -> dict[str, Array]:
    """Percentage of the shots taken from each zone."""
    shots = _shots(zoned)
    return {zone: rounded(ratio(100 * zoned.sum(f"{zone}_attempts"), shots), 2) for zone in ZONES}


def _pct(zoned: Slices, zone: str) -> Array:
    return rounded(ratio(zoned.sum(f"{zone}_makes"), zoned.sum(f"{zone}_attempts")), 3)


def _trend(trend: Slices) -> Columns:
    zoned = _with(trend, "paint_attempts", "mid_range_attempts")
    return {
        "paint_rate_last_20": _enough(zoned, FEWEST_TREND_GAMES, _rates(zoned)["paint"]),
        "paint_pct_last_20": _enough(zoned, FEWEST_TREND_GAMES, _pct(zoned, "paint")),
        "games_in_sample_20": trend.count(),
        "sample_quality_20": samples.graded(trend.count(), GRADES_20),
    }


def _creation(zoned: Slices) -> Columns:
    """Makes that were assisted and makes that were not, of the games that tell."""
    told = _with(zoned, "assisted_fg_makes", "unassisted_fg_makes")
    makes = told.sum("fg_makes")
    return {
        f"{kind}_rate_last_10": _enough(
            told, FEWEST_GAMES, rounded(ratio(100 * told.sum(f"{kind}_fg_makes"), makes), 2)
        )
        for kind in ("assisted", "unassisted")
    }


def _primary_zone(rates: Mapping[str, Array]) -> Array:
    """The zone with the largest rate that is large enough; NULL without shots."""
    table = np.column_stack([np.nan_to_num(rates[zone]) for zone in PRIMARY])
    names, needed = zip(*PRIMARY.values(), strict=True)
    reached = table >= np.array(needed)
    zones: Array = np.array(names, dtype=object)[np.where(reached, table, -1.0).argmax(axis=1)]
    zones[~reached.any(axis=1)] = "balanced"
    zones[~table.any(axis=1)] = None
    return zones


def _notes(recent: Slices, zoned: Slices) -> Array:
    told = _with(zoned, "assisted_fg_makes", "unassisted_fg_makes")
    return samples.notes(
        {
            "No shots": (zoned.count() > 0) & (_shots(zoned) == 0),
            **samples.share_known(zoned.count(), recent.count(), "zone data"),
            **samples.share_known(told.count(), recent.count(), "assist data"),
        }
    )


def _cells(inputs: Mapping[str, Columns]) -> Columns:
    """Everybody who has appeared this season before the date, with the team of his last game."""
    dates, box = each("games", "season_year")(inputs), inputs["raw"]
    player = numbered(box["player_lookup"])
    picked = [
        last_lines(player, earlier(box, day, season))
        for day, season in zip(dates["game_date"], dates["season_year"], strict=True)
    ]
    counts = [len(lines) for lines in picked]
    at = np.concatenate([np.empty(0, dtype=np.int64), *picked])
    return {
        **{name: np.repeat(values, counts) for name, values in dates.items()},
        **{name: box[name][at] for name in ("player_lookup", "team_abbr", "universal_player_id")},
    }


def _positions(cells: Cells) -> Array:
    """The first letter of where he usually plays: ``G-F`` is a guard."""
    listed = cells.window("lists").last(1).one()["position"]
    return np.array([text[:1] if text else None for text in listed.tolist()], dtype=object)


def _few_games(cells: Cells) -> Array:
    return cells.window("summaries").count() < FEWEST_GAMES


def _few_appearances(cells: Cells) -> Array:
    return _few_games(cells) & (cells.window("raw").count() < FEWEST_GAMES)


TABLE = Table(
    name="player_shot_zone_analysis",
    dataset="nba_precompute",
    description=__doc__,
    entity=("player_lookup",),
    key=("player_lookup", "analysis_date"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=_cells,
    compute=compute,
    version=4,
    settings=completeness.SETTINGS,
    fan_out=FanOut("player", "PSZA_WORKERS", default_workers=10),
    gates=(
        Gate(
            FailureCategory.EXPECTED_INCOMPLETE,
            f"{{player_lookup}} has appeared in fewer than {FEWEST_GAMES} games of the season",
            _few_appearances,
        ),
        Gate(
            FailureCategory.INSUFFICIENT_DATA,
            f"fewer than {FEWEST_GAMES} of {{player_lookup}}'s games have a summary",
            _few_games,
        ),
    ),
    clustering=("player_lookup", "universal_player_id", "analysis_date"),
    bootstrap_days=BOOTSTRAP_DAYS,
    marks_season=True,
    plot=("player_lookup", "three_pt_rate_last_10"),
)
