"""Several real days in one run: each with its own version, each fresh, one bad day apart."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from nba_pipeline.engine.history import out_of_date
from nba_pipeline.engine.inputs import window_dates
from nba_pipeline.orchestration.assets import key_of
from nba_pipeline.orchestration.build import build_definitions
from nba_pipeline.orchestration.checks import SOUND
from nba_pipeline.orchestration.launch import Launched
from nba_pipeline.sources.archive import Archive
from nba_pipeline.tables import REGISTRY

DATES = tuple(date(2021, 11, day) for day in (14, 15, 16))
CORRECTED, BAD = date(2021, 11, 15), date(2021, 11, 16)
BOX = "player_box_2021_22.parquet"

#: Two of the tables that read more than their own day are enough for the story.
TABLES = (
    *(name for name, table in REGISTRY.items() if table.layer == "raw"),
    *("player_availability", "team_offense_game_summary"),
    *("team_defense_game_summary", "player_game_summary"),
)

every_table = pytest.mark.parametrize("name", TABLES)
Rows = pa.Table


def changed(archive: Path, folder: Path, change: Callable[[Rows], Rows]) -> Path:
    """A copy of an archive whose player box scores are changed."""
    shutil.copytree(archive, folder)
    rows = change(pq.read_table(folder / BOX))
    pq.write_table(rows, folder / BOX)
    return folder


def one_more_steal(rows: Rows) -> Rows:
    """The scorers give the first player listed on the corrected day another steal."""
    at = pc.index(rows["game_date"], pa.scalar(CORRECTED)).as_py()
    steals = rows["stl"].to_pylist()
    steals[at] += 1
    place = rows.column_names.index("stl")
    return rows.set_column(place, "stl", pa.array(steals, rows["stl"].type))


def a_row_twice(rows: Rows) -> Rows:
    """The first row of the bad day is in the file a second time."""
    first = rows.filter(pc.equal(rows["game_date"], pa.scalar(BAD))).slice(0, 1)
    return pa.concat_tables([rows, first])


@pytest.fixture(scope="module")
def corrected(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return changed(archive, tmp_path_factory.mktemp("corrected") / "archive", one_more_steal)


@pytest.fixture(scope="module")
def broken(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return changed(archive, tmp_path_factory.mktemp("broken") / "archive", a_row_twice)


def stale(lab: Any) -> dict[tuple[str, str], list[str]]:
    """Every partition that Dagster calls stale or missing, with its reasons.

    What GraphQL's ``staleStatus(partition)`` answers is not public in Python; these two imports are
    as of Dagster 1.13.27.
    """
    from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
    from dagster._core.loader import LoadingContextForTest

    graph = build_definitions().resolve_asset_graph()
    resolver = CachingStaleStatusResolver(lab.instance, graph, LoadingContextForTest(lab.instance))
    found = {}
    for name in TABLES:
        table = REGISTRY[name]
        for day in map(date.isoformat, DATES):
            if resolver.get_status(key_of(table), day) is not StaleStatus.FRESH:
                causes = resolver.get_stale_causes(key_of(table), day)
                found[name, day] = [cause.reason for cause in causes]
    return found


def checked(lab: Any, name: str) -> dict[str, list[str]]:
    """The days of a table by what its check says of them, as the asset graph sums them up.

    What GraphQL's ``partitionStatuses`` of a check answers is not public in Python; the storage's
    method is as of Dagster 1.13.27.
    """
    key = dg.AssetCheckKey(key_of(REGISTRY[name]), SOUND)
    node = build_definitions().resolve_asset_graph().get(key)
    states = lab.instance.event_log_storage.get_asset_check_state([(key, node.partitions_def)])
    days = {
        status.value.lower(): sorted(subset.value.get_partition_keys())
        for status, subset in states[key].subsets.items()
    }
    return {status: found for status, found in days.items() if found}


# The story, one run after another ---------------------------------------------------------------


@pytest.fixture(scope="module")
def built(lab: Any, archive: Path) -> Launched:
    return lab.bring(archive, *DATES, tables=TABLES)


@pytest.fixture(scope="module")
def stale_once_built(lab: Any, built: Launched) -> Any:
    assert built.succeeded, [*built.problems, *built.broken_promises]
    return stale(lab)


@pytest.fixture(scope="module")
def checked_once_built(lab: Any, stale_once_built: Any) -> Any:
    del stale_once_built
    return {name: checked(lab, name) for name in TABLES}


@pytest.fixture(scope="module")
def rebuilt(lab: Any, archive: Path, checked_once_built: Any) -> Launched:
    del checked_once_built
    return lab.bring(archive, *DATES, tables=TABLES)


@pytest.fixture(scope="module")
def raw_corrected(lab: Any, corrected: Path, rebuilt: Launched) -> Launched:
    assert rebuilt.succeeded
    return lab.bring(corrected, CORRECTED, tables=["nbac_player_boxscores"])


@pytest.fixture(scope="module")
def stale_once_corrected(lab: Any, raw_corrected: Launched) -> Any:
    assert raw_corrected.succeeded
    return stale(lab)


@pytest.fixture(scope="module")
def planned_once_corrected(
    lab: Any, corrected: Path, stale_once_corrected: Any
) -> set[tuple[str, str]]:
    """Every partition that the planner would not reuse."""
    del stale_once_corrected
    wanted = dict.fromkeys(TABLES, DATES)
    late = out_of_date(wanted, REGISTRY, lab.warehouse, Archive(corrected), {})
    return {(name, found.day.isoformat()) for found in late for name in found.tables}


@pytest.fixture(scope="module")
def healed(lab: Any, corrected: Path, planned_once_corrected: Any) -> Launched:
    del planned_once_corrected
    return lab.bring(corrected, *DATES, tables=TABLES)


@pytest.fixture(scope="module")
def stale_once_healed(lab: Any, healed: Launched) -> Any:
    assert healed.succeeded
    return stale(lab)


@pytest.fixture(scope="module")
def before_bad(lab: Any, stale_once_healed: Any) -> dict[Path, tuple[int, int]]:
    del stale_once_healed
    return lab.files()


@pytest.fixture(scope="module")
def bad(lab: Any, broken: Path, before_bad: Any) -> Launched:
    """The steal is gone again, so two days would change; one of them holds a row twice."""
    del before_bad
    return lab.bring(broken, *DATES, tables=TABLES)


def entry(told: Launched, name: str, day: date) -> dict[str, Any]:
    return next(
        part
        for part in told.partitions
        if part["table"] == REGISTRY[name].full_name and part["date"] == day.isoformat()
    )


# First build -------------------------------------------------------------------------------------


def test_a_range_is_one_run(built: Launched) -> None:
    assert built.succeeded, [*built.problems, *built.broken_promises]
    assert len(built.run_ids) == 1
    assert len(built.partitions) == len(TABLES) * len(DATES)


@every_table
def test_each_day_of_a_range_has_its_own_version(lab: Any, built: Launched, name: str) -> None:
    assert built.succeeded
    latest = {
        event.partition: (event.tags or {})["dagster/data_version"]
        for event in lab.events(built, name)
    }
    stored = lab.warehouse.stored(REGISTRY[name], DATES)
    assert {day.isoformat() for day in DATES} == set(latest)
    assert built.partitions
    for day in DATES:
        assert latest[day.isoformat()] == entry(built, name, day)["data_version"]
        assert stored[day].fingerprint


def test_days_differ_in_their_versions(built: Launched) -> None:
    versions = {entry(built, "player_game_summary", day)["data_version"] for day in DATES}
    assert len(versions) == len(DATES)


def test_every_day_of_a_range_is_fresh(stale_once_built: Any) -> None:
    assert stale_once_built == {}


@every_table
def test_every_day_of_a_range_counts_as_checked(checked_once_built: Any, name: str) -> None:
    assert checked_once_built[name] == {"succeeded": [day.isoformat() for day in DATES]}


# Unchanged ---------------------------------------------------------------------------------------


def test_an_unchanged_range_computes_nothing(rebuilt: Launched) -> None:
    assert rebuilt.succeeded
    assert sum(part["computed"] for part in rebuilt.partitions) == 0


@every_table
def test_an_unchanged_range_records_every_day_with_its_version(
    lab: Any, built: Launched, rebuilt: Launched, name: str
) -> None:
    latest = {
        event.partition: (event.tags or {})["dagster/data_version"]
        for event in lab.events(rebuilt, name)
    }
    assert latest == {day.isoformat(): entry(built, name, day)["data_version"] for day in DATES}


# A correction ------------------------------------------------------------------------------------


def _readers() -> set[tuple[str, str]]:
    """Partitions that read the corrected one, as their tables declare it.

    An edge has one stretch of days, from the first to the last day any of its inputs reads.
    """
    found = set()
    for name in TABLES:
        reads = [
            declared.window
            for declared in REGISTRY[name].inputs.values()
            if declared.table == "nbac_player_boxscores" and not declared.is_feed
        ]
        for day in DATES if reads else ():
            reached = [touched for window in reads for touched in window_dates(window, [day])]
            if min(reached) <= CORRECTED <= max(reached):
                found.add((name, day.isoformat()))
    return found


def test_a_correction_makes_exactly_its_readers_stale(stale_once_corrected: Any) -> None:
    assert set(stale_once_corrected) == _readers()
    assert {reason for reasons in stale_once_corrected.values() for reason in reasons} == {
        "has a new dependency data version"
    }


def test_dagster_calls_stale_what_the_planner_would_compute(
    stale_once_corrected: Any, planned_once_corrected: set[tuple[str, str]]
) -> None:
    assert planned_once_corrected == set(stale_once_corrected)


def test_a_range_run_after_a_correction_computes_one_player(healed: Launched) -> None:
    assert healed.succeeded
    computed = {
        (part["table"], part["date"]): part["computed"]
        for part in healed.partitions
        if part["computed"] and part["table"] == "nba_analytics.player_game_summary"
    }
    assert computed == {("nba_analytics.player_game_summary", CORRECTED.isoformat()): 1}


def test_every_day_is_fresh_once_corrected(stale_once_healed: Any) -> None:
    assert stale_once_healed == {}


@every_table
def test_after_a_correction_dagster_and_warehouse_agree(
    lab: Any, healed: Launched, stale_once_healed: Any, name: str
) -> None:
    del stale_once_healed
    for day in DATES:
        (newest,) = [
            event for event in lab.events(healed, name) if event.partition == day.isoformat()
        ][-1:]
        assert (newest.tags or {})["dagster/data_version"] == entry(healed, name, day)[
            "data_version"
        ]


# One bad day -------------------------------------------------------------------------------------


def test_a_bad_day_fails_the_run_in_one_sentence(bad: Launched) -> None:
    assert not bad.succeeded
    (sentence,) = bad.problems
    for named in (BOX, BAD.isoformat(), "player_id"):
        assert named in sentence, sentence
    assert "\n" not in sentence


def test_the_other_days_are_built(bad: Launched) -> None:
    built_days = {
        part["date"]
        for part in bad.partitions
        if part["table"] == REGISTRY["nbac_player_boxscores"].full_name
    }
    assert built_days == {day.isoformat() for day in DATES if day != BAD}
    assert entry(bad, "nbac_player_boxscores", CORRECTED)["computed"] == 1


@every_table
def test_the_bad_day_is_left_as_it_was(
    lab: Any, before_bad: dict[Path, tuple[int, int]], bad: Launched, name: str
) -> None:
    assert not bad.succeeded
    path = lab.warehouse.path(REGISTRY[name], BAD)
    assert lab.files()[path] == before_bad[path]


# A lost input -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lost(lab: Any, corrected: Path, bad: Launched) -> Launched:
    """One day of an upstream table is gone when the tables below it are run on their own."""
    assert not bad.succeeded
    lab.warehouse.path(REGISTRY["nbac_team_boxscore"], BAD).unlink()
    return lab.bring(corrected, *DATES, tables=["team_offense_game_summary"])


@pytest.fixture(scope="module")
def found(lab: Any, corrected: Path, lost: Launched) -> Launched:
    assert not lost.succeeded
    return lab.bring(corrected, *DATES, tables=["nbac_team_boxscore"])


def test_a_lost_input_fails_the_run_in_one_sentence(lost: Launched) -> None:
    assert lost.problems == [
        "team_offense_game_summary of 2021-11-16 reads nbac_team_boxscore, which has no partition "
        "for that date: build it first"
    ]


def test_the_days_around_a_lost_input_are_recorded(lab: Any, lost: Launched) -> None:
    events = lab.events(lost, "team_offense_game_summary")
    assert [event.partition for event in events] == [day.isoformat() for day in DATES if day != BAD]


def test_the_days_around_a_lost_input_stay_fresh_when_it_is_found(
    lab: Any, found: Launched
) -> None:
    assert found.succeeded
    assert not [day for name, day in stale(lab) if name == "team_offense_game_summary"]
