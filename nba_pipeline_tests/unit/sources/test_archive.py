"""Season files: both layouts of shots, what is refused and named, and one version per date."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nba_pipeline.engine.errors import SourceError
from nba_pipeline.sources.archive import Archive
from nba_pipeline.sources.feeds import FEEDS, Feed

OPENING, MONDAY, WEDNESDAY = date(2021, 10, 19), date(2021, 11, 15), date(2021, 11, 17)
OPENER, CHI_LAL, BOS_CLE, BOS_ATL = "0022100001", "0022100199", "0022100195", "0022100210"
GAMES = {OPENER: OPENING, CHI_LAL: MONDAY, BOS_CLE: MONDAY, BOS_ATL: WEDNESDAY}
DAYS = sorted(set(GAMES.values()))

Row = dict[str, Any]

_ANYTHING = {
    pa.string(): "x",
    pa.int64(): 1,
    pa.float64(): 1.5,
    pa.bool_(): False,
    pa.date32(): MONDAY,
    pa.timestamp("us", tz="UTC"): datetime(2021, 11, 16, tzinfo=UTC),
}


def row(feed: Feed, **values: Any) -> Row:
    """A row of a feed with something in every required column."""
    return {name: _ANYTHING[kind] for name, kind in feed.required.items()} | values


def box_row(game_id: str, player_id: int, **values: Any) -> Row:
    name = f"Player {player_id}"
    day = GAMES.get(game_id, MONDAY)
    return row(
        FEEDS["player_box"],
        **{
            "game_id": game_id,
            "game_date": day,
            "player_id": player_id,
            "player_name": name,
            **values,
        },
    )


def play(game_id: str, row_order: int, **values: Any) -> Row:
    return row(FEEDS["play_by_play"], **{"game_id": game_id, "row_order": row_order, **values})


def old_shot(game_id: str, player_id: int, **values: Any) -> Row:
    """Tenths of a foot from the hoop."""
    shot = {
        "game_id": game_id,
        "game_event_id": 7,
        "player_id": player_id,
        "player_name": f"Player {player_id}",
        "period": 1,
        "minutes_remaining": 11,
        "seconds_remaining": 30,
        "action_type": "Jump Shot",
        "shot_type": "2PT Field Goal",
        "shot_zone_basic": "Mid-Range",
        "shot_distance": 12,
        "loc_x": 105,
        "loc_y": 60,
        "shot_made_flag": 1,
    }
    return {**shot, **values}


def new_shot(game_id: str, player_id: int, **values: Any) -> Row:
    """Feet from the middle of the baseline, mirrored."""
    shot = {
        "game_id": game_id,
        "player_id": player_id,
        "player_name": f"Player {player_id}",
        "period": 1,
        "mins_left": 11,
        "secs_left": 30,
        "action_type": "Jump Shot",
        "shot_type": "2PT Field Goal",
        "basic_zone": "Mid-Range",
        "shot_distance": 12,
        "loc_x": -10.5,
        "loc_y": 11.25,
        "shot_made": True,
    }
    return {**shot, **values}


class Folder:
    """A small archive on disk, whose files may be written anew."""

    def __init__(self, path: Path) -> None:
        self.path = path
        schedule = [
            row(FEEDS["schedule"], game_id=game_id, game_date=day) for game_id, day in GAMES.items()
        ]
        self.write("schedule", schedule)
        self.write("player_box", [box_row(game_id, at) for game_id in GAMES for at in (1, 2, 3)])
        self.write("play_by_play", [play(game_id, at) for game_id in GAMES for at in range(3)])
        self.write("shots", [old_shot(game_id, at) for game_id in GAMES for at in (1, 2, 3)])

    def write(self, feed: str, rows: list[Row] | pa.Table, season: str = "2021_22") -> Path:
        file = self.path / f"{feed}_{season}.parquet"
        pq.write_table(rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(rows), file)
        return file

    def rows(self, feed: str) -> list[Row]:
        found: list[Row] = pq.read_table(self.path / f"{feed}_2021_22.parquet").to_pylist()
        return found

    def change(self, feed: str, change: Callable[[list[Row]], Any]) -> None:
        rows = self.rows(feed)
        change(rows)
        self.write(feed, rows)

    def read(self, feed: str, *days: date) -> list[Row]:
        found: list[Row] = Archive(self.path).read(feed, days or DAYS).to_pylist()
        return found

    def versions(self, feed: str) -> dict[date, str]:
        return Archive(self.path).versions(feed, [*DAYS, date(2021, 11, 16)])


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


# Reading -----------------------------------------------------------------------------------------


def test_only_the_rows_of_the_days_asked_for_are_read(folder):
    assert {found["game_id"] for found in folder.read("player_box", WEDNESDAY)} == {BOS_ATL}


def test_rows_come_sorted_by_day_and_key(folder):
    folder.change("player_box", lambda rows: rows.reverse())
    found = [(r["game_date"], r["game_id"], r["player_id"]) for r in folder.read("player_box")]
    assert found == sorted(found)


def test_plays_find_their_day_through_the_schedule(folder):
    found = {(play["game_id"], play["game_date"]) for play in folder.read("play_by_play")}
    assert found == set(GAMES.items())


def test_a_column_a_file_may_leave_out_is_null(folder):
    assert {found["arena_name"] for found in folder.read("schedule")} == {None}


def test_a_feed_without_a_file_has_no_rows(folder):
    assert Archive(folder.path).read("officials", DAYS).num_rows == 0


def test_a_feed_without_a_file_has_its_columns(folder):
    found = Archive(folder.path).read("officials", DAYS)
    assert set(found.column_names) == {"game_date", *FEEDS["officials"].columns}


def test_seasons_may_lie_side_by_side(folder):
    later = row(FEEDS["schedule"], game_id="0022400300", game_date=date(2024, 12, 1))
    folder.write("schedule", [later], season="2024_25")
    found = Archive(folder.path).read("schedule", [MONDAY, date(2024, 12, 1)])
    assert found["game_id"].to_pylist() == [BOS_CLE, CHI_LAL, "0022400300"]


def test_preseason_and_all_star_games_are_passed_over(folder):
    other = [
        row(FEEDS["schedule"], game_id="0012100001", game_date=date(2021, 10, 3)),
        row(FEEDS["schedule"], game_id="0032100001", game_date=date(2022, 2, 20)),
    ]
    folder.change("schedule", lambda rows: rows.extend(other))
    found = Archive(folder.path).read("schedule", [date(2021, 10, 3), date(2022, 2, 20)])
    assert found.num_rows == 0


def test_the_lines_of_a_second_book_are_left_alone(folder):
    folder.write("game_lines", [row(FEEDS["game_lines"], game_id=CHI_LAL)])
    folder.write("game_lines_second_source", [{"game_id": CHI_LAL, "spread": 1.5}])
    assert len(folder.read("game_lines")) == 1


def test_a_season_begins_with_its_first_game(folder):
    assert Archive(folder.path).calendar().describe() == "2021-22: 2021-10-19 to 2021-11-17"


# Layouts of player props -------------------------------------------------------------------------


def side(name: str, line: float, bookmaker: str = "PrizePicks", **known: Any) -> Row:
    """A row per side, as pick'em sites were collected."""
    return {
        "file_date": MONDAY,
        "game_date": MONDAY,
        "event_id": "abc",
        "commence_time": datetime(2021, 11, 16, 0, 40, tzinfo=UTC),
        "home_team": "Los Angeles Lakers",
        "away_team": "Chicago Bulls",
        "player_id": 1.0,
        "player_name": "Player 1",
        "market": "player_points",
        "bookmaker": bookmaker,
        "side": name,
        "line": line,
        "price": -137,
        **known,
    }


def both_prices(line: float | None, **known: Any) -> Row:
    """A row with both prices, as The Odds API was collected."""
    row = side("", 0.0, "draftkings") | {"line": line, "over_price": -110.0, "under_price": -112.0}
    row["snapshot_label"] = datetime.fromisoformat("2021-11-15T17:00:00")
    return {k: v for k, v in row.items() if k not in ("side", "price", "file_date")} | known


def test_the_two_sides_of_a_prop_are_one_line(folder):
    folder.write("player_props", [side("Over", 20.5), side("Under", 20.5), side("Over", 30.5)])
    found = folder.read("player_props")
    assert [(row["line"], row["is_two_sided"]) for row in found] == [(20.5, True), (30.5, False)]
    assert found[0]["snapshot"] == "2021-11-15"
    assert found[0]["player_id"] == 1


def test_a_placeholder_is_no_price_and_a_price_is_its_side_s(folder):
    sides = [side("Over", 20.5, "betmgm", price=120), side("Under", 20.5, "betmgm", price=-140)]
    folder.write("player_props", [*sides, side("Over", 20.5), side("Under", 20.5)])
    prices = {
        row["bookmaker"]: (row["over_price"], row["under_price"])
        for row in folder.read("player_props")
    }
    assert prices == {"betmgm": (120, -140), "PrizePicks": (None, None)}


def test_a_prop_with_both_prices_is_a_line_and_one_without_a_number_is_none(folder):
    folder.write("player_props", [both_prices(20.5), both_prices(None, market="double_double")])
    (row,) = folder.read("player_props")
    assert (row["line"], row["over_price"], row["under_price"]) == (20.5, -110, -112)
    assert (row["snapshot"], row["snapshot_at"]) == ("2021-11-15 17:00:00.000000", None)


def test_both_layouts_of_props_may_lie_side_by_side(folder):
    folder.write("player_props", [side("Over", 20.5)])
    folder.write("player_props", [both_prices(20.5)], season="2022_23")
    assert len(folder.read("player_props")) == 2


def test_a_props_file_without_a_column_is_named(folder):
    rows = [side("Over", 20.5)]
    for each in rows:
        del each["price"]
    folder.write("player_props", rows)
    with pytest.raises(SourceError, match=r"player_props_2021_22\.parquet has no column price"):
        folder.read("player_props")


def test_every_line_of_the_recorded_props_is_read(season_files):
    asked = "select distinct event_id, player_name, market, bookmaker, {}, line from '{}' where {}"
    expected = sum(
        duckdb.sql(
            f"select count(*) from ({asked.format(label, season_files / file, 'line is not null')})"
        ).fetchall()[0][0]
        for file, label in (
            ("player_props_2024_25_to_2024_12_15.parquet", "file_date"),
            ("player_props_2025_26.parquet", "snapshot_label"),
        )
    )
    days = [date(2024, 10, 1) + timedelta(days=at) for at in range(440)]
    found = Archive(season_files).read("player_props", days)
    assert found.num_rows == expected == 13_729 + 216_052


# Layouts of shots --------------------------------------------------------------------------------

ONE_SHOT = {
    "known_at": None,
    "data_source": None,
    "game_date": MONDAY,
    "game_id": CHI_LAL,
    "shot_number": 0,
    "player_id": 1,
    "player_name": "Player 1",
    "period": 1,
    "action_type": "Jump Shot",
    "shot_type": "2PT Field Goal",
    "shot_distance": 12,
    "hoop_x_ft": 10.5,
    "hoop_y_ft": 6.0,
    "seconds_left": 690,
    "shot_made": True,
    "shot_zone": "Mid-Range",
}


def test_the_older_layout_of_shots_is_in_tenths_of_a_foot_from_the_hoop(folder):
    folder.write("shots", [old_shot(CHI_LAL, 1)])
    assert folder.read("shots") == [{**ONE_SHOT, "event_num": 7}]


def test_the_newer_layout_of_shots_is_mirrored_and_in_feet_from_the_baseline(folder):
    folder.write("shots", [new_shot(CHI_LAL, 1)])
    assert folder.read("shots") == [{**ONE_SHOT, "event_num": None}]


def test_both_layouts_may_lie_side_by_side(folder):
    folder.write("shots", [old_shot(CHI_LAL, 1)])
    folder.write("shots", [new_shot(BOS_CLE, 2)], season="2024_25")
    assert [found["game_id"] for found in folder.read("shots")] == [BOS_CLE, CHI_LAL]


def test_shots_are_numbered_within_their_game_in_order_of_time(folder):
    shots = [
        old_shot(CHI_LAL, 1, period=2),
        old_shot(CHI_LAL, 2, seconds_remaining=10),
        old_shot(BOS_CLE, 3),
        old_shot(CHI_LAL, 4, seconds_remaining=50),
    ]
    folder.write("shots", shots)
    found = [(r["game_id"], r["shot_number"], r["player_id"]) for r in folder.read("shots")]
    assert found == [(BOS_CLE, 0, 3), (CHI_LAL, 0, 4), (CHI_LAL, 1, 2), (CHI_LAL, 2, 1)]


@pytest.mark.parametrize("shot", [old_shot, new_shot])
def test_two_tips_of_one_second_and_spot_are_numbered_whatever_their_order(folder, shot):
    tips = [shot(CHI_LAL, 1, action_type="Tip Shot"), shot(CHI_LAL, 1, action_type="Putback")]
    folder.write("shots", tips)
    before = folder.read("shots")
    folder.write("shots", tips[::-1])
    assert folder.read("shots") == before


@pytest.mark.parametrize(
    ("shot", "column"),
    [
        *((old_shot, name) for name in ("loc_x", "seconds_remaining", "shot_made_flag")),
        *((old_shot, name) for name in ("shot_zone_basic", "game_event_id", "action_type")),
        *((new_shot, name) for name in ("loc_y", "mins_left", "shot_made", "basic_zone")),
        *((shot, name) for shot in (old_shot, new_shot) for name in ("game_id", "period")),
    ],
)
def test_a_column_missing_from_a_layout_of_shots_is_named(folder, shot, column):
    shots = pa.Table.from_pylist([shot(CHI_LAL, 1)]).drop_columns(column)
    folder.write("shots", shots)
    with pytest.raises(SourceError, match=rf"^shots_2021_22\.parquet has no column {column}$"):
        folder.read("shots")


@pytest.mark.parametrize(
    ("shot", "column"), [(old_shot, "loc_x"), (old_shot, "seconds_remaining"), (new_shot, "loc_y")]
)
def test_a_column_of_another_type_in_a_layout_of_shots_is_named(folder, shot, column):
    folder.write("shots", [shot(CHI_LAL, 1, **{column: "right corner"})])
    with pytest.raises(SourceError, match=rf"^shots_2021_22\.parquet: column {column} is string"):
        folder.read("shots")


# What is refused ---------------------------------------------------------------------------------


def refused(folder: Folder, feed: str, sentence: str) -> None:
    with pytest.raises(SourceError, match=f"^{re.escape(sentence)}"):
        folder.read(feed)


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(SourceError, match=f"^there is no archive folder {tmp_path / 'nowhere'}$"):
        Archive(tmp_path / "nowhere")


def test_a_file_in_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(SourceError, match=f"^there is no archive folder {tmp_path / 'file'}$"):
        Archive(tmp_path / "file")


def test_a_folder_without_a_schedule_is_refused(folder):
    (folder.path / "schedule_2021_22.parquet").unlink()
    refused(folder, "schedule", f"{folder.path} holds no schedule_*.parquet")


def test_a_schedule_without_a_game_is_refused(folder):
    folder.write("schedule", FEEDS["schedule"].schema.empty_table())
    with pytest.raises(SourceError, match=f"^the schedule files in {folder.path} hold no game$"):
        Archive(folder.path).calendar()


def test_a_schedule_that_begins_with_the_playoffs_is_refused(folder):
    final = row(FEEDS["schedule"], game_id="0042100401", game_date=date(2022, 6, 2))
    folder.write("schedule", [final])
    refused(folder, "schedule", f"the schedule files in {folder.path}: The schedule has no regular")


def test_a_feed_that_does_not_exist_is_named_with_the_feeds_there_are(folder):
    refused(folder, "boxes", "there is no feed boxes: choose one of game_line_snapshots, ")


@pytest.mark.parametrize("column", ["player_id", "pts", "game_date", "is_starter"])
def test_a_missing_column_is_named_with_its_file(folder, column):
    box = pa.Table.from_pylist(folder.rows("player_box")).drop_columns(column)
    folder.write("player_box", box)
    refused(folder, "player_box", f"player_box_2021_22.parquet has no column {column}")


@pytest.mark.parametrize(
    ("column", "value", "kind"),
    [
        ("minutes", "31:20", "string, expected int64"),
        ("minutes", 31.5, "double, expected int64"),
        ("game_date", "Monday", "string, expected date32"),
        ("pts", [1, 2], "list"),
    ],
)
def test_a_column_of_another_type_is_named_with_its_file(folder, column, value, kind):
    folder.write("player_box", [box_row(CHI_LAL, 1, **{column: value})])
    refused(folder, "player_box", f"player_box_2021_22.parquet: column {column} is {kind}")


def test_a_truncated_file_is_named(folder):
    file = folder.path / "player_box_2021_22.parquet"
    file.write_bytes(file.read_bytes()[:-100])
    refused(folder, "player_box", "player_box_2021_22.parquet cannot be read as Parquet")


def test_a_file_of_another_kind_is_named(folder):
    (folder.path / "player_box_2021_22.parquet").write_text("game_id,player_id\n")
    refused(folder, "player_box", "player_box_2021_22.parquet cannot be read as Parquet")


def test_two_rows_of_one_player_and_game_are_named(folder):
    folder.change("player_box", lambda rows: rows.append(box_row(CHI_LAL, 2, pts=99)))
    sentence = f"player_box_2021_22.parquet: two rows for game_id {CHI_LAL}, player_id 2"
    refused(folder, "player_box", f"{sentence} (Player 2) on 2021-11-15")


def test_a_row_that_two_files_hold_is_named(folder):
    folder.write("player_box", [box_row(CHI_LAL, 2)], season="again")
    sentence = "player_box_2021_22.parquet and player_box_again.parquet: two rows for"
    refused(folder, "player_box", sentence)


def test_a_row_that_is_there_twice_spoils_its_own_day_only(folder):
    folder.change("player_box", lambda rows: rows.append(box_row(CHI_LAL, 2, pts=99)))
    others = Archive(folder.path).read("player_box", [WEDNESDAY])
    assert MONDAY not in others["game_date"].to_pylist()


def test_a_game_scheduled_on_two_days_is_named(folder):
    again = row(FEEDS["schedule"], game_id=BOS_CLE, game_date=WEDNESDAY)
    folder.change("schedule", lambda rows: rows.append(again))
    refused(folder, "schedule", f"schedule_2021_22.parquet: two rows for game_id {BOS_CLE}")


def test_a_player_row_of_a_game_nobody_scheduled_is_named(folder):
    stray = box_row("0022109999", 2)
    folder.change("player_box", lambda rows: rows.append(stray))
    sentence = "player_box_2021_22.parquet: the row of Player 2, game 0022109999 is in no schedule"
    refused(folder, "player_box", sentence)


def test_a_play_of_a_game_nobody_scheduled_is_named(folder):
    folder.change("play_by_play", lambda rows: rows.append(play("0022109999", 0)))
    sentence = "play_by_play_2021_22.parquet: game 0022109999 is in no schedule file"
    refused(folder, "play_by_play", sentence)


def test_a_player_row_dated_another_day_than_its_game_is_named(folder):
    folder.change("player_box", lambda rows: rows[0].update(game_date=WEDNESDAY))
    sentence = f"player_box_2021_22.parquet: the row of Player 1, game {OPENER} is dated 2021-11-17"
    refused(folder, "player_box", sentence)


@pytest.mark.parametrize("column", ["game_id", "player_id", "game_date"])
def test_a_null_where_a_row_is_identified_is_named(folder, column):
    folder.change("player_box", lambda rows: rows[0].update({column: None}))
    sentence = f"player_box_2021_22.parquet: column {column} is NULL in 1 of 12 rows"
    refused(folder, "player_box", sentence)


def test_a_game_id_that_has_lost_its_zeros_is_named(folder):
    folder.write("player_box", [box_row(CHI_LAL, 1) | {"game_id": 22100199}])
    sentence = "player_box_2021_22.parquet: game_id '22100199' is not an nba.com game id"
    refused(folder, "player_box", sentence)


# Versions ----------------------------------------------------------------------------------------

CHANGES: list[tuple[str, Callable[[Row], Any]]] = [
    ("player_box", lambda found: found.update(pts=99)),
    ("play_by_play", lambda found: found.update(home_description="corrected")),
    ("shots", lambda found: found.update(loc_x=-105)),
    ("schedule", lambda found: found.update(home_score=99)),
]


def _first_of_monday(rows: list[Row]) -> Row:
    return next(found for found in rows if GAMES[found["game_id"]] == MONDAY)


@pytest.mark.parametrize(("feed", "change"), CHANGES)
def test_a_changed_row_moves_the_version_of_its_date_alone(folder, feed, change):
    before = folder.versions(feed)
    folder.change(feed, lambda rows: change(_first_of_monday(rows)))
    after = folder.versions(feed)
    assert {day for day in before if after[day] != before[day]} == {MONDAY}


@pytest.mark.parametrize("feed", [feed for feed, _ in CHANGES])
def test_a_missing_row_moves_the_version_of_its_date_alone(folder, feed):
    before = folder.versions(feed)
    folder.change(feed, lambda rows: rows.remove(_first_of_monday(rows)))
    after = folder.versions(feed)
    assert {day for day in before if after[day] != before[day]} == {MONDAY}


@pytest.mark.parametrize("feed", [feed for feed, _ in CHANGES])
def test_a_version_does_not_depend_on_the_order_of_rows(folder, feed):
    before = folder.versions(feed)
    folder.change(feed, lambda rows: rows.reverse())
    assert folder.versions(feed) == before


@pytest.mark.parametrize("feed", [feed for feed, _ in CHANGES])
def test_a_version_does_not_depend_on_the_name_of_the_file(folder, feed):
    before = folder.versions(feed)
    (folder.path / f"{feed}_2021_22.parquet").rename(folder.path / f"{feed}_other.parquet")
    assert folder.versions(feed) == before


def test_a_version_does_not_depend_on_the_folder(folder, tmp_path_factory):
    moved = tmp_path_factory.mktemp("moved") / "archive"
    shutil.copytree(folder.path, moved)
    assert Archive(moved).versions("shots", DAYS) == Archive(folder.path).versions("shots", DAYS)


def test_a_version_does_not_depend_on_which_dates_are_asked_for(folder):
    alone = Archive(folder.path).versions("player_box", [MONDAY])[MONDAY]
    assert alone == folder.versions("player_box")[MONDAY]


def test_a_column_the_feed_does_not_have_moves_no_version(folder):
    before = folder.versions("player_box")
    folder.change("player_box", lambda rows: [found.update(mood="good") for found in rows])
    assert folder.versions("player_box") == before


def test_dates_without_rows_have_one_version(folder):
    empty = Archive(folder.path).versions("officials", DAYS)
    assert len(set(empty.values())) == 1
