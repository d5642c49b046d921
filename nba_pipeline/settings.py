"""Where things are kept, as the environment says; ``catalogue`` lists every variable there is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import platformdirs

from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.engine.fanout import EXECUTORS
from nba_pipeline.engine.variables import Variable

WAREHOUSE_DIR = Variable(
    "NBA_WAREHOUSE_DIR",
    "folder of the embedded warehouse",
    form="a folder",
    fallback="nba_warehouse under DAGSTER_HOME",
)
LANDING_ROOT = Variable(
    "NBA_LANDING_ROOT",
    "landing zone whose payloads are read, and where ingest puts them; goes before NBA_ARCHIVE_DIR",
    form="a folder or gs://bucket/prefix",
    fallback="nothing is read; ingest uses nba_landing under DAGSTER_HOME",
)
ARCHIVE_DIR = Variable(
    "NBA_ARCHIVE_DIR",
    "folder of season files",
    form="a folder",
    fallback="the simulated league",
)
EXECUTOR = Variable(
    "NBA_EXECUTOR",
    "where players and teams are computed; also --executor",
    default="serial",
    words=EXECUTORS,
)
DASK_ADDRESS = Variable(
    "NBA_DASK_ADDRESS",
    "scheduler of a dask cluster; also --address",
    form="tcp://host:port or tls://host:port",
    fallback="a cluster of this machine's CPUs, for the run",
)
MEMORY_MB = Variable(
    "NBA_MEMORY_MB",
    "what a run and its worker processes may hold together; fewer workers where they do not fit",
    unit="megabytes",
    minimum=1,
    fallback="three quarters of what the machine, or the container, has",
)
FIRST_DAY = Variable(
    "NBA_FIRST_DAY", "first partition of every table", default="2020-10-01", form="YYYY-MM-DD"
)
RECENT_DAYS = Variable(
    "NBA_RECENT_DAYS",
    "days back that are looked at for what changed without a new file",
    default="14",
    unit="days",
    minimum=1,
)
OLDEST_DAYS = Variable(
    "NBA_OLDEST_DAYS",
    "days back that sensors and schedules launch anything for; older dates a person launches",
    default="90",
    unit="days",
    minimum=1,
)
DAGSTER_HOME = Variable(
    "DAGSTER_HOME",
    "Dagster's own folder: runs, events and dagster.yaml",
    form="a folder",
    fallback="in the terminal dagster under the user's data folder; dagster dev makes a new one",
)
EVENT_BATCH_SIZE = Variable(
    "DAGSTER_EVENT_BATCH_SIZE",
    "events of a range's days that Dagster writes at once; over PostgreSQL none unless set",
    default="500",
    unit="events",
    minimum=0,
)
LOGS_BUCKET = Variable(
    "NBA_LOGS_BUCKET",
    "bucket of what steps print; read by deploy/dagster.yaml",
    form="a bucket's name",
)


def data_folder() -> Path:
    """The user's own folder for this program's data."""
    return Path(platformdirs.user_data_dir("nba-pipeline", appauthor=False))


def warehouse_folder(environ: Mapping[str, str], chosen: str = "") -> Path:
    """The embedded warehouse's folder: as chosen, else as the environment says."""
    named = chosen or WAREHOUSE_DIR.text(environ)
    return Path(named).expanduser() if named else dagster_home(environ) / "nba_warehouse"


def pages_folder(environ: Mapping[str, str], chosen: str = "") -> Path:
    """Where slate pages are kept: beside the folder of the embedded warehouse.

    Args:
        environ: The environment.
        chosen: That folder, where it is not as the environment says.
    """
    warehouse = warehouse_folder(environ, chosen)
    return warehouse.with_name(f"{warehouse.name}_pages")


def archive_folder(environ: Mapping[str, str], chosen: str = "") -> Path | None:
    """The folder of season files, or None for the simulated league."""
    named = chosen or ARCHIVE_DIR.text(environ)
    return Path(named).expanduser() if named else None


def landing_root(environ: Mapping[str, str], chosen: str = "") -> str:
    """The landing zone, a folder or ``gs://bucket/prefix``; empty where there is none."""
    named = chosen or LANDING_ROOT.text(environ)
    return named if "://" in named or not named else str(Path(named).expanduser())


def ingest_root(environ: Mapping[str, str], chosen: str = "") -> str:
    """Where fetched payloads land: the landing zone, or a folder of our own where none is named."""
    return landing_root(environ, chosen) or str(dagster_home(environ) / "nba_landing")


def executor_name(environ: Mapping[str, str], chosen: str = "") -> str:
    """The executor compute runs in."""
    return chosen or EXECUTOR.text(environ)


def dask_address(environ: Mapping[str, str]) -> str:
    """The scheduler of the dask cluster; empty where one is to be made.

    Raises:
        ConfigurationError: When it is no address.
    """
    address = DASK_ADDRESS.text(environ)
    if address and not address.startswith(("tcp://", "tls://")):
        raise ConfigurationError(
            f"{DASK_ADDRESS.name}={address} is no address: write {DASK_ADDRESS.form}"
        )
    return address


def memory_bytes(environ: Mapping[str, str]) -> int | None:
    """What a run and its worker processes may hold together; None where nothing is said.

    Raises:
        ConfigurationError: When ``NBA_MEMORY_MB`` is no number of megabytes.
    """
    return int(MEMORY_MB.number(environ)) * 2**20 if MEMORY_MB.is_set_in(environ) else None


def first_day(environ: Mapping[str, str]) -> date:
    """The first partition of every table.

    Raises:
        ConfigurationError: When ``NBA_FIRST_DAY`` is no date.
    """
    named = FIRST_DAY.text(environ)
    try:
        return date.fromisoformat(named)
    except ValueError as error:
        raise ConfigurationError(
            f"{FIRST_DAY.name}={named} is not a date: write {FIRST_DAY.form}"
        ) from error


def recent_days(environ: Mapping[str, str]) -> int:
    """How many of the last days are swept for what is out of date.

    Raises:
        ConfigurationError: When ``NBA_RECENT_DAYS`` is no number of days.
    """
    return int(RECENT_DAYS.number(environ))


def oldest_days(environ: Mapping[str, str]) -> int:
    """How many days ago a date may lie for sensors to launch it; older ones a person launches.

    Raises:
        ConfigurationError: When ``NBA_OLDEST_DAYS`` is no number of days.
    """
    return int(OLDEST_DAYS.number(environ))


def dagster_home(environ: Mapping[str, str]) -> Path:
    """Dagster's folder for runs started in the terminal."""
    named = DAGSTER_HOME.text(environ)
    return Path(named).expanduser() if named else data_folder() / "dagster"
