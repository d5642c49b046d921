"""Which tables a selection means, and what they stand on."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.engine.history import rounds
from nba_pipeline.orchestration.launch import selected_tables, span
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse

DAY = date(2021, 11, 15)


def _names(selection: str) -> list[str]:
    return [table.name for table in selected_tables(selection)]


def _readers(names: set[str]) -> set[str]:
    found = set(names)
    for name, table in REGISTRY.items():
        if found & {declared.table for declared in table.inputs.values()}:
            found.add(name)
    return found


def test_nothing_selected_means_everything() -> None:
    assert _names("") == list(REGISTRY)


@pytest.mark.parametrize("name", ["nbac_schedule", "nbac_shots", "player_game_summary"])
def test_a_table_is_selected_by_its_bare_name(name: str) -> None:
    assert _names(name) == [name]


def test_a_plus_behind_means_with_everything_after() -> None:
    assert set(_names("team_offense_game_summary+")) == _readers({"team_offense_game_summary"})


def test_a_plus_before_means_with_everything_it_needs() -> None:
    found = set(_names("+team_offense_game_summary"))
    assert {"nbac_schedule", "nbac_team_boxscore", "team_offense_game_summary"} <= found
    assert "player_game_summary" not in found


def test_a_plus_on_both_sides_means_both() -> None:
    both = set(_names("+team_offense_game_summary")) | set(_names("team_offense_game_summary+"))
    assert set(_names("+team_offense_game_summary+")) == both


def test_several_tables_come_in_the_order_data_flows() -> None:
    assert _names("player_game_summary, nbac_schedule") == ["nbac_schedule", "player_game_summary"]


@pytest.mark.parametrize("selection", ["players", "players+", "nbac_schedule,players", ",", "+"])
def test_what_names_no_table_is_refused(selection: str) -> None:
    with pytest.raises(
        ConfigurationError, match=r"there is no table .*: choose from nbac_schedule"
    ):
        selected_tables(selection)


# What dates stand on ------------------------------------------------------------------------------


@pytest.fixture
def late(tmp_path: Path, fake_source: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What has to be built first where nothing is built: table names by date, in order."""
    monkeypatch.delenv("NBA_FIRST_DAY", raising=False)
    warehouse = LocalWarehouse(tmp_path, list(REGISTRY.values()))

    def build(
        selection: str, *days: date, last: date | None = None
    ) -> list[tuple[list[str], list[date]]]:
        there_is = span()[0], last or span()[1]
        tables = selected_tables(selection)
        asked = rounds(tables, days, there_is, REGISTRY, warehouse, fake_source(), os.environ)
        return [([table.name for table in one.tables], one.dates) for one in next(asked, [])]

    return build


def test_a_raw_table_stands_on_the_schedule_of_its_day(late: Any) -> None:
    assert late("nbac_player_boxscores", DAY) == [(["nbac_schedule"], [DAY])]


def test_the_schedule_stands_on_nothing(late: Any) -> None:
    assert late("nbac_schedule", DAY) == []


def test_days_on_end_that_need_the_same_are_one_stretch(late: Any) -> None:
    fixtures, *stretches = late("player_availability", DAY)
    assert fixtures[0] == ["nbac_schedule"]
    days = [day for _, dates in stretches for day in dates]
    assert days == sorted(set(days))
    assert days[-1] == DAY
    for _, dates in stretches:
        assert dates == [dates[0] + timedelta(days=step) for step in range(len(dates))]
    assert len(stretches) < 5


@pytest.mark.parametrize("selection", ["", *REGISTRY])
def test_everything_a_table_reads_of_a_day_is_built_with_it(late: Any, selection: str) -> None:
    for names, _ in late(selection, DAY):
        for name in names:
            for declared in REGISTRY[name].inputs.values():
                first = declared.window.first_day
                of_the_day = (first is None or first <= 0) and declared.window.last_day >= 0
                assert declared.is_feed or not of_the_day or declared.table in names


def test_each_day_of_a_range_stands_on_its_own_schedule(late: Any) -> None:
    next_day = DAY + timedelta(days=1)
    assert late("nbac_shots", DAY, next_day) == [(["nbac_schedule"], [DAY, next_day])]


def test_where_everything_is_wanted_only_the_fixtures_of_the_date_are_history(late: Any) -> None:
    assert [names for names, dates in late("", DAY) if DAY in dates] == [["nbac_schedule"]]


def test_nothing_stands_on_what_comes_after_tomorrow(late: Any) -> None:
    tomorrow = DAY + timedelta(days=1)
    days = {day for _, dates in late("", DAY, last=tomorrow) for day in dates}
    assert max(days) == tomorrow


def test_nothing_stands_on_what_comes_before_the_first_partition(
    late: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBA_FIRST_DAY", "2021-11-14")
    days = {day for _, dates in late("", DAY) for day in dates}
    assert min(days) == date(2021, 11, 14)
