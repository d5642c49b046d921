"""Dagster's event log in one SQLite file that stays open, for the folders this program makes.

A backfill writes three events a partition. Dagster's own SQLite log opens its database anew for
each statement of each of them: the last to close a database has to move its journal into it, and
every statement is compiled again. That was three quarters of a backfill's time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import sqlalchemy

# Dagster lets storages be replaced in dagster.yaml but gives those it has no public address;
# checked against 1.13.27.
from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage
from dagster._core.storage.event_log.polling_event_watcher import SqlPollingEventWatcher

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
        with self._engine.begin() as connection:
            yield connection

    @contextmanager
    def index_connection(self) -> Iterator[sqlalchemy.Connection]:
        """A transaction; the index is the database itself."""
        with self._engine.begin() as connection:
            yield connection

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
