"""The league as its publishers would have it fetched: payloads in a landing zone, hour by hour.

At noon of a day: what is new on the schedule, who officiates, who went on the injured list. When
its games begin: the injury reports and what bookmakers offered until then. On the morning after:
how the games went, and again when something of it is corrected. Each payload says what could be
known when it is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nba_pipeline.domain.calendar import instant, morning_after
from nba_pipeline.sources.feeds import (
    GAME_LINES,
    INJURY_REPORTS,
    INJURY_TRANSACTIONS,
    OFFICIALS,
    PLAY_BY_PLAY,
    PLAYER_BOX,
    PLAYER_PROPS,
    SCHEDULE,
    SHOTS,
    TEAM_BOX,
)
from nba_pipeline.sources.landing import LandingZone
from nba_pipeline.sources.simulated import SimulatedLeague

_RESULTS = (PLAYER_BOX, TEAM_BOX, PLAY_BY_PLAY, SHOTS)


@dataclass(frozen=True)
class _Fetched:
    """One payload.

    Attributes:
        feed: Which feed it tells of.
        day: The NBA day it is about.
        name: Which of the day's.
        fetched_at: When.
        rows: What it says; nothing lands where it says nothing.
    """

    feed: str
    day: date
    name: str
    fetched_at: datetime
    rows: pa.Table


def publish(league: SimulatedLeague, days: Sequence[date], zone: LandingZone) -> int:
    """Land what a league publishes about some days.

    Args:
        league: The league, with all there is ever to know.
        days: NBA days in order. The first brings the whole schedule, the others what is new on it.
        zone: Where the payloads land; what is there already is not written again.

    Returns:
        How many payloads are new.

    Raises:
        SourceError: When the landing zone cannot be written.
    """
    landed = 0
    schedule: list[pa.Table] = []
    for day in days:
        for payload in (
            *_at_noon(league, day, schedule),
            *_evening(league, day),
            *_after(league, day),
        ):
            landed += _land(payload, league, zone)
    return landed


def _land(payload: _Fetched, league: SimulatedLeague, zone: LandingZone) -> int:
    if not payload.rows.num_rows:
        return 0
    content = pa.BufferOutputStream()
    pq.write_table(payload.rows, content, compression="zstd")
    new = zone.put(
        league.name,
        payload.feed,
        payload.day,
        payload.name,
        content.getvalue().to_pybytes(),
        fetched_at=payload.fetched_at,
        request={"day": payload.day.isoformat()},
        extension="parquet",
    )
    return int(new is not None)


def _at_noon(league: SimulatedLeague, day: date, known: list[pa.Table]) -> Iterator[_Fetched]:
    noon = instant(day, 12)
    told = league.at(noon)
    games = told.schedule()
    yield _Fetched(SCHEDULE.name, day, "news", noon, _news(games, known, day))
    known[:] = [games]
    for feed in (OFFICIALS, INJURY_TRANSACTIONS):
        yield _Fetched(feed.name, day, "all", noon, told.read(feed.name, [day]))


def _news(games: pa.Table, known: Sequence[pa.Table], day: date) -> pa.Table:
    """The games to come that are on the schedule for the first time, or otherwise than before."""
    before = {tuple(row.items()) for table in known for row in table.to_pylist()}
    is_news = [
        row["game_date"] >= day and tuple(row.items()) not in before for row in games.to_pylist()
    ]
    return games.filter(pa.array(is_news, pa.bool_()))


def _evening(league: SimulatedLeague, day: date) -> Iterator[_Fetched]:
    """Each game's lines when it begins; every report and prop of the day when the last one does.

    Reports and props say themselves when they were published.
    """
    planned = league.at(instant(day, 12)).read(SCHEDULE.name, [day])
    if not planned.num_rows:
        return
    last = max(planned["scheduled_start_utc"].to_pylist())
    told = league.at(last)
    lines = told.read(GAME_LINES.name, [day])
    for game in told.read(SCHEDULE.name, [day]).to_pylist():
        mine = lines.filter(pc.equal(lines["game_id"], game["game_id"]))
        start = game["scheduled_start_utc"]
        yield _Fetched(GAME_LINES.name, day, game["game_id"], start, mine)
    for feed in (INJURY_REPORTS, PLAYER_PROPS):
        yield _Fetched(feed.name, day, "all", last, told.read(feed.name, [day]))


def _after(league: SimulatedLeague, day: date) -> Iterator[_Fetched]:
    """Results as they were first published, and as they were after each correction."""
    morning = morning_after(day)
    for moment in (morning, *(at for at in league.corrected_at(day) if at > morning)):
        told = league.at(moment)
        for feed in (SCHEDULE, *_RESULTS):
            rows = told.read(feed.name, [day])
            yield _Fetched(feed.name, day, "results", moment, rows)
