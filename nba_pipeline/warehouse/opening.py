"""Which warehouse there is, as the environment says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from nba_pipeline import settings
from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.engine.protocols import Warehouse
from nba_pipeline.engine.table import Table

KINDS = ("local", "bigquery")


def open_warehouse(
    environ: Mapping[str, str], tables: Sequence[Table], directory: str = "", kind: str = ""
) -> Warehouse:
    """The warehouse.

    Args:
        environ: The environment.
        tables: Every table.
        directory: Folder of the embedded warehouse, where it is not as the environment says.
        kind: One of ``KINDS``, where it is not as the environment says.

    Raises:
        ConfigurationError: When there is no such kind, or a setting of it is wrong.
    """
    kind = kind or environ.get("NBA_WAREHOUSE", "") or KINDS[0]
    if kind not in KINDS:
        raise ConfigurationError(
            f"NBA_WAREHOUSE={kind} is no warehouse: choose one of {', '.join(KINDS)}"
        )
    if kind == "local" or directory:
        return _local(settings.warehouse_folder(environ, directory), tables)
    # Google's clients take a second to import.
    from nba_pipeline.warehouse.bigquery import BigQuerySettings, BigQueryWarehouse

    return BigQueryWarehouse(BigQuerySettings.from_environment(environ), tables)


def _local(folder: Path, tables: Sequence[Table]) -> Warehouse:
    """One per folder: what it remembers of a file is believed while the file system agrees."""
    # Arrow's datasets bring pandas with them, which takes a second.
    from nba_pipeline.warehouse.local import LocalWarehouse

    where = folder, tuple(table.full_name for table in tables)
    if where not in _opened:
        _opened[where] = LocalWarehouse(folder, tables)
    return _opened[where]


_opened: dict[tuple[Path, tuple[str, ...]], Warehouse] = {}
