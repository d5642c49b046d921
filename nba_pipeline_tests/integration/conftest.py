"""A few recorded dates as an archive of their own, the console script, and Dagster instances."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from nba_pipeline.orchestration.assets import key_of
from nba_pipeline.orchestration.idle import instance_in
from nba_pipeline.orchestration.launch import Launched, launch
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse
from nba_pipeline_tests.inside import inside
from nba_pipeline_tests.once import built_once

CHECKOUT = Path(__file__).resolve().parents[2]

#: Four days in a row with 7, 11, 3 and 11 games.
DATES = tuple(date(2021, 11, day) for day in (14, 15, 16, 17))

Settings = Mapping[str, str]


@pytest.fixture(scope="session")
def archive(season_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recorded season cut down to ``DATES``: the whole schedule, the games of those days."""

    def build(folder: Path) -> None:
        folder.mkdir()
        schedule = pq.read_table(season_files / "schedule_2021_22.parquet")
        pq.write_table(schedule, folder / "schedule_2021_22.parquet")
        games = schedule.filter(pc.is_in(schedule["game_date"], _days()))["game_id"]
        for path in sorted(season_files.glob("*2021_2*.parquet")):
            rows = pq.read_table(path)
            if "game_id" in rows.column_names and not path.name.startswith("schedule"):
                picked = rows.filter(pc.is_in(rows["game_id"], games.combine_chunks()))
                pq.write_table(picked, folder / path.name)
            elif "date" in rows.column_names:
                pq.write_table(rows.filter(pc.is_in(rows["date"], _days())), folder / path.name)

    return built_once(tmp_path_factory, "archive", build)


def _days() -> Any:
    import pyarrow as pa

    return pa.array(DATES, pa.date32())


def _marks(warehouse: Path) -> dict[Path, tuple[int, int]]:
    marks = {}
    for table in REGISTRY.values():
        for path in (warehouse / table.dataset / table.name).glob("*.parquet"):
            status = path.stat()
            marks[path] = status.st_ino, status.st_mtime_ns
    return marks


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on standard output; anything beside it is an error."""
        return json.loads(self.out)

    @property
    def sentences(self) -> list[str]:
        """The lines on standard error that are no progress."""
        return [line for line in self.err.splitlines() if line.startswith(("Error", "Usage"))]


@dataclass(frozen=True)
class Terminal:
    """The console script, with a warehouse and a Dagster home of its own."""

    folder: Path
    settings: Settings = field(default_factory=dict)

    @property
    def warehouse(self) -> LocalWarehouse:
        """What its commands wrote, read afresh."""
        return LocalWarehouse(self.folder / "warehouse", list(REGISTRY.values()))

    @property
    def environment(self) -> dict[str, str]:
        """The environment of its commands; nothing of the caller's settings gets through."""
        kept = {
            name: text
            for name, text in os.environ.items()
            if not name.startswith(("NBA_", "DAGSTER_", "ENABLE_", "PARALLEL"))
            and not name.endswith("_WORKERS")
        }
        return {
            **kept,
            "NBA_WAREHOUSE_DIR": str(self.folder / "warehouse"),
            "DAGSTER_HOME": str(self.folder / "dagster"),
            **self.settings,
        }

    def start(self, *words: str, **settings: str) -> subprocess.Popen[str]:
        """Start a command."""
        script = Path(sys.executable).with_name("nba-pipeline")
        return subprocess.Popen(
            [str(script), *words],
            env={**self.environment, **settings},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *words: str, **settings: str) -> Answer:
        """Run a command to its end."""
        with self.start(*words, **settings) as process:
            out, err = process.communicate(timeout=120)
            return Answer(process.returncode, out, err)

    def inside(self, *words: str, **settings: str) -> Answer:
        """Run a command in this process, where it is about what is said."""
        return Answer(*inside(words, {**self.environment, **settings}, self.folder))

    def versions(self, dates: Sequence[date] = DATES) -> dict[tuple[str, date], str]:
        """The data version of every stored partition of those dates."""
        warehouse = self.warehouse
        return {
            (name, day): stored.data_version
            for name, table in REGISTRY.items()
            for day, stored in warehouse.stored(table, dates).items()
        }

    def files(self) -> dict[Path, tuple[int, int]]:
        """Inode and time of change of every stored partition."""
        return _marks(self.folder / "warehouse")


TerminalIn = Callable[..., Terminal]


@pytest.fixture(scope="session")
def terminal_in() -> TerminalIn:
    """Makes terminals: ``terminal_in(folder, NBA_FIRST_DAY="2021-11-14")``."""

    def build(folder: Path, **settings: str) -> Terminal:
        folder.mkdir(parents=True, exist_ok=True)
        return Terminal(folder, settings)

    return build


@pytest.fixture
def terminal(tmp_path: Path, terminal_in: TerminalIn) -> Terminal:
    """A terminal of its own for one test; its seasons begin with the first of ``DATES``."""
    return terminal_in(tmp_path, NBA_FIRST_DAY=DATES[0].isoformat())


def _nobody(table: str, done: int, total: int) -> None:
    """Is told how far a table has come."""


@dataclass(frozen=True)
class Lab:
    """A Dagster instance on disk with a warehouse beside it, in this process."""

    folder: Path
    instance: dg.DagsterInstance

    def bring(
        self, archive: Path, *dates: date, tables: Sequence[str] = tuple(REGISTRY)
    ) -> Launched:
        """Bring tables up to date, as the terminal does."""
        return launch(
            [REGISTRY[name] for name in tables],
            dates,
            self.instance,
            archive=str(archive),
            executor="",
            force=False,
            reporter=_nobody,
        )

    def events(self, told: Launched, name: str) -> list[dg.AssetMaterialization]:
        """The materializations of a table in a run, as Dagster keeps them, oldest first."""
        records = self.instance.fetch_materializations(key_of(REGISTRY[name]), limit=100).records
        found = [rec.asset_materialization for rec in records if rec.run_id in told.run_ids]
        return [event for event in reversed(found) if event]

    def files(self) -> dict[Path, tuple[int, int]]:
        """Inode and time of change of every stored partition."""
        return _marks(self.folder / "warehouse")

    @property
    def warehouse(self) -> LocalWarehouse:
        """What runs wrote, read afresh."""
        return LocalWarehouse(self.folder / "warehouse", list(REGISTRY.values()))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One instance and one warehouse for the tests of a module, which tell one story in order."""
    folder = tmp_path_factory.mktemp("lab")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("DAGSTER_HOME", str(folder / "dagster"))
        patched.setenv("NBA_WAREHOUSE_DIR", str(folder / "warehouse"))
        patched.delenv("NBA_ARCHIVE_DIR", raising=False)
        patched.delenv("NBA_EXECUTOR", raising=False)
        patched.setenv("NBA_FIRST_DAY", DATES[0].isoformat())
        with instance_in(folder / "dagster") as instance:
            yield Lab(folder, instance)
