"""What Dagster launches by itself, evaluated by Dagster on a real instance after real runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from three_tables import DAYS, FORM_REACH, SCORES, SmallWorld, scores

CORRECTED = DAYS[30]
READERS = [CORRECTED + timedelta(days=step) for step in range(FORM_REACH + 1)]

pytestmark = [
    pytest.mark.filterwarnings("ignore::dagster.BetaWarning"),
    pytest.mark.filterwarnings("ignore::dagster.PreviewWarning"),
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, fake_source: Any) -> Iterator[SmallWorld]:
    """All partitions built in one run, and the conditions evaluated until they ask for nothing."""
    folder = tmp_path_factory.mktemp("small")
    with pytest.MonkeyPatch.context() as patched, dg.DagsterInstance.ephemeral() as instance:
        patched.setenv("NBA_WAREHOUSE_DIR", str(folder))
        patched.setenv("NBA_FIRST_DAY", DAYS[0].isoformat())
        patched.setenv("NBA_RECENT_DAYS", str(len(DAYS)))
        made = SmallWorld(fake_source(SCORES, scores=scores()), instance, folder)
        made.bring(DAYS)
        made.tick()
        assert made.tick() == {}
        yield made


def test_there_are_enough_partitions_to_mean_something() -> None:
    assert len(DAYS) >= 60


def test_raw_again_with_the_same_content_launches_nothing(world: SmallWorld) -> None:
    computed = world.bring(DAYS, "marks")
    assert set(computed.values()) == {0}
    assert len(computed) == len(DAYS)
    assert world.tick() == {}
    assert world.tick() == {}


def test_a_single_day_again_with_the_same_content_launches_nothing(world: SmallWorld) -> None:
    assert world.bring([CORRECTED], "marks") == {("marks", CORRECTED): 0}
    assert world.tick() == {}


def test_a_correction_launches_exactly_the_window(world: SmallWorld) -> None:
    world.correct(CORRECTED, 11)
    world.bring([CORRECTED], "marks")
    assert world.tick() == {"form": READERS}
    assert world.tick() == {}, "what was asked for is not asked for again"


def test_what_follows_is_launched_only_where_the_table_between_moved(world: SmallWorld) -> None:
    computed = world.bring(READERS, "form")
    assert computed == {("form", day): 1 for day in READERS}
    assert world.tick() == {"scorers": READERS}
    computed = world.bring(READERS, "scorers")
    assert computed == {("scorers", day): int(day == CORRECTED) for day in READERS}
    assert world.tick() == {}


def test_a_change_that_dies_out_launches_nothing_further(world: SmallWorld) -> None:
    """Another day's three days before move, what ``scorers`` reads of it does not."""
    world.bring([CORRECTED], "form", "scorers")
    assert world.tick() == {}


def test_a_day_handled_by_its_own_run_is_not_launched_again(world: SmallWorld) -> None:
    world.correct(CORRECTED, 14)
    world.bring([CORRECTED])
    assert world.tick() == {"form": READERS[1:]}
    world.bring(READERS[1:], "form", "scorers")
    assert world.tick() == {}


def test_a_table_waits_for_what_it_reads_of_its_own_date(
    tmp_path: Path, fake_source: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBA_WAREHOUSE_DIR", str(tmp_path))
    monkeypatch.setenv("NBA_FIRST_DAY", DAYS[0].isoformat())
    with dg.DagsterInstance.ephemeral() as instance:
        fresh = SmallWorld(fake_source(SCORES, scores=scores()), instance, tmp_path)
        fresh.tick()
        fresh.bring(DAYS[-2:-1], "marks")
        first = fresh.tick()
        assert set(first) == {"form"}
        assert DAYS[-2] in first["form"]
        assert "scorers" not in fresh.tick(), "form of the day is not there yet"


def test_the_sensor_is_declared_and_off_until_a_person_switches_it_on(world: SmallWorld) -> None:
    sensor = world.defs.get_repository_def().get_sensor_def("launch_what_changed")
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED


def test_only_recent_partitions_are_launched(
    world: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBA_RECENT_DAYS", "14")
    recent = SmallWorld(world.source, world.instance, world.folder)
    recent.tick()
    for day in (CORRECTED, DAYS[-10]):
        recent.correct(day, 21)
        recent.bring([day], "marks")
    assert recent.tick() == {"form": DAYS[-10:-6]}
