"""Which of several words on one thing counts: the newest, the first to be believed, all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from nba_pipeline.domain.calendar import instant
from nba_pipeline.sources.feeds import Feed
from nba_pipeline.sources.landing import Payload

Row = dict[str, Any]
#: Revisions of one thing, oldest first, each with the rows it has.
Revisions = Sequence[tuple[Payload, Sequence[Row]]]

# What a row of a snapshot says about its own moment.
_MOMENTS = ("snapshot_at", "reported_at")
# A schedule's columns whose change is news about the game.
_NEWS = ("game_date", "home_team_abbr", "away_team_abbr", "home_score", "away_score", "status")


def newest(revisions: Revisions) -> Iterator[Row]:
    """The newest revision's rows, each known since the fetch that first said just that."""
    payload, rows = revisions[-1]
    known = [payload.fetched_at] * len(rows)
    said = [_frozen(row) for row in rows]
    unbroken = set(said)
    for older, older_rows in reversed(revisions[:-1]):
        unbroken &= {_frozen(row) for row in older_rows}
        known = [
            older.fetched_at if each in unbroken else moment
            for each, moment in zip(said, known, strict=True)
        ]
    for row, moment in zip(rows, known, strict=True):
        yield {**row, "known_at": moment}


def every_snapshot(revisions: Revisions) -> Iterator[Row]:
    """Every revision's rows, each known since the moment it speaks of."""
    for payload, rows in revisions:
        for row in rows:
            moment = next((row[name] for name in _MOMENTS if row.get(name)), payload.fetched_at)
            yield {**row, "known_at": moment}


def _frozen(row: Row) -> frozenset[tuple[str, Any]]:
    return frozenset(row.items())


def by_thing(feed: Feed, rows: Iterable[Row]) -> Iterator[tuple[Any, list[Row]]]:
    """Rows by what one publisher is believed about as a whole: a game, a team's injuries, a row."""
    things: dict[Any, list[Row]] = {}
    for row in rows:
        if feed.dated_by != "date":
            thing: Any = row["game_id"]
        elif feed.name == "injury_reports":
            thing = row["team"]
        else:
            thing = key_of(feed, row)
        things.setdefault(thing, []).append(row)
    yield from things.items()


def key_of(feed: Feed, row: Row) -> tuple[Any, ...]:
    """What tells a row apart; of shots their event, because their place is not known yet."""
    if feed.name == "shots":
        return row["game_id"], row["event_num"]
    return tuple(row.get(name) for name in feed.key)


def once(feed: Feed, rows: Iterable[Row]) -> list[Row]:
    """Each row once; of two with one key the later one."""
    return list({key_of(feed, row): row for row in rows}.values())


def filled(feed: Feed, row: Row, other: Row) -> Row:
    """A row with what it leaves open as another publisher of the same thing has it.

    Plays stay as they are: every publisher numbers them on its own, so equal keys mean nothing.
    """
    if feed.name == "play_by_play":
        return row
    gaps = {name: value for name, value in other.items() if row.get(name) is None}
    return {**row, **gaps} if gaps else row


def games(said: Iterable[tuple[Payload, str, Row]]) -> list[Row]:
    """Every game once, each column as nba.com last said it; others only fill what it left open.

    Args:
        said: Rows of the schedule with their payload and publisher, by the time of their fetch.
    """
    found: dict[str, Row] = {}
    without_id: list[tuple[Payload, str, Row]] = []
    for payload, title, row in said:
        if "game_id" not in row:
            without_id.append((payload, title, row))
            continue
        told = {name: value for name, value in row.items() if value is not None}
        before = found.get(row["game_id"], {})
        found[row["game_id"]] = _heard(before, {**before, **told}, title, payload.fetched_at)
    by_teams = {_fixture(row): game_id for game_id, row in found.items()}
    for payload, title, row in without_id:
        game_id = by_teams.get(_fixture(row))
        if game_id is not None and not found[game_id]["status"].startswith("Final"):
            before = found[game_id]
            found[game_id] = _heard(before, {**before, **row}, title, payload.fetched_at)
    return list(found.values())


def _fixture(row: Row) -> tuple[Any, ...]:
    return row["game_date"], row["away_team_abbr"], row["home_team_abbr"]


def _heard(before: Mapping[str, Any], now: Row, title: str, fetched_at: datetime) -> Row:
    """A game with the moments since when it is known: as a fixture, and as it now stands."""
    if before and all(before.get(name) == now.get(name) for name in _NEWS):
        return now
    if not before or before["game_date"] != now["game_date"]:
        starts = now.get("scheduled_start_utc") or instant(now["game_date"], 19)
        now["first_seen_at"] = fetched_at if fetched_at <= starts else None
    return {**now, "known_at": fetched_at, "data_source": title}
