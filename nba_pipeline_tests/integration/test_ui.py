"""What a person sees in the browser after a run in the terminal, and a run she starts there.

Needs Debian's chromium and chromium-driver. Pictures of every page are kept in ``test-artefacts``.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from serving import CHECKOUT, PAGE_SECONDS, Server, ended, serving, wait

from nba_pipeline.tables import REGISTRY

#: The first is built in the terminal, the others from the browser.
DAY, NEXT, LAST = (date(2021, 11, day) for day in (15, 16, 17))
#: Days that a backfill which follows windows would build.
OFFERED = [date(2021, 11, day) for day in range(15, 31)]
#: What the terminal builds: the players' table with everything it reads.
SELECTED = "+player_game_summary"
PICTURES = CHECKOUT / "test-artefacts"
PLAYERS = "/assets/nba_analytics/player_game_summary"

# What a page says while it is still asking the server.
_UNFINISHED = ("Loading", "fetching statuses")


@pytest.fixture(scope="module")
def server(
    archive: Path, tmp_path_factory: pytest.TempPathFactory, terminal_in: Any
) -> Iterator[Server]:
    """``dagster dev`` in the checkout, after a run in the terminal."""
    terminal = terminal_in(
        tmp_path_factory.mktemp("ui"),
        NBA_FIRST_DAY=DAY.isoformat(),
        NBA_ARCHIVE_DIR=str(archive),
    )
    answer = terminal("run", "--date", DAY.isoformat(), "--only", "--select", SELECTED)
    assert answer.code == 0, answer.err
    with serving(terminal) as running:
        yield running


@dataclass(frozen=True)
class Browser:
    """A headless Chromium that looks at the server's pages."""

    driver: Any
    server: Server

    def open(self, path: str, *texts: str) -> str:
        """The visible text of a page, once all of ``texts`` stand there."""
        self.driver.get(self.server.url + path)
        return self.reads(*texts)

    def reads(self, *texts: str) -> str:
        """The visible text, once all of ``texts`` stand there."""
        from selenium.webdriver.common.by import By

        def whole() -> str:
            text = str(self.driver.find_element(By.TAG_NAME, "body").text)
            unfinished = any(word in text for word in _UNFINISHED)
            return text if all(wanted in text for wanted in texts) and not unfinished else ""

        return str(wait(whole, PAGE_SECONDS, f"{texts} at {self.driver.current_url}"))

    def click(self, text: str) -> None:
        """Click the first thing that says exactly this."""
        from selenium.webdriver.common.by import By

        self.driver.find_element(By.XPATH, f"//*[text()='{text}']").click()

    def rows_of_players(self) -> int:
        """Rows of the players' table on the day."""
        warehouse = self.server.terminal.warehouse
        return int(warehouse.read(REGISTRY["player_game_summary"], [DAY]).num_rows)

    def picture(self, name: str) -> None:
        """Keep a picture of what is to be seen."""
        PICTURES.mkdir(exist_ok=True)
        assert self.driver.save_screenshot(str(PICTURES / f"{name}.png"))


@pytest.fixture(scope="module")
def browser(server: Server) -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    driver_path = shutil.which("chromedriver")
    if not (chromium and driver_path):
        pytest.skip("no browser: install the Debian packages chromium and chromium-driver")
    selenium = pytest.importorskip("selenium.webdriver", reason="no selenium to drive the browser")
    options = selenium.ChromeOptions()
    options.binary_location = chromium
    for flag in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "window-size=1600,1200"):
        options.add_argument(f"--{flag}")
    driver = selenium.Chrome(options=options, service=selenium.ChromeService(driver_path))
    try:
        yield Browser(driver, server)
    finally:
        driver.quit()


def test_the_graph_has_a_box_for_each_layer(browser: Browser) -> None:
    layers = {table.layer for table in REGISTRY.values()}
    text = browser.open("/asset-groups/", *layers)
    browser.picture("graph")
    assert "Join the Dagster community" not in text, "a dialog hides the graph"


def test_a_table_stands_checked_between_its_neighbours(browser: Browser) -> None:
    path = "/assets/nba_raw/nbac_shots?view=lineage&lineageScope=neighbors"
    text = browser.open(path, "nbac_schedule", "player_game_summary", "1 / 2 Passed")
    browser.picture("neighbours")
    assert text.count("1 / 2 Passed") == 4, "a table, the one it reads and two that read it"


def test_a_table_says_what_it_is(browser: Browser) -> None:
    text = browser.open(f"{PLAYERS}?view=overview", "minutes_played", "Owners")
    browser.picture("player_game_summary")
    assert "What a player did in a finished game" in text
    assert "nba-data" in text


def test_a_partition_shows_its_numbers(browser: Browser) -> None:
    path = f"{PLAYERS}?view=partitions&partition={DAY}"
    text = browser.open(path, "computed", "first build of this partition")
    browser.picture("partition")
    lines = text.splitlines()
    shown = {name: lines[lines.index(name) + 1] for name in ("rows", "computed", "failed")}
    rows = str(browser.rows_of_players())
    assert shown == {"rows": rows, "computed": rows, "failed": "0"}


def test_a_partition_shows_its_plot(browser: Browser) -> None:
    from selenium.webdriver.common.by import By

    browser.open(f"{PLAYERS}?view=partitions&partition={DAY}", "plot", "[Show Markdown]")
    browser.click("[Show Markdown]")
    (image,) = wait(
        lambda: browser.driver.find_elements(By.CSS_SELECTOR, "img[src^='data:image/png']"),
        PAGE_SECONDS,
        "the plot",
    )
    browser.picture("plot")
    assert image.get_property("naturalWidth") == image.size["width"] == 640
    rows = browser.rows_of_players()
    assert image.get_attribute("alt") == f"points on {DAY}: the top 24 of {rows}"


def test_a_check_says_what_is_promised(browser: Browser) -> None:
    text = browser.open(f"{PLAYERS}?view=checks", "Passed", "Succeeded")
    browser.picture("check")
    assert "players' points add up to their team's" in text
    assert "1 partition checked, every promise kept" in text


def test_sensors_and_schedules_are_listed_and_off(browser: Browser) -> None:
    names = ("new_payloads", "out_of_date", "launch_what_changed", "post_game", "line_moves")
    browser.open("/automation", *names)
    browser.picture("automation")
    switches = browser.driver.find_elements("css selector", "input[type=checkbox][role=switch]")
    assert not any(switch.is_selected() for switch in switches)


def test_runs_of_the_terminal_are_listed(browser: Browser) -> None:
    text = browser.open("/runs", "NBA_days", "Success")
    browser.picture("runs")
    assert text.count("Success") == 1
    assert f"partition: {DAY}" in text


_STATUS = """
query status($key: AssetKeyInput!, $days: [String!]) {
  assetNodeOrError(assetKey: $key) {
    ... on AssetNode {
      partitionStats { numMaterialized }
      staleStatusByPartition(partitions: $days)
      latestMaterializationByPartition(partitions: $days) { tags { key value } }
    }
  }
}
"""


@pytest.mark.parametrize("name", ["nbac_schedule", "nbac_shots", "player_game_summary"])
def test_graphql_calls_the_day_fresh_at_its_version(server: Server, name: str) -> None:
    key = {"path": [REGISTRY[name].dataset, name]}
    asked = {"key": key, "days": [DAY.isoformat()]}
    node = server.ask(_STATUS, **asked)["assetNodeOrError"]
    versions = [
        tag["value"]
        for event in node["latestMaterializationByPartition"]
        for tag in event["tags"]
        if tag["key"] == "dagster/data_version"
    ]
    assert node["staleStatusByPartition"] == ["FRESH"]
    assert versions == [server.terminal.versions([DAY])[name, DAY]]


def test_a_run_started_in_the_browser_builds_the_day(server: Server) -> None:
    run_id = server.launch([REGISTRY["nbac_schedule"]], NEXT)
    run = ended(server, lambda run: run["runId"] == run_id)
    assert run["status"] == "SUCCESS"
    assert server.terminal.versions([NEXT])["nbac_schedule", NEXT]


_JOBS = "query jobs { assetNodes { assetKey { path } jobNames } }"


def test_the_browser_launches_what_is_selected_with_our_job(server: Server) -> None:
    """It takes the first job that all selected tables have; its own would follow windows."""
    jobs = [node["jobNames"] for node in server.ask(_JOBS)["assetNodes"]]
    assert len(jobs) == len(REGISTRY) + 1, "every table, and the slate's page"
    assert {names[0] for names in jobs} == {"NBA_days"}


_BACKFILL = """
mutation backfill($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""


def test_a_backfill_in_the_browser_is_of_the_chosen_days_in_one_run(server: Server) -> None:
    """What the dialog sends: two tables, one of which reads a season of the other."""
    days = [day.isoformat() for day in (NEXT, LAST)]
    names = ("nbac_schedule", "nbac_injury_report", "player_availability")
    params = {
        "selector": {
            "partitionSetName": "NBA_days_partition_set",
            "repositorySelector": {
                "repositoryLocationName": "nba_pipeline",
                "repositoryName": "__repository__",
            },
        },
        "assetSelection": [{"path": [REGISTRY[name].dataset, name]} for name in names],
        "partitionNames": days,
        "fromFailure": False,
    }
    launched = server.ask(_BACKFILL, params=params)["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched
    wanted = launched["backfillId"]
    run = ended(server, lambda run: run["tags"].get("dagster/backfill") == wanted)
    assert run["status"] == "SUCCESS"
    assert (
        run["tags"]["dagster/asset_partition_range_start"],
        run["tags"]["dagster/asset_partition_range_end"],
    ) == tuple(days)
    built = server.terminal.versions(OFFERED)
    assert {key for key in built if key[0] in names and key[1] != DAY} == {
        (name, day) for name in names for day in (NEXT, LAST)
    }
