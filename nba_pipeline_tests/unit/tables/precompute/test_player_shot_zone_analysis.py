"""Where players shoot from: the worked examples, thin and blind samples, the recorded season."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from nba_pipeline.tables.precompute.player_shot_zone_analysis import TABLE

TONIGHT = date(2021, 11, 30)
NIGHT = date(2021, 11, 15)
ZONES = ("paint", "mid_range", "three_pt")

#: Ten games: 51 of 82 in the paint, 15 of 37 from mid-range, 23 of 62 threes; 55 makes assisted.
TEN_GAMES = {
    "paint_attempts": 82,
    "paint_makes": 51,
    "mid_range_attempts": 37,
    "mid_range_makes": 15,
    "three_pt_attempts": 62,
    "three_pt_makes": 23,
    "fg_makes": 89,
    "assisted_fg_makes": 55,
    "unassisted_fg_makes": 34,
}
WITHOUT_ZONES = dict.fromkeys(
    ("paint_attempts", "paint_makes", "mid_range_attempts", "mid_range_makes")
)
WITHOUT_PLAYS = dict.fromkeys(("assisted_fg_makes", "unassisted_fg_makes"))


def tonight(status: int = 1) -> list[dict[str, Any]]:
    return [
        {
            "game_id": "20211130_BOS_LAL",
            "game_date": TONIGHT,
            "season_year": 2021,
            "season_first_day": date(2021, 10, 19),
            "game_status": status,
        }
    ]


def played(games: int = 10, **totals: int) -> list[dict[str, Any]]:
    """Games, one a day, the last one yesterday, over which totals are spread in whole numbers."""
    return [
        {
            "game_date": TONIGHT - timedelta(days=games - number),
            "season_year": 2021,
            "player_lookup": "he",
            "team_abbr": "BOS",
            **{
                name: total // games + (number < total % games)
                for name, total in {**TEN_GAMES, **totals}.items()
            },
        }
        for number in range(games)
    ]


def profile(seen_by: Any, games: Sequence[Mapping[str, Any]], **given: Any) -> dict[str, Any]:
    rows = {"summaries": games, "raw": games, **given}
    (row,) = seen_by(TABLE, games=tonight(), **rows).rows
    return row


def shots(row: Mapping[str, Any], what: str) -> list[Any]:
    return [row[f"{zone}_{what}"] for zone in ZONES]


def test_ten_games_make_a_profile(seen_by: Any) -> None:
    row = profile(seen_by, played())
    assert row["total_shots_last_10"] == 181
    assert shots(row, "rate_last_10") == [45.3, 20.44, 34.25]
    assert shots(row, "pct_last_10") == [0.622, 0.405, 0.371]
    assert shots(row, "attempts_per_game") == [8.2, 3.7, 6.2]
    assert (row["assisted_rate_last_10"], row["unassisted_rate_last_10"]) == (61.8, 38.2)
    assert row["primary_scoring_zone"] == "paint"
    assert (row["games_in_sample_10"], row["games_with_zone_data_10"]) == (10, 10)
    assert (row["sample_quality_10"], row["data_quality_tier"]) == ("excellent", "high")
    assert (row["early_season_flag"], row["calculation_notes"]) == (False, None)
    assert (row["completeness_percentage"], row["is_production_ready"]) == (100.0, True)


@pytest.mark.parametrize(
    ("paint", "mid_range", "three_pt", "zone"),
    [
        (399, 250, 351, "balanced"),
        (200, 400, 400, "perimeter"),
        (450, 100, 450, "paint"),
        (420, 80, 500, "perimeter"),
        (400, 350, 250, "paint"),
        (325, 350, 325, "mid_range"),
        (250, 500, 250, "mid_range"),
        (0, 0, 0, None),
    ],
)
def test_he_lives_where_he_shoots_most(
    seen_by: Any, paint: int, mid_range: int, three_pt: int, zone: str | None
) -> None:
    games = played(paint_attempts=paint, mid_range_attempts=mid_range, three_pt_attempts=three_pt)
    assert profile(seen_by, games)["primary_scoring_zone"] == zone


def test_without_a_shot_there_is_no_profile(seen_by: Any) -> None:
    row = profile(seen_by, played(**dict.fromkeys(TEN_GAMES, 0)))
    assert shots(row, "rate_last_10") == shots(row, "pct_last_10") == [None] * 3
    assert shots(row, "attempts_per_game") == [0.0, 0.0, 0.0]
    assert (row["total_shots_last_10"], row["assisted_rate_last_10"]) == (None, None)
    assert row["calculation_notes"] == "No shots"


def test_the_eleventh_game_back_and_tonight_do_not_count(seen_by: Any) -> None:
    games = played()
    strange = [
        {**games[0], "game_date": TONIGHT - timedelta(days=days), "paint_attempts": 40}
        for days in (11, 0)
    ]
    row = profile(seen_by, games + strange)
    assert row["total_shots_last_10"] == 181
    assert row["games_in_sample_20"] == 11


def test_a_game_without_zones_says_nothing_about_zones(seen_by: Any) -> None:
    games = played()
    games[9] = {**games[9], **WITHOUT_ZONES, **WITHOUT_PLAYS}
    row, known = profile(seen_by, games), profile(seen_by, games[:9])
    assert (row["games_in_sample_10"], row["games_with_zone_data_10"]) == (10, 9)
    assert row["calculation_notes"] == "zone data in 9/10 games; assist data in 9/10 games"
    for what in ("rate_last_10", "pct_last_10", "attempts_per_game"):
        assert shots(row, what) == shots(known, what)
    assert row["assisted_rate_last_10"] == known["assisted_rate_last_10"]


def test_four_games_with_zones_are_no_profile(seen_by: Any) -> None:
    games = [{**game, **(WITHOUT_ZONES if at < 6 else {})} for at, game in enumerate(played())]
    row = profile(seen_by, games)
    assert shots(row, "rate_last_10") == [None] * 3
    assert (row["assisted_rate_last_10"], row["primary_scoring_zone"]) == (None, None)
    assert row["games_with_zone_data_10"] == 4


def test_without_plays_nobody_knows_who_created_the_shots(seen_by: Any) -> None:
    row = profile(seen_by, [{**game, **WITHOUT_PLAYS} for game in played()])
    assert shots(row, "rate_last_10") == [45.3, 20.44, 34.25]
    assert (row["assisted_rate_last_10"], row["unassisted_rate_last_10"]) == (None, None)
    assert row["calculation_notes"] == "assist data in 0/10 games"


@pytest.mark.parametrize(
    ("positions", "position"), [(["G", "F-C"], "F"), (["G-F"], "G"), ([None], None), ([], None)]
)
def test_a_position_is_the_first_letter_of_the_newest_list(
    seen_by: Any, positions: Sequence[str | None], position: str | None
) -> None:
    games = [{**game, "universal_player_id": "nba_7"} for game in played()]
    lists = [
        {"game_date": date(2021, 10, 20 + at), "universal_player_id": "nba_7", "position": text}
        for at, text in enumerate(positions)
    ]
    others = [{"game_date": date(2021, 11, 1), "universal_player_id": "nba_8", "position": "C"}]
    row = profile(seen_by, games, raw=games, lists=[*lists, *others])
    assert row["player_position"] == position


@pytest.mark.parametrize(
    ("games", "quality", "rate"),
    [(10, "limited", None), (14, "good", None), (15, "good", 45.3), (20, "excellent", 45.3)],
)
def test_the_trend_needs_fifteen_games(
    seen_by: Any, games: int, quality: str, rate: float | None
) -> None:
    row = profile(seen_by, played(games))
    assert (row["games_in_sample_20"], row["sample_quality_20"]) == (games, quality)
    assert row["paint_rate_last_20"] == rate
    assert row["paint_pct_last_20"] == (None if rate is None else 0.622)


@pytest.mark.parametrize(
    ("games", "quality", "tier"),
    [(5, "limited", "low"), (7, "good", "medium"), (9, "good", "medium")],
)
def test_a_thin_sample_is_written_and_says_so(
    seen_by: Any, games: int, quality: str, tier: str
) -> None:
    row = profile(seen_by, played(games))
    assert (row["games_in_sample_10"], row["sample_quality_10"]) == (games, quality)
    assert (row["data_quality_tier"], row["early_season_flag"]) == (tier, True)
    assert row["insufficient_data_reason"] == f"Only {games} games available, need 10"


def test_a_player_who_has_hardly_appeared_has_no_row(seen_by: Any) -> None:
    seen = seen_by(TABLE, games=tonight(), summaries=played(4), raw=played(4))
    assert (seen.rows, seen.turned_away) == ([], {"he": "EXPECTED_INCOMPLETE"})


def test_a_player_whose_summaries_are_missing_has_no_row_either(seen_by: Any) -> None:
    seen = seen_by(TABLE, games=tonight(), summaries=played(6)[:4], raw=played(6))
    assert (seen.rows, seen.turned_away) == ([], {"he": "INSUFFICIENT_DATA"})


def test_before_his_first_game_of_the_season_a_player_does_not_exist(seen_by: Any) -> None:
    last_season = [{**game, "season_year": 2020} for game in played()]
    debut = [{**played()[0], "game_date": TONIGHT, "player_lookup": "rookie"}]
    seen = seen_by(TABLE, games=tonight(), summaries=last_season, raw=last_season + debut)
    assert (seen.rows, seen.turned_away) == ([], {})


def test_without_games_there_are_no_rows(seen_by: Any) -> None:
    assert seen_by(TABLE, summaries=played(), raw=played()).rows == []


def test_a_lost_summary_shows_in_the_completeness(seen_by: Any) -> None:
    games = played(12)
    row = profile(seen_by, [*games[:8], *games[10:]], raw=games)
    assert (row["expected_games_count"], row["actual_games_count"]) == (10, 8)
    assert (row["completeness_percentage"], row["is_production_ready"]) == (80.0, False)
    assert row["data_quality_issues"] == [
        f"missing_game_{game['game_date']}" for game in games[8:10]
    ]


def test_the_end_of_tonights_games_is_no_news(inputs_hashes: Any) -> None:
    given = {"summaries": played(), "raw": played()}
    before = inputs_hashes(TABLE, games=tonight(status=1), **given)
    assert inputs_hashes(TABLE, games=tonight(status=3), **given) == before


# The recorded season -----------------------------------------------------------------------------

# Makes and attempts by zone, makes, assisted makes, rates, assisted rate, primary zone.
EXPECTED = {
    "stephencurry": ((24, 40, 10, 19, 53, 137), 50.57, (20.41, 9.69, 69.9), "perimeter"),
    "demarderozan": ((37, 54, 48, 105, 10, 26), 35.79, (29.19, 56.76, 14.05), "mid_range"),
    "nikolajokic": ((63, 91, 12, 25, 17, 43), 56.52, (57.23, 15.72, 27.04), "paint"),
    "rudygobert": ((48, 67, 1, 1, 0, 0), 75.51, (98.53, 1.47, 0.0), "paint"),
    "traeyoung": ((26, 57, 33, 69, 29, 71), 11.36, (28.93, 35.03, 36.04), "mid_range"),
}


@pytest.mark.parametrize("player", EXPECTED)
def test_players_of_a_recorded_date(autumn: Any, player: str) -> None:
    rows = autumn.rows("player_shot_zone_analysis", NIGHT)
    (row,) = (row for row in rows if row["player_lookup"] == player)
    counts, assisted, rates, zone = EXPECTED[player]
    makes, attempts = counts[::2], counts[1::2]
    assert row["total_shots_last_10"] == sum(attempts)
    assert shots(row, "pct_last_10") == [
        round(m / a, 3) if a else None for m, a in zip(makes, attempts, strict=True)
    ]
    assert shots(row, "attempts_per_game") == [a / 10 for a in attempts]
    assert shots(row, "rate_last_10") == list(rates)
    assert (row["assisted_rate_last_10"], row["primary_scoring_zone"]) == (assisted, zone)


def test_everybody_with_five_games_has_a_row(autumn: Any) -> None:
    rows = autumn.rows("player_shot_zone_analysis", NIGHT)
    assert len(rows) == 375
    assert all(row["is_production_ready"] for row in rows)
    outcomes = autumn.outcomes("player_shot_zone_analysis", NIGHT)
    assert len(outcomes) == 79
    assert set(outcomes.values()) == {"EXPECTED_INCOMPLETE"}


def test_the_first_two_weeks_have_no_rows(autumn: Any) -> None:
    assert autumn.rows("player_shot_zone_analysis", date(2021, 11, 1)) == []


def plain(games: list[dict[str, Any]]) -> dict[str, Any]:
    """The profile of one player's games, oldest first, in a plain loop."""
    recent, trend = games[-10:], games[-20:]
    attempts = {zone: sum(game[f"{zone}_attempts"] for game in recent) for zone in ZONES}
    makes = {zone: sum(game[f"{zone}_makes"] for game in recent) for zone in ZONES}
    total, made = sum(attempts.values()), sum(game["fg_makes"] for game in recent)
    assisted = sum(game["assisted_fg_makes"] for game in recent)
    paint = sum(game["paint_attempts"] for game in trend)
    all_shots = sum(game[f"{zone}_attempts"] for game in trend for zone in ZONES)
    return {
        "games_in_sample_10": len(recent),
        "games_in_sample_20": len(trend),
        "total_shots_last_10": total or None,
        "paint_rate_last_20": 100 * paint / all_shots if all_shots and len(trend) > 14 else None,
        "assisted_rate_last_10": 100 * assisted / made if made else None,
        **{f"{z}_rate_last_10": 100 * attempts[z] / total if total else None for z in ZONES},
        **{f"{z}_pct_last_10": makes[z] / attempts[z] if attempts[z] else None for z in ZONES},
        **{f"{z}_attempts_per_game": attempts[z] / len(recent) for z in ZONES},
    }


@pytest.mark.parametrize("day", [date(2021, 11, 3), date(2021, 11, 8), NIGHT])
def test_every_row_is_that_of_a_plain_loop(autumn: Any, day: date) -> None:
    games: dict[str, list[dict[str, Any]]] = {}
    for game in autumn.before("player_game_summary", day):
        games.setdefault(game["player_lookup"], []).append(game)
    rows = {row["player_lookup"]: row for row in autumn.rows("player_shot_zone_analysis", day)}
    assert rows.keys() == {name for name, played in games.items() if len(played) >= 5}
    for name, row in rows.items():
        wanted = plain(games[name])
        tolerance = {"rate": 0.00501, "pct": 0.000501, "per_game": 0.0501}
        for column, value in wanted.items():
            near = next((t for kind, t in tolerance.items() if kind in column), 0)
            assert row[column] == pytest.approx(value, abs=near), (name, column)


SHOTS = """
select zone, sum(made::int), count(*), sum(assisted::int) from shot join (
    select game_id, player_id from box
    where player_name = $name and game_date::date < $day order by game_date desc limit 10
) using (game_id, player_id) group by zone
"""


@pytest.mark.parametrize("day", [date(2021, 11, 8), NIGHT])
@pytest.mark.parametrize("name", ["Jayson Tatum", "LaMelo Ball", "Jarrett Allen"])
def test_the_files_say_the_same(autumn: Any, ask: Any, name: str, day: date) -> None:
    rows = autumn.rows("player_shot_zone_analysis", day)
    (row,) = (row for row in rows if row["player_lookup"] == name.lower().replace(" ", ""))
    found = ask(SHOTS, name=name, day=day)
    total, made = sum(line[2] for line in found), sum(line[1] for line in found)
    assert row["total_shots_last_10"] == total
    for zone, makes, attempts, _ in found:
        assert row[f"{zone}_rate_last_10"] == pytest.approx(100 * attempts / total, abs=0.00501)
        assert row[f"{zone}_pct_last_10"] == pytest.approx(makes / attempts, abs=0.000501)
    assisted = sum(line[3] for line in found)
    assert row["assisted_rate_last_10"] == pytest.approx(100 * assisted / made, abs=0.00501)
