"""The services of the compose file, word by word, over a real PostgreSQL: from nothing to a run.

Containers apart, nothing is left out: commands, environments, health checks and the order they are
started in come from the files. They may write nowhere but where a volume would be.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest
from composed import Stack, stack
from database import Database, free_port, postgres
from serving import LAUNCH, Server, ended, launch_params, listening

from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse

DAY = date(2025, 11, 12)
TABLE = REGISTRY["nbac_schedule"]
#: Has everything that a careless address would trip over.
PASSWORD = "planted %2F/@:night"  # noqa: S105 - looked for in everything that is shown


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with postgres("dagster", PASSWORD) as running:
        yield running


@pytest.fixture(scope="module")
def up(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything, started in the order of the file, each when what it waits for is there."""
    settings = {"POSTGRES_PASSWORD": PASSWORD, "NBA_FIRST_DAY": DAY.isoformat()}
    with stack(tmp_path_factory.mktemp("composed"), database, settings) as made:
        for name, service in made.services.items():
            for needed, told in service.get("depends_on", {}).items():
                if told["condition"] == "service_healthy":
                    made.wait_for(needed)
            if name == "migrate":
                done = made.run(name)
                assert done.returncode == 0, done.stderr
            elif name != "postgres":
                made.start(name)
        for name in ("webserver", "viewer", "daemon"):
            made.wait_for(name)
        yield made


@pytest.fixture(scope="module")
def server(up: Stack) -> Server:
    return Server(up.url("webserver"))


@pytest.fixture(scope="module")
def run(server: Server) -> dict[str, Any]:
    """A run that a person starts in the UI, once it is over."""
    run_id = server.launch([TABLE], DAY)
    return ended(server, lambda run: run["runId"] == run_id)


def test_every_health_check_found_its_service_well(up: Stack) -> None:
    assert up.well == {*up.services} - {"migrate"}


@pytest.mark.parametrize("name", ["postgres", "code", "webserver"])
def test_a_service_that_is_not_there_is_not_well(
    name: str, database: Database, tmp_path: Path
) -> None:
    nowhere = Database(database.programs, free_port(), database.name, database.password)
    assert Stack(tmp_path, nowhere, {"POSTGRES_PASSWORD": PASSWORD}).check(name).returncode


def test_nothing_is_open_beyond_this_machine(up: Stack) -> None:
    assert listening(process.pid for process in up.running.values()) == {"127.0.0.1"}


def test_a_run_from_the_ui_succeeds_and_its_rows_are_on_the_volume(
    up: Stack, run: dict[str, Any]
) -> None:
    assert run["status"] == "SUCCESS", up.log("code").read_text()
    folder = Path(up.environment("code")["NBA_WAREHOUSE_DIR"])
    assert folder.is_relative_to(up.folder / "warehouse")
    assert LocalWarehouse(folder, [TABLE]).read(TABLE, [DAY]).num_rows > 0


def test_postgres_has_the_run_and_its_events(database: Database, run: dict[str, Any]) -> None:
    assert database.rows("select status from runs where run_id = %s", run["runId"]) == [
        ("SUCCESS",)
    ]
    told = database.rows(
        "select asset_key, partition from event_logs where run_id = %s"
        " and dagster_event_type = 'ASSET_MATERIALIZATION'",
        run["runId"],
    )
    assert told == [(f'["{TABLE.dataset}", "{TABLE.name}"]', DAY.isoformat())]


def test_what_the_run_printed_is_on_the_volume_that_the_ui_reads(
    up: Stack, run: dict[str, Any]
) -> None:
    kept = list((up.folder / "logs" / run["runId"]).rglob("*.err"))
    assert kept
    assert up.environment("webserver")["DAGSTER_LOGS_DIR"] == str(up.folder / "logs")


def test_the_terminal_in_a_container_keeps_the_same_log(
    up: Stack, database: Database, run: dict[str, Any]
) -> None:
    """Our own event log is for folders we make; where PostgreSQL is configured, that is it."""
    assert run
    words = ("run", "--date", DAY.isoformat(), "--only", "--select", TABLE.name, "--json")
    answer = up.run("code", "nba-pipeline", *words)
    assert answer.returncode == 0, answer.stderr
    told = json.loads(answer.stdout)
    (partition,) = told["partitions"]
    assert (partition["computed"], partition["reused"]) == (0, partition["rows"])
    assert database.rows("select status from runs where run_id = %s", told["run_ids"][0]) == [
        ("SUCCESS",)
    ]
    assert not list(up.folder.rglob("*.db"))


def test_in_the_second_ui_nothing_can_be_launched(up: Stack) -> None:
    viewer = Server(up.url("viewer"))
    answer = viewer.ask(LAUNCH, params=launch_params([TABLE], DAY))["launchRun"]
    assert answer == {"__typename": "UnauthorizedError"}
    assert viewer.ask("{ version }")["version"]


def test_the_password_is_shown_nowhere(up: Stack, server: Server, run: dict[str, Any]) -> None:
    assert run
    family = [
        process
        for started in up.running.values()
        for first in [psutil.Process(started.pid)]
        for process in (first, *first.children(recursive=True))
    ]
    shown = [
        server.ask("{ instance { info } }")["instance"]["info"],
        *(" ".join(process.cmdline()) for process in family),
        *(path.read_text(errors="replace") for path in up.folder.rglob("*.log")),
        *(path.read_text(errors="replace") for path in (up.folder / "logs").rglob("*.err")),
    ]
    for spelled in (PASSWORD, quote(PASSWORD), quote(PASSWORD, safe="")):
        assert not [text for text in shown if spelled in text]


def test_nothing_is_written_beside_the_volumes(up: Stack, run: dict[str, Any]) -> None:
    assert run
    assert {path.name for path in up.home.iterdir()} == {"dagster.yaml", "workspace.yaml"}
