"""What Dagster itself costs: the same graph of assets, which do nothing but say so.

Only measuring uses it. The assets have the tables' names, partitions, edges, checks and number of
events, so that a run of them is what is left of a run when reading, computing and writing take no
time.
"""

# Without postponed annotations: Dagster looks at those of an asset's function.

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg

from nba_pipeline.engine.session import Partition
from nba_pipeline.engine.table import Table
from nba_pipeline.orchestration import metadata
from nba_pipeline.orchestration.assets import Events, edges, key_of, one_of_many
from nba_pipeline.orchestration.checks import SOUND, Evaluations, day_by_day
from nba_pipeline.orchestration.home import QUIET, prepare_home
from nba_pipeline.orchestration.partitions import betas_on_purpose, daily, mapping, range_tags

_JOB = "idle"
_VERSION = "0" * 60


@contextmanager
def instance_in(home: Path) -> Iterator[dg.DagsterInstance]:
    """An instance with the settings that the terminal gives to one it makes."""
    prepare_home(home)
    with dg.DagsterInstance.get() as instance:
        yield instance


@contextmanager
def instance_as_dagster_makes_it(home: Path) -> Iterator[dg.DagsterInstance]:
    """An instance in a new folder with nothing chosen, which is what a project begins with."""
    home.mkdir(parents=True)
    (home / "dagster.yaml").write_text(QUIET)
    with instance_in(home) as instance:
        yield instance


def recorded(instance: dg.DagsterInstance, run_ids: Sequence[str]) -> int:
    """How many materializations and evaluations of checks some runs recorded."""
    kinds = {dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_CHECK_EVALUATION}
    return sum(len(instance.all_logs(run_id, of_type=kinds)) for run_id in run_ids)


def run_idle(
    tables: Mapping[str, Table], dates: Sequence[date], instance: dg.DagsterInstance
) -> int:
    """Materialize and check an asset that does nothing for every table and date, in one run.

    Args:
        tables: Every table by its bare name.
        dates: The days, without a gap.
        instance: Where the run is recorded.

    Returns:
        How many materializations and evaluations of checks were recorded.
    """
    days = daily(min(dates))
    with betas_on_purpose():
        assets = [_idle(table, tables, days) for table in tables.values()]
        checks = [_idle_check(table, days) for table in tables.values()]
    job = dg.define_asset_job(_JOB)
    result = (
        dg.Definitions(assets=assets, asset_checks=checks, jobs=[job])
        .resolve_job_def(_JOB)
        .execute_in_process(
            instance=instance,
            tags=range_tags(min(dates), max(dates)),
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
    )
    return recorded(instance, [result.run_id])


def _idle(
    table: Table, tables: Mapping[str, Table], days: dg.DailyPartitionsDefinition
) -> dg.AssetsDefinition:
    @dg.asset(
        key=key_of(table),
        deps=[
            dg.AssetDep(key_of(tables[name]), partition_mapping=mapping(inputs))
            for name, inputs in edges(table).items()
        ],
        partitions_def=days,
        code_version=table.meaning,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def body(context: dg.AssetExecutionContext) -> Events:
        keys: list[str] = [*context.partition_keys]
        seen = {key_of(tables[name]).to_user_string(): "0" for name in edges(table)}
        yield dg.MaterializeResult()
        for key in keys if len(keys) > 1 else ():
            yield one_of_many(
                key_of(table),
                date.fromisoformat(key),
                _described(table, key),
                code_version=table.meaning,
                data_version=_VERSION,
                fingerprint=_VERSION,
                seen=seen,
            )

    return body


def _idle_check(table: Table, days: dg.DailyPartitionsDefinition) -> dg.AssetChecksDefinition:
    @dg.asset_check(  # type: ignore[arg-type]  # its stub knows no generators, its code does
        asset=key_of(table), name=SOUND, partitions_def=days
    )
    def body(context: dg.AssetCheckExecutionContext) -> Evaluations:
        dates = [date.fromisoformat(key) for key in context.partition_keys]
        if len(dates) > 1:
            yield from day_by_day(context, key_of(table), dates, [])
        yield dg.AssetCheckResult(passed=True, metadata={"violations": 0})

    return body


def _described(table: Table, key: str) -> dict[str, Any]:
    nothing = Partition(table.full_name, date.fromisoformat(key), cause="nothing to do")
    return metadata.of_partition(nothing)
