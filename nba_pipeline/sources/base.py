"""What sources share: finding a row's NBA day, refusing duplicates, and versions by date."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.domain.calendar import SeasonCalendar, season_year_of
from nba_pipeline.domain.clocks import RESCHEDULED_NOTICE
from nba_pipeline.domain.games import out_of_order
from nba_pipeline.engine import hashing
from nba_pipeline.engine.errors import SourceError
from nba_pipeline.engine.rows import places
from nba_pipeline.sources.feeds import FEEDS, Feed


def feed_named(name: str) -> Feed:
    """The feed of that name.

    Raises:
        SourceError: When there is none.
    """
    if name not in FEEDS:
        raise SourceError(f"there is no feed {name}: choose one of {', '.join(sorted(FEEDS))}")
    return FEEDS[name]


def with_season_days(games: pa.Table) -> pa.Table:
    """The schedule with the days that only a whole season shows, where its publisher left them out.

    These are ``fixture_public_from`` and ``season_first_day``.

    Args:
        games: The whole schedule, every season of it.
    """
    ids, days = games["game_id"].to_pylist(), games["game_date"].to_pylist()
    calendar = SeasonCalendar.from_games(days, ids)
    first_days = {season.year: season.regular_first_day for season in calendar.seasons}
    late: set[str] = set()
    for year in first_days:
        season = [(i, d) for i, d in zip(ids, days, strict=True) if season_year_of(i) == year]
        late |= out_of_order([i for i, _ in season], [d for _, d in season])
    public = [
        max(first_days[season_year_of(i)], day - RESCHEDULED_NOTICE)
        if i in late
        else first_days[season_year_of(i)]
        for i, day in zip(ids, days, strict=True)
    ]
    opening = [first_days[season_year_of(i)] for i in ids]
    for name, found in (("fixture_public_from", public), ("season_first_day", opening)):
        filled = pc.coalesce(games[name], pa.array(found, pa.date32()))
        games = games.set_column(games.column_names.index(name), name, filled)
    return games


def of_dates(rows: pa.Table, dates: Sequence[date]) -> pa.Table:
    """The rows of those days; ``rows`` is sorted by ``game_date``."""
    days = rows["game_date"].cast(pa.int32()).to_numpy()
    wanted = np.array(sorted(set(dates)), dtype="datetime64[D]").astype(np.int32)
    return rows.filter(pa.array(np.isin(days, wanted)))


def sorted_by_day(feed: Feed, rows: pa.Table) -> pa.Table:
    """Rows sorted by day and key, so that the order in a file means nothing."""
    by = dict.fromkeys(["game_date", *feed.key])
    return rows.take(pc.sort_indices(rows, [(name, "ascending") for name in by])).combine_chunks()


def refuse_duplicates(
    feed: Feed, rows: pa.Table, origin: Callable[[Mapping[str, Any]], str]
) -> None:
    """Check that no key occurs twice, be it on two different days.

    Args:
        feed: Whose key.
        rows: The rows.
        origin: From a row that occurs twice to the names of the files that hold it.

    Raises:
        SourceError: Naming the file and the first key that does.
    """
    if rows.num_rows < 2:
        return
    rows = rows.take(pc.sort_indices(rows, [(name, "ascending") for name in feed.key]))
    same = np.ones(rows.num_rows - 1, dtype=bool)
    for name in feed.key:
        values = hashing.joined(rows[name])
        same &= np.asarray(pc.equal(values.slice(1), values.slice(0, len(values) - 1)))
    if same.any():
        row = rows.slice(int(np.flatnonzero(same)[0]), 1).to_pylist()[0]
        named = ", ".join(f"{name} {row[name]}" for name in feed.key)
        who = f" ({row['player_name']})" if "player_name" in row else ""
        raise SourceError(f"{origin(row)}: two rows for {named}{who} on {row['game_date']}")


def versions_by_date(rows: pa.Table, dates: Sequence[date]) -> dict[date, str]:
    """A digest of each date's rows and of nothing else: no file, path or time of one.

    Args:
        rows: Sorted by day and key, so that the order in a file means nothing.
        dates: Which days.
    """
    found = places(rows, dates)
    return dict(zip(found, hashing.run_digests(rows, found.values()), strict=True))
