"""Where things are kept: what is said in the call wins over the environment, that over defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest

from nba_pipeline import settings
from nba_pipeline.engine.errors import ConfigurationError

DATA = settings.data_folder()


@pytest.mark.parametrize(
    ("environ", "chosen", "folder"),
    [
        ({}, "", DATA / "dagster" / "nba_warehouse"),
        ({"DAGSTER_HOME": "/home/dagster"}, "", Path("/home/dagster/nba_warehouse")),
        ({"DAGSTER_HOME": "/d", "NBA_WAREHOUSE_DIR": "/w"}, "", Path("/w")),
        ({"DAGSTER_HOME": "/d", "NBA_WAREHOUSE_DIR": "/w"}, "/chosen", Path("/chosen")),
        ({"NBA_WAREHOUSE_DIR": ""}, "", DATA / "dagster" / "nba_warehouse"),
        ({"NBA_WAREHOUSE_DIR": "~/w"}, "", Path.home() / "w"),
    ],
)
def test_the_folder_of_the_warehouse(environ: Mapping[str, str], chosen: str, folder: Path) -> None:
    assert settings.warehouse_folder(environ, chosen) == folder


@pytest.mark.parametrize("place", [settings.warehouse_folder, settings.ingest_root])
def test_a_command_that_names_dagster_s_home_works_where_one_that_does_not_looks(
    place: Callable[..., Path | str],
) -> None:
    assert place({"DAGSTER_HOME": str(settings.dagster_home({}))}) == place({})


@pytest.mark.parametrize(
    ("environ", "chosen", "folder"),
    [
        ({}, "", None),
        ({"NBA_ARCHIVE_DIR": ""}, "", None),
        ({"NBA_ARCHIVE_DIR": "/a"}, "", Path("/a")),
        ({"NBA_ARCHIVE_DIR": "/a"}, "/chosen", Path("/chosen")),
        ({}, "~/a", Path.home() / "a"),
    ],
)
def test_the_archive_or_the_simulated_league(
    environ: Mapping[str, str], chosen: str, folder: Path | None
) -> None:
    assert settings.archive_folder(environ, chosen) == folder


@pytest.mark.parametrize(
    ("environ", "chosen", "name"),
    [
        ({}, "", "serial"),
        ({"NBA_EXECUTOR": ""}, "", "serial"),
        ({"NBA_EXECUTOR": "threads"}, "", "threads"),
        ({"NBA_EXECUTOR": "threads"}, "processes", "processes"),
    ],
)
def test_the_executor(environ: Mapping[str, str], chosen: str, name: str) -> None:
    assert settings.executor_name(environ, chosen) == name


@pytest.mark.parametrize(
    ("environ", "day"),
    [
        ({}, date(2020, 10, 1)),
        ({"NBA_FIRST_DAY": ""}, date(2020, 10, 1)),
        ({"NBA_FIRST_DAY": "2021-10-19"}, date(2021, 10, 19)),
    ],
)
def test_the_first_partition(environ: Mapping[str, str], day: date) -> None:
    assert settings.first_day(environ) == day


@pytest.mark.parametrize("text", ["soon", "2021-13-01", "19.10.2021"])
def test_a_first_day_that_is_no_date_is_refused_by_name(text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"NBA_FIRST_DAY={text} is not a date"):
        settings.first_day({"NBA_FIRST_DAY": text})


@pytest.mark.parametrize(
    ("environ", "folder"),
    [({}, DATA / "dagster"), ({"DAGSTER_HOME": "~/d"}, Path.home() / "d")],
)
def test_dagsters_home(environ: Mapping[str, str], folder: Path) -> None:
    assert settings.dagster_home(environ) == folder


@pytest.mark.parametrize(
    "read", [settings.warehouse_folder, settings.archive_folder, settings.dagster_home]
)
def test_asking_makes_no_folder(read: Callable[..., Path | None], tmp_path: Path) -> None:
    named = {
        name: str(tmp_path / name.lower())
        for name in ("NBA_WAREHOUSE_DIR", "NBA_ARCHIVE_DIR", "DAGSTER_HOME")
    }
    read(named)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("environ", "recent", "oldest"),
    [
        ({}, 14, 90),
        ({"NBA_RECENT_DAYS": "", "NBA_OLDEST_DAYS": " "}, 14, 90),
        ({"NBA_RECENT_DAYS": "7", "NBA_OLDEST_DAYS": "400"}, 7, 400),
    ],
)
def test_how_far_back_sensors_look(environ: Mapping[str, str], recent: int, oldest: int) -> None:
    assert (settings.recent_days(environ), settings.oldest_days(environ)) == (recent, oldest)


@pytest.mark.parametrize("text", ["0", "-3", "ten", "1.5", "²"])
def test_days_that_are_no_number_are_refused_by_name(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"NBA_RECENT_DAYS=.* is not a number of days"):
        settings.recent_days({"NBA_RECENT_DAYS": text})


@pytest.mark.parametrize(
    ("environ", "chosen", "root"),
    [
        ({}, "", str(DATA / "dagster" / "nba_landing")),
        ({"DAGSTER_HOME": "/d"}, "", "/d/nba_landing"),
        ({"DAGSTER_HOME": "/d", "NBA_LANDING_ROOT": "/l"}, "", "/l"),
        ({"NBA_LANDING_ROOT": "gs://bucket/zone"}, "", "gs://bucket/zone"),
        ({"NBA_LANDING_ROOT": "/l"}, "~/z", str(Path.home() / "z")),
    ],
)
def test_what_is_fetched_lands_somewhere_in_any_case(
    environ: Mapping[str, str], chosen: str, root: str
) -> None:
    assert settings.ingest_root(environ, chosen) == root
