"""Workflows as Dagster jobs and from the terminal, against the recorded provider."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.orchestration.build import build_definitions
from nba_pipeline.orchestration.workflows import ingest, job_name
from nba_pipeline.sources.live.workflows import WORKFLOWS

DAY = date(2024, 12, 14)


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_definitions()


@pytest.fixture
def instance(provider: Any) -> Iterator[dg.DagsterInstance]:
    """An instance of Dagster, in an environment that leads to the recorded provider."""
    with pytest.MonkeyPatch.context() as patched:
        for name, text in provider.settings.items():
            patched.setenv(name, text)
        with dg.DagsterInstance.ephemeral() as fresh:
            yield fresh


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_is_a_job_of_one_day(definitions, name):
    job = definitions.resolve_job_def(job_name(name))
    assert isinstance(job.partitions_def, dg.DailyPartitionsDefinition)
    assert job.description == WORKFLOWS[name].description


def said(instance: dg.DagsterInstance, run_id: str) -> str:
    """Everything a run left in Dagster's event log."""
    return "\n".join(repr(entry) for entry in instance.all_logs(run_id))


def test_a_run_tells_what_was_fetched_and_the_next_that_nothing_is_new(
    definitions, instance, tmp_path, planted
):
    runs = [ingest(["post_game"], DAY, definitions, instance, str(tmp_path)) for _ in range(2)]
    (first,), (second,) = (reports for _, reports in runs)
    assert first["succeeded"]
    assert second["succeeded"]
    assert sum(member["fetched"] for member in first["members"]) == 9
    assert sum(member["fetched"] for member in second["members"]) == 0
    for (run_id,), _ in runs:
        assert instance.get_run_by_id(run_id).status is dg.DagsterRunStatus.SUCCESS
        assert planted not in said(instance, run_id)


def test_a_failed_critical_member_fails_the_run_in_one_sentence(
    definitions, instance, provider, reply, tmp_path, planted
):
    provider.always("/cdn/static/json/liveData", reply(422))
    provider.always("/balldontlie", reply(401))
    (run_id,), (report,) = ingest(["post_game"], DAY, definitions, instance, str(tmp_path))
    assert not report["succeeded"]
    assert instance.get_run_by_id(run_id).status is dg.DagsterRunStatus.FAILURE
    (failure,) = [
        entry.dagster_event.step_failure_data.user_failure_data
        for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    ]
    assert failure.description.startswith(f"nbac_play_by_play: {provider.url}/cdn/static/json/")
    assert failure.description.endswith("status 422 (and 1 more)")
    shown = {record.data["member"]: record.data for record in failure.metadata["members"].records}
    assert shown["nbac_team_boxscore"]["fetched"] == 2
    assert shown["nbac_play_by_play"]["failed"] == 2
    assert "status 401" in shown["bdl_box_scores"]["says"]
    assert planted not in said(instance, run_id)


def test_a_day_beyond_tomorrow_has_nothing_yet(definitions, instance, tmp_path):
    with pytest.raises(ConfigurationError, match="2090-01-01 lies beyond tomorrow"):
        ingest(["post_game"], date(2090, 1, 1), definitions, instance, str(tmp_path))


# From the terminal --------------------------------------------------------------------------------


@pytest.fixture
def ingest_command(provider: Any, tmp_path: Path) -> Any:
    """Runs ``nba-pipeline ingest`` on ``DAY``: code, standard output, standard error."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("NBA_")}
    environ = {**kept, **provider.settings, "DAGSTER_HOME": str(tmp_path / "dagster")}
    script = Path(sys.executable).with_name("nba-pipeline")

    def command(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [script, "ingest", "--date", DAY.isoformat(), *words],
            env={**environ, **settings},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return command


def test_the_terminal_fetches_then_adds_nothing_and_says_what_failed(
    ingest_command, provider, reply, tmp_path, planted
):
    words = ("--workflow", "referee_discovery", "--workflow", "post_game")
    first = ingest_command(*words, "--json")
    assert (first.returncode, first.stderr) == (0, "")
    told = json.loads(first.stdout)
    assert [report["workflow"] for report in told["workflows"]] == [
        "referee_discovery",
        "post_game",
    ]
    zone = tmp_path / "dagster" / "nba_landing"
    assert told["landing"] == str(zone)
    before = sorted(zone.rglob("*"))
    provider.always("/officials", reply(403))
    second = ingest_command(*words)
    assert second.returncode == 1
    assert second.stderr == (
        f"Error: nbac_referee: {provider.url}/officials/wp-json/api/v1/get-game-officials"
        "?date=2024-12-14: status 403\n"
    )
    assert f"Nothing new in {zone}" in second.stdout
    assert sorted(zone.rglob("*")) == before
    assert planted not in first.stdout + second.stdout + second.stderr
    files = [path for path in (tmp_path / "dagster").rglob("*") if path.is_file()]
    assert not any(planted.encode() in path.read_bytes() for path in files)


def test_the_terminal_knows_its_workflows(ingest_command):
    told = ingest_command("--workflow", "breakfast")
    assert told.returncode == 2
    assert told.stderr.startswith("Error: there is no workflow breakfast: choose from morning_")
