"""Opening what commands work with: the warehouse, the source and Dagster's folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from nba_pipeline import settings
from nba_pipeline.engine.errors import ConfigurationError, InstanceError, OutsideSeasonError
from nba_pipeline.engine.fanout import EXECUTORS

if TYPE_CHECKING:
    from dagster import DagsterInstance

    from nba_pipeline.engine.protocols import Source, Warehouse


def open_warehouse() -> Warehouse:
    """The warehouse, where the environment says."""
    from nba_pipeline.tables import REGISTRY
    from nba_pipeline.warehouse import opening

    return opening.open_warehouse(os.environ, list(REGISTRY.values()))


def open_source(days: Sequence[date], archive: str) -> Source:
    """The source, if it knows the dates.

    Raises:
        OutsideSeasonError: When it does not; whoever asks for such a date has likely mistyped it.
    """
    from nba_pipeline.orchestration.resources import SourceResource

    source = SourceResource(archive=archive).open()
    calendar = source.calendar()
    if not any(calendar.season_of(day) for day in days):
        raise OutsideSeasonError(
            f"{days[0]} lies outside every season of the {source.name} source "
            f"({calendar.describe()})"
        )
    return source


def prepare_dagster_home() -> None:
    """Point Dagster at its folder."""
    from nba_pipeline.orchestration.home import prepare_home

    prepare_home(settings.dagster_home(os.environ))


@contextmanager
def open_instance() -> Iterator[DagsterInstance]:
    """Dagster's instance, in its folder; closed afterwards.

    Raises:
        InstanceError: When what Dagster keeps there cannot be read or written.
    """
    prepare_dagster_home()

    from alembic.util import CommandError
    from dagster import DagsterError, DagsterInstance
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError
    from yaml import YAMLError

    from nba_pipeline.orchestration.home import one_at_a_time

    try:
        with one_at_a_time(Path(os.environ["DAGSTER_HOME"])):
            instance = DagsterInstance.get()
    except DBAPIError as error:
        raise _unusable(error.orig) from error
    except (OSError, ValueError, YAMLError, DagsterError, CommandError, SQLAlchemyError) as error:
        # Of a damaged database anything may be read, also what is no text.
        raise _unusable(error) from error
    try:
        with instance:
            yield instance
    except DBAPIError as error:
        raise _unusable(error.orig) from error


def _unusable(error: BaseException | None) -> InstanceError:
    said = " ".join(str(error).split()) or type(error).__name__
    return InstanceError(
        f"what Dagster keeps of runs in {os.environ['DAGSTER_HOME']} cannot be used: {said[:300]} "
        "(no table needs it: with the folder moved away, the same command goes on)"
    )


def check_executor(chosen: str) -> None:
    """Refuse an executor that there is not.

    Raises:
        ConfigurationError: Naming those there are.
    """
    name = settings.executor_name(os.environ, chosen)
    if name not in EXECUTORS:
        raise ConfigurationError(
            f"there is no executor {name}: choose one of {', '.join(EXECUTORS)}"
        )


def use_cluster(address: str) -> None:
    """Let everything that computes with dask do it on the cluster of a scheduler.

    Raises:
        ConfigurationError: When it is no address.
    """
    os.environ[settings.DASK_ADDRESS.name] = address
    settings.dask_address(os.environ)


def check_workers() -> None:
    """Refuse worker counts that are no numbers.

    Raises:
        ConfigurationError: Naming the variable.
    """
    from nba_pipeline.engine.machine import usable_cpus
    from nba_pipeline.tables import REGISTRY

    for table in REGISTRY.values():
        table.fan_out.workers(os.environ, usable_cpus())
