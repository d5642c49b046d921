"""Which warehouse there is, as the environment says."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar

from nba_pipeline import settings
from nba_pipeline.engine.protocols import Warehouse
from nba_pipeline.engine.table import Table
from nba_pipeline.engine.variables import Variable

if TYPE_CHECKING:
    from nba_pipeline.warehouse.bigquery.settings import BigQuerySettings

Where = TypeVar("Where", bound=Hashable)

KINDS = ("local", "bigquery")
WAREHOUSE = Variable("NBA_WAREHOUSE", "where rows live", default=KINDS[0], words=KINDS)


def open_warehouse(
    environ: Mapping[str, str], tables: Sequence[Table], directory: str = ""
) -> Warehouse:
    """The warehouse.

    Args:
        environ: The environment.
        tables: Every table.
        directory: Folder of the embedded warehouse, where it is not as the environment says.

    Raises:
        ConfigurationError: When there is no such kind, or a setting of it is wrong.
    """
    if WAREHOUSE.word(environ) == "local" or directory:
        return _local(settings.warehouse_folder(environ, directory), tables)
    from nba_pipeline.warehouse.bigquery.settings import BigQuerySettings

    return _bigquery(BigQuerySettings.from_environment(environ), tables)


@contextmanager
def scratch(environ: Mapping[str, str], tables: Sequence[Table], kind: str) -> Iterator[Warehouse]:
    """An empty warehouse that is gone afterwards: a folder, or datasets of a name of their own.

    Args:
        environ: The environment, which says where BigQuery is.
        tables: Every table.
        kind: One of ``KINDS``.

    Raises:
        ConfigurationError: When a setting is wrong.
    """
    if kind == "local":
        from nba_pipeline.warehouse.local import LocalWarehouse

        with TemporaryDirectory(prefix="nba_pipeline_") as folder:
            yield LocalWarehouse(Path(folder), tables)
        return
    from nba_pipeline.warehouse.bigquery import BigQuerySettings, BigQueryWarehouse

    settings = BigQuerySettings.from_environment(environ)
    apart = f"{settings.dataset_prefix}scratch_{uuid.uuid4().hex[:12]}_"
    warehouse = BigQueryWarehouse(replace(settings, dataset_prefix=apart), tables)
    try:
        yield warehouse
    finally:
        warehouse.drop()


def _local(folder: Path, tables: Sequence[Table]) -> Warehouse:
    """One per folder: what it remembers of a file is believed while the file system agrees."""
    # Arrow's datasets bring pandas with them, which takes a second.
    from nba_pipeline.warehouse.local import LocalWarehouse

    return _once(folder, tables, LocalWarehouse)


def _bigquery(settings: BigQuerySettings, tables: Sequence[Table]) -> Warehouse:
    """One per project: its clients, and what it knows to be there, serve every table of a run."""
    # Google's clients take a second to import.
    from nba_pipeline.warehouse.bigquery import BigQueryWarehouse

    return _once(settings, tables, BigQueryWarehouse)


def _once(
    where: Where, tables: Sequence[Table], open_: Callable[[Where, Sequence[Table]], Warehouse]
) -> Warehouse:
    which = where, tuple(table.full_name for table in tables)
    if which not in _opened:
        _opened[which] = open_(where, tables)
    return _opened[which]


_opened: dict[tuple[Hashable, tuple[str, ...]], Warehouse] = {}
