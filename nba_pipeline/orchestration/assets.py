"""Tables as assets: one factory for all of them.

Each partition's materialization carries the partition's own data version, also when a run covers a
range of days, and is emitted when nothing had to be computed, too: a backfill waits for it, and
"nothing to do" deserves a record.

Of a range each day has two materializations, because Dagster 1.13.27 leaves no way to one: a result
has one data version for all its days (metadata may differ by day, versions may not), and an asset
without a result, or with an optional one that is not there, has everything below it skipped. Its
automatic events come first and together, which makes them cheap; ours, the newer ones, are what
counts. Only a run tag of Dagster's own (``dagster/defer_asset_events``) would keep the first ones
back, and with them which days are being worked on.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg

from nba_pipeline.engine.declared_inputs import Input
from nba_pipeline.engine.errors import PipelineError, is_transient
from nba_pipeline.engine.materialize import materialize
from nba_pipeline.engine.session import Mode, Partition, Session
from nba_pipeline.engine.table import Table
from nba_pipeline.orchestration import metadata
from nba_pipeline.orchestration.partitions import mapping
from nba_pipeline.orchestration.resources import (
    FanOutResource,
    ReadsResource,
    Reporter,
    SourceResource,
    WarehouseResource,
)

#: Run tag that asks for everything to be computed, changed or not.
FORCE_TAG = "nba/force"
#: Run tag that says why a run was launched; a backfill needs none.
MODE_TAG = "nba/mode"
FINGERPRINT_TAG = "nba/fingerprint"

DATA_VERSION_TAG = "dagster/data_version"
_BACKFILL_TAG = "dagster/backfill"
_USER_PROVIDED_TAG = "dagster/data_version_is_user_provided"
_CODE_VERSION_TAG = "dagster/code_version"
_INPUT_VERSION_TAG = "dagster/input_data_version/"
_INPUT_POINTER_TAG = "dagster/input_event_pointer/"

# Of infrastructure that fails in passing; what is wrong with data or code stays wrong.
_MOST_RETRIES, _RETRY_SECONDS = 2, 5

Events = Iterator[dg.MaterializeResult[None] | dg.AssetMaterialization]


def key_of(table: Table) -> dg.AssetKey:
    """The asset key: dataset and name, the words of SQL."""
    return dg.AssetKey([table.dataset, table.name])


def mode_of(tags: Mapping[str, str]) -> Mode:
    """Why a run was launched: as its tag says, else by a backfill of the UI, else daily.

    Raises:
        ConfigurationError: When the tag names no mode.
    """
    by_default = Mode.BACKFILL if _BACKFILL_TAG in tags else Mode.DAILY
    return Mode.named(tags.get(MODE_TAG, by_default))


def asset_for(
    table: Table,
    tables: Mapping[str, Table],
    days: dg.DailyPartitionsDefinition,
    condition: dg.AutomationCondition[dg.AssetKey] | None = None,
) -> dg.AssetsDefinition:
    """The asset that keeps a table up to date.

    Args:
        table: The table.
        tables: Every table by its bare name.
        days: The partitions.
        condition: When Dagster launches it by itself.
    """

    @dg.asset(
        key=key_of(table),
        deps=[
            dg.AssetDep(key_of(tables[name]), partition_mapping=mapping(inputs))
            for name, inputs in edges(table).items()
        ],
        automation_condition=condition,
        partitions_def=days,
        group_name=table.layer,
        kinds={"python", "parquet"},
        owners=["team:nba-data"],
        description=table.description,
        code_version=table.meaning,
        backfill_policy=dg.BackfillPolicy.single_run(),
        # A warehouse bears so many writers of one table; how many, the instance says.
        pool=table.full_name,
        metadata={
            "dagster/column_schema": metadata.column_schema(table),
            "dagster/table_name": table.full_name,
            "row": f"one per {', '.join(table.key)}",
        },
    )
    def body(
        context: dg.AssetExecutionContext,
        warehouse: WarehouseResource,
        reads: ReadsResource,
        source: SourceResource,
        fan_out: FanOutResource,
        reporter: dg.ResourceParam[Reporter],
    ) -> Events:
        dates = [date.fromisoformat(key) for key in context.partition_keys]
        # Of a single day Dagster keeps this itself.
        seen = newest_events(context.instance, edges(table), tables) if len(dates) > 1 else {}
        try:
            session = Session(
                warehouse=warehouse.open(),
                cache=reads.of(warehouse.open()),
                source=source.open(),
                tables=tables,
                pools=fan_out.open(),
                environ=os.environ,
                run_id=context.run.run_id,
                now=datetime.now(UTC),
                force=context.run.tags.get(FORCE_TAG) == "true",
                mode=mode_of(context.run.tags),
                progress=reporter,
            )
            partitions = list(materialize(table, dates, session))
        except (PipelineError, OSError) as error:
            if is_transient(error):
                raise dg.RetryRequested(_MOST_RETRIES, _RETRY_SECONDS) from error
            if isinstance(error, PipelineError):
                raise dg.Failure(description=str(error), allow_retries=False) from error
            raise
        yield from _events(table, partitions, session, seen)
        _refuse_problems(partitions)

    return body


def edges(table: Table) -> dict[str, list[Input]]:
    """The tables a table reads, each with all the ways it is read."""
    by_upstream: dict[str, list[Input]] = defaultdict(list)
    for declared in table.inputs.values():
        if not declared.is_feed:
            by_upstream[declared.table].append(declared)
    return dict(by_upstream)


def newest_events(
    instance: dg.DagsterInstance, read: Iterable[str], tables: Mapping[str, Table]
) -> dict[str, str]:
    """For each table that is read the id of its newest materialization; taken before reading."""
    newest = {}
    for name in read:
        key = key_of(tables[name])
        records = instance.fetch_materializations(key, limit=1).records
        newest[key.to_user_string()] = str(records[0].storage_id) if records else "NULL"
    return newest


def _events(
    table: Table,
    partitions: Sequence[Partition],
    session: Session,
    seen: Mapping[str, str],
) -> Events:
    built = [partition for partition in partitions if not partition.problem]
    if len(partitions) == 1:
        for partition in built:
            rows = session.warehouse.read(table, [partition.date])
            yield dg.MaterializeResult(
                data_version=dg.DataVersion(partition.data_version),
                metadata={
                    **metadata.of_partition(partition),
                    **metadata.pictures(table, partition, rows),
                },
                tags={FINGERPRINT_TAG: partition.fingerprint[:60]},
            )
        return
    if len(built) == len(partitions):
        # Of a range with a day that failed a result would claim too much, and none ends the run.
        yield dg.MaterializeResult()
    # Dagster gave every day of the range one and the same version: say what each day's really is.
    for partition in built:
        yield one_of_many(
            key_of(table),
            partition.date,
            metadata.of_partition(partition),
            code_version=table.meaning,
            data_version=partition.data_version,
            fingerprint=partition.fingerprint[:60],
            seen=seen,
        )


def one_of_many(
    key: dg.AssetKey,
    day: date,
    described: Mapping[str, Any],
    *,
    code_version: str,
    data_version: str,
    fingerprint: str,
    seen: Mapping[str, str],
) -> dg.AssetMaterialization:
    """One day of a range, with the tags Dagster itself would give a run of that day alone.

    By ``seen`` Dagster 1.13 tells whether a day is stale: its parents' events after those. The
    versions of the inputs it only looks for; the day's fingerprint stands for all of them.
    """
    return dg.AssetMaterialization(
        asset_key=key,
        partition=day.isoformat(),
        metadata=dict(described),
        tags={
            _CODE_VERSION_TAG: code_version,
            **{_INPUT_POINTER_TAG + name: pointer for name, pointer in seen.items()},
            **dict.fromkeys((_INPUT_VERSION_TAG + name for name in seen), fingerprint),
            DATA_VERSION_TAG: data_version,
            _USER_PROVIDED_TAG: "true",
            FINGERPRINT_TAG: fingerprint,
        },
    )


def _refuse_problems(partitions: Sequence[Partition]) -> None:
    problems: dict[str, Any] = {
        partition.date.isoformat(): partition.problem
        for partition in partitions
        if partition.problem
    }
    if problems:
        sentences = list(dict.fromkeys(problems.values()))
        more = f" (and {len(sentences) - 3} more)" if len(sentences) > 3 else ""
        raise dg.Failure(
            description="; ".join(sentences[:3]) + more,
            metadata={"problems": dg.MetadataValue.json(problems)},
            allow_retries=False,
        )
