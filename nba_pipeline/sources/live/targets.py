"""What an endpoint is asked for on a day: its games, its events, its reports.

Which games and events a day has is read off what already landed, so a step finds what the step
before it fetched. That reading is as shallow as can be: ids, and the time a game begins.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar

from nba_pipeline.domain.calendar import (
    EASTERN,
    instant,
    morning_after,
    season_label,
    season_year,
)
from nba_pipeline.domain.games import COMPETITIVE_PREFIXES, season_type
from nba_pipeline.engine.errors import SourceError
from nba_pipeline.sources.landing import LandingZone, Payload
from nba_pipeline.sources.live.endpoints import Endpoint, Per

#: From this day the names of injury reports carry minutes.
QUARTER_HOURLY_FROM = date(2025, 12, 23)

# In the order of ESPN's numbers, from 1.
# fmt: off
_ESPN_TEAMS = (
    "ATL", "BOS", "NOP", "CHI", "CLE", "DAL", "DEN", "DET", "GSW", "HOU",
    "IND", "LAC", "LAL", "MIA", "MIL", "MIN", "BKN", "NYK", "ORL", "PHI",
    "PHX", "POR", "SAC", "SAS", "OKC", "UTA", "WAS", "TOR", "MEM", "CHA",
)
# fmt: on
# As the game log calls them. Cup finals are in none of its lists; their box scores are.
_SEASON_TYPES = {
    "regular_season": "Regular Season",
    "playoffs": "Playoffs",
    "play_in": "PlayIn",
}
_Told = TypeVar("_Told")
_BEFORE_TIPOFF = timedelta(minutes=5)


@dataclass(frozen=True)
class Target:
    """One request of an endpoint.

    Attributes:
        name: Under which the answer lands.
        words: What fills the braces of the endpoint's address and query.
    """

    name: str
    words: Mapping[str, str]


@dataclass(frozen=True)
class Game:
    """As much of a game as asking for it takes.

    Attributes:
        game_id: nba.com's id.
        code: Day and teams as nba.com joins them, ``20250115/NYKPHI``.
        tipoff: When it is scheduled to begin, where that is known.
    """

    game_id: str
    code: str
    tipoff: datetime | None


@dataclass
class Slate:
    """A day, seen from a moment, with what has landed so far.

    Attributes:
        day: The NBA day.
        now: The moment.
        zone: What has landed.
    """

    day: date
    now: datetime
    zone: LandingZone
    _reading: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @property
    def is_over(self) -> bool:
        """Whether the day's last game is long over."""
        return self.now >= morning_after(self.day)

    @property
    def season(self) -> str:
        """The season's label by the calendar."""
        return season_label(season_year(self.day))

    def schedule(self) -> Payload | None:
        """The newest schedule of the day's season that has landed."""
        asked = [
            *self.zone.payloads("nbac", "schedule"),
            *self.zone.payloads("nbac", "schedule_cdn"),
        ]
        of_season = [
            payload for payload in asked if season_label(season_year(payload.day)) == self.season
        ]
        return max(of_season, key=lambda payload: payload.fetched_at, default=None)

    def games(self) -> list[Game]:
        """The day's games that count, going by the newest schedule; read once for all who ask.

        Raises:
            SourceError: When no schedule of the season has landed, or it cannot be read.
        """
        with self._reading:
            return self._games

    @cached_property
    def _games(self) -> list[Game]:
        payload = self.schedule()
        if payload is None:
            raise SourceError(
                f"no schedule of {self.season} has landed, so the games of {self.day} are unknown"
            )
        told = _document(self.zone, payload)
        held = _read(payload, lambda: str(told["leagueSchedule"]["seasonYear"]))
        if held != self.season:
            raise SourceError(f"{payload.path} is the schedule of {held}, not of {self.season}")
        return _read(payload, lambda: _games(told, self.day))

    def events(self, source: str) -> dict[str, datetime | None]:
        """The day's events at a bookmaker's: their ids, and when they begin where it says so.

        Args:
            source: ``oddsa`` or ``bp``.
        """
        kind = "events_history" if source == "oddsa" and self.is_over else "events"
        landed = self.zone.payloads(source, kind, [self.day])
        if not landed:
            return {}
        return _read(landed[-1], lambda: _events(_document(self.zone, landed[-1]), self.day))


def targets(endpoint: Endpoint, slate: Slate) -> list[Target]:
    """What an endpoint is asked for.

    Args:
        endpoint: The endpoint.
        slate: The day.

    Returns:
        One target for every request, in a fixed order.

    Raises:
        SourceError: When what landed does not tell, naming the payload.
    """
    common = _words_of_the_day(slate)
    return [
        Target(name, {**common, **words})
        for name, words in _EXPANSIONS[endpoint.per](endpoint, slate)
    ]


_Words = tuple[str, dict[str, str]]


def _words_of_the_day(slate: Slate) -> dict[str, str]:
    day = slate.day
    return {
        "day": day.isoformat(),
        "compact_day": f"{day:%Y%m%d}",
        "season": slate.season,
        "day_begins": _iso(instant(day, 0)),
        "day_ends": _iso(instant(day, 23, 59) + timedelta(seconds=59)),
        "noon": _iso(instant(day, 12)),
    }


def _of_the_day(_: Endpoint, __: Slate) -> Iterator[_Words]:
    yield "all", {}


def _of_the_season(_: Endpoint, slate: Slate) -> Iterator[_Words]:
    yield slate.season, {}


def _of_season_types(_: Endpoint, slate: Slate) -> Iterator[_Words]:
    kinds = {season_type(game.game_id) for game in slate.games()}
    for kind in sorted(kinds & _SEASON_TYPES.keys()):
        yield kind, {"season_type": _SEASON_TYPES[kind]}


def _of_games(_: Endpoint, slate: Slate) -> Iterator[_Words]:
    for game in slate.games():
        # A game that has not begun has nothing to tell.
        if game.tipoff is None or game.tipoff <= slate.now:
            words = {"game_id": game.game_id, "game_code": game.code.replace("/", "_")}
            yield game.game_id, words


def _of_teams(_: Endpoint, __: Slate) -> Iterator[_Words]:
    for number, team in enumerate(_ESPN_TEAMS, start=1):
        yield team, {"espn_team": str(number)}


def _of_events(endpoint: Endpoint, slate: Slate) -> Iterator[_Words]:
    for event_id, begins in sorted(slate.events(endpoint.source).items()):
        last_word = (begins or instant(slate.day, 19)) - _BEFORE_TIPOFF
        yield event_id, {"event_id": event_id, "before_tipoff": _iso(last_word)}


def _of_the_slate(endpoint: Endpoint, slate: Slate) -> Iterator[_Words]:
    if events := sorted(slate.events(endpoint.source)):
        yield endpoint.parameters["market_id"], {"event_ids": ":".join(events)}


def _of_reports(endpoint: Endpoint, slate: Slate) -> Iterator[_Words]:
    """The day's reports that may be out by now and have not landed yet; none changes later."""
    landed = {
        payload.name for payload in slate.zone.payloads(endpoint.source, endpoint.kind, [slate.day])
    }
    minutes = (0, 15, 30, 45) if slate.day >= QUARTER_HOURLY_FROM else (0,)
    for hour in range(24):
        for minute in minutes:
            moment = instant(slate.day, hour, minute)
            name = moment.astimezone(EASTERN).strftime("%I_%M%p" if minutes[1:] else "%I%p")
            if moment <= slate.now and name not in landed:
                yield name, {"report": name}


_EXPANSIONS: dict[Per, Callable[[Endpoint, Slate], Iterator[_Words]]] = {
    Per.DAY: _of_the_day,
    Per.SEASON: _of_the_season,
    Per.SEASON_TYPE: _of_season_types,
    Per.GAME: _of_games,
    Per.TEAM: _of_teams,
    Per.EVENT: _of_events,
    Per.SLATE: _of_the_slate,
    Per.REPORT: _of_reports,
}


# Reading what landed ------------------------------------------------------------------------------


def _document(zone: LandingZone, payload: Payload) -> Any:
    try:
        return json.loads(zone.read(payload))
    except ValueError as error:
        raise SourceError(f"{payload.path} is no JSON") from error


def _read(payload: Payload, reading: Callable[[], _Told]) -> _Told:
    """What a payload tells.

    Raises:
        SourceError: When it has another shape than it should, naming it.
    """
    try:
        return reading()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SourceError(f"{payload.path} has an unknown shape: {error!r}") from error


def _games(schedule: Mapping[str, Any], day: date) -> list[Game]:
    found = {}
    for game_date in schedule["leagueSchedule"]["gameDates"]:
        for game in game_date["games"]:
            if (
                game["gameDateEst"][:10] == day.isoformat()
                and game["gameId"].startswith(COMPETITIVE_PREFIXES)
                and game["homeTeam"]["teamTricode"]
                and game.get("postponedStatus") != "P"
            ):
                found[game["gameId"]] = Game(
                    game["gameId"], game["gameCode"], _moment(game.get("gameDateTimeUTC"))
                )
    return [found[game_id] for game_id in sorted(found)]


def _events(document: Any, day: date) -> dict[str, datetime | None]:
    """Ids and beginnings; The Odds API's list, its history's wrapped list, or BettingPros' own."""
    if isinstance(document, dict) and "events" in document:
        return {str(event["id"]): None for event in document["events"]}
    listed = document["data"] if isinstance(document, dict) else document
    begins = {str(event["id"]): _moment(event["commence_time"]) for event in listed}
    return {
        event_id: moment
        for event_id, moment in begins.items()
        if moment and moment.astimezone(EASTERN).date() == day
    }


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
