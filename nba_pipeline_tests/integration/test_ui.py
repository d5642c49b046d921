"""What a person sees in the browser after a run in the terminal, and a run she starts there.

Needs Debian's chromium and chromium-driver. Pictures of every page are kept in ``test-artefacts``.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from nba_pipeline.tables import REGISTRY

#: The first is built in the terminal, the second from the browser.
DAY, NEXT = date(2021, 11, 15), date(2021, 11, 16)
#: What the terminal builds: the players' table with everything it reads.
SELECTED = "+player_game_summary"
CHECKOUT = Path(__file__).resolve().parents[2]
PICTURES = CHECKOUT / "test-artefacts"
PLAYERS = "/assets/nba_analytics/player_game_summary"

# What a page says while it is still asking the server.
_UNFINISHED = ("Loading", "fetching statuses")

_START_SECONDS, _PAGE_SECONDS, _RUN_SECONDS = 90, 45, 90


@dataclass(frozen=True)
class Server:
    """Dagster's own server, with what a terminal has built."""

    url: str
    terminal: Any

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of a GraphQL answer."""
        request = urllib.request.Request(  # noqa: S310 - our own server
            f"{self.url}/graphql",
            data=json.dumps({"query": query, "variables": variables}).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            answer = json.load(response)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]


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
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("dagster")), "dev"]
    with (terminal.folder / "dev.log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)],
            env=terminal.environment,
            cwd=CHECKOUT,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(lambda: _answers(f"{url}/server_info"), _START_SECONDS, "dagster dev to start")
            yield Server(url, terminal)
        finally:
            _stop(process)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310
            return "dagster_version" in json.load(response)
    except OSError:
        return False


def _wait(until: Callable[[], Any], seconds: float, what: str) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := until():
            return found
        time.sleep(0.25)
    pytest.fail(f"waited {seconds} s for {what}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server and everything it started, which is a session of its own."""
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(5)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


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

        return str(_wait(whole, _PAGE_SECONDS, f"{texts} at {self.driver.current_url}"))

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
    text = browser.open(path, "nbac_schedule", "player_game_summary", "1 / 1 Passed")
    browser.picture("neighbours")
    assert text.count("1 / 1 Passed") == 4, "a table, the one it reads and two that read it"


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
    (image,) = _wait(
        lambda: browser.driver.find_elements(By.CSS_SELECTOR, "img[src^='data:image/png']"),
        _PAGE_SECONDS,
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


_PREVIEW = """
query preview($params: AssetBackfillPreviewParams!) {
  assetBackfillPreview(params: $params) {
    assetKey { path }
    partitions { ranges { start end } }
  }
}
"""


@pytest.mark.xfail(
    reason="Dagster follows windows downstream: four days of raw tables become a hundred of those "
    "that read a season of them, most of which cannot be built yet"
)
def test_a_backfill_in_the_browser_is_of_the_chosen_days(server: Server) -> None:
    days = [DAY.isoformat(), NEXT.isoformat()]
    assets = [{"path": [table.dataset, name]} for name, table in REGISTRY.items()]
    params = {"partitionNames": days, "assetSelection": assets}
    answer = server.ask(_PREVIEW, params=params)["assetBackfillPreview"]
    assert {entry["assetKey"]["path"][-1]: entry["partitions"]["ranges"] for entry in answer} == {
        name: [{"start": days[0], "end": days[1]}] for name in REGISTRY
    }


_LAUNCH = """
mutation launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
  }
}
"""

_RUN = "query run($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"


def test_a_run_started_in_the_browser_builds_the_day(server: Server) -> None:
    """What the button "Materialize" sends, with nothing configured but the environment."""
    selector = {
        "repositoryLocationName": "nba_pipeline",
        "repositoryName": "__repository__",
        "jobName": "NBA_days",
        "assetSelection": [{"path": ["nba_raw", "nbac_schedule"]}],
    }
    tags = [{"key": "dagster/partition", "value": NEXT.isoformat()}]
    params = {"selector": selector, "executionMetadata": {"tags": tags}, "mode": "default"}
    launched = server.ask(_LAUNCH, params=params)["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched

    def ended() -> str:
        status = str(server.ask(_RUN, id=launched["run"]["runId"])["runOrError"]["status"])
        return status if status in ("SUCCESS", "FAILURE", "CANCELED") else ""

    assert _wait(ended, _RUN_SECONDS, "the run to end") == "SUCCESS"
    assert server.terminal.versions([NEXT])["nbac_schedule", NEXT]
