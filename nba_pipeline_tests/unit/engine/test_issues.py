"""What checks find wrong is told once, and once more when it is over."""

from datetime import UTC, date, datetime, timedelta

import pytest

from nba_pipeline.engine import logs
from nba_pipeline.engine.checks import SAME_VERSION, SOUND_COLUMNS, Violation
from nba_pipeline.engine.issues import record_issues
from nba_pipeline.engine.writer import Writer
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse

DAY, NEXT_DAY = date(2021, 11, 15), date(2021, 11, 16)
TABLE = REGISTRY["player_daily_cache"]
DAMAGED = Violation(DAY, SAME_VERSION, "the rows hash to one thing, recorded is another")
TOO_MANY = Violation(
    DAY,
    SOUND_COLUMNS,
    "points_avg_last_5 is 90.0, above 80, for traeyoung",
    "points_avg_last_5",
    "at most 80",
    "90.0",
    {"player_lookup": "traeyoung"},
)


@pytest.fixture
def checked(tmp_path):
    """Records what a check found, each a minute after the one before; returns the whole log."""
    warehouse = LocalWarehouse(tmp_path, [TABLE])
    runs = 0

    def check(*found, dates=(DAY,)):
        nonlocal runs
        runs += 1
        now = datetime(2021, 11, 16, 12, runs, tzinfo=UTC)
        record_issues(TABLE, dates, found, Writer(warehouse, f"run-{runs}", now))
        rows = warehouse.read_log(logs.DATA_ISSUES).to_pylist()
        return sorted(rows, key=lambda row: (row["created_at"], row["issue_type"]))

    check.warehouse = warehouse
    return check


def test_a_sound_partition_has_no_issue(checked):
    assert checked() == []


def test_an_issue_says_what_is_wrong_with_whom_and_how_bad_it_is(checked):
    (row,) = checked(TOO_MANY)
    told = {name for name, value in row.items() if value is None}
    assert told == {"team_abbr", "resolution_notes", "resolved_at"}
    assert (row["severity"], row["category"], row["player_lookup"]) == (
        "HIGH",
        "ACCURACY",
        "traeyoung",
    )


def test_damage_is_critical(checked):
    assert checked(DAMAGED)[0]["severity"] == "CRITICAL"


def test_an_issue_found_again_is_no_news(checked):
    checked(TOO_MANY)
    assert len(checked(TOO_MANY)) == 1


def test_an_issue_is_over_when_the_next_check_passes(checked):
    checked(TOO_MANY, DAMAGED)
    last = checked(DAMAGED)[-1]
    assert (last["field_name"], last["resolved"], last["auto_resolved"]) == (
        "points_avg_last_5",
        True,
        True,
    )
    assert last["resolved_at"] - last["created_at"] == timedelta(0)


def test_an_issue_that_comes_back_is_told_again_under_its_old_name(checked):
    checked(TOO_MANY)
    checked()
    told = checked(TOO_MANY)
    assert ([row["resolved"] for row in told], len({row["issue_id"] for row in told})) == (
        [False, True, False],
        1,
    )


def test_checking_another_date_closes_nothing(checked):
    checked(TOO_MANY)
    assert len(checked(dates=[NEXT_DAY])) == 1


def test_the_view_shows_the_newest_word_on_each_issue(checked):
    checked(TOO_MANY)
    checked()
    answer = checked.warehouse.query(
        "select resolved, count(*) n from nba_processing.precompute_data_issues group by all"
    )
    assert answer.to_pylist() == [{"resolved": True, "n": 1}]
