"""What Dagster itself costs: the same graph of assets, which do nothing but say so.

Only measuring uses it. The assets have the tables' names, partitions, edges and number of events,
so that a run of them is what is left of a run when reading, computing and writing take no time.
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
from nba_pipeline.orchestration.assets import edges, key_of, one_of_many
from nba_pipeline.orchestration.home import prepare_home
from nba_pipeline.orchestration.partitions import daily, mapping, range_tags

_JOB = "idle"
_VERSION = "0" * 60

Events = Iterator[dg.MaterializeResult[None] | dg.AssetMaterialization]


@contextmanager
def instance_in(home: Path) -> Iterator[dg.DagsterInstance]:
    """An instance with the settings that the terminal gives to one it makes."""
    prepare_home(home)
    with dg.DagsterInstance.get() as instance:
        yield instance


def materializations(instance: dg.DagsterInstance, run_ids: Sequence[str]) -> int:
    """How many materializations some runs recorded."""
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION
    return sum(len(instance.all_logs(run_id, of_type=kind)) for run_id in run_ids)


def run_idle(
    tables: Mapping[str, Table],
    dates: Sequence[date],
    instance: dg.DagsterInstance,
    events: int,
) -> int:
    """Materialize an asset that does nothing for every table and date, in one run.

    Args:
        tables: Every table by its bare name.
        dates: The days, without a gap.
        instance: Where the run is recorded.
        events: Materializations of each partition, at least 1.

    Returns:
        How many materializations were recorded.
    """
    days = daily(min(dates))
    assets = [_idle(table, tables, days, events - 1) for table in tables.values()]
    job = dg.define_asset_job(_JOB, selection=dg.AssetSelection.assets(*assets))
    result = (
        dg.Definitions(assets=assets, jobs=[job])
        .resolve_job_def(_JOB)
        .execute_in_process(
            instance=instance,
            tags=range_tags(min(dates), max(dates)),
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
    )
    return len(result.get_asset_materialization_events())


def _idle(
    table: Table, tables: Mapping[str, Table], days: dg.DailyPartitionsDefinition, more: int
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
        for key in keys * more:
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


def _described(table: Table, key: str) -> dict[str, Any]:
    nothing = Partition(table.full_name, date.fromisoformat(key), cause="nothing to do")
    return metadata.of_partition(nothing)
