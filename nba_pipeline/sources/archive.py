"""Season files: a folder of Parquet files in the archive format (``feeds.py``).

A feed's files are all those named ``<feed>_<anything>.parquet``, for example
``player_box_2021_22.parquet``. Several seasons may lie side by side. Rows about a game find their
NBA day through the schedule, so a line dated one day late by its publisher still reaches its game.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nba_pipeline.domain.calendar import SeasonCalendar
from nba_pipeline.domain.games import COMPETITIVE_PREFIXES
from nba_pipeline.engine.errors import SourceError
from nba_pipeline.engine.hashing import text_digest
from nba_pipeline.sources.base import (
    feed_named,
    of_dates,
    refuse_duplicates,
    sorted_by_day,
    versions_by_date,
    with_season_days,
)
from nba_pipeline.sources.feeds import GAME_LINES, PLAYER_BOX, SCHEDULE, TEAM_BOX, Feed
from nba_pipeline.sources.layouts import LAYOUTS, cast

_INDISPENSABLE = (SCHEDULE, PLAYER_BOX, TEAM_BOX)

# A second book's lines lie beside the first's under a longer name and have other columns.
_NOT_OF_FEED = {GAME_LINES.name: "game_lines_second_source"}


class Archive:
    """The season files of one folder, each read once."""

    name = "archive"

    def __init__(self, folder: Path) -> None:
        """Use the files of ``folder``.

        Raises:
            SourceError: When there is no such folder.
        """
        if not folder.is_dir():
            raise SourceError(f"there is no archive folder {folder}")
        self._folder = folder
        self._feeds: dict[str, pa.Table] = {}
        self._versions: dict[str, dict[date, str]] = {}
        self._calendar: SeasonCalendar | None = None

    def read(self, feed: str, dates: Sequence[date]) -> pa.Table:
        """The feed's rows of those days, sorted by day and key.

        Raises:
            SourceError: When a file cannot be read, lacks a column, names a game that nobody
                scheduled, or holds one of the rows twice.
        """
        found = of_dates(self._all(feed_named(feed)), dates)
        # Looked for day by day, so that one bad day does not take a season with it.
        refuse_duplicates(feed_named(feed), found, partial(self._holders, feed_named(feed)))
        return found

    def _holders(self, feed: Feed, row: Mapping[str, Any]) -> str:
        """The files with a row of the same key."""
        published = [name for name in feed.key if name in feed.columns]
        holding = []
        for path in self._files(feed):
            rows = self._file(feed, path)
            for name in published:
                rows = rows.filter(pc.equal(rows[name], pa.scalar(row[name], rows[name].type)))
            if rows.num_rows:
                holding.append(path.name)
        return " and ".join(holding)

    def versions(self, feed: str, dates: Sequence[date]) -> dict[date, str]:
        """A digest of each day's rows."""
        known = self._versions.setdefault(feed, {})
        missing = [day for day in dates if day not in known]
        if missing:
            rows = of_dates(self._all(feed_named(feed)), missing)
            known.update(versions_by_date(rows, missing))
        return {day: known[day] for day in dates}

    def calendar(self) -> SeasonCalendar:
        """The seasons of the schedule files."""
        if self._calendar is None:
            games = self._all(SCHEDULE)
            if not games.num_rows:
                raise SourceError(f"the schedule files in {self._folder} hold no game")
            self._calendar = SeasonCalendar.from_games(
                games["game_date"].to_pylist(), games["game_id"].to_pylist()
            )
        return self._calendar

    def mark(self) -> str:
        """A digest of which files there are and what the file system says of each."""
        files = []
        for path in sorted(self._folder.glob("*.parquet")):
            status = path.stat()
            files.append(f"{path.name} {status.st_ino} {status.st_size} {status.st_mtime_ns}")
        return text_digest(*files)

    def _all(self, feed: Feed) -> pa.Table:
        if feed.name not in self._feeds:
            parts = [self._file(feed, path) for path in self._files(feed)]
            whole = pa.concat_tables(parts) if parts else _empty(feed)
            if feed is SCHEDULE and whole.num_rows:
                whole = self._with_season_days(whole)
            whole = sorted_by_day(feed, whole)
            if feed is SCHEDULE:  # a game on two days is a mistake that no day shows
                refuse_duplicates(feed, whole, partial(self._holders, feed))
            self._feeds[feed.name] = whole
        return self._feeds[feed.name]

    def _with_season_days(self, games: pa.Table) -> pa.Table:
        try:
            return with_season_days(games)
        except ValueError as error:
            raise SourceError(f"the schedule files in {self._folder}: {error}") from error

    def _files(self, feed: Feed) -> list[Path]:
        skipped = _NOT_OF_FEED.get(feed.name)
        found = [
            path
            for path in sorted(self._folder.glob(f"{feed.name}_*.parquet"))
            if not (skipped and path.name.startswith(skipped))
        ]
        if not found and feed in _INDISPENSABLE:
            raise SourceError(f"{self._folder} holds no {feed.name}_*.parquet: nothing can run")
        return found

    def _file(self, feed: Feed, path: Path) -> pa.Table:
        rows = _typed(feed, _parquet(path), path)
        if feed.dated_by == "date":
            return _dated(rows, rows["date"])
        ids = rows["game_id"]
        _refuse_other_ids(ids, path)
        rows = rows.filter(
            pc.is_in(pc.utf8_slice_codeunits(ids, 0, 3), pa.array(COMPETITIVE_PREFIXES))
        )
        if feed is SCHEDULE:
            return rows
        return self._with_game_date(feed, rows, path)

    def _with_game_date(self, feed: Feed, rows: pa.Table, path: Path) -> pa.Table:
        games = self._all(SCHEDULE)
        at = pc.index_in(rows["game_id"], games["game_id"].combine_chunks())
        if at.null_count:
            row = rows.filter(pc.is_null(at)).slice(0, 1).to_pylist()[0]
            raise SourceError(f"{path.name}: {_named(row)} is in no schedule file")
        scheduled = games["game_date"].take(at)
        if feed.dated_by == "game_date":
            wrong = pc.not_equal(rows["game_date"], scheduled)
            if pc.any(wrong).as_py():
                row = rows.filter(wrong).slice(0, 1).to_pylist()[0]
                raise SourceError(
                    f"{path.name}: {_named(row)} is dated {row['game_date']}, another day than in "
                    "the schedule"
                )
            return rows
        return _dated(rows, scheduled)


def _empty(feed: Feed) -> pa.Table:
    rows = feed.schema.empty_table()
    if "game_date" in rows.column_names:
        return rows
    return _dated(rows, pa.chunked_array([], pa.date32()))


_NBA_GAME_ID = r"^00\d{8}$"


def _refuse_other_ids(ids: pa.ChunkedArray, path: Path) -> None:
    """Check that every id is nba.com's; as a number it would have lost its leading zeros."""
    distinct = ids.unique()
    wrong = distinct.filter(pc.invert(pc.match_substring_regex(distinct, _NBA_GAME_ID)))
    if len(wrong):
        raise SourceError(
            f"{path.name}: game_id {wrong[0].as_py()!r} is not an nba.com game id: ten digits "
            "beginning 00"
        )


def _named(row: dict[str, object]) -> str:
    who = f"the row of {row['player_name']}, " if "player_name" in row else ""
    return f"{who}game {row['game_id']}"


def _dated(rows: pa.Table, days: pa.ChunkedArray) -> pa.Table:
    return rows.add_column(0, "game_date", days)


def _parquet(path: Path) -> pa.Table:
    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise SourceError(f"{path.name} cannot be read as Parquet: {error}") from error


def _typed(feed: Feed, rows: pa.Table, path: Path) -> pa.Table:
    """The feed's columns in its types.

    Raises:
        SourceError: Naming the file and the column that is missing or of another type.
    """
    rows = LAYOUTS[feed.name](rows, path) if feed.name in LAYOUTS else rows
    arrays = []
    for name, kind in feed.columns.items():
        if name not in rows.column_names:
            if name in feed.required:
                raise SourceError(f"{path.name} has no column {name}")
            arrays.append(pa.nulls(rows.num_rows, kind))
            continue
        arrays.append(cast(rows[name], kind, name, path))
    typed = pa.table(arrays, schema=feed.schema)
    dated_by = () if feed.dated_by == "game_id" else (feed.dated_by,)
    for name in (*feed.key, *dated_by):
        if typed[name].null_count:
            raise SourceError(
                f"{path.name}: column {name} is NULL in {typed[name].null_count} of "
                f"{typed.num_rows} rows"
            )
    return typed
