"""Facts from the landing zone: every payload parsed, the best of them chosen, row by row.

Of a thing that is published again the newest payload counts, of snapshots every one. A row is known
since the fetch that first said so, and ``as_of`` tells what was said before it was corrected. Where
several publishers tell of the same game, the one listed first in ``parsers.KINDS`` is believed, and
each row says whom it comes from. A payload that cannot be read is set aside with a sentence; the
revision before it, and all others, count as before.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import groupby
from typing import Any

import pyarrow as pa

from nba_pipeline.domain.calendar import SeasonCalendar
from nba_pipeline.domain.players import player_lookup
from nba_pipeline.engine.errors import SourceError
from nba_pipeline.engine.hashing import text_digest
from nba_pipeline.engine.protocols import SetAside
from nba_pipeline.sources.base import (
    feed_named,
    of_dates,
    sorted_by_day,
    versions_by_date,
    with_season_days,
)
from nba_pipeline.sources.choice import (
    by_thing,
    every_snapshot,
    filled,
    games,
    key_of,
    newest,
    once,
)
from nba_pipeline.sources.feeds import (
    GAME_LINE_SNAPSHOTS,
    INJURY_REPORTS,
    PLAYER_BOX,
    PLAYER_LIST,
    PLAYER_PROPS,
    SCHEDULE,
    SHOTS,
    TEAM_BOX,
    Feed,
)
from nba_pipeline.sources.landing import LandingZone, Payload
from nba_pipeline.sources.layouts import numbered
from nba_pipeline.sources.parsers import KINDS, Kind, Origin, UnknownPayloadError, parse
from nba_pipeline.sources.parsers.nbac_schedule import about_game
from nba_pipeline.sources.team_sums import summed

Row = dict[str, Any]

#: Feeds of which every payload is a moment that stays true; of the others the newest one counts.
_SNAPSHOTS = (PLAYER_PROPS, GAME_LINE_SNAPSHOTS, INJURY_REPORTS)


class Landed:
    """What the payloads of a landing zone say; each is parsed once."""

    name = "landed"

    def __init__(self, zone: LandingZone) -> None:
        """Read from ``zone``; nothing is read yet."""
        self._zone = zone
        self._until: datetime | None = None
        self._parsed: dict[str, Mapping[str, Sequence[Row]] | None] = {}
        self._days: dict[tuple[str, date], pa.Table] = {}
        self._schedule: pa.Table | None = None
        self._games: dict[str, Row] = {}
        self._fixtures: dict[tuple[date, str | None, str | None], str] = {}
        #: What no row comes from, by file and problem.
        self.set_aside: dict[tuple[str, str], SetAside] = {}

    # What a source answers ---------------------------------------------------------------------

    def read(self, feed: str, dates: Sequence[date]) -> pa.Table:
        """The feed's rows of those days, sorted by day and key.

        Raises:
            SourceError: When there is no such feed, no schedule, or the landing zone cannot be
                read. A payload that cannot be parsed raises nothing: see ``set_aside``.
        """
        wanted = feed_named(feed)
        if wanted is SCHEDULE:
            return of_dates(self._whole_schedule(), dates)
        self._whole_schedule()
        days = [self._day(wanted, day) for day in sorted(set(dates))]
        return pa.concat_tables([_table(wanted, []), *days]).combine_chunks()

    def versions(self, feed: str, dates: Sequence[date]) -> dict[date, str]:
        """A digest of each day's rows."""
        return versions_by_date(self.read(feed, dates), dates)

    def calendar(self) -> SeasonCalendar:
        """The seasons of the schedule payloads."""
        games = self._whole_schedule()
        return SeasonCalendar.from_games(
            games["game_date"].to_pylist(), games["game_id"].to_pylist()
        )

    def mark(self) -> str:
        """A digest of which payloads there are."""
        return text_digest(
            *(
                payload.path
                for kind in KINDS
                for payload in self._zone.payloads(kind.source, kind.name)
            )
        )

    def moments(self, feed: str, day: date) -> list[datetime]:
        """When payloads on a day arrived of which one replaces another, oldest first.

        A schedule's rows and snapshots bear their own moments: of those there are none.
        """
        wanted = feed_named(feed)
        if wanted is SCHEDULE or wanted in _SNAPSHOTS:
            return []
        # Teams' totals may be sums of their players' lines.
        spoken = (TEAM_BOX, PLAYER_BOX) if wanted is TEAM_BOX else (wanted,)
        return sorted(
            {
                payload.fetched_at
                for each in spoken
                for _, revisions in self._told(each, [day])
                if len(revisions) > 1
                for payload, _ in revisions
            }
        )

    def as_of(self, moment: datetime) -> Landed:
        """The same landing zone without what arrived later, but for the schedule's games."""
        # Whose a name is and which game is meant is known from whatever has landed.
        self._whole_schedule()
        self._ids  # noqa: B018 - a cached property, which the copy shares
        then = copy(self)
        then._until, then._days = moment, {}
        return then

    # Payloads ------------------------------------------------------------------------------------

    def _told(
        self, feed: Feed, days: Sequence[date] | None
    ) -> Iterator[tuple[Kind, list[tuple[Payload, Sequence[Row]]]]]:
        """Of each kind that tells of a feed, of each thing: readable revisions, oldest first."""
        for kind in KINDS:
            if feed.name not in kind.feeds:
                continue
            found = [
                payload
                for payload in self._zone.payloads(kind.source, kind.name, days)
                if self._until is None or payload.fetched_at <= self._until
            ]
            found.sort(key=lambda payload: (payload.day, payload.name, payload.fetched_at))
            for _, revisions in groupby(found, key=lambda each: (each.day, each.name)):
                readable = [
                    (payload, parsed[feed.name])
                    for payload in revisions
                    if (parsed := self._rows_of(kind, payload)) is not None and feed.name in parsed
                ]
                if readable:
                    yield kind, readable

    def _rows_of(self, kind: Kind, payload: Payload) -> Mapping[str, Sequence[Row]] | None:
        """What a payload says; None where it is set aside."""
        if payload.path not in self._parsed:
            origin = Origin(payload.path, payload.day, payload.fetched_at)
            try:
                parsed = parse(kind, self._zone.read(payload), origin)
            except UnknownPayloadError as error:
                self._aside(payload.path, payload.day, error.problem)
                parsed = None
            self._parsed[payload.path] = parsed
        return self._parsed[payload.path]

    def _aside(self, file: str, day: date, problem: str) -> None:
        if (file, problem) not in self.set_aside:
            self.set_aside[file, problem] = SetAside(file, day, problem)
            logging.getLogger("nba_pipeline").warning("set aside: %s: %s", file, problem)

    # The schedule --------------------------------------------------------------------------------

    def _whole_schedule(self) -> pa.Table:
        """Every game, each column as whoever spoke last of it said."""
        if self._schedule is None:
            said = [
                (payload, kind.title, row)
                for kind, revisions in self._told(SCHEDULE, None)
                for payload, rows in revisions
                for row in rows
            ]
            said.sort(key=lambda each: (each[0].fetched_at, each[0].path))
            if not any("game_id" in row for _, _, row in said):
                raise SourceError(
                    f"the landing zone {self._zone.root} holds no schedule: fetch it first"
                )
            try:
                whole = with_season_days(_table(SCHEDULE, games(said)))
            except ValueError as error:
                raise SourceError(
                    f"the schedule in the landing zone {self._zone.root}: {error}"
                ) from error
            self._schedule = sorted_by_day(SCHEDULE, whole)
            for row in self._schedule.to_pylist():
                self._games[row["game_id"]] = row
                teams = row["away_team_abbr"], row["home_team_abbr"]
                self._fixtures[row["game_date"], *teams] = row["game_id"]
        return self._schedule

    # Everything else -----------------------------------------------------------------------------

    def _day(self, feed: Feed, day: date) -> pa.Table:
        if (feed.name, day) not in self._days:
            rows = self._rows(feed, day)
            if feed is TEAM_BOX:
                rows += summed(rows, self._day(PLAYER_BOX, day).to_pylist())
            self._days[feed.name, day] = sorted_by_day(feed, _table(feed, rows, day))
        return self._days[feed.name, day]

    def _rows(self, feed: Feed, day: date) -> list[Row]:
        """A day's rows, of every thing from whoever is believed first to tell of it."""
        chosen: dict[Any, tuple[Kind, list[Row]]] = {}
        others: dict[tuple[Any, ...], Row] = {}
        # The report of an evening speaks of the next day's games already.
        days = [day - timedelta(days=1), day] if feed is INJURY_REPORTS else [day]
        for kind, revisions in self._told(feed, days):
            said = every_snapshot(revisions) if feed in _SNAPSHOTS else newest(revisions)
            rows = [
                {**whole, "data_source": kind.title}
                for row in said
                if (whole := self._completed(feed, kind, day, row)) is not None
            ]
            for thing, mine in by_thing(feed, rows):
                if chosen.setdefault(thing, (kind, []))[0] is kind:
                    chosen[thing][1].extend(mine)
                else:
                    others |= {key_of(feed, row): row for row in mine}
        return [
            filled(feed, row, others.get(key_of(feed, row), {}))
            for _, rows in chosen.values()
            for row in once(feed, rows)
        ]

    def _completed(self, feed: Feed, kind: Kind, day: date, row: Row) -> Row | None:
        """A row with what its payload left to the schedule and the player list to say."""
        whole = self._on_its_day if feed.dated_by == "date" else self._of_its_game
        dated = whole(kind, day, row)
        return dated and self._with_id(feed, kind, day, dated)

    def _of_its_game(self, kind: Kind, day: date, row: Row) -> Row | None:
        teams = _teams(row)
        game = self._games.get(row.get("game_id") or self._fixtures.get((day, *teams), ""))
        if game is None or day != game["game_date"]:
            named = row.get("game_id") or f"{teams[0]} at {teams[1]}"
            self._aside(kind.title, day, f"tells of {named}, a game not scheduled for that day")
            return None
        away, home = game["away_team_abbr"], game["home_team_abbr"]
        about = about_game(game["game_id"], day)
        if row.get("team_abbr") in (away, home):
            at_home = row["team_abbr"] == home
            about |= {"is_home": at_home, "opponent_abbr": away if at_home else home}
        return {**row, **about}

    def _on_its_day(self, kind: Kind, day: date, row: Row) -> Row | None:
        if "date" not in row:
            event = self._bettingpros_event(day, row["event_id"])
            if event is None:
                self._aside(kind.title, day, f"tells of event {row['event_id']}, which is unknown")
                return None
            row = {**row, **event}
        return row if row["date"] == day else None

    def _bettingpros_event(self, day: date, event_id: str) -> Row | None:
        """The game of an offer, which only has the number of its event."""
        for payload in self._zone.payloads(_EVENTS.source, _EVENTS.name, [day]):
            for event in (self._rows_of(_EVENTS, payload) or {}).get("bettingpros_events", ()):
                if event["event_id"] == event_id:
                    return dict(event)
        return None

    def _with_id(self, feed: Feed, kind: Kind, day: date, row: Row) -> Row | None:
        """A row of a publisher with ids of its own, with nba.com's."""
        if "player_id" not in feed.key or row.get("player_id") is not None:
            return row
        found = self._ids.get(player_lookup(row["player_name"]), set())
        if len(found) != 1:
            self._aside(kind.title, day, f"names {row['player_name']}, who is in no player list")
            return None
        return {**row, "player_id": next(iter(found))}

    @cached_property
    def _ids(self) -> Mapping[str, set[int]]:
        """nba.com's ids by lookup key, of everybody in its player lists."""
        ids: dict[str, set[int]] = {}
        for _, revisions in self._told(PLAYER_LIST, None):
            for row in revisions[-1][1]:
                if "player_id" in row:
                    ids.setdefault(player_lookup(row["player_name"]), set()).add(row["player_id"])
        return ids


(_EVENTS,) = (kind for kind in KINDS if kind.title == "bp.events")


def _teams(row: Row) -> tuple[str | None, str | None]:
    """The visitors and the hosts a row names, be it as a team and its opponent."""
    if "team_abbr" in row and "opponent_abbr" in row:
        sides = row["opponent_abbr"], row["team_abbr"]
        return sides if row["is_home"] else (sides[1], sides[0])
    return row.get("away_team_abbr"), row.get("home_team_abbr")


def _table(feed: Feed, rows: Sequence[Row], day: date | None = None) -> pa.Table:
    """Rows as the feed's columns behind the day they belong to."""
    schema = feed.schema
    if "game_date" not in schema.names:
        schema = schema.insert(0, pa.field("game_date", pa.date32()))
        rows = [{**row, "game_date": day} for row in rows]
    if feed is SHOTS and any("shot_number" not in row for row in rows):
        unnumbered = schema.remove(schema.get_field_index("shot_number"))
        return numbered(pa.Table.from_pylist(list(rows), schema=unnumbered)).select(schema.names)
    return pa.Table.from_pylist(list(rows), schema=schema)
