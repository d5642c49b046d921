"""Reports and moves as rows: each snapshot stays, whatever the next one says."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from nba_pipeline.domain.absence import reason_category
from nba_pipeline.engine.materialize import materialize
from nba_pipeline.tables import REGISTRY
from nba_pipeline.tables.raw.nbac_injury_report import TABLE

NIGHT = date(2022, 1, 12)
NOON = datetime(2022, 1, 12, 17, tzinfo=UTC)
EVENING = datetime(2022, 1, 12, 22, 30, tzinfo=UTC)


def line(at, status, name="Hayes, Killian", **more):
    row = {"game_date": NIGHT, "date": NIGHT, "reported_at": at, "team": "DET"}
    return {**row, "player_name": name, "status": status, "reason": "Rest", **more}


def move(**more):
    row = {"game_date": NIGHT, "date": NIGHT, "source_row": 7, "team": "Pistons"}
    return {**row, "relinquished": "Killian Hayes", "notes": "placed on IL", **more}


@pytest.fixture
def published(session, fake_source):
    """Builds the table of the night from some lines, run after run, with every revision."""

    def build(*lines, moves=()):
        source = fake_source(injury_reports=lines, injury_transactions=moves)
        run = session(source, REGISTRY)
        list(materialize(REGISTRY["nbac_player_boxscores"], [NIGHT], run))
        list(materialize(TABLE, [NIGHT], run))
        return run.warehouse.read(TABLE, [NIGHT], every_revision=True).to_pylist()

    return build


def test_every_report_of_a_day_is_a_row_of_its_own(published):
    rows = published(line(NOON, "Questionable"), line(EVENING, "Out"))
    assert [(row["reported_at"], row["injury_status"]) for row in rows] == [
        (NOON, "questionable"),
        (EVENING, "out"),
    ]


def test_a_report_is_known_since_it_was_published(published):
    (row,) = published(line(NOON, "Out"))
    assert (row["known_at"], row["known_at_is_estimated"]) == (NOON, False)


def test_a_name_with_the_surname_first_is_read_as_spoken(published):
    (row,) = published(line(NOON, "Out"))
    assert (row["player_lookup"], row["player_name_original"]) == (
        "killianhayes",
        "Hayes, Killian",
    )


def test_a_later_report_leaves_the_earlier_one_as_it_was(published):
    (before,) = published(line(NOON, "Questionable"))
    after, _ = published(line(NOON, "Questionable"), line(EVENING, "Out"))
    assert before == after


def test_a_line_that_is_withdrawn_is_kept_as_withdrawn(published):
    published(line(NOON, "Out"))
    said, withdrawn = published()
    assert (said["is_current"], withdrawn["is_current"]) == (False, True)
    assert withdrawn["is_retracted"]


def test_moves_and_reports_stand_side_by_side(published):
    rows = published(line(EVENING, "Probable"), moves=[move()])
    assert {row["entry_kind"]: row["injury_status"] for row in rows} == {
        "move": "out",
        "report": "probable",
    }
    moved = next(row for row in rows if row["entry_kind"] == "move")
    assert (moved["reported_at"], moved["source_row"]) == (NOON, 7)
    assert moved["reason_category"] is None


@pytest.mark.parametrize(
    ("reason", "category"),
    [
        ("Injury/Illness - Left Knee; Soreness", "injury"),
        ("G League - Two-Way", "g_league"),
        ("League Suspension", "suspension"),
        ("Health and Safety Protocols", "health_safety_protocol"),
        ("Rest", "rest"),
        ("Personal Reasons", "personal"),
        ("Not With Team", "other"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_reasons_have_categories(reason, category):
    assert reason_category(np.array([reason], dtype=object)).tolist() == [category]
