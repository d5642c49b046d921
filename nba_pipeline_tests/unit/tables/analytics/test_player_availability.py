"""Who is out or in doubt: the newest word of the report by tip-off, else the newest move."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from nba_pipeline.tables.analytics.player_availability import TABLE

NIGHT = date(2021, 11, 15)
TIP_OFF = datetime(2021, 11, 16, 0, 30, tzinfo=UTC)
MORNING = datetime(2021, 11, 15, 16, 30, tzinfo=UTC)
LATE = datetime(2021, 11, 16, 0, 31, tzinfo=UTC)

Row = dict[str, Any]

GAME = {
    "game_id": "20211115_CHI_LAL",
    "nba_game_id": "0022100001",
    "game_date": NIGHT,
    "season_year": 2021,
    "game_status": 1,
    "away_team_abbr": "CHI",
    "home_team_abbr": "LAL",
    "scheduled_start": TIP_OFF,
}


def said(name: str, status: str, at: datetime = MORNING, team: str = "CHI", **more: Any) -> Row:
    row = {"entry_kind": "report", "game_date": NIGHT, "reported_at": at, "known_at": at}
    who = {"player_match_key": name, "team_abbr": team, "source_row": 0}
    return {**row, **who, "injury_status": status, "reason": f"because {status}", **more}


def moved(name: str, status: str = "out", team: str = "CHI") -> Row:
    noon = datetime(2021, 11, 10, 17, tzinfo=UTC)
    row = {"entry_kind": "move", "game_date": date(2021, 11, 10), "reported_at": noon}
    who = {"player_match_key": name, "team_abbr": team, "source_row": 3, "known_at": noon}
    return {**row, **who, "injury_status": status, "reason": "placed on IL"}


@pytest.fixture
def tonight(league_of):
    """The rows of the night by name, from entries of reports and moves."""

    def build(*entries: Row) -> dict[str, Row]:
        rows = league_of(nbac_schedule=[GAME], nbac_injury_report=entries).context(TABLE, NIGHT)
        return {row["player_match_key"]: row for row in rows}

    return build


def statuses(rows: dict[str, Row]) -> dict[str, str]:
    return {name: row["injury_status"] for name, row in rows.items()}


def test_everybody_on_the_report_has_his_status(tonight):
    rows = tonight(
        said("anna", "out"), said("berta", "probable"), said("zoe", "doubtful", team="LAL")
    )
    assert statuses(rows) == {"anna": "out", "berta": "probable", "zoe": "doubtful"}
    assert {name for name, row in rows.items() if row["is_out"]} == {"anna"}
    assert rows["berta"]["reason"] == "because probable"


def test_the_newest_report_by_tip_off_counts(tonight):
    rows = tonight(said("anna", "questionable"), said("anna", "out", TIP_OFF))
    assert statuses(rows) == {"anna": "out"}
    assert rows["anna"]["reported_at"] == TIP_OFF


def test_a_status_given_after_tip_off_does_not_exist(tonight):
    rows = tonight(
        said("anna", "questionable"), said("anna", "out", LATE), said("berta", "out", LATE)
    )
    assert statuses(rows) == {"anna": "questionable"}


def test_a_report_on_a_team_takes_the_place_of_its_moves(tonight):
    rows = tonight(moved("anna"), moved("zoe", team="LAL"), said("berta", "questionable"))
    assert statuses(rows) == {"berta": "questionable", "zoe": "out"}


def test_a_report_that_comes_too_late_leaves_the_moves_as_they_are(tonight):
    assert statuses(tonight(moved("anna"), said("anna", "available", LATE))) == {"anna": "out"}


def test_a_line_withdrawn_by_tip_off_lists_nobody(tonight):
    first = said("anna", "out")
    withdrawn = {**first, "known_at": TIP_OFF, "revision": 2, "is_retracted": True}
    assert tonight(first, withdrawn) == {}


def test_a_line_withdrawn_after_tip_off_still_lists_him(tonight):
    first = said("anna", "out")
    withdrawn = {**first, "known_at": LATE, "revision": 2, "is_retracted": True}
    assert statuses(tonight(first, withdrawn)) == {"anna": "out"}


def test_a_line_corrected_by_tip_off_says_the_correction(tonight):
    first = said("anna", "out")
    corrected = {**first, "injury_status": "probable", "known_at": TIP_OFF, "revision": 2}
    assert statuses(tonight(first, corrected)) == {"anna": "probable"}
