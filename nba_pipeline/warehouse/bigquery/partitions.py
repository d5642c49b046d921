"""Which version each stored partition has, and who may write it.

No statement of BigQuery covers two tables cheaply, so what is known about a partition lies in a
table of its own, to which rows are only added. A writer first claims the partition: from then on
nothing is known about it. It then swaps the rows, and last it writes down what is known of them.
Every later claim voids the earlier ones: rows are swapped, and what is known counts, only under the
newest claim, which the statements themselves look up. Whatever is cut off between two calls, or
overtaken by another run, leaves a partition of which nothing is known, and that means "compute".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from nba_pipeline.engine.errors import WarehouseError
from nba_pipeline.engine.logs import DATASET
from nba_pipeline.engine.protocols import Stored
from nba_pipeline.warehouse.bigquery.calls import Calls
from nba_pipeline.warehouse.bigquery.layout import Layout
from nba_pipeline.warehouse.versions import to_json

_SCHEMA = pa.schema(
    [
        pa.field("table_name", pa.string(), nullable=False),
        pa.field("partition_date", pa.date32(), nullable=False),
        pa.field("token", pa.string(), nullable=False),
        pa.field("step", pa.string(), nullable=False),
        pa.field("written_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("about", pa.string()),
    ]
)
_DESCRIPTIONS = {
    "table_name": "dataset.table, without the prefix",
    "partition_date": "the partition",
    "token": "of the write this belongs to",
    "step": "claimed before the rows are swapped, written after",
    "written_at": "when, by BigQuery's clock",
    "about": "data version, fingerprint and outcomes as JSON; of what was written",
}


def layout(prefix: str) -> Layout:
    """Where the versions are kept."""
    return Layout(
        dataset=prefix + DATASET,
        name="partition_versions",
        schema=_SCHEMA,
        descriptions=_DESCRIPTIONS,
        description="Claims to partitions and what is known of their rows; the newest counts.",
        partition_by="partition_date",
        clustering=("table_name",),
    )


class Partitions:
    """The versions of stored partitions."""

    def __init__(self, project: str, prefix: str) -> None:
        """Those of the datasets with a prefix."""
        self._layout = layout(prefix)
        self._quoted = f"`{project}.{self._layout.full_name}`"

    @property
    def layout(self) -> Layout:
        """Where they are kept."""
        return self._layout

    def known(self, calls: Calls, table: str, dates: Sequence[date]) -> dict[date, str]:
        """What was written down about each partition among ``dates``.

        Args:
            calls: To make the call with.
            table: ``dataset.table`` without the prefix, one of ours.
            dates: Which partitions.
        """
        first, last, wanted = min(dates), max(dates), set(dates)
        rows = calls.rows(
            self._layout.full_name,
            ("partition_date", "token", "step", "written_at", "about"),
            f"table_name = '{table}' AND partition_date BETWEEN '{first}' AND '{last}'",
            self._layout.schema,
        ).to_pylist()
        return {day: text for day, text in _under_newest_claims(rows) if day in wanted}

    def claim(self, calls: Calls, table: str, dates: Iterable[date], token: str) -> None:
        """Void what is known about partitions and every earlier claim to them."""
        from google.cloud import bigquery

        calls.query(
            f"INSERT INTO {self._quoted} (table_name, partition_date, token, step, written_at) "
            "SELECT @table, claimed, @token, 'claimed', CURRENT_TIMESTAMP() "
            "FROM UNNEST(@dates) AS claimed",
            [*self._own(table, token), bigquery.ArrayQueryParameter("dates", "DATE", list(dates))],
            about=table,
        )

    def owned(self) -> str:
        """A query for the partitions whose newest claim is the statement's own.

        Its parameters are ``@table``, ``@token``, ``@first`` and ``@last``.
        """
        return (
            "SELECT partition_date FROM ("
            "SELECT partition_date, token, ROW_NUMBER() OVER (PARTITION BY partition_date "
            f"ORDER BY written_at DESC, token DESC) AS place FROM {self._quoted} "
            "WHERE table_name = @table AND step = 'claimed' "
            "AND partition_date BETWEEN @first AND @last) WHERE place = 1 AND token = @token"
        )

    def parameters(self, table: str, token: str, dates: Iterable[date]) -> list[Any]:
        """The parameters of ``owned``."""
        from google.cloud import bigquery

        days = sorted(dates)
        return [
            *self._own(table, token),
            bigquery.ScalarQueryParameter("first", "DATE", days[0]),
            bigquery.ScalarQueryParameter("last", "DATE", days[-1]),
        ]

    def confirm(
        self, calls: Calls, table: str, about: Mapping[date, tuple[Stored, int]], token: str
    ) -> None:
        """Write down what is known about partitions whose rows were swapped.

        Args:
            calls: To make the call with.
            table: ``dataset.table`` without the prefix.
            about: What is known, and how many rows are kept.
            token: Of the claim.

        Raises:
            WarehouseError: When another run has claimed one of them meanwhile.
        """
        from google.cloud import bigquery

        parts = [
            bigquery.StructQueryParameter(
                None,
                bigquery.ScalarQueryParameter("day", "DATE", day),
                bigquery.ScalarQueryParameter("about", "STRING", to_json(known, stored_rows)),
            )
            for day, (known, stored_rows) in about.items()
        ]
        job = calls.query(
            f"INSERT INTO {self._quoted} "
            "(table_name, partition_date, token, step, written_at, about) "
            "SELECT @table, part.day, @token, 'written', CURRENT_TIMESTAMP(), part.about "
            f"FROM UNNEST(@parts) AS part JOIN ({self.owned()}) AS mine "
            "ON mine.partition_date = part.day",
            [
                *self.parameters(table, token, about),
                bigquery.ArrayQueryParameter("parts", "STRUCT", parts),
            ],
            about=table,
        )
        if job.num_dml_affected_rows != len(about):
            raise WarehouseError(
                f"another run is writing {table} of {min(about)} to {max(about)} at this moment; "
                "its rows stand, run again when it is done"
            )

    @staticmethod
    def _own(table: str, token: str) -> list[Any]:
        from google.cloud import bigquery

        return [
            bigquery.ScalarQueryParameter("table", "STRING", table),
            bigquery.ScalarQueryParameter("token", "STRING", token),
        ]


def _under_newest_claims(rows: Sequence[Mapping[str, Any]]) -> Iterable[tuple[date, str]]:
    """What was written under the newest claim of each partition."""
    newest: dict[date, tuple[Any, str]] = {}
    for row in rows:
        if row["step"] == "claimed":
            claim = row["written_at"], row["token"]
            newest[row["partition_date"]] = max(claim, newest.get(row["partition_date"], claim))
    for row in rows:
        claimed = newest.get(row["partition_date"])
        if row["step"] == "written" and claimed and row["token"] == claimed[1]:
            yield row["partition_date"], row["about"]
