"""The slate page in a real browser, opened from the disk, and as an asset that keeps a file.

Pictures are kept where ``browsing`` keeps them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from browsing import chromium, picture
from typer.testing import CliRunner

from nba_pipeline.cli import app, reporting
from nba_pipeline.orchestration.assets import DATA_VERSION_TAG
from nba_pipeline.orchestration.build import build_definitions
from nba_pipeline.orchestration.jobs import NBA_DAYS
from nba_pipeline.orchestration.launch import Launched
from nba_pipeline.orchestration.partitions import range_tags
from nba_pipeline.orchestration.slate import SLATE
from nba_pipeline.report.page import html_of, store
from nba_pipeline_tests.unit.report.one_evening import claim, expected, game, grade, page, played

PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}

_CALLS = ("OVER", "UNDER", "PASS")
_NAMES = ("Nikola Vučević", "Jā Mørant", "<script>document.title='broken'</script>")


def _players(count: int) -> Any:
    """A graded evening with so many players; every seventh has no line."""
    rows: dict[str, list[dict[str, Any]]] = {"claims": [], "expected": [], "form": [], "grades": []}
    for at in range(count):
        who = {"player_lookup": f"player{at}"}
        line = None if at % 7 == 0 else 5.5 + at % 23
        call = "NO_LINE" if line is None else _CALLS[at % 3]
        chance = None if line is None else 0.4 + at % 20 / 100
        said = {"line_value": line, "recommendation": call, "over_probability": chance}
        points = 5.0 + (7 * at) % 25
        made = [
            claim(system, **who, **said, predicted_points=points)
            for system in ("ensemble_v1", "xgboost_v1", "moving_average", "zone_matchup_v1")
        ]
        rows["claims"] += made
        rows["expected"].append(expected(**who))
        name = _NAMES[at] if at < len(_NAMES) else f"Player {at}"
        rows["form"] += [played(10 + at % 9, name) | who for _ in range(10)]
        rows["grades"].append(
            grade(**who, prediction_correct=None if line is None else at % 2 == 0)
        )
    return page(games=[game(3, away_team_score=101, home_team_score=99)], **rows)


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture
def opened(driver: Any, tmp_path: Path) -> Any:
    """The page of 330 players, opened from its file."""
    path = tmp_path / "slate.html"
    store(html_of(_players(330)), path)
    assert path.stat().st_size < 1_500_000
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.get(path.as_uri())
    return driver


def shown(driver: Any, label: str) -> list[str]:
    """What stands in a column of the players who are shown, from the top."""
    script = (
        "return [...document.querySelectorAll('#board>tbody')].filter(b => !b.hidden)"
        ".map(b => b.querySelector(`[data-l='${arguments[0]}']`).dataset.v)"
    )
    return list(driver.execute_script(script, label))


def choose(driver: Any, field: str, value: str) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import Select

    Select(driver.find_element(By.NAME, field)).select_by_value(value)


def press(driver: Any, selector: str, key: str) -> None:
    driver.find_element("css selector", selector).send_keys(key)


def test_it_opens_from_the_disk_without_a_complaint(opened: Any) -> None:
    picture(opened, "slate")
    assert opened.title == "Slate of 2024-11-20", "a script in a name did not run"
    assert opened.get_log("browser") == []
    assert len(shown(opened, "Line")) == 330


def test_a_column_is_sorted_by_keyboard_and_unknowns_stay_last(opened: Any) -> None:
    head = "#board th:nth-child(2)"
    for key, told in (("\n", "descending"), (" ", "ascending")):
        press(opened, f"{head} button", key)
        lines = shown(opened, "Line")
        known = [float(line) for line in lines if line]
        assert known == sorted(known, reverse=told == "descending")
        assert lines[len(known) :] == [""] * (330 - len(known))
        assert opened.find_element("css selector", head).get_attribute("aria-sort") == told
    picture(opened, "slate_sorted")


def test_players_are_filtered_by_call_by_result_and_by_a_name_without_its_accents(
    opened: Any,
) -> None:
    choose(opened, "call", "UNDER")
    choose(opened, "result", "hit")
    assert set(shown(opened, "Call")) == {"1"}
    assert set(shown(opened, "Result")) == {"hit"}
    opened.find_element("css selector", "button[type=reset]").click()
    press(opened, "[name=text]", "vucevic")
    assert opened.find_element("id", "shown").text == "1 of 330 players"
    assert opened.find_element("css selector", "#board>tbody:not([hidden]) .open").text == _NAMES[0]


def test_a_player_opens_to_every_system(opened: Any) -> None:
    press(opened, "#board .open", "\n")
    button = opened.find_element("css selector", "#board .open")
    more = opened.find_element("id", button.get_attribute("aria-controls"))
    assert button.get_attribute("aria-expanded") == "true"
    assert "Boosted trees" in more.text
    picture(opened, "slate_player")


def test_a_phone_shows_it_without_scrolling_sideways(opened: Any) -> None:
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    press(opened, "#board .open", "\n")
    width = opened.execute_script("return document.documentElement.scrollWidth")
    picture(opened, "slate_phone")
    assert width == PHONE["width"]


def test_the_dark_is_dark(opened: Any) -> None:
    media = [{"name": "prefers-color-scheme", "value": "dark"}]
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": media})
    colour = opened.execute_script("return getComputedStyle(document.body).backgroundColor")
    picture(opened, "slate_dark")
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert max(int(part) for part in colour[4:-1].split(",")) < 64


# The asset ---------------------------------------------------------------------------------------

DAYS = (date(2021, 11, 15), date(2021, 11, 16))


@pytest.fixture
def materialized(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Runs the page's asset alone, over a warehouse that nobody has filled."""
    monkeypatch.setenv("NBA_WAREHOUSE_DIR", str(tmp_path / "warehouse"))
    monkeypatch.setenv("NBA_FIRST_DAY", DAYS[0].isoformat())
    job = build_definitions().resolve_job_def(NBA_DAYS).get_subset(asset_selection={SLATE})
    with dg.DagsterInstance.ephemeral() as instance:

        def run(*days: date) -> list[dg.AssetMaterialization]:
            only = days[0].isoformat() if len(days) == 1 else None
            tags = {} if only else range_tags(days[0], days[-1])
            result = job.execute_in_process(instance=instance, partition_key=only, tags=tags)
            events = [event.materialization for event in result.get_asset_materialization_events()]
            return [event for event in events if "page" in event.metadata]

        yield run


def test_a_page_that_says_the_same_is_not_written_again(materialized: Any) -> None:
    (first,), (second,) = materialized(DAYS[0]), materialized(DAYS[0])
    path = Path(str(first.metadata["page"].value))
    assert path.name == "slate_2021-11-15.html"
    assert "never built for this day" in path.read_text("utf-8")
    assert (first.metadata["written"].value, second.metadata["written"].value) == (True, False)
    assert first.tags is not None
    assert second.tags is not None
    assert first.tags[DATA_VERSION_TAG] == second.tags[DATA_VERSION_TAG]


def test_each_day_of_a_range_has_a_page_and_a_version_of_its_own(materialized: Any) -> None:
    events = materialized(*DAYS)
    assert [event.partition for event in events] == [day.isoformat() for day in DAYS]
    assert len({event.tags[DATA_VERSION_TAG] for event in events}) == len(DAYS)


# The command -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("problems", "code"), [([], 0), (["the disk is full"], 1)])
def test_the_command_writes_the_page_whatever_the_run_came_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problems: list[str], code: int
) -> None:
    """The run itself, which other tests are about, is left out."""
    monkeypatch.setenv("NBA_WAREHOUSE_DIR", str(tmp_path / "warehouse"))
    told = Launched(problems=problems)
    monkeypatch.setattr(reporting, "bring_up_to_date", lambda *_: told)
    out = tmp_path / "folder" / "page.html"
    words = ["report", "--date", DAYS[0].isoformat(), "--out", str(out), "--json"]
    answer = CliRunner().invoke(app, words)
    said = json.loads(answer.stdout)
    assert (answer.exit_code, said["problems"]) == (code, problems)
    assert (said["page"], said["bytes"]) == (str(out), out.stat().st_size)
    assert {notice["kind"] for notice in said["notices"]} == {"missing"}
