"""nba.com's schedules: the whole season's, and the scoreboards of a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from nba_pipeline.domain.calendar import season_label, season_year
from nba_pipeline.domain.games import COMPETITIVE_PREFIXES, GameStatus, season_type
from nba_pipeline.sources.parsers.shape import (
    Node,
    Origin,
    Parsed,
    Row,
    json_of,
    result_set,
)

_EASTERN = ZoneInfo("America/New_York")
_UNPLAYED = "Scheduled"


def counts(game_id: str) -> bool:
    """Whether a game is one the tables hold: no preseason, no all-star game."""
    return game_id.startswith(COMPETITIVE_PREFIXES) and len(game_id) == 10 and game_id.isdigit()


def about_game(game_id: str, day: date) -> Row:
    """What every row about a game says of it."""
    kind = season_type(game_id).replace("_", " ").title()
    return {
        "season": season_label(season_year(day)),
        "season_type": kind,
        "game_id": game_id,
        "game_date": day,
    }


def season_schedule(content: bytes, origin: Origin) -> Parsed:
    """The games of ``scheduleleaguev2`` and its twin on the CDN that have both teams."""
    league = json_of(content, origin)["leagueSchedule"]
    return {
        "schedule": [
            _fixture(game)
            for day in league.each("gameDates")
            for game in day.each("games")
            if counts(game.text("gameId")) and _has_teams(game)
        ]
    }


def _has_teams(game: Node) -> bool:
    """Later rounds are placeholders until it is known who plays."""
    return all(game[side].is_team("teamTricode") for side in ("homeTeam", "awayTeam"))


def _fixture(game: Node) -> Row:
    final = game.whole("gameStatus") == GameStatus.FINAL
    home, away = game["homeTeam"], game["awayTeam"]
    return {
        **about_game(game.text("gameId"), game.day("gameDateEst")),
        "home_team_abbr": home.team("teamTricode"),
        "away_team_abbr": away.team("teamTricode"),
        "home_score": home.whole("score") if final else None,
        "away_score": away.whole("score") if final else None,
        "status": _status(game.text("gameStatusText"), final=final),
        "postponed_status": game.text_or_none("postponedStatus"),
        "scheduled_start_utc": game.instant("gameDateTimeUTC"),
        "arena_name": game.text_or_none("arenaName"),
        "arena_city": game.text_or_none("arenaCity"),
        "is_neutral": game["isNeutral"].value is True if "isNeutral" in game else None,
        "game_label": game.text_or_none("gameLabel"),
        "national_networks": _national_networks(game["broadcasters"]),
    }


def _national_networks(broadcasters: Node) -> str:
    """Who shows the game everywhere, separated by commas; empty for nobody."""
    # Up to 2023-24 television and streams were one list under the shorter name.
    key = next(k for k in _NATIONAL if k in broadcasters or k == _NATIONAL[-1])
    return ",".join(one.text("broadcasterAbbreviation") for one in broadcasters.each(key))


_NATIONAL = ("nationalTvBroadcasters", "nationalBroadcasters")


def _status(text: str, *, final: bool) -> str:
    """nba.com's text of a final game; anything else is not over."""
    if not final:
        return _UNPLAYED
    return text if text.startswith("Final") else "Final"


def scoreboard_v3(content: bytes, origin: Origin) -> Parsed:
    """The games of ``scoreboardv3``: one day's, with scores and periods."""
    board = json_of(content, origin)["scoreboard"]
    day = board.day("gameDate")
    rows = []
    for game in board.each("games"):
        if not counts(game.text("gameId")) or not _has_teams(game):
            continue
        final = game.whole("gameStatus") == GameStatus.FINAL
        home, away = game["homeTeam"], game["awayTeam"]
        rows.append(
            {
                **about_game(game.text("gameId"), day),
                "home_team_abbr": home.team("teamTricode"),
                "away_team_abbr": away.team("teamTricode"),
                "home_score": home.whole("score") if final else None,
                "away_score": away.whole("score") if final else None,
                "status": _status(game.text("gameStatusText"), final=final),
                "scheduled_start_utc": game.instant("gameTimeUTC"),
                "game_label": game.text_or_none("gameLabel"),
                "periods_played": game.whole("period") if final else None,
            }
        )
    return {"schedule": rows}


def scoreboard_v2(content: bytes, origin: Origin) -> Parsed:
    """The games of ``scoreboardV2``: headers and line scores."""
    root = json_of(content, origin)
    points = {
        (row.text("GAME_ID"), row.text("TEAM_ID")): row.whole_or_none("PTS")
        for row in result_set(root, "LineScore")
    }
    return {"schedule": list(_headers(result_set(root, "GameHeader"), points))}


def _headers(headers: list[Node], points: dict[tuple[str, str], int | None]) -> Iterator[Row]:
    for game in headers:
        game_id = game.text("GAME_ID")
        if not counts(game_id):
            continue
        final = game.whole("GAME_STATUS_ID") == GameStatus.FINAL
        home, away = game.text("HOME_TEAM_ID"), game.text("VISITOR_TEAM_ID")
        if final and None in (points.get((game_id, home)), points.get((game_id, away))):
            raise game.fails(f"is final, but the line scores lack {game_id}")
        yield {
            **about_game(game_id, game.day("GAME_DATE_EST")),
            "home_team_abbr": game.team("HOME_TEAM_ID"),
            "away_team_abbr": game.team("VISITOR_TEAM_ID"),
            "home_score": points.get((game_id, home)) if final else None,
            "away_score": points.get((game_id, away)) if final else None,
            "status": _status(game.text("GAME_STATUS_TEXT"), final=final),
            "arena_name": game.text_or_none("ARENA_NAME"),
            "periods_played": game.whole("LIVE_PERIOD") if final else None,
        }


def eastern_day(moment: datetime) -> date:
    """The NBA day of a moment."""
    return moment.astimezone(_EASTERN).date()


def eastern(moment: datetime) -> datetime:
    """A moment written without a zone, on the Eastern clock, in UTC."""
    return moment.replace(tzinfo=_EASTERN).astimezone(UTC)
