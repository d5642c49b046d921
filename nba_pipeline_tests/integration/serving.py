"""``dagster dev`` as a person starts it, and questions to it as the browser asks them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psutil
import pytest

from nba_pipeline.engine.table import Table

CHECKOUT = Path(__file__).resolve().parents[2]

START_SECONDS, PAGE_SECONDS, RUN_SECONDS = 180, 60, 200


@dataclass(frozen=True)
class Server:
    """Dagster's own server, with the warehouse of a terminal where it has one."""

    url: str
    terminal: Any = None
    process_id: int = 0

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

    def runs(self) -> list[dict[str, Any]]:
        """Every run, oldest first: status, job and tags by name."""
        found = self.ask(_RUNS)["runsOrError"]["results"]
        return [
            {**run, "tags": {tag["key"]: tag["value"] for tag in run["tags"]}}
            for run in reversed(found)
        ]

    def launch(self, tables: Iterable[Table], day: date) -> str:
        """What the button "Materialize" sends, with nothing configured but the environment.

        Returns:
            The run's id.
        """
        launched = self.ask(LAUNCH, params=launch_params(tables, day))["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return str(launched["run"]["runId"])


_RUNS = """
query runs {
  runsOrError { ... on Runs { results { runId status jobName tags { key value } } } }
}
"""

LAUNCH = """
mutation launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
  }
}
"""


def launch_params(tables: Iterable[Table], day: date) -> dict[str, Any]:
    """The variables of ``LAUNCH``."""
    return {
        "selector": {
            "repositoryLocationName": "nba_pipeline",
            "repositoryName": "__repository__",
            "jobName": "NBA_days",
            "assetSelection": [{"path": [table.dataset, table.name]} for table in tables],
        },
        "executionMetadata": {"tags": [{"key": "dagster/partition", "value": day.isoformat()}]},
        "mode": "default",
    }


def ended(server: Server, which: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The newest run of some kind, once it is over."""

    def over() -> dict[str, Any]:
        found = [run for run in server.runs() if which(run)]
        done = found and found[-1]["status"] in ("SUCCESS", "FAILURE", "CANCELED")
        return found[-1] if done else {}

    return dict(wait(over, RUN_SECONDS, "the run to end"))


def listening(process_ids: Iterable[int]) -> set[str]:
    """The addresses that processes and all they started accept connections on."""
    family = [
        process
        for number in process_ids
        for first in [psutil.Process(number)]
        for process in (first, *first.children(recursive=True))
    ]
    return {
        connection.laddr.ip.removeprefix("::ffff:")
        for process in family
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }


@contextmanager
def serving(terminal: Any) -> Iterator[Server]:
    """``dagster dev`` in the checkout with a terminal's environment, on a port of its own.

    Which address it listens on is left to it, as README has it.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("dagster")), "dev"]
    with (terminal.folder / "dev.log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            env=terminal.environment,
            cwd=CHECKOUT,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait(
                lambda: process.poll() is not None or _answers(f"{url}/server_info"),
                START_SECONDS,
                "dagster dev to start",
            )
            assert process.poll() is None, (terminal.folder / "dev.log").read_text()
            yield Server(url, terminal, process.pid)
        finally:
            _stop(process)


def wait(until: Callable[[], Any], seconds: float, what: str) -> Any:
    """The first answer that counts; it fails the test when there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := until():
            return found
        time.sleep(0.25)
    pytest.fail(f"waited {seconds} s for {what}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310
            return "dagster_version" in json.load(response)
    except OSError:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server and everything it started, which is a session of its own."""
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(5)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
