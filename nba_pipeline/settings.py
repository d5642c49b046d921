"""Where things are kept, as the environment says; the one place that knows the defaults.

=====================  =======================================  ===================================
Variable               Means                                    Default
=====================  =======================================  ===================================
``NBA_WAREHOUSE``      local or bigquery                        local
``NBA_WAREHOUSE_DIR``  folder of the embedded warehouse         ``nba_warehouse`` under
                                                                ``DAGSTER_HOME``, else under the
                                                                user's data folder
``NBA_LANDING_ROOT``   landing zone: a folder or ``gs://…``     none; ``ingest`` then uses
                                                                ``nba_landing`` beside the default
                                                                warehouse folder
``NBA_ARCHIVE_DIR``    folder of season files                   none: the simulated league
``NBA_EXECUTOR``       serial, threads, processes or dask       serial
``NBA_DASK_ADDRESS``   scheduler of a dask cluster             none: one is made for the run
``NBA_FIRST_DAY``      first partition, YYYY-MM-DD              2020-10-01
``NBA_RECENT_DAYS``    days back that are swept for changes     14
``NBA_OLDEST_DAYS``    days back that anything is launched for  90
                       without a person asking
``DAGSTER_HOME``       Dagster's own folder                     ``dagster`` under the user's data
                                                                folder (terminal only)
=====================  =======================================  ===================================

Live sources read their addresses, keys and proxy themselves (``sources/live/hosts.py``).
Worker counts and switches (``PGS_WORKERS``, ``ENABLE_PLAYER_PARALLELIZATION``, …) are read by the
engine, table by table.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import platformdirs

from nba_pipeline.engine.errors import ConfigurationError

_FIRST_DAY = date(2020, 10, 1)


def data_folder() -> Path:
    """The user's own folder for this program's data."""
    return Path(platformdirs.user_data_dir("nba-pipeline", appauthor=False))


def warehouse_folder(environ: Mapping[str, str], chosen: str = "") -> Path:
    """The embedded warehouse's folder: as chosen, else as the environment says."""
    named = chosen or environ.get("NBA_WAREHOUSE_DIR", "")
    return Path(named).expanduser() if named else _home(environ) / "nba_warehouse"


def _home(environ: Mapping[str, str]) -> Path:
    """Where data goes that no setting sends elsewhere."""
    home = environ.get("DAGSTER_HOME", "")
    return Path(home).expanduser() if home else data_folder()


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
    named = chosen or environ.get("NBA_ARCHIVE_DIR", "")
    return Path(named).expanduser() if named else None


def landing_root(environ: Mapping[str, str], chosen: str = "") -> str:
    """The landing zone, a folder or ``gs://bucket/prefix``; empty where there is none."""
    named = chosen or environ.get("NBA_LANDING_ROOT", "")
    return named if "://" in named or not named else str(Path(named).expanduser())


def ingest_root(environ: Mapping[str, str], chosen: str = "") -> str:
    """Where fetched payloads land: the landing zone, or a folder of our own where none is named."""
    return landing_root(environ, chosen) or str(_home(environ) / "nba_landing")


def executor_name(environ: Mapping[str, str], chosen: str = "") -> str:
    """The executor compute runs in."""
    return chosen or environ.get("NBA_EXECUTOR", "") or "serial"


def dask_address(environ: Mapping[str, str]) -> str:
    """The scheduler of the dask cluster; empty where one is to be made.

    Raises:
        ConfigurationError: When it is no address.
    """
    address = environ.get("NBA_DASK_ADDRESS", "").strip()
    if address and not address.startswith(("tcp://", "tls://")):
        raise ConfigurationError(
            f"NBA_DASK_ADDRESS={address} is no address: write tcp://host:port or tls://host:port"
        )
    return address


def first_day(environ: Mapping[str, str]) -> date:
    """The first partition of every table.

    Raises:
        ConfigurationError: When ``NBA_FIRST_DAY`` is no date.
    """
    named = environ.get("NBA_FIRST_DAY", "")
    try:
        return date.fromisoformat(named) if named else _FIRST_DAY
    except ValueError as error:
        raise ConfigurationError(
            f"NBA_FIRST_DAY={named} is not a date: write YYYY-MM-DD"
        ) from error


def recent_days(environ: Mapping[str, str]) -> int:
    """How many of the last days are swept for what is out of date.

    Raises:
        ConfigurationError: When ``NBA_RECENT_DAYS`` is no number of days.
    """
    return _days(environ, "NBA_RECENT_DAYS", 14)


def oldest_days(environ: Mapping[str, str]) -> int:
    """How many days ago a date may lie for sensors to launch it; older ones a person launches.

    Raises:
        ConfigurationError: When ``NBA_OLDEST_DAYS`` is no number of days.
    """
    return _days(environ, "NBA_OLDEST_DAYS", 90)


def _days(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ConfigurationError(f"{name}={text} is not a number of days: give 1 or more")
    return int(text)


def dagster_home(environ: Mapping[str, str]) -> Path:
    """Dagster's folder for runs started in the terminal."""
    named = environ.get("DAGSTER_HOME", "")
    return Path(named).expanduser() if named else data_folder() / "dagster"
