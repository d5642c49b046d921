"""What a person does in Dagster's own pages: looks, materializes a day, again, and two more.

Everything is clicked in a real browser on ``dagster dev`` as README starts it, over recorded games
where there are season files and over the simulated league where there are none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from browsing import Browser, chromium, picture
from serving import PAGE_SECONDS, RUN_SECONDS, Server, ended, listening, serving, wait

from nba_pipeline.tables import REGISTRY

TABLE = REGISTRY["player_game_summary"]
PLAYERS = f"/assets/{TABLE.dataset}/{TABLE.name}"
LINEAGE = "?view=lineage&lineageScope=upstream&lineageDepth=5"
AVAILABILITY = "/assets/nba_analytics/player_availability"


@dataclass(frozen=True)
class World:
    """Whose games there are.

    Attributes:
        day: The day that is materialized first; two more follow it.
        settings: What the program is told of them.
    """

    day: date
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def next_days(self) -> list[date]:
        """The two days of the backfill."""
        return [self.day + timedelta(1), self.day + timedelta(2)]


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest) -> World:
    try:
        archive = request.getfixturevalue("archive")
    except pytest.skip.Exception:
        return World(date(2025, 11, 12))
    return World(date(2021, 11, 15), {"NBA_ARCHIVE_DIR": str(archive)})


@pytest.fixture(scope="module")
def server(
    world: World, tmp_path_factory: pytest.TempPathFactory, terminal_in: Any
) -> Iterator[Server]:
    """``dagster dev`` in the checkout, after a first table was built in the terminal."""
    settings = {"NBA_FIRST_DAY": world.day.isoformat(), **world.settings}
    terminal = terminal_in(tmp_path_factory.mktemp("ui"), **settings)
    answer = terminal("run", "--date", world.day.isoformat(), "--only", "--select", "nbac_schedule")
    assert answer.code == 0, answer.err
    with serving(terminal) as running:
        yield running


@pytest.fixture(scope="module")
def browser(server: Server) -> Iterator[Browser]:
    with chromium() as driver:
        yield Browser(driver, server)


def new_run(server: Server, known: list[dict[str, Any]]) -> dict[str, Any]:
    """The run that was launched since, once it is over."""
    ids = {run["runId"] for run in known}
    return ended(server, lambda run: run["runId"] not in ids)


def numbers(text: str) -> dict[str, str]:
    """The counts that a page shows of a materialization."""
    lines = text.splitlines()
    names = ("rows", "computed", "reused", "failed")
    return {name: lines[lines.index(name) + 1] for name in names}


def rows_of_players(server: Server, day: date) -> int:
    return int(server.terminal.warehouse.read(TABLE, [day]).num_rows)


def test_nobody_beyond_this_machine_can_reach_it(server: Server) -> None:
    assert listening([server.process_id]) == {"127.0.0.1"}


def test_the_graph_has_a_box_for_each_layer(browser: Browser) -> None:
    layers = {table.layer for table in REGISTRY.values()}
    text = browser.open("/asset-groups/", *layers)
    picture(browser.driver, "graph")
    assert "Join the Dagster community" not in text, "a dialog hides the graph"


_AUTOMATIONS = """
query automations {
  repositoriesOrError {
    ... on RepositoryConnection {
      nodes {
        schedules { name scheduleState { status } }
        sensors { name sensorState { status } }
      }
    }
  }
}
"""


def test_sensors_and_schedules_are_listed_and_off(browser: Browser) -> None:
    """A row has a box to select it and, once its state is known, a switch, which is a box too."""
    (found,) = browser.server.ask(_AUTOMATIONS)["repositoriesOrError"]["nodes"]
    names = [automation["name"] for automation in found["schedules"] + found["sensors"]]
    assert {"new_payloads", "out_of_date", "launch_what_changed", "post_game"} <= {*names}
    browser.open("/automation", *names)

    boxes = "return [...document.querySelectorAll('input[type=checkbox]')].map(b => b.checked)"

    def loaded() -> list[bool]:
        # Asked all at once: the page makes its rows anew as states arrive.
        checked = list(browser.driver.execute_script(boxes))
        return checked if len(checked) == 2 * len(names) + 1 else []

    assert not any(wait(loaded, PAGE_SECONDS, "a switch in every row"))
    picture(browser.driver, "automation")
    states = [schedule["scheduleState"] for schedule in found["schedules"]]
    states += [sensor["sensorState"] for sensor in found["sensors"]]
    assert {state["status"] for state in states} == {"STOPPED"}


_JOBS = "query jobs { assetNodes { assetKey { path } jobNames } }"


def test_the_browser_launches_what_is_selected_with_our_job(server: Server) -> None:
    """It takes the first job that all selected tables have; its own would follow windows."""
    jobs = [node["jobNames"] for node in server.ask(_JOBS)["assetNodes"]]
    assert len(jobs) == len(REGISTRY) + 1, "every table, and the slate's page"
    assert {names[0] for names in jobs} == {"NBA_days"}


@pytest.fixture(scope="module")
def materialized(browser: Browser, world: World) -> dict[str, Any]:
    """The run of a click on the players' table with everything it reads."""
    known = browser.server.runs()
    browser.open(PLAYERS + LINEAGE, "Materialize all…", "nbac_schedule")
    browser.materialize("Materialize all…", [world.day], "materialize")
    return new_run(browser.server, known)


def test_a_click_materializes_a_day_with_all_it_reads(
    browser: Browser, world: World, materialized: dict[str, Any]
) -> None:
    assert materialized["status"] == "SUCCESS"
    assert materialized["tags"]["dagster/partition"] == world.day.isoformat()
    built = {name for name, _ in browser.server.terminal.versions([world.day])}
    assert built >= {"nbac_schedule", "nbac_player_boxscores", "player_availability", TABLE.name}


@pytest.mark.usefixtures("materialized")
def test_a_table_stands_checked_between_its_neighbours(browser: Browser) -> None:
    path = "/assets/nba_raw/nbac_shots?view=lineage&lineageScope=neighbors"
    browser.open(path, "nbac_schedule")
    text = browser.zoom_in_until("1 / 2 Passed")
    picture(browser.driver, "neighbours")
    assert text.count("1 / 2 Passed") == 4, "a table, the one it reads and two that read it"


def test_a_table_says_what_it_is(browser: Browser) -> None:
    said = TABLE.description.splitlines()[0]
    browser.open(f"{PLAYERS}?view=overview", said, "minutes_played", "Owners", "nba-data")
    picture(browser.driver, "player_game_summary")


@pytest.mark.usefixtures("materialized")
def test_a_partition_shows_its_numbers(browser: Browser, world: World) -> None:
    path = f"{PLAYERS}?view=partitions&partition={world.day}"
    text = browser.open(path, "computed", "first build of this partition")
    picture(browser.driver, "partition")
    rows = str(rows_of_players(browser.server, world.day))
    assert numbers(text) == {"rows": rows, "computed": rows, "reused": "0", "failed": "0"}


@pytest.mark.usefixtures("materialized")
def test_a_partition_shows_its_plots(browser: Browser, world: World) -> None:
    browser.open(f"{PLAYERS}?view=partitions&partition={world.day}", "plot", "[Show Markdown]")
    rows = rows_of_players(browser.server, world.day)
    assert browser.plots() == [f"points on {world.day}: the top 24 of {rows}"]


@pytest.mark.usefixtures("materialized")
def test_a_check_says_what_is_promised(browser: Browser) -> None:
    promised = "players' points add up to their team's"
    kept = "1 partition checked, every promise kept"
    browser.open(f"{PLAYERS}?view=checks", "Passed", "Succeeded", promised, kept)
    picture(browser.driver, "check")


_STATUS = """
query status($key: AssetKeyInput!, $days: [String!]) {
  assetNodeOrError(assetKey: $key) {
    ... on AssetNode {
      staleStatusByPartition(partitions: $days)
      latestMaterializationByPartition(partitions: $days) { tags { key value } }
    }
  }
}
"""


@pytest.mark.usefixtures("materialized")
@pytest.mark.parametrize("name", ["nbac_schedule", "nbac_shots", "player_game_summary"])
def test_the_day_is_fresh_at_the_version_of_its_rows(
    server: Server, world: World, name: str
) -> None:
    key = {"path": [REGISTRY[name].dataset, name]}
    asked = {"key": key, "days": [world.day.isoformat()]}
    node = server.ask(_STATUS, **asked)["assetNodeOrError"]
    versions = [
        tag["value"]
        for event in node["latestMaterializationByPartition"]
        for tag in event["tags"]
        if tag["key"] == "dagster/data_version"
    ]
    assert node["staleStatusByPartition"] == ["FRESH"]
    assert versions == [server.terminal.versions([world.day])[name, world.day]]


@pytest.mark.usefixtures("materialized")
def test_materialized_again_it_is_reused(browser: Browser, world: World) -> None:
    server, files = browser.server, browser.server.terminal.files()
    known = server.runs()
    browser.open(f"{PLAYERS}?view=partitions&partition={world.day}", "Latest materialization")
    browser.materialize("Materialize…", [world.day], "materialize_again")
    assert new_run(server, known)["status"] == "SUCCESS"
    path = f"{PLAYERS}?view=partitions&partition={world.day}"
    text = browser.open(path, "unchanged: nothing it reads has changed")
    picture(browser.driver, "reused")
    rows = str(rows_of_players(server, world.day))
    assert numbers(text) == {"rows": rows, "computed": "0", "reused": rows, "failed": "0"}
    assert server.terminal.files() == files, "no file is written anew"


@pytest.mark.usefixtures("materialized")
def test_a_small_backfill_is_of_the_chosen_days_in_one_run(browser: Browser, world: World) -> None:
    """One of its tables reads a season of another, which does not make the run longer."""
    server = browser.server
    before, known = server.terminal.versions([world.day]), server.runs()
    browser.open(AVAILABILITY + LINEAGE, "Materialize all…", "nbac_injury_report")
    browser.materialize("Materialize all…", world.next_days, "backfill_dialog")
    run = new_run(server, known)
    assert run["status"] == "SUCCESS"
    first, last = (day.isoformat() for day in world.next_days)
    assert run["tags"]["dagster/asset_partition_range_start"] == first
    assert run["tags"]["dagster/asset_partition_range_end"] == last
    offered = [world.day + timedelta(days) for days in range(16)]
    built = {day for name, day in server.terminal.versions(offered) if "availability" in name}
    assert built == {world.day, *world.next_days}
    assert server.terminal.versions([world.day]) == before
    browser.open(f"/runs/b/{run['tags']['dagster/backfill']}", "2 partitions", "100% completed")
    picture(browser.driver, "backfill")


@pytest.mark.usefixtures("materialized")
def test_runs_of_the_terminal_and_of_the_browser_are_listed(browser: Browser, world: World) -> None:
    """A backfill is one of them, and is over when Dagster's daemon has looked at its run."""
    alone = [run for run in browser.server.runs() if "dagster/backfill" not in run["tags"]]

    def all_over() -> str:
        text = browser.open("/runs", "NBA_days", "Success")
        return text if text.count("Success") == len(alone) + 1 else ""

    text = wait(all_over, RUN_SECONDS, "every run to be shown as over")
    picture(browser.driver, "runs")
    assert len(alone) == 3
    assert f"partition: {world.day}" in text
    assert "nba/mode: daily" in text, "the terminal's"
