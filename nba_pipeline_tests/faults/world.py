"""A world for faults: season files as they were told at first and later, and what is true of each.

What a warehouse holds is compared, row by row, with one that was built from nothing out of the same
files and to which nothing ever happened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nba_pipeline.domain.calendar import morning_after
from nba_pipeline.engine import hashing, rows
from nba_pipeline.engine.columns import KNOWN_AT
from nba_pipeline.engine.fanout import Pools
from nba_pipeline.engine.history import Late, out_of_date
from nba_pipeline.engine.logs import LOGS
from nba_pipeline.engine.materialize import materialize
from nba_pipeline.engine.read_cache import ReadCache
from nba_pipeline.engine.session import Session
from nba_pipeline.engine.table import Table
from nba_pipeline.sources.archive import Archive
from nba_pipeline.sources.feeds import (
    GAME_LINES,
    INJURY_REPORTS,
    INJURY_TRANSACTIONS,
    OFFICIALS,
    PLAY_BY_PLAY,
    PLAYER_BOX,
    PLAYER_PROPS,
    SCHEDULE,
    TEAM_BOX,
)
from nba_pipeline.sources.simulated import SimulatedLeague
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse

#: Over the night the clocks go back, and over the end of the season's first two weeks, on which
#: precompute tables have no rows.
FIRST_DAYS = {"small": date(2025, 11, 2), "large": date(2025, 10, 30)}
LAST_DAYS = {"small": date(2025, 11, 5), "large": date(2025, 11, 10)}
NOON = datetime(2025, 11, 12, 17, tzinfo=UTC)

_RESULTS = (PLAYER_BOX, TEAM_BOX, PLAY_BY_PLAY)
_OTHERS = (GAME_LINES, INJURY_REPORTS, INJURY_TRANSACTIONS, OFFICIALS, PLAYER_PROPS)
_CLOCKS = {column.name for column in KNOWN_AT}

Where = tuple[str, date]


# Season files ------------------------------------------------------------------------------------


def write_seasons(folder: Path, days: Sequence[date]) -> dict[str, Path]:
    """The same days as season files, ``early`` and ``late``; by name.

    The early ones have box scores and plays that were corrected later, and of every game of the
    last day a play that the late ones no longer know. Only results differ: what a report or a line
    said by tip-off stays said, whatever its publisher says afterwards.
    """
    league = SimulatedLeague()
    played = league.read(SCHEDULE.name, days)
    drawn_up = league.schedule()
    others = pc.invert(pc.is_in(drawn_up["game_id"], played["game_id"].combine_chunks()))
    told = {
        SCHEDULE.name: pa.concat_tables([played, drawn_up.filter(others)]),
        **{feed.name: league.read(feed.name, days) for feed in (*_RESULTS, *_OTHERS)},
    }
    at_first = {
        feed.name: pa.concat_tables(
            [league.at(morning_after(day)).read(feed.name, [day]) for day in days]
        )
        for feed in _RESULTS
    }
    late = {**told, PLAY_BY_PLAY.name: _without_last(told[PLAY_BY_PLAY.name], days[-1])}
    early = {**told, **at_first}
    folders = {}
    for name, feeds in (("early", early), ("late", late)):
        folders[name] = folder / name
        folders[name].mkdir(parents=True)
        for feed, found in feeds.items():
            pq.write_table(found, folders[name] / f"{feed}_2025_26.parquet")
    return folders


def _without_last(plays: pa.Table, day: date) -> pa.Table:
    """Plays without the one each game of a day ends with."""
    games, days = np.asarray(plays["game_id"]), np.asarray(plays["game_date"])
    is_last = np.append(games[1:] != games[:-1], True)
    return plays.filter(pa.array(~(is_last & (days == np.datetime64(day)))))


# What is true ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Content:
    """What a partition holds.

    Attributes:
        version: Its data version, as its file says.
        rows: A digest of each row a reader is handed, by key.
        is_sound: Whether rows, hashes and version agree with one another.
    """

    version: str
    rows: Mapping[tuple[Any, ...], str]
    is_sound: bool


@dataclass
class Reader:
    """Reads warehouses partition by partition, and files that have not changed only once."""

    _known: dict[tuple[Any, ...], Content] = field(default_factory=dict)

    def contents(self, folder: Path, days: Sequence[date]) -> dict[Where, Content]:
        """Every stored partition of some days; those known to be damaged are left out."""
        warehouse = LocalWarehouse(folder, list(REGISTRY.values()))
        found: dict[Where, Content] = {}
        for table in REGISTRY.values():
            for day, stored in warehouse.stored(table, days).items():
                if not stored.intact:
                    continue
                status = warehouse.path(table, day).stat()
                mark = (table.name, day, status.st_ino, status.st_size, status.st_mtime_ns)
                if mark not in self._known:
                    self._known[mark] = _content(table, day, warehouse, stored.data_version)
                found[table.name, day] = self._known[mark]
        return found


def _content(table: Table, day: date, warehouse: LocalWarehouse, version: str) -> Content:
    found = rows.current(table, warehouse.read(table, [day], every_revision=True))
    hashes = hashing.joined(found["data_hash"])
    compared = [c.name for c in table.columns if c.name not in _CLOCKS]
    keys = zip(*(found[name].to_pylist() for name in ("game_date", *table.key)), strict=True)
    digests = {
        key: hashlib.sha256(repr(row).encode()).hexdigest()
        for key, row in zip(keys, found.select([*compared, "data_hash"]).to_pylist(), strict=True)
    }
    agree = (
        hashing.row_hashes(found.select(table.hash_fields), table.hash_fields).equals(hashes)
        and hashing.partition_version(found.select(list(table.key)), hashes) == version
        and set(found["game_date"].to_pylist()) <= {day}
    )
    return Content(version, digests, agree)


@dataclass(frozen=True)
class Differences:
    """How a warehouse differs from the truth.

    Attributes:
        partitions: How many were compared.
        rows: How many rows they should hold.
        lost: Rows, and partitions as a whole, that are not there.
        wrong: Rows that are others, or should not be there, and versions that are others.
    """

    partitions: int
    rows: int
    lost: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()


def differences(found: Mapping[Where, Content], truth: Mapping[Where, Content]) -> Differences:
    """How partitions differ from what is true of them; those that are not there are lost."""
    lost, wrong = [], []
    for (name, day), true in truth.items():
        if (name, day) not in found:
            lost.append(f"{name} {day}")
            continue
        here = found[name, day]
        lost += [f"{name} {day} {key}" for key in true.rows.keys() - here.rows.keys()]
        wrong += [f"{name} {day} {key}" for key in here.rows.keys() - true.rows.keys()]
        wrong += [
            f"{name} {day} {key}"
            for key in true.rows.keys() & here.rows.keys()
            if true.rows[key] != here.rows[key]
        ]
        if here.version != true.version or not here.is_sound:
            wrong.append(f"{name} {day}: its version, or a hash")
    total = sum(len(content.rows) for content in truth.values())
    return Differences(len(truth), total, tuple(lost), tuple(wrong))


def session_in(folder: Path, archive: Path, now: datetime = NOON, **options: Any) -> Session:
    """A run's session over a warehouse folder, opened afresh."""
    warehouse = LocalWarehouse(folder, list(REGISTRY.values()))
    return Session(
        **{
            "warehouse": warehouse,
            "cache": ReadCache(warehouse),
            "source": Archive(archive),
            "tables": REGISTRY,
            "pools": Pools(),
            "environ": {},
            "run_id": f"run of {now:%Y-%m-%d %H:%M:%S.%f}",
            "now": now,
            **options,
        }
    )


def build(session: Session, days: Sequence[date]) -> list[str]:
    """Bring every table up to date, as a run does; what stopped it, one sentence each."""
    try:
        return [
            part.problem
            for table in REGISTRY.values()
            for part in materialize(table, days, session)
            if part.problem
        ]
    finally:
        session.cache.leave()


@dataclass(frozen=True)
class World:
    """The season files, and what is true of each.

    Attributes:
        days: Which days they tell of.
        archives: Folders of season files by name.
        truth: What a warehouse built from nothing holds, by the name of its files.
        reader: What it was read with.
        whole: A warehouse of the early files that is whole, to be copied.
    """

    days: Sequence[date]
    archives: Mapping[str, Path]
    truth: Mapping[str, Mapping[Where, Content]]
    reader: Reader
    whole: Path

    def session(self, folder: Path, name: str, now: datetime = NOON, **options: Any) -> Session:
        """A run's session over a warehouse folder, opened afresh, and some files."""
        return session_in(folder, self.archives[name], now, **options)

    def contents(self, folder: Path) -> dict[Where, Content]:
        """What a warehouse holds."""
        return self.reader.contents(folder, self.days)

    def compared(
        self, folder: Path, name: str, tables: Collection[str] = (), days: Collection[date] = ()
    ) -> Differences:
        """How a warehouse differs from what is true of some files, by tables and days if asked."""
        wanted, when = set(tables) or set(REGISTRY), set(days) or set(self.days)
        truth = {
            (table, day): true
            for (table, day), true in self.truth[name].items()
            if table in wanted and day in when
        }
        return differences(self.contents(folder), truth)

    def torn(self, folder: Path, before: Collection[Where]) -> Differences:
        """What is neither as it was told at first nor as it was told later, or is there no more.

        Args:
            folder: A warehouse some run has begun to change.
            before: The partitions there were before that.
        """
        found, wrong = self.contents(folder), []
        for where, content in found.items():
            truths = [true[where] for true in self.truth.values()]
            if all(content != true for true in truths):
                wrong.append(f"{where[0]} {where[1]}")
        lost = [f"{name} {day}" for name, day in set(before) - found.keys()]
        total = sum(len(content.rows) for content in found.values())
        return Differences(len(found), total, tuple(lost), tuple(wrong))

    def broken(self, folder: Path) -> list[str]:
        """Why computing somebody broke, as the partitions say themselves."""
        warehouse = LocalWarehouse(folder, list(REGISTRY.values()))
        return [
            outcome.reason
            for table in REGISTRY.values()
            for stored in warehouse.stored(table, self.days).values()
            for outcome in stored.outcomes
            if outcome.is_broken
        ]

    def late(self, folder: Path, name: str) -> list[Late]:
        """What the planner finds missing or no longer true of a warehouse."""
        session = self.session(folder, name)
        wanted = dict.fromkeys(REGISTRY, self.days)
        return out_of_date(wanted, REGISTRY, session.warehouse, session.source, session.environ)


def make_world(folder: Path, days: Sequence[date]) -> World:
    """Write season files and build what is true of them."""
    archives = write_seasons(folder / "archives", days)
    reader = Reader()
    truth = {}
    for name, archive in archives.items():
        problems = build(session_in(folder / name, archive), days)
        if problems:
            raise AssertionError(problems[0])
        truth[name] = reader.contents(folder / name, days)
    return World(days, archives, truth, reader, folder / "early")


def days_of(size: str) -> list[date]:
    """The days of a world, ``small`` or ``large``."""
    first = FIRST_DAYS[size]
    return [first + timedelta(days=at) for at in range((LAST_DAYS[size] - first).days + 1)]


def leftovers(folder: Path) -> list[Path]:
    """Files of writers that never finished."""
    return sorted(folder.rglob("*.tmp"))


def read_logs(folder: Path) -> dict[str, int]:
    """Rows of each log, all of which can be read."""
    warehouse = LocalWarehouse(folder, list(REGISTRY.values()))
    return {log.name: warehouse.read_log(log).num_rows for log in LOGS}
