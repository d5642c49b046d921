"""Dagster's event log in one SQLite file that stays open, for the folders this program makes.

A backfill writes four events a partition. Dagster's own SQLite log opens its database anew for
each statement of each of them, twice of them only to ask whether a table is there: the last to
close a database has to move its journal into it, and every statement is compiled again. That was
three quarters of a backfill's time.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import dagster as dg
import sqlalchemy

# Dagster lets storages be replaced in dagster.yaml but gives those it has no public address;
# checked against 1.13.27.
from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage
from dagster._core.storage.event_log.polling_event_watcher import SqlPollingEventWatcher
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable

from nba_pipeline.settings import EVENT_BATCH_SIZE

_SECONDS_TO_WAIT_FOR_OTHERS = 30


class EventLog(ConsolidatedSqliteEventLogStorage):
    """The event log of every run in ``event_log.db``; any number of processes may use it.

    A commit is handed to the operating system and not waited for until it is on the disk. A killed
    process loses nothing; a power failure may lose the last moments of the log, never its
    soundness, and no rows: what is true of a partition stands in the warehouse.
    """

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        """Use the database in a folder; whoever was killed while making it may have left no table.

        Args:
            base_dir: The folder.
            inst_data: What Dagster keeps of how it was configured.
        """
        # Before anything of Dagster's is called: making the tables connects already.
        self._begun = threading.local()
        self._tables: set[str] = set()
        # Dagster asks the environment, not its log, whether events may come together.
        os.environ.setdefault(EVENT_BATCH_SIZE.name, EVENT_BATCH_SIZE.default)
        super().__init__(base_dir, inst_data)
        if not sqlalchemy.inspect(self._engine).has_table("event_logs"):
            self._init_db()  # type: ignore[no-untyped-call]  # Dagster's, untyped

    @cached_property
    def _engine(self) -> sqlalchemy.Engine:
        waiting = {"timeout": _SECONDS_TO_WAIT_FOR_OTHERS}
        file = self.get_db_path()  # type: ignore[no-untyped-call]  # Dagster's, untyped
        engine = sqlalchemy.create_engine(f"sqlite:///{file}", connect_args=waiting)
        sqlalchemy.event.listen(engine, "connect", _relax)
        return engine

    @cached_property
    def _watcher(self) -> SqlPollingEventWatcher:
        return SqlPollingEventWatcher(self)

    @contextmanager
    def run_connection(self, run_id: str | None) -> Iterator[sqlalchemy.Connection]:
        """A transaction; every run's events are in the same database."""
        del run_id
        with self._transaction() as connection:
            yield connection

    @contextmanager
    def index_connection(self) -> Iterator[sqlalchemy.Connection]:
        """A transaction; the index is the database itself."""
        with self._transaction() as connection:
            yield connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlalchemy.Connection]:
        """The transaction this thread has begun, else one of its own."""
        begun = getattr(self._begun, "connection", None)
        if begun is not None:
            yield begun
            return
        with self._engine.begin() as connection:
            self._begun.connection = connection
            try:
                yield connection
            finally:
                self._begun.connection = None

    def store_event(self, event: dg.EventLogEntry) -> None:
        """Store an event with all that is indexed of it, or nothing."""
        with self._transaction():
            super().store_event(event)

    def store_event_batch(self, events: Sequence[dg.EventLogEntry]) -> None:
        """Store what Dagster says of many days together, or nothing of it.

        Args:
            events: Materializations of one asset, or what a run is going to materialize and check.
        """
        with self._transaction() as connection:
            added = self.prepare_insert_event_batch(events).returning(SqlEventLogStorageTable.c.id)
            # A database returns them in any order, and gives them in that of the rows.
            ids = sorted(connection.execute(added).scalars())
            self.store_asset_event_tags(events, ids)
            newest = {}
            for event, event_id in zip(events, ids, strict=True):
                if event.dagster_event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
                    self.store_asset_check_event(event, event_id)
                else:
                    newest[event.get_dagster_event().asset_key] = event, event_id
            for event, event_id in newest.values():
                self.store_asset_event(event, event_id)

    def has_table(self, table_name: str) -> bool:
        """Whether there is a table; asked twice an event, so those that are there are known."""
        if table_name not in self._tables:
            self._tables = set(sqlalchemy.inspect(self._engine).get_table_names())
        return table_name in self._tables

    def watch(self, run_id: str, cursor: str | None, callback: Callable[..., Any]) -> None:
        """Tell of a run's new events, by asking: an open database is seldom written to its file."""
        self._watcher.watch_run(run_id, cursor, callback)

    def end_watch(self, run_id: str, handler: Callable[..., Any]) -> None:
        """Tell no more."""
        self._watcher.unwatch_run(run_id, handler)

    def dispose(self) -> None:
        """Close the database."""
        self._watcher.close()
        self._engine.dispose()


def _relax(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA synchronous = NORMAL")
